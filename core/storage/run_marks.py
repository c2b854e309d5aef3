"""Marks of run folders: which kind of run a folder holds, from the names of the files in it, of every version.

A run's pictures are no input of another run, and no command writes into a run of another kind. Names are looked at, and no
file is opened: marks hold for a folder that is damaged, half made, or a stranger's.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

from core.storage.run_paths import LOCK, LOG, MANIFEST, MANIFEST_CSV, NIGHTS, OUTPUTS, PARTS, PLAN, SPEC, THUMBS

RUN, TRAINING, CLASSIFIER = "run", "training", "classifier training"
SURVEY, EVALUATION, PROPOSAL = "survey", "evaluation", "proposal"

_MARKS: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    (TRAINING, ("train.toml",), ("training.json", "checkpoints/")),
    (CLASSIFIER, (SPEC,), ("features/", "confusion.png", "reliability.png")),
    (RUN, (SPEC,), (PLAN, f"{NIGHTS}/", f"{PARTS}/", MANIFEST)),
    (RUN, (SPEC, LOCK), ()),
    (RUN, (PLAN,), (f"{NIGHTS}/", f"{PARTS}/", MANIFEST, f"{OUTPUTS}/", LOG)),
    (RUN, (MANIFEST, f"{OUTPUTS}/"), ()),
    (SURVEY, (MANIFEST,), (MANIFEST_CSV, f"{PARTS}/", f"{THUMBS}/", "overlays/", LOCK)),
    (SURVEY, (LOCK,), (f"{PARTS}/", "overlays/", "palettes/", "explained/", f"{THUMBS}/")),
    (EVALUATION, ("evaluation.json", "nearest.html"), ()),
    (PROPOSAL, ("pairs.csv", "reasons.csv", SPEC), ()),
)
"""(kind, names that are all there, names of which one is there); a slash marks a folder."""


RECORDS = frozenset(
    {
        *(SPEC, PLAN, MANIFEST, MANIFEST_CSV, LOG, LOCK, "train.toml"),
        *("training.json", "figures.csv", "figures.png", "figures.json", "timelapse.webp", "confusion.png"),
        *("reliability.png", "card.md", "evaluation.json", "evaluation.md", "nearest.html", "pairs.csv", "reasons.csv"),
    }
)
"""Names of files that runs of any kind keep in their folder itself."""


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
