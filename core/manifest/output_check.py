"""Integrity check of one output: its file is there, inside the run folder, and its pixels have the hash of its row."""

from __future__ import annotations

import contextlib
import io
import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from core.errors import JobError, Missing, NocturneError, OutOfMemory
from core.images import image
from core.images.open_image import decoder_errors, identify, open_picture, quoted
from core.manifest.outputs_on_disk import outer_link
from core.storage.run_paths import OUTPUTS, REJECTED, output_path, picture_paths
from core.storage.store import Store, is_disk_fault

BIG_PIXELS = 16_000_000
"""From here on pictures are decoded one at a time, so that threads do not multiply their memory."""

BIG_BYTES = 64 * 2**20
LONGEST_FILE = 2**30
"""Bytes over which a file is not read: no picture that Nocturne makes has so many."""

_NAME = "the picture"


@dataclass(frozen=True, slots=True)
class ExpectedOutput:
    """What a row says of its picture; all of it may be missing or wrong, for anybody may have written the manifest."""

    output: str
    pixels_sha256: str | None
    width: int | None
    height: int | None
    status: str = "done"


@dataclass(frozen=True, slots=True)
class OutputTrouble:
    """What is wrong with a picture. `name` is what would have to be moved away, as a path below the run folder."""

    kind: Literal["missing", "altered", "damaged", "unread"]
    name: str
    message: str
    movable: bool = True
    is_link: bool = False


def expected_path(store: Store, claim: ExpectedOutput) -> str:
    """Where the picture of a row lies, or should lie. Raises NocturneError for a path that is refused."""
    paths = picture_paths(claim.output, claim.status)
    return next((path for path in paths if os.path.lexists(store.path(path))), paths[-1])


class PixelCheck:
    """Looks at the pictures of one run; safe to use from several threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._root = os.path.realpath(store.root)
        self._one_big_picture = threading.Lock()

    def trouble(self, claim: ExpectedOutput) -> OutputTrouble | None:
        """What is wrong with the picture of a row; None if it is whole. Raises OutOfMemory."""
        try:
            path = self._store.path(expected_path(self._store, claim))
        except NocturneError:
            words = "its row names a path that is refused: here, or on Windows, it leaves the run folder"
            return OutputTrouble("damaged", output_path(claim.output), words, movable=False)
        name = path.relative_to(self._store.root).as_posix()
        if name in (OUTPUTS, REJECTED):
            return OutputTrouble("damaged", name, "its row names no file", movable=False)
        return self._trouble_at(name, path, claim)

    def _trouble_at(self, name: str, path: Path, claim: ExpectedOutput) -> OutputTrouble | None:
        is_linked = os.path.realpath(path) != os.path.join(self._root, name)
        link = outer_link(self._store, name) if is_linked else None
        if link is not None:
            words = "a link that leaves the run folder"
            return OutputTrouble("damaged", link, words, movable=link != OUTPUTS, is_link=True)
        try:
            path.lstat()
            return self._trouble_in(name, path, claim)
        except (FileNotFoundError, NotADirectoryError, Missing) as error:
            if is_disk_fault(error.__cause__):
                return _unread(name, error.__cause__)
            if is_linked:
                return OutputTrouble("damaged", name, "a link to nothing", is_link=True)
            return OutputTrouble("missing", name, "no such file")
        except OSError as error:
            if is_disk_fault(error):
                return _unread(name, error)
            return OutputTrouble("damaged", name, f"cannot be looked at ({error.strerror})")

    def _trouble_in(self, name: str, path: Path, claim: ExpectedOutput) -> OutputTrouble | None:
        try:
            with open_picture(path) as file:
                size = os.fstat(file.fileno()).st_size
                if size > LONGEST_FILE:
                    return OutputTrouble("damaged", name, f"has {size:,} bytes, more than any picture of Nocturne's")
                big = size > BIG_BYTES or (claim.width or 0) * (claim.height or 0) > BIG_PIXELS
                with self._one_big_picture if big else contextlib.nullcontext():
                    words = _difference(file.read(), claim)
        except Missing:
            raise
        except OutOfMemory as error:
            raise OutOfMemory(
                f"{quoted(path)} cannot be checked for want of memory", "free some and try again."
            ) from error
        except JobError as error:
            if is_disk_fault(error.__cause__):
                return _unread(name, error.__cause__)
            return OutputTrouble("damaged", name, _what_is_wrong(error, path))
        return OutputTrouble("altered", name, words) if words else None


def _unread(name: str, error: BaseException | None) -> OutputTrouble:
    """A picture that may be whole: it is not moved."""
    return OutputTrouble("unread", name, f"cannot be read ({getattr(error, 'strerror', error)})", movable=False)


def _difference(data: bytes, claim: ExpectedOutput) -> str:
    """How the picture differs from its row; empty if it does not. Raises JobError if it is no picture."""
    with decoder_errors(_NAME):
        width, height = identify(io.BytesIO(data), _NAME).size
    # Other measures are other pixels, so a picture that claims to be huge is not decoded.
    if claim.width and claim.height and {width, height} != {claim.width, claim.height}:
        return f"is {width} x {height} pixels; {claim.width} x {claim.height} were made"
    found = image.pixels_sha256(data)
    if claim.pixels_sha256 is None:
        return "its row has no `pixels_sha256` to compare it with"
    return "" if found == claim.pixels_sha256 else "has other pixels than those that were made"


def _what_is_wrong(error: JobError, path: Path) -> str:
    """What a reader of pictures says is wrong, without the name and without its remedy, which is for assets."""
    return error.what.removeprefix(f"{quoted(path)} ").removeprefix(f"{_NAME} ")
