"""What earlier versions computed, in `tests/data`: files of runs that people have must go on meaning the same."""

import hashlib
import json
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"


def golden(name: str) -> Any:
    """The values in a file of `tests/data`."""
    return json.loads((DATA / name).read_text())


def sha256(text: str) -> str:
    """Stands for the digest of a file that `text` names."""
    return hashlib.sha256(text.encode()).hexdigest()
