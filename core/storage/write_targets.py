"""Permission to write: which files and folders a command may put its results into.

One rule for every writer, derived names included. What would be replaced must not be read by the same command, be part of
the record of somebody's run, or be no file at all; and a folder of one kind of run takes no other kind. Files are told apart
by what they are on the disk (device and inode), so that links, detours and another case of a name change nothing.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Collection, Iterable
from pathlib import Path

from core.errors import SpecError
from core.safe_text import path_text, portable
from core.storage.allowed_roots import check_inside
from core.storage.run_marks import RECORDS, run_mark
from core.storage.run_paths import MADE
from core.storage.store import Store

DEVICES = ("/dev", "/proc", "/sys")
"""Where names are no files: putting one there would take the place of a device."""
SHARED_MEMORY = "/dev/shm"


def check_target(
    flag: str,
    path: Path,
    sources: Iterable[Path],
    *,
    replaces: Path | None = None,
    ours: Callable[[Path], bool] | None = None,
    make_folder: bool = False,
) -> None:
    """Raises SpecError unless the file `path` can be written without harm.

    sources: files that are read. replaces: one that is meant to be replaced. ours: of a name that nobody asked for by
    itself, such as `out-0010.png`, whether the file that has it was written by Nocturne; another one stays. make_folder: its
    folder is made.
    """
    folder, name = path.absolute().parent, f"{flag} {path_text(path)}"
    check_inside([(flag, path)])
    if portable(path.name) != path.name:
        raise SpecError(f"{name}: a name that is safe on any disk has no backslash in it", "change it.")
    if not make_folder or os.path.lexists(folder):
        _check_folder_of_file(name, folder)
    _check_no_device(name, path)
    if replaces is not None and is_same_file(path, replaces):
        return
    if any(is_same_file(path, source) for source in sources):
        raise SpecError(f"{name} would take the place of a file that is in use", "give another name.")
    if run := _run_whose_record(path):
        raise SpecError(f"{name} is part of the run in {path_text(run)}", "give a name outside of it.")
    if ours is not None and os.path.lexists(path) and not ours(path):
        raise SpecError(f"{name} is there already, and was not written by Nocturne", "move it, or give another name.")


def check_run_folder(flag: str, folder: Path, kind: str, records: Collection[str] = ()) -> None:
    """Raises SpecError unless `folder`, which need not exist, can become or is the folder of a `kind` of run (as
    `core.storage.run_marks` calls them).

    records: names of files that the run writes into it; a folder that is no run's and has one of them is somebody else's.
    """
    check_inside([(flag, folder)])
    mark = run_mark(folder)
    if mark == kind:
        return
    if mark is not None:
        raise SpecError(f"{flag} {path_text(folder)} is the folder of a {mark}", "choose another one.")
    for name in records:
        if os.path.lexists(folder / name):
            raise SpecError(
                f"{flag} {path_text(folder)} has a {name} that no {kind} wrote",
                "choose another folder, or move it away.",
            )


def write_file(
    path: Path,
    data: bytes,
    sources: Iterable[Path],
    *,
    replaces: Path | None = None,
    ours: Callable[[Path], bool] | None = None,
) -> None:
    """Write one file whole or not at all, its folder made if need be. Asks `check_target` once more: hours may have gone by
    since it was asked first.

    Raises SpecError, StorageFailed, StoreBroken.
    """
    check_target("file", path, sources, replaces=replaces, ours=ours, make_folder=True)
    Store(path.absolute().parent).put(path.name, data)


def is_same_file(one: Path, other: Path) -> bool:
    """Whether two paths lead to one file, or would."""
    try:
        return os.path.samefile(one, other)
    except (OSError, ValueError):
        return os.path.realpath(one) == os.path.realpath(other)


def _check_folder_of_file(name: str, folder: Path) -> None:
    try:
        status = os.stat(folder)
    except FileNotFoundError as error:
        raise SpecError(f"{name}: the folder {path_text(folder)} does not exist", "make it first.") from error
    except (OSError, ValueError) as error:
        words = getattr(error, "strerror", None) or str(error)
        raise SpecError(f"{name} cannot be a file ({words})", "give another name.") from error
    if not stat.S_ISDIR(status.st_mode):
        raise SpecError(f"{name}: {path_text(folder)} is not a folder", "give another name.")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise SpecError(
            f"{name} cannot be written: {path_text(folder)} may not be written to", "choose another folder."
        )


def _check_no_device(name: str, path: Path) -> None:
    folder = os.path.realpath(path.absolute().parent)
    within = any(folder == each or folder.startswith(each + "/") for each in DEVICES)
    if within and not (folder == SHARED_MEMORY or folder.startswith(SHARED_MEMORY + "/")):
        raise SpecError(f"{name} is a device, and no file", "give the name of a file.")
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        return
    except (OSError, ValueError) as error:
        words = getattr(error, "strerror", None) or str(error)
        raise SpecError(f"{name} cannot be a file ({words})", "give another name.") from error
    if stat.S_ISDIR(mode):
        raise SpecError(f"{name} is a folder", "give the name of a file in it.")
    if not stat.S_ISREG(mode):
        raise SpecError(f"{name} is a device, and no file", "give the name of a file.")


def _run_whose_record(path: Path) -> Path | None:
    """The run folder, if any, of whose record a file of this path is a part."""
    real = Path(os.path.realpath(path.absolute().parent)) / path.name
    for folder in real.parents:
        inside = real.relative_to(folder).parts
        if (inside[0] in MADE or inside[0] in RECORDS) and run_mark(folder) is not None:
            return folder
    return None
