"""Library scan: the pictures of a folder tree, by suffix, in path order."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path

from core.config.spec_fields import run_as_input
from core.images.formats import OTHER_PICTURE_SUFFIXES, PICTURE_SUFFIXES
from core.safe_text import comparable, portable
from core.storage.passed_over import PassedOver
from core.storage.run_marks import mark_of
from core.storage.run_paths import LOCK
from core.storage.system_folders import is_system_folder


@dataclass(frozen=True, slots=True)
class Asset:
    """One content picture. `file` is the relative path as the disk has it, `name` the same as portable text."""

    name: str
    file: str
    size: int
    mtime_ns: int
    problem: str | None = None


@dataclass
class Library:
    """What a scan found: assets in path order, names of the first folders below the root, how many pictures the patterns
    left out, and what was passed over.
    """

    root: Path
    assets: list[Asset] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    excluded: int = 0
    passed: PassedOver = field(default_factory=PassedOver)

    def why_empty(self) -> str:
        """What was there in place of pictures, in a few words to end a sentence with; empty if there was nothing."""
        patterns = [f"{self.excluded:,} pictures fit no `include` or are excluded"] if self.excluded else []
        found = [*patterns, *self.passed.sentences()]
        return f" ({'; '.join(text.rstrip('.') for text in found)})" if found else ""


def scan(
    root: Path, include: Sequence[str] = (), exclude: Sequence[str] = (), *, system_folders: bool = False
) -> Library:
    """Find the pictures below `root`, by suffix; nothing is opened.

    Hidden files and files without a picture's suffix are counted. Suffixes of kinds that are not read count too: what is in
    a file decides, once it is read. A link that leaves the tree becomes an asset with a `problem`, so that its jobs get
    rows. Run folders, linked folders, system folders unless they are wanted, and folders that cannot be entered are named
    in `passed`, unless a pattern of `exclude` leaves out all that is in them; so are patterns that fit nothing. The root is
    looked at whatever its name.

    Raises SpecError for a root that is itself a run folder: what it holds are a run's outputs, small views and charts.
    """
    library, folders = Library(root), list[str]()
    unmatched = dict.fromkeys((*include, *exclude))
    real_root = os.path.realpath(root)
    for entry, relative in _files(root, library.passed, system_folders, folders):
        suffix = os.path.splitext(entry.name)[1].lower()
        if suffix not in PICTURE_SUFFIXES and suffix not in OTHER_PICTURE_SUFFIXES:
            library.passed.others += 1
            continue
        name = portable(relative)
        for pattern in [each for each in unmatched if matches(name, [each], [])]:
            del unmatched[pattern]
        if matches(name, include, exclude):
            library.assets.append(_asset(entry, relative, real_root))
        else:
            library.excluded += 1
    _leave_out(library.passed, exclude, unmatched)
    for named in (library.passed.runs, library.passed.linked, library.passed.system, library.passed.closed):
        named.sort()
    library.folders = sorted(portable(name) for name in folders)
    library.assets = sorted(_told_apart(library.assets), key=lambda asset: (asset.name, asset.file))
    return library


def matches(name: str, include: Sequence[str], exclude: Sequence[str]) -> bool:
    """Whether a name is kept by shell patterns, whatever its case and Unicode composition; `*` crosses folders, and a
    pattern may match the last part alone.

    >>> matches("trip/cat.JPG", ["*.jpg"], ["raw/*"])
    True
    """
    if not include and not exclude:
        return True
    whole = comparable(name)
    last = whole.rpartition("/")[2]

    def hit(patterns: Sequence[str]) -> bool:
        folded = (comparable(pattern) for pattern in patterns)
        return any(fnmatchcase(whole, pattern) or fnmatchcase(last, pattern) for pattern in folded)

    return (not include or hit(include)) and not hit(exclude)


def _leave_out(passed: PassedOver, exclude: Sequence[str], unmatched: dict[str, None]) -> None:
    """Take the folders out of `passed` whose every file `exclude` leaves out: nobody asked for them. What is left of
    `unmatched` fits nothing.
    """

    def wanted(folder: str) -> bool:
        name = comparable(portable(folder)) + "/"
        fitting = [pattern for pattern in exclude if fnmatchcase(name, comparable(pattern))]
        for pattern in fitting:
            unmatched.pop(pattern, None)
        return not fitting

    for folders in (passed.runs, passed.linked, passed.system):
        folders[:] = [folder for folder in folders if wanted(folder)]
    passed.closed = [(folder, why) for folder, why in passed.closed if wanted(folder)]
    passed.unmatched = list(unmatched)


def _told_apart(assets: list[Asset]) -> list[Asset]:
    """The assets, of which no two have one name: files whose names become equal in portable text get a mark of their own,
    unless it is what the disk calls them.
    """
    counts = Counter(asset.name for asset in assets)
    return [
        asset if counts[asset.name] == 1 or asset.name == asset.file else replace(asset, name=_marked(asset))
        for asset in assets
    ]


def _marked(asset: Asset) -> str:
    stem, suffix = os.path.splitext(asset.name)
    return f"{stem}~{file_mark(asset.file)}{suffix}"


def file_mark(file: str) -> str:
    """What tells a file from others of one name: ten digits of a hash of its path as the disk has it."""
    return hashlib.sha256(os.fsencode(file)).hexdigest()[:10]


def _files(
    root: Path, passed: PassedOver, system_folders: bool, first: list[str]
) -> Iterator[tuple[os.DirEntry[str], str]]:
    """Every file that is not hidden, and links that lead to no folder; names of the first folders that were entered go into
    `first`, but for those of runs that have made nothing yet. No recursion: a tree may be 2,000 folders deep.
    """
    folders = [(os.fspath(root), "")]
    while folders:
        folder, prefix = folders.pop()
        entries, fault = _entries(folder)
        if fault is not None:
            passed.closed.append((prefix.rstrip("/"), fault))
        if mark := mark_of({entry.name + "/" * is_folder for entry, is_folder in entries}):
            if not prefix:
                raise run_as_input(folder, mark)
            passed.runs.append(prefix.rstrip("/"))
            continue
        if prefix.count("/") == 1 and fault is None and [entry.name for entry, _ in entries] != [LOCK]:
            first.append(prefix[:-1])
        for entry, is_folder in entries:
            relative = prefix + entry.name
            system = is_folder and is_system_folder(entry.name)
            if system and not system_folders:
                passed.system.append(relative)
            elif entry.name.startswith(".") and not system:
                passed.hidden += 1
            elif is_folder:
                folders.append((entry.path, relative + "/"))
            elif entry.is_symlink() and _leads_to_folder(entry):
                passed.linked.append(relative)
            else:
                yield entry, relative


def _entries(folder: str) -> tuple[list[tuple[os.DirEntry[str], bool]], str | None]:
    """What a folder lists, as far as it does, with whether each is a folder, and the system's words where it stops: it may
    not be entered, is gone by now, its disk fails, or its path is longer than the system takes.
    """
    found: list[tuple[os.DirEntry[str], bool]] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:  # one by one: what was listed before a fault is kept
                found.append((entry, _is_folder(entry)))  # noqa: PERF401
    except OSError as error:
        return found, error.strerror or str(error)
    return found, None


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:  # a volume that lists names without kinds, and a path too long to ask for it
        return False


def _leads_to_folder(link: os.DirEntry[str]) -> bool:
    try:
        return link.is_dir()
    except OSError:  # a link in a circle: an asset that cannot be read
        return False


def _asset(entry: os.DirEntry[str], relative: str, real_root: str) -> Asset:
    name = portable(relative)
    if entry.is_symlink() and not os.path.realpath(entry.path).startswith(real_root + os.sep):
        problem = f"{name} is a link that leaves the library; put a copy of the picture in its place."
        return Asset(name, relative, 0, 0, problem)
    try:
        info = entry.stat()
    except OSError:
        return Asset(name, relative, 0, 0)
    return Asset(name, relative, info.st_size, info.st_mtime_ns)
