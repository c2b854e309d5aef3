"""Library scan: the pictures of a folder tree, by suffix, in path order."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from core.images.formats import OTHER_PICTURE_SUFFIXES, PICTURE_SUFFIXES, listed
from core.safe_text import portable


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
    """What a scan found: assets in path order, and how many files were passed over."""

    root: Path
    assets: list[Asset] = field(default_factory=list)
    hidden: int = 0
    others: int = 0
    linked_folders: int = 0


def scan(root: Path, include: Sequence[str] = (), exclude: Sequence[str] = ()) -> Library:
    """Find the pictures below `root`, by suffix; nothing is opened.

    Hidden files and other kinds of file are counted. A link that leaves the tree, or a kind of picture that Nocturne
    does not read, becomes an asset with a `problem`, so that its jobs get rows. Linked folders are not entered.
    """
    library = Library(root)
    real_root = os.path.realpath(root)
    for entry, relative in _files(os.fspath(root), "", library):
        suffix = os.path.splitext(entry.name)[1].lower()
        if suffix not in PICTURE_SUFFIXES and suffix not in OTHER_PICTURE_SUFFIXES:
            library.others += 1
        elif matches(portable(relative), include, exclude):
            library.assets.append(_asset(entry, relative, suffix, real_root))
    library.assets.sort(key=lambda asset: (asset.name, asset.file))  # two names can be one once they are portable
    return library


def matches(name: str, include: Sequence[str], exclude: Sequence[str]) -> bool:
    """Whether a name is kept by shell patterns; `*` crosses folders, and a pattern may match the last part alone.

    >>> matches("trip/cat.jpg", ["*.jpg"], ["raw/*"])
    True
    """
    last = name.rpartition("/")[2]

    def hit(patterns: Sequence[str]) -> bool:
        return any(fnmatchcase(name, pattern) or fnmatchcase(last, pattern) for pattern in patterns)

    return (not include or hit(include)) and not hit(exclude)


def _files(folder: str, prefix: str, library: Library) -> Iterator[tuple[os.DirEntry[str], str]]:
    try:
        entries = list(os.scandir(folder))
    except OSError:  # it may not be entered, is gone by now, or its path is longer than the system takes
        library.others += 1
        return
    for entry in entries:
        relative = prefix + entry.name
        if entry.name.startswith("."):
            library.hidden += 1
        elif entry.is_dir(follow_symlinks=False):
            yield from _files(entry.path, relative + "/", library)
        elif entry.is_symlink() and _leads_to_folder(entry):
            library.linked_folders += 1
        else:
            yield entry, relative


def _leads_to_folder(link: os.DirEntry[str]) -> bool:
    try:
        return link.is_dir()
    except OSError:  # a link in a circle: an asset that cannot be read
        return False


def _asset(entry: os.DirEntry[str], relative: str, suffix: str, real_root: str) -> Asset:
    name = portable(relative)
    if entry.is_symlink() and not os.path.realpath(entry.path).startswith(real_root + os.sep):
        problem = f"{name} is a link that leaves the library; put a copy of the picture in its place."
        return Asset(name, relative, 0, 0, problem)
    if suffix in OTHER_PICTURE_SUFFIXES:
        problem = f"{name} is a {suffix[1:].upper()} file, which is not read; convert it to {listed()}."
        return Asset(name, relative, 0, 0, problem)
    try:
        info = entry.stat()
    except OSError:
        return Asset(name, relative, 0, 0)
    return Asset(name, relative, info.st_size, info.st_mtime_ns)
