"""Marks of run folders: which kind of run a folder holds, from the names of the files in it, of every version.

A run's pictures are no input of another run, and no command writes into a run of another kind. Names are looked at, and no
file is opened: marks hold for a folder that is damaged, half made, or a stranger's.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

_MARKS: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("training", ("train.toml",), ("training.json", "checkpoints/")),
    ("classifier training", ("spec.toml",), ("features/", "confusion.png", "reliability.png")),
    ("run", ("spec.toml",), ("plan.parquet", "nights/", "parts/", "manifest.parquet", "outputs/")),
    ("run", ("plan.parquet",), ("nights/", "parts/", "manifest.parquet", "outputs/", "log.jsonl")),
    ("run", ("manifest.parquet", "outputs/"), ()),
    ("survey", ("manifest.parquet",), ("manifest.csv", "parts/", "thumbs/", "overlays/", ".lock")),
    ("survey", ("parts/", ".lock"), ()),
    ("evaluation", ("evaluation.json", "nearest.html"), ()),
    ("proposal", ("pairs.csv", "reasons.csv", "spec.toml"), ()),
)
"""(kind, names that are all there, names of which one is there); a slash marks a folder."""


def run_mark(folder: str | Path) -> str | None:
    """The kind of run that lies directly in `folder`: `run`, `training`, `classifier training`, `survey`, `evaluation`,
    `proposal`; None for any other folder, and for one that cannot be listed.

    >>> import tempfile
    >>> run_mark(tempfile.mkdtemp()) is None
    True
    """
    try:
        with os.scandir(folder) as entries:
            names = {entry.name + "/" if entry.is_dir(follow_symlinks=False) else entry.name for entry in entries}
    except OSError:
        return None
    return mark_of(names)


def mark_of(names: Collection[str]) -> str | None:
    """The kind of run that a folder with these names holds; names of folders end in a slash.

    >>> mark_of({"train.toml", "training.json"}), mark_of({"manifest.csv", "outputs/"})
    ('training', None)
    """
    for kind, every, some in _MARKS:
        if all(name in names for name in every) and (not some or any(name in names for name in some)):
            return kind
    return None
