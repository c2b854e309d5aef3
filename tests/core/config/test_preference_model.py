from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core.config.preference_model import FEATURES, MEASURES, TRAITS, PreferenceModel, load_preference_model
from core.errors import SpecError
from core.manifest import manifest
from core.manifest.picks import Pick
from core.scoring.feature_projection import COUNT, traits
from core.scoring.preference_fit import collect_examples, fit_preferences, roc_auc
from core.storage.store import Store


def rows(count: int, seed: int = 0) -> list[dict[str, Any]]:
    rng = np.random.default_rng(seed)
    made = []
    for number in range(count):
        parts = dict(zip(MEASURES, rng.uniform(0, 1, 4).tolist(), strict=True))
        made.append(
            {
                "output": f"{number:03}.png",
                "key": "k",
                "status": "done",
                **parts,
                "traits": rng.normal(size=TRAITS).tolist(),
            }
        )
    return made


def picked(made: list[dict[str, Any]]) -> list[Pick]:
    """A person who likes quality, and pictures high in their third trait."""
    liked = [row["score_quality"] + 0.3 * row["traits"][2] > 0.5 for row in made]
    return [Pick(row["output"], "keep" if like else "reject") for row, like in zip(made, liked, strict=True)]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    store = Store(tmp_path / "run")
    manifest.begin(store, manifest.table(rows(120)))
    return store.root


def test_a_taste_ranks_what_it_was_not_shown(run: Path) -> None:
    taste = fit_preferences(collect_examples(picked(rows(120)), run))
    others = rows(200, seed=1)
    kept = np.array([pick.choice == "keep" for pick in picked(others)])
    scores = [taste.score(row) for row in others]
    assert all(score is not None and 0 <= score <= 1 for score in scores)
    assert roc_auc(kept, np.array(scores)) > 0.85
    assert taste.rank is not None
    assert taste.rank > 0.8
    assert max(range(4), key=lambda n: taste.weights[n]) == MEASURES.index("score_quality")


def test_a_row_without_measures_has_no_score(run: Path) -> None:
    taste = fit_preferences(collect_examples(picked(rows(120)), run))
    assert taste.score({}) is None
    assert taste.score({**rows(1)[0], "traits": [1.0]}) is None
    shares = taste.shares(rows(1)[0])
    assert shares is not None
    assert set(shares) == {*MEASURES, "traits"}


def test_picks_without_a_row_are_left_out_and_too_few_refused(run: Path) -> None:
    given = collect_examples([*picked(rows(120)), Pick("gone.png", "keep")], run)
    assert (given.left_out, len(given.kept)) == (1, 120)
    with pytest.raises(SpecError, match="at least 5 of each"):
        fit_preferences(collect_examples(picked(rows(120))[:6], run))
    with pytest.raises(SpecError, match="give its folder with --run"):
        collect_examples([Pick("a.png", "keep")], None)


def test_a_taste_is_read_as_it_was_written(run: Path, tmp_path: Path) -> None:
    taste, file = fit_preferences(collect_examples(picked(rows(120)), run)), tmp_path / "taste.json"
    file.write_text(taste.model_dump_json())
    assert load_preference_model(file) == taste


@pytest.mark.parametrize(
    "change", [{"weights": [1.0]}, {"scale": [0.0] * len(FEATURES)}, {"bias": "much"}, {"more": 1}]
)
def test_a_file_that_is_no_taste_is_refused(run: Path, tmp_path: Path, change: dict[str, Any]) -> None:
    taste, file = fit_preferences(collect_examples(picked(rows(120)), run)), tmp_path / "taste.json"
    file.write_text(json.dumps({**taste.model_dump(mode="json"), **change}))
    with pytest.raises(SpecError, match="is no taste"):
        load_preference_model(file)


def test_traits_tell_pictures_apart_and_stay_what_they_are() -> None:
    assert COUNT == TRAITS
    one = torch.linspace(0, 2, 1280)
    assert traits(one)[:3] == pytest.approx(traits(one.clone())[:3])
    other = one.flip(0)
    apart = torch.tensor(traits(one)) - torch.tensor(traits(other))
    expected = float((one - other).norm()) * (COUNT / 1280) ** 0.5
    assert float(apart.norm()) == pytest.approx(expected, rel=0.4)


def test_a_taste_is_of_this_format(run: Path) -> None:
    assert PreferenceModel.model_json_schema()["properties"]["format"]["const"] == "nocturne taste 1"
