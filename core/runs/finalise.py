"""Finalise a night: merge its parts, apply the spec's weights and gate to scores, learn the machine's speed."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from core.config.preference_model import PreferenceModel, load_preference_model
from core.config.retry_policy import is_low
from core.config.run_spec import RunSpec
from core.config.score_weights import PARTS, overall
from core.config.spec import Spec
from core.engine.copy_jobs import copy_equal_jobs
from core.manifest import manifest
from core.manifest.rejection import KeepDecision, apply_decisions
from core.planning.cost_update import learn_cost
from core.runs.run_kinds import kind_of
from core.storage.run_paths import PLAN
from core.storage.store import Store

SAME = 1e-6
"""Scores that differ by less are one: the manifest has single precision."""


def merge_night(store: Store, spec: RunSpec) -> pa.Table:
    """Copy equal jobs, merge parts, apply the spec to scores, and learn the machine's speed. Returns the manifest."""
    copy_equal_jobs(store, store.root.name)
    rows = finalise(store, spec)
    learn_cost(spec.device, store, kind_of(spec).context_of(store), rows)
    return rows


def finalise(store: Store, spec: RunSpec) -> pa.Table:
    """Merge the run's parts, and apply what its kind makes of scores. Returns the manifest.

    Call it under the run's lock; doing it again changes nothing. Raises SpecError for a taste that is none, StorageFailed
    or StoreBroken.
    """
    rows, kind = manifest.merge(store), kind_of(spec)
    applied: pa.Table = kind.load("scores")(store, spec, rows) if kind.scores else rows
    return applied


def apply_scores(store: Store, spec: Spec, rows: pa.Table) -> pa.Table:
    """Have the rows of planned pictures say what the spec makes of their scores; rejected ones are kept apart. A score
    follows from its parts, so other weights, or a taste, need no pixel made again. Returns the manifest. Raises as
    `finalise` does.
    """
    judgements = _judgements(store, spec, rows, load_preference_model(spec.taste) if spec.taste else None)
    if not judgements and not pc.any(pc.equal(rows["status"], "rejected")).as_py():
        return rows
    apply_decisions(store, judgements)
    return manifest.read(store)


def _judgements(store: Store, spec: Spec, rows: pa.Table, taste: PreferenceModel | None) -> dict[str, KeepDecision]:
    """What is to be said of each planned picture of which something else stands in the manifest."""
    plan = pq.read_table(io.BytesIO(store.read(PLAN)), columns=["output"])
    mine = rows.filter(pc.and_(pc.is_in(rows["output"], plan["output"]), pc.equal(rows["kind"], "stylize")))
    names = ["output", "status", "score", *(f"score_{part}" for part in PARTS), *(["traits"] if taste else [])]
    found = {}
    for row in mine.filter(pc.is_in(mine["status"], pa.array(["done", "rejected"]))).select(names).to_pylist():
        said = acceptance(row, taste.score(row) if taste else _score(row, spec), spec.min_score)
        if said.columns["status"] != row["status"] or _differ(said.score, row["score"]):
            found[row["output"]] = said
    return found


def _score(row: Mapping[str, Any], spec: Spec) -> float | None:
    """The score of a row; one without parts, of an earlier version, keeps its own."""
    parts = {part: row[f"score_{part}"] for part in PARTS}
    score: float | None = row["score"]
    return score if None in parts.values() else overall(parts, spec.score_weights)


def _differ(one: float | None, other: float | None) -> bool:
    return one != other if one is None or other is None else abs(one - other) > SAME


def acceptance(row: Mapping[str, Any], score: float | None, min_score: float | None) -> KeepDecision:
    """What the gate says of a made picture with this score."""
    if not is_low(score, min_score):
        return KeepDecision(score)
    found = f"{row['output']} scores {score:.3f}, below min_score {min_score:g}; it lies in rejected/."
    return KeepDecision(score, "low_score", f"{found} Lower `min_score`, or have it tried again with `gate`.")
