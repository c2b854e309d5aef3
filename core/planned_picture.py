"""Reading the very file that a plan was made for, and no other that has taken its place."""

from __future__ import annotations

import hashlib
import os
from io import BufferedReader
from pathlib import Path
from typing import cast

from core import image
from core.errors import Changed
from core.picture_file import opened, shown


def read_planned(path: str | Path, sha256: str, max_pixels: int) -> image.Picture:
    """The picture in the file `path` if its bytes still have the planned SHA-256.

    The file is opened once, so what is hashed is what is decoded; one that is written to meanwhile is noticed by its
    time and length. Raises Changed, and what `core.image.read` raises.
    """
    with opened(path) as file:
        before = os.fstat(file.fileno())
        found = hashlib.file_digest(cast(BufferedReader, file), "sha256").hexdigest()
        picture = image.read_open(file, shown(path), max_pixels) if found == sha256 else None
        after = os.fstat(file.fileno())
    if picture is None or (before.st_mtime_ns, before.st_size) != (after.st_mtime_ns, after.st_size):
        raise Changed(f"{shown(path)} is not the file that was planned; run again to make it from the new one.")
    return picture
