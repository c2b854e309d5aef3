"""Fit of a preference model (a taste) to picks: logistic regression on the manifest's measures and traits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from core.config.preference_model import PreferenceModel, feature_values
from core.errors import SpecError
from core.manifest import manifest
from core.manifest.picks import Pick
from core.storage.allowed_roots import check_inside
from core.storage.store import Store

LEAST = 5
"""Pictures kept, and pictures rejected, that a taste needs."""

FOLDS = 5
STRENGTHS = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
"""Inverse regularisation that is tried; the one that ranks pictures left out best is taken, the least of equals."""

FAVOURITE = 2.0
"""How many kept pictures a favourite counts for."""

Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class PickExamples:
    """What picks say: values of `preference_model.FEATURES` (n, 36), whether each was kept, and how much it counts."""

    values: Values
    kept: npt.NDArray[np.bool_]
    counts: Values
    left_out: int
    """Picks whose picture no manifest has, or without measures."""


def collect_examples(picks: Iterable[Pick], run: Path | None) -> PickExamples:
    """What the manifests say of the picked pictures: those of the runs that the picks name, or of `run`. Raises SpecError
    for a run that is none, or that lies outside the allowed roots.
    """
    by_run: dict[str, dict[str, str]] = {}
    for pick in picks:
        by_run.setdefault(str(run or pick.run), {})[pick.output] = pick.choice
    check_inside(("run", Path(folder)) for folder in by_run if folder)
    values, choices, left_out = list[list[float]](), list[str](), 0
    for folder, chosen in sorted(by_run.items()):
        rows = _rows(folder, list(chosen))
        for output, choice in sorted(chosen.items()):
            found = feature_values(rows.get(output, {}))
            if found is None:
                left_out += 1
            else:
                values.append(found)
                choices.append(choice)
    counts = np.array([FAVOURITE if choice == "favourite" else 1.0 for choice in choices])
    return PickExamples(np.array(values), np.array([choice != "reject" for choice in choices], bool), counts, left_out)


def fit_preferences(given: PickExamples) -> PreferenceModel:
    """The taste that examples show. Raises SpecError if there are too few of either sort."""
    kept = int(given.kept.sum())
    rejected = len(given.kept) - kept
    if min(kept, rejected) < LEAST:
        raise SpecError(
            f"picks keep {kept} pictures and reject {rejected} that have measures",
            f"pick at least {LEAST} of each in the gallery, and export them again.",
        )
    ranks = [_rank(given, strength) for strength in STRENGTHS]
    best = int(np.argmax(ranks))
    mean, scale = _spread(given.values)
    model = _fitted((given.values - mean) / scale, given, STRENGTHS[best])
    return PreferenceModel(
        mean=tuple(mean.tolist()),
        scale=tuple(scale.tolist()),
        weights=tuple(model.coef_[0].tolist()),
        bias=float(model.intercept_[0]),
        kept=kept,
        rejected=rejected,
        rank=ranks[best],
    )


def roc_auc(kept: npt.NDArray[np.bool_], scores: Values) -> float:
    """Share of the pairs of a kept picture and a rejected one in which the kept one scores higher; equal ones count half."""
    above = scores[kept][:, None] - scores[~kept][None]
    return float((above > 0).mean() + (above == 0).mean() / 2)


def _rank(given: PickExamples, strength: float) -> float:
    """How well pictures are ranked by models that were not shown them."""
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    found = np.zeros(len(given.kept))
    for shown, hidden in folds.split(given.values, given.kept):
        mean, scale = _spread(given.values[shown])
        part = PickExamples(given.values[shown], given.kept[shown], given.counts[shown], 0)
        model = _fitted((part.values - mean) / scale, part, strength)
        found[hidden] = model.decision_function((given.values[hidden] - mean) / scale)
    return roc_auc(given.kept, found)


def _fitted(values: Values, given: PickExamples, strength: float) -> Any:
    model = LogisticRegression(C=strength, class_weight="balanced", max_iter=1000)
    return model.fit(values, given.kept, sample_weight=given.counts)


def _spread(values: Values) -> tuple[Values, Values]:
    deviation = values.std(0)
    return values.mean(0), np.where(deviation > 1e-9, deviation, 1.0)


def _rows(folder: str, outputs: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    store = Store(Path(folder))
    if not folder or not store.exists("manifest.parquet"):
        raise SpecError(f"picks name the run {folder or 'nowhere'}, which is none here", "give its folder with --run.")
    rows = manifest.read(store)
    found = rows.filter(pc.is_in(rows["output"], manifest.text_array(outputs))).to_pylist()
    return {row["output"]: row for row in found}
