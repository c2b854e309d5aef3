"""Read untrusted TOML files."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from core.errors import SpecError
from core.safe_text import printable, truncated

LONGEST_TOML, MOST_DOTS = 4 << 20, 1_000
"""Bytes of a TOML file, and dots in one of its lines, over which it is not read: the time that a dotted key takes grows
with the square of its dots.
"""


def toml_values(path: Path) -> dict[str, Any]:
    """The values of a TOML file, which anybody may have written. Raises FileNotFoundError, and SpecError naming the file."""
    try:
        with path.open("rb") as file:
            data = file.read(LONGEST_TOML + 1)
        if len(data) > LONGEST_TOML:
            raise ValueError(f"it has more than {LONGEST_TOML >> 20} MB")
        if data.count(b".") > MOST_DOTS and max(line.count(b".") for line in data.splitlines()) > MOST_DOTS:
            raise ValueError(f"a line of it has more than {MOST_DOTS:,} dots")
        return tomllib.loads(data.decode())
    except FileNotFoundError:
        raise
    except RecursionError as error:
        raise SpecError(f"{path} cannot be read as TOML: its values are nested too deeply.") from error
    except (OSError, ValueError) as error:  # bad UTF-8, bad TOML, numbers of too many digits
        raise SpecError(f"{path} cannot be read as TOML: {truncated(printable(str(error)))}.") from error
