"""Listing of everything under a run's `outputs/`, named by a row or not; nothing is opened and no link is followed."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Literal

from core.storage.run_paths import OUTPUTS
from core.storage.store import Store


@dataclass(frozen=True, slots=True)
class DiskEntry:
    """Something that is no folder; `name` is its path below the run folder, as the disk has it.

    It need not be a name that `Store.path` takes.
    """

    name: str
    kind: Literal["file", "link", "other"]


def list_outputs(store: Store) -> tuple[list[DiskEntry], list[tuple[str, str]]]:
    """Everything under `outputs/` that is no folder, and the folders that could not be looked into, with the reason.

    Unlike `Store.names`, temporary files are among them. Where `outputs` is itself a link that leaves the run folder,
    nothing is listed: what lies there is not the run's.
    """
    found: list[DiskEntry] = []
    shut: list[tuple[str, str]] = []
    if outer_link(store, OUTPUTS) is not None:
        return found, shut
    folders = [OUTPUTS]
    while folders:
        folder = folders.pop()
        try:
            with os.scandir(store.root / folder) as entries:
                for entry in entries:
                    name = f"{folder}/{entry.name}"
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(name)
                    else:
                        found.append(DiskEntry(name, _kind(entry)))
        except FileNotFoundError:  # no picture yet, or a folder that was moved away meanwhile
            continue
        except OSError as error:
            shut.append((folder, f"cannot be looked into ({error.strerror})"))
    return sorted(found, key=lambda file: file.name), sorted(shut)


def outer_link(store: Store, name: str) -> str | None:
    """The part of the path `name` that is a link out of the run folder; None if there is none. It need not exist."""
    root = os.path.realpath(store.root)
    if is_within(os.path.realpath(store.root / name), root):
        return None
    parts = name.split("/")
    ways = ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
    return next(way for way in ways if not is_within(os.path.realpath(store.root / way), root))


def is_within(path: str, root: str) -> bool:
    """Whether a real path is a real folder, or lies below it."""
    return path == root or path.startswith(root.rstrip(os.sep) + os.sep)


def _kind(entry: os.DirEntry[str]) -> Literal["file", "link", "other"]:
    if entry.is_symlink():
        return "link"
    return "file" if entry.is_file(follow_symlinks=False) else "other"
