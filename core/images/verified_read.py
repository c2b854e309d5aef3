"""Read a picture only if its bytes still have the SHA-256 that was planned."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, replace
from io import BufferedReader
from pathlib import Path
from typing import IO, cast

from core.errors import Changed
from core.images import credit_metadata, decoding, image
from core.images.colour.colour_tags import source_colours
from core.images.credit_metadata import Credits
from core.images.open_image import identify, open_picture, quoted


@dataclass(frozen=True)
class VerifiedPicture:
    """A picture, and of its file the size, the profile of its colours, by whatever it says them, and the credits."""

    picture: image.Picture
    size: image.Size
    profile: bytes | None
    credits: Credits

    def resized(self, longest: int) -> VerifiedPicture:
        """The same with the picture's longest side at most `longest` pixels; `size` stays that of the file's."""
        return replace(self, picture=image.resized(self.picture, longest))


def read_verified(path: str | Path, sha256: str, max_pixels: int, longest: int | None = None) -> VerifiedPicture:
    """Read the picture in the file `path` if its bytes still have the planned SHA-256; `longest`: see decoding.decode.

    The file is opened once, so what is hashed is what is decoded; one that is written to meanwhile is noticed by its
    time and length. Raises Changed, and what `core.images.image.read` raises.
    """
    with open_picture(path) as file:
        before = os.fstat(file.fileno())
        found = hashlib.file_digest(cast(BufferedReader, file), "sha256").hexdigest()
        planned = _read(file, quoted(path), max_pixels, longest) if found == sha256 else None
        after = os.fstat(file.fileno())
    if planned is None or (before.st_mtime_ns, before.st_size) != (after.st_mtime_ns, after.st_size):
        raise Changed(f"{quoted(path)} is not the file that was planned", "run again to make it from the new one.")
    return planned


def _read(file: IO[bytes], name: str, max_pixels: int, longest: int | None) -> VerifiedPicture:
    header = identify(file, name, max_pixels)
    kept, said = source_colours(header, file).kept, credit_metadata.read(header, file)
    size = image.Size(*header.size[:: -1 if decoding.orientation(header, file) >= 5 else 1])
    del header  # which may hold memory for the pixels
    picture = image.read_open(file, name, max_pixels, longest)
    return VerifiedPicture(picture, size if longest else picture.size, kept, said)
