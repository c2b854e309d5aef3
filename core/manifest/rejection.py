"""Rejection of made pictures: rows first, then files moved to `rejected/` or back, so a kill between them does no harm."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.errors import NocturneError, StorageFailed
from core.manifest import manifest
from core.manifest.refused_names import fail_refused_rows
from core.storage.run_paths import output_path, rejected_path
from core.storage.store import Store


@dataclass(frozen=True, slots=True)
class KeepDecision:
    """What is to be said of a picture that was made: it is kept, or rejected for a reason. `score` is 0 to 1, or unknown."""

    score: float | None
    reason: str | None = None
    message: str | None = None

    @property
    def columns(self) -> dict[str, Any]:
        """The columns of the manifest that it decides."""
        status = "done" if self.reason is None else "rejected"
        return {"status": status, "reason": self.reason, "message": self.message, "score": self.score}


def apply_decisions(store: Store, decisions: Mapping[str, KeepDecision]) -> int:
    """Have the rows of made pictures, by output, say what was decided, and every picture lie where its row says.

    Returns how many rows changed: judging again alike changes none. Call it under the run's lock, once the night's parts
    are merged. Raises StorageFailed or StoreBroken.
    """
    rows = [row for row in fail_refused_rows(manifest.read(store)).to_pylist() if row["status"] in ("done", "rejected")]
    changed = []
    for row in rows:
        decision = decisions.get(row["output"])
        if decision is not None and _differs(row, decision):
            row |= decision.columns
            changed.append(row)
    if changed:
        manifest.write_part(store, changed)
        manifest.merge(store)
    for row in rows:
        _move_to_place(store, row["output"], row["status"] == "rejected")
    return len(changed)


def _differs(row: Mapping[str, Any], decision: KeepDecision) -> bool:
    # Scores are float32 in the manifest.
    score, before = decision.score, row["score"]
    same = score == before if score is None or before is None else abs(score - before) < 1e-6
    return not same or any(row[name] != value for name, value in decision.columns.items() if name != "score")


def _move_to_place(store: Store, output: str, is_rejected: bool) -> None:
    """Move a picture to where it belongs, if it is not there."""
    names = output_path(output), rejected_path(output)
    source, target = (store.path(name) for name in (names if is_rejected else names[::-1]))
    try:
        if not source.is_file():
            return
        store.contained_path(names[0])
        store.contained_path(names[1])
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(source, target)
    except OSError as error:
        raise StorageFailed(f"{source} could not be moved to {target} ({error.strerror})", "run again.") from error
    with contextlib.suppress(OSError, NocturneError):
        source.parent.rmdir()  # only if it is empty now
