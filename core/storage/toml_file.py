"""Read untrusted TOML files."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from core.errors import SpecError
from core.safe_text import printable, truncated
from core.storage.text_file import read_text

LONGEST_TOML, MOST_DOTS = 4 << 20, 1_000
"""Bytes of a TOML file, and dots in one of its lines, over which it is not read: the time that a dotted key takes grows
with the square of its dots.
"""


def toml_values(path: Path, what: str = "file", where_from: str = "give a TOML file.") -> dict[str, Any]:
    """The values of a TOML file, which anybody may have written. what, where_from: as `read_text` takes them.

    Raises SpecError naming the file.
    """
    try:
        text = read_text(path, LONGEST_TOML, what, where_from)
        if text.count(".") > MOST_DOTS and max(line.count(".") for line in text.split("\n")) > MOST_DOTS:
            raise ValueError(f"a line of it has more than {MOST_DOTS:,} dots")
        return tomllib.loads(text)
    except SpecError:
        raise
    except RecursionError as error:
        raise SpecError(f"{path} cannot be read as TOML: its values are nested too deeply.") from error
    except (OSError, ValueError) as error:  # bad UTF-8, bad TOML, numbers of too many digits
        raise SpecError(f"{path} cannot be read as TOML: {truncated(printable(str(error)))}.") from error
