"""Names of folders that operating systems, NAS boxes and catalog programs make inside people's picture folders.

What lies in them are thumbnails, deleted files, snapshots and previews: copies of pictures that stand elsewhere. They
are no libraries, catalogs, classes or training data. Hidden ones are listed too, for those who have all folders looked into.
"""

from __future__ import annotations

from fnmatch import fnmatchcase

SYSTEM_FOLDERS: dict[str, tuple[str, ...]] = {
    "Windows": ("$RECYCLE.BIN", "RECYCLER", "RECYCLED", "System Volume Information", "$Extend", "FOUND.[0-9]*"),
    "macOS": (
        *("__MACOSX", ".Trashes", ".Spotlight-V100", ".fseventsd", ".TemporaryItems", ".DocumentRevisions-V100"),
        *(".AppleDouble", ".AppleDB", ".AppleDesktop", "Network Trash Folder", "Temporary Items", "iPod Photo Cache"),
    ),
    "Linux": ("lost+found", ".Trash", ".Trash-*", ".thumbnails", ".snapshot", ".snapshots", ".zfs"),
    "NAS boxes": (
        *("@eaDir", "#recycle", "#snapshot", "@tmp", "@sharebin", "@Recycle", "@Recently-Snapshot", ".@__thumb"),
        *("@__thumb", ".@upload_cache"),
    ),
    "synchronisers": (".stversions", ".stfolder", ".dropbox.cache", ".sync", ".SynologyWorkingDirectory"),
    "picture programs": ("*.lrdata", ".picasaoriginals", ".dtrash", ".thumbs", "ZbThumbnail.info"),
}
"""Patterns of names by who makes them; case is ignored."""

_PATTERNS = tuple(pattern.lower() for patterns in SYSTEM_FOLDERS.values() for pattern in patterns)
_PLAIN = frozenset(pattern for pattern in _PATTERNS if not set(pattern) & set("*[?"))
_SHAPES = tuple(pattern for pattern in _PATTERNS if pattern not in _PLAIN)


def is_system_folder(name: str) -> bool:
    """Whether a folder of this name is made by a system.

    >>> is_system_folder("@eadir"), is_system_folder(".Trash-1000"), is_system_folder("Trash")
    (True, True, False)
    """
    low = name.lower()
    return low in _PLAIN or any(fnmatchcase(low, shape) for shape in _SHAPES)
