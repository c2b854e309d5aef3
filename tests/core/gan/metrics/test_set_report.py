"""Appraisals: what is held against what, and the document that says so."""

from __future__ import annotations

import json

import numpy as np
import pytest

from core.gan.metrics import set_report
from core.gan.metrics.kid_fid import set_metrics
from core.gan.metrics.pairwise_distances import Features
from core.gan.metrics.set_report import Appraisal, Reals, appraise, document
from core.images.pixel_types import RgbPictures
from core.progress import ProgressCallback

DRAW = np.random.default_rng(0)


class Levels:
    """A feature network of a sort: the picture at 4 x 4."""

    dims = 48

    def __init__(self, name: str = "levels", gain: float = 1.0) -> None:
        self.name, self._gain, self.asked = name, gain, 0

    def features(self, rgb: RgbPictures, tick: ProgressCallback | None = None) -> Features:
        self.asked += len(rgb)
        if tick is not None:
            tick(len(rgb), len(rgb))
        small = rgb.reshape(len(rgb), 4, 4, 4, 4, 3).mean((2, 4))
        return (small.reshape(len(rgb), 48) / 255 * self._gain).astype(np.float32)


def pictures(count: int) -> RgbPictures:
    return DRAW.integers(0, 256, (count, 16, 16, 3), dtype=np.uint8)


TRAINING, HELD_OUT, SAMPLES = pictures(30), pictures(20), pictures(24)
SAMPLES[5] = TRAINING[7]
SAMPLES[9] = TRAINING[3, :, ::-1]
NAMES = [f"{number}.jpg" for number in range(30)]


def appraised(held_out: RgbPictures | None = HELD_OUT) -> Appraisal:
    networks = [Levels("first"), Levels("second", 2.0)]
    return appraise(SAMPLES, Reals(TRAINING, TRAINING, held_out), networks, lambda _: lambda done, total: None)


def test_samples_are_held_against_held_out_pictures_with_a_yardstick() -> None:
    found = appraised()
    assert [one.features for one in found.metrics] == ["first", "second"]
    plain = Levels()
    assert found.metrics[0].kid == set_metrics(plain.features(HELD_OUT), plain.features(SAMPLES), "first").kid
    assert (found.metrics[0].real, found.metrics[0].fake) == (20, 24)
    assert [one and (one.real, one.fake) for one in found.yardsticks] == [(20, 24), (20, 24)]
    assert found.near_features == "first"


def test_without_held_out_pictures_the_training_ones_stand_in() -> None:
    found = appraised(None)
    assert (found.metrics[0].real, found.yardsticks) == (30, (None, None))


def test_copies_are_counted() -> None:
    found = appraised()
    assert found.count("copy") == 2
    assert [(place, one.index, one.mirrored) for place, one in enumerate(found.near) if one.verdict == "copy"] == [
        (5, 7, False),
        (9, 3, True),
    ]


def test_large_sets_are_drawn_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(set_report, "MOST_REAL", 10)
    assert appraised().metrics[0].real == 10
    assert appraised(None).metrics[1].real == 10


def test_every_step_is_told() -> None:
    steps: list[str] = []

    def watch(what: str) -> ProgressCallback:
        steps.append(what)
        return lambda done, total: None

    appraise(SAMPLES, Reals(TRAINING, TRAINING, HELD_OUT), [Levels("first"), Levels("second")], watch)
    assert steps == [
        "training pictures",
        "samples",
        "samples, mirrored",
        "held-out pictures, first",
        "samples, second",
        "training pictures, second",
        "held-out pictures, second",
    ]


def test_the_document_is_json_and_names_pictures() -> None:
    seeds = range(100, 124)
    told = json.loads(json.dumps(document(appraised(), "held-out", seeds, NAMES), allow_nan=False))
    near = told["near_copies"]
    assert (near["copies"], near["rate"], near["samples"]) == (2, pytest.approx(2 / 24), 24)
    assert near["nearest"][5]["seed"] == 105
    assert near["nearest"][5]["training_picture"] == "7.jpg"
    assert set(told["metrics"][0]["kid"]) == {"value", "spread"}
    assert told["training_as_samples"][0]["fake"] == 24


def test_what_is_not_known_is_null() -> None:
    few = appraise(SAMPLES[:8], Reals(TRAINING, TRAINING, HELD_OUT), [Levels()], lambda _: lambda done, total: None)
    told = document(few, "held-out", range(8), NAMES)
    assert told["metrics"][0]["recall"]["spread"] is None
    json.dumps(told, allow_nan=False)


@pytest.mark.parametrize(
    ("samples", "reals", "words"),
    [
        (SAMPLES[:5], Reals(TRAINING, TRAINING, None), "5 samples"),
        (SAMPLES, Reals(TRAINING[:5], TRAINING[:5], None), "5 training pictures"),
        (SAMPLES, Reals(TRAINING, TRAINING, HELD_OUT[:5]), "5 held-out pictures"),
    ],
)
def test_too_few_pictures_are_refused(samples: RgbPictures, reals: Reals, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        appraise(samples, reals, [Levels()], lambda _: lambda done, total: None)
