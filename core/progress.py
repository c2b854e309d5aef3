"""Types of the callbacks that report progress."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

ProgressCallback: TypeAlias = Callable[[int, int], None]
"""Called with (done, total)."""

StageCallback: TypeAlias = Callable[[str, int, int], None]
"""Called with (what is done, done, total), where a command has several stages."""
