"""Folders that a night needs of its user: home, temporary files, cache. Where one takes no file, one in the run is used.

Containers with a user id that nobody knows, services without a home, and read-only images have none, or one that is closed.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from core.errors import NocturneError
from core.storage.cache_dir import NOWHERE, cache_folder

FALLBACK = ".home"
"""The folder in a run that holds what the user's own folders do not take."""


def write_fault(folder: Path) -> NocturneError | None:
    """Why no file can be written into a folder, or into the nearest one above it that exists; None if one can."""
    if folder.is_relative_to(NOWHERE):
        return NocturneError("this user has no home, and no other folder is named", "set HOME, or name a folder.")
    existing = Path("/")
    try:
        existing = next(place for place in (folder.absolute(), *folder.absolute().parents) if os.path.lexists(place))
        if not existing.is_dir():
            what = f"{existing} is a file, not a folder"
            return NocturneError(what, "choose another folder, or move the file away.")
        with tempfile.TemporaryFile(dir=existing) as file:
            file.write(b"x")
    except OSError as error:
        remedy = "change its permissions, free space on its disk, or choose another folder."
        return NocturneError(f"{existing} cannot be written to ({error.strerror})", remedy)
    return None


def has_home() -> bool:
    """Whether the user has a home: HOME, or an entry in the system's list of users."""
    try:
        Path.home()
    except RuntimeError:
        return False
    return True


def use_writable_folders(run: Path) -> list[str]:
    """Point this process and its children to folders in the run for each of the user's own that takes no file.

    What holds already is left as it is. Returns a sentence for each that is replaced.
    """
    fallback, replaced = run / FALLBACK, []
    if not has_home():
        os.environ["HOME"] = str(_made(fallback))
        replaced.append(f"This user has no home; {fallback} is used.")
    try:
        tempfile.gettempdir()
    except OSError:
        os.environ["TMPDIR"] = tempfile.tempdir = str(_made(fallback / "tmp"))
        replaced.append(f"No folder for temporary files can be written to; {fallback / 'tmp'} is used.")
    if fault := write_fault(cache_folder()):
        os.environ["NOCTURNE_CACHE"] = str(_made(fallback / "cache"))
        replaced.append(f"The cache cannot be used: {fault.what}; {fallback / 'cache'} is.")
    return replaced


def _made(folder: Path) -> Path:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder
