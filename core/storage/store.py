"""The one door for a run's files: atomic put, read, list, lock.

A file appears under its final name whole or not at all: it is written to a temporary name in the same folder, flushed to
the disk, and renamed. Paths are given relative to the store's root with forward slashes, and cannot leave it.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import stat
from collections.abc import Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath

from filelock import FileLock, Timeout

from core.errors import NocturneError, RunBusy, SpecError, StorageFailed, StoreBroken
from core.safe_text import path_text
from core.storage.bounded_read import open_regular, open_to_append, read_bounded
from core.storage.disk_space import room_remedy
from core.storage.run_paths import LOCK

TEMPORARY = ".tmp-"
"""What the name of every half-written file begins with."""

NAME_FAULTS = frozenset(
    {
        errno.ENAMETOOLONG,
        errno.EINVAL,
        errno.EILSEQ,
        errno.ENOTDIR,
        errno.EISDIR,
        errno.EEXIST,
        errno.ENOENT,
        errno.ELOOP,
    }
)
"""What the system answers when one name is at fault; any other answer is the disk's or the folder's."""

NO_LOCKS = frozenset({errno.ENOLCK, errno.EOPNOTSUPP})
"""What the system answers where a volume, such as some network shares, has no locks."""

LOCK_PATIENCE = 0.5
"""Seconds to wait for a lock: whoever only asks whether it is held has it for a moment."""

_serial = itertools.count()
_held: dict[Path, tuple[int, int]] = {}
"""Device and inode of the run folders that this process holds on to."""


class Store:
    """A folder that a run writes into.

    >>> import tempfile
    >>> store = Store(tempfile.mkdtemp())
    >>> store.put("parts/0001.txt", b"done")
    >>> store.read("parts/0001.txt")
    b'done'
    >>> list(store.names("parts"))
    ['parts/0001.txt']
    """

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root).absolute()

    def hold_root(self) -> None:
        """Hold on to the folder that the root is now: from here on, this process writes into no other one of its name.

        Raises StoreBroken if there is none.
        """
        try:
            status = os.stat(self.root)
        except OSError as error:
            raise self._gone() from error
        _held[self.root] = status.st_dev, status.st_ino

    def make_root(self) -> None:
        """Make the root if it is not there and never was. Raises StoreBroken as `check_root` does."""
        self.check_root()
        self.root.mkdir(parents=True, exist_ok=True)

    def check_root(self) -> None:
        """Raises StoreBroken if the root was moved, deleted or exchanged since this process holds on to it. Nothing is made
        in its place: half a run folder where a whole one was would be taken for it.
        """
        held = _held.get(self.root)
        if held is None:
            return
        try:
            status = os.stat(self.root)
        except OSError as error:
            raise self._gone() from error
        if (status.st_dev, status.st_ino) != held:
            raise self._gone()

    def _gone(self) -> StoreBroken:
        return StoreBroken(
            f"the run folder {self.root} was moved or deleted while it was being made",
            "put it back, or name its new place with --out, then run the same command again: what is committed lies there.",
        )

    def path(self, name: str) -> Path:
        """The local path of `name`. Raises NocturneError if it would leave the root, on this system or on Windows."""
        pure = PurePosixPath(name)
        if pure.is_absolute() or ".." in pure.parts or "\0" in name or "\\" in name or PureWindowsPath(name).drive:
            raise NocturneError(f"{name!r} is outside the run folder {self.root}", "use a relative path without '..'.")
        return self.root / pure

    def contained_path(self, name: str) -> Path:
        """The local path of `name`. Raises StorageFailed if links on the way, or in its place, lead out of the root."""
        path = self.path(name)
        real, root = os.path.realpath(path), os.path.realpath(self.root)
        if real != root and not real.startswith(os.path.join(root, "")):
            raise StorageFailed(
                f"{path} is, or lies behind, a link that leaves {self.root}", "put a copy in its place."
            )
        return path

    def put(self, name: str, data: bytes) -> None:
        """Write `data` under `name`, whole or not at all.

        Raises StorageFailed if this name cannot be written, and StoreBroken if no file can be.
        """
        target = self.target(name)
        temporary = target.parent / temporary_name()
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with temporary.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.rename(target)
        except OSError as error:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise self.write_error(error, target) from error

    def append(self, name: str, line: str) -> None:
        """Add one line to the text file `name`. Raises OSError: for a link in its place, and for what is no file, too."""
        target = self.target(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        with open_to_append(target) as file:
            file.write(line.encode(errors="backslashreplace") + b"\n")

    def read(self, name: str, most: int | None = None) -> bytes:
        """The bytes of `name`, at most `most` where that is given, never waiting for them.

        Raises FileNotFoundError, NotRegular for what is no file, StorageFailed for a link that leaves the root, and
        NocturneError for a file over the limit.
        """
        path = self.contained_path(name)
        if most is not None:
            return read_bounded(path, most, "file")
        with open_regular(path) as file:
            return file.read()

    def target(self, name: str) -> Path:
        """Where `name` is put: a link in its place is replaced, one on the way must stay inside."""
        self.check_root()
        target = self.path(name)
        self.contained_path(PurePosixPath(name).parent.as_posix())
        return target

    def write_error(self, error: OSError, target: Path) -> StorageFailed | StoreBroken:
        """What to raise when `target` could not be written."""
        what = error.strerror or str(error)
        if error.errno in NAME_FAULTS:
            return StorageFailed(f"{target} could not be written ({what})", "look at what stands in its place.")
        return StoreBroken(
            f"{target} could not be written ({what})",
            f"{room_remedy(error.errno, self.root)}, then run the same command again: what is committed stays done.",
        )

    def exists(self, name: str) -> bool:
        """Whether a file called `name` is there; none is called as no file in the folder can be.

        Raises StoreBroken where that cannot be seen: what was taken for new would be made anew.
        """
        try:
            path = self.path(name)
        except NocturneError:
            return False
        try:
            return stat.S_ISREG(os.stat(path).st_mode)
        except OSError as error:
            if is_disk_fault(error):
                raise read_error(error, path) from error
            return False

    def remove(self, name: str) -> None:
        """Delete `name`; nothing happens if it is gone already."""
        self.path(name).unlink(missing_ok=True)

    def names(self, under: str = ".", suffix: str = "") -> Iterator[str]:
        """Relative names of the files below `under`, sorted within a folder; temporary files are left out.

        Raises StoreBroken for a folder that cannot be listed.
        """
        yield from _walk(self.path(under), self.root, suffix)

    def remove_temporary_files(self) -> int:
        """Delete temporary files that a killed process left. Returns how many. Call it only under the run's lock."""
        stray = [path for path in self.root.rglob(f"{TEMPORARY}*") if path.is_file()]
        for path in stray:
            path.unlink(missing_ok=True)
        return len(stray)

    @contextlib.contextmanager
    def lock(self, name: str = LOCK) -> Iterator[None]:
        """Hold the run: an OS lock that a dead owner gives back at once, and its folder.

        Raises RunBusy if another process has it, SpecError if no lock can be there.
        """
        target = self.path(name)
        lock = FileLock(target, timeout=LOCK_PATIENCE)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            _require_lockable(target)
            lock.acquire()
        except Timeout as error:
            raise RunBusy(
                f"{self.root} is being made by another process", "wait for it to end, or choose another --out."
            ) from error
        except OSError as error:
            if error.errno in NO_LOCKS:
                raise SpecError(
                    f"{path_text(self.root)} lies on a volume without file locks ({error.strerror})",
                    "mount it with locks, or choose an --out on another volume.",
                ) from error
            if is_disk_fault(error):
                raise self.write_error(error, target) from error
            raise SpecError(
                f"{path_text(target)} cannot be a lock ({error.strerror or error})",
                "look at what stands in its place, or choose another --out.",
            ) from error
        try:
            self.hold_root()
            yield
        finally:
            _held.pop(self.root, None)
            lock.release()

    def is_locked(self, name: str = LOCK) -> bool:
        """Whether some process holds the run now; nobody can hold a link, which is not followed, or what is no file."""
        target = self.path(name)
        if not self.exists(name) or target.is_symlink():
            return False
        try:
            with FileLock(target, timeout=0):
                return False
        except Timeout:
            return True
        except OSError:  # the folder may only be read, and FileLock opens its file to write
            return _is_held(target)


def _is_held(path: Path) -> bool:
    """Whether a lock that may only be read is held, as far as its volume tells."""
    with contextlib.suppress(OSError, ImportError), open_regular(path) as file:
        import fcntl  # Windows has none

        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _require_lockable(path: Path) -> None:
    """Raises OSError for a link, which may lead out of the run, and for what is no file."""
    with contextlib.suppress(FileNotFoundError):
        if not stat.S_ISREG(os.lstat(path).st_mode):
            raise OSError(errno.ELOOP, "it is a link, or no file")


def is_disk_fault(error: BaseException | None) -> bool:
    """Whether an error is the disk's or the folder's, or one of permissions: neither of a name nor of a file's contents."""
    return isinstance(error, OSError) and bool(error.errno) and error.errno not in NAME_FAULTS


def read_error(error: OSError, path: Path) -> StoreBroken:
    """What to raise when something of a run is there, or may be, and cannot be read."""
    return StoreBroken(
        f"{path_text(path)} cannot be read ({error.strerror or error})",
        "correct its permissions, or look at its disk, then run the same command again: what is committed stays done.",
    )


def temporary_name() -> str:
    """A name for a half-written file that nothing has yet."""
    return f"{TEMPORARY}{os.getpid()}-{next(_serial)}"


def _walk(folder: Path, root: Path, suffix: str) -> Iterator[str]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except FileNotFoundError:
        return
    except OSError as error:
        raise read_error(error, folder) from error
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(Path(entry.path), root, suffix)
        elif entry.name.endswith(suffix) and not entry.name.startswith(TEMPORARY):
            yield Path(entry.path).relative_to(root).as_posix()
