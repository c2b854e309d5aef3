"""Curation: realistic, no copies, and different from each other."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from core.errors import REASONS
from core.gan.metrics.curation import Curated, Realism, curate, farthest
from core.gan.metrics.memorisation_check import NearCopy
from core.gan.metrics.pairwise_distances import Features

APART = NearCopy("apart", 0, False, 1.0, 90, 1.0, 1.0)
CLOSE = NearCopy("close", 0, False, 0.55, 70, 0.9, 0.55)
COPY = NearCopy("copy", 4, False, 0.1, 8, 0.1, 0.1)

DRAW = np.random.default_rng(0)
TRAINING = DRAW.normal(0, 1, (300, 16)).astype(np.float32)
SEEDS = list(range(100, 180))
SAMPLES: Features = DRAW.normal(0, 1, (80, 16)).astype(np.float32)
SAMPLES[60:] *= 6
"""The last 20 are failures, far from all training pictures."""


def curated(keep: int = 20, copies: list[NearCopy] | None = None, **options: float) -> Curated:
    return curate(SEEDS, SAMPLES, copies or [APART] * 80, Realism(TRAINING), keep, **options)


def test_realism_of_the_training_distribution_is_near_1_and_of_failures_above() -> None:
    realism = Realism(TRAINING).of(SAMPLES)
    assert np.median(realism[:60]) == pytest.approx(1, abs=0.1)
    assert realism[60:].min() > 1.5


def test_every_sample_is_kept_or_rejected_once_and_failures_never_kept() -> None:
    found = curated()
    assert len(found.kept) == 20
    assert sorted(one.seed for one in (*found.kept, *found.rejected)) == SEEDS
    assert all(one.seed < 160 for one in found.kept)
    assert max(one.realism for one in found.kept) <= sorted(Realism(TRAINING).of(SAMPLES))[39]


def test_kept_ones_are_more_apart_than_the_most_realistic_ones() -> None:
    diverse, plain = (curated(shortlist=shortlist) for shortlist in (2.0, 1.0))

    def closest_two(found: Curated) -> float:
        rows = SAMPLES[[one.seed - 100 for one in found.kept]]
        return min(float(np.linalg.norm(a - b)) for i, a in enumerate(rows) for b in rows[:i])

    assert closest_two(diverse) > closest_two(plain)
    ranked = np.argsort(Realism(TRAINING).of(SAMPLES))
    assert {one.seed - 100 for one in plain.kept} == set(ranked[:20].tolist())


def test_the_choice_hangs_on_neither_order_nor_chance() -> None:
    order = np.random.default_rng(5).permutation(80)
    seeds, samples = [SEEDS[place] for place in order], SAMPLES[order]
    assert curate(seeds, samples, [APART] * 80, Realism(TRAINING), 20) == curated()


def test_ties_go_to_the_lower_seed() -> None:
    same = np.repeat(SAMPLES[:1], 4, axis=0)
    found = curate([9, 3, 7, 5], same, [APART] * 4, Realism(TRAINING), 2, shortlist=1)
    assert [one.seed for one in found.kept] == [3, 5]
    assert [one.seed for one in found.rejected] == [7, 9]


def test_copies_are_rejected_first_however_realistic() -> None:
    copies = [COPY if place % 10 == 0 else CLOSE if place % 10 == 1 else APART for place in range(80)]
    found = curate(SEEDS, SAMPLES, copies, Realism(TRAINING), 20, names=[f"{n}.jpg" for n in range(300)])
    duplicates = [one for one in found.rejected if one.reason == "near_duplicate"]
    assert [one.seed for one in duplicates] == SEEDS[::10]
    assert "4.jpg" in duplicates[0].message
    assert not {one.seed for one in found.kept} & set(SEEDS[::10])


def test_reasons_are_the_manifests_and_sentences_tell_the_two_rules_apart() -> None:
    found = curated()
    assert {one.reason for one in found.rejected} == {"low_score"} <= set(REASONS)
    unrealistic = [one for one in found.rejected if "among the first 40" in one.message]
    alike = [one for one in found.rejected if "more like the 20 kept ones" in one.message]
    assert (len(unrealistic), len(alike)) == (40, 20)
    assert min(one.realism for one in unrealistic) >= max(one.realism for one in alike)


def test_fewer_are_kept_if_fewer_are_no_copies() -> None:
    found = curated(keep=90)
    assert len(found.kept) == 80
    assert not found.rejected
    assert curated(copies=[COPY] * 80).kept == ()
    assert len(curated(keep=0).rejected) == 80
    assert curate([], SAMPLES[:0], [], Realism(TRAINING), 3) == Curated((), ())


def test_farthest_points_come_in_order_of_their_gaps() -> None:
    points = np.array([[0.0], [1.0], [10.0], [4.0], [10.0]], np.float32)
    picks = farthest(points, 4)
    assert picks == [(0, math.inf), (2, pytest.approx(10)), (3, pytest.approx(4)), (1, pytest.approx(1))]
    gaps = [gap for _, gap in farthest(SAMPLES, 30)]
    assert all(earlier >= later for earlier, later in pairwise(gaps))


def test_realism_takes_few_training_pictures() -> None:
    assert Realism(TRAINING[:3]).of(SAMPLES).shape == (80,)
    with pytest.raises(ValueError, match="too few"):
        Realism(TRAINING[:1])


def test_lists_that_do_not_belong_together_are_refused() -> None:
    for seeds, copies in (([1] * 80, [APART] * 80), (SEEDS[:5], [APART] * 80), (SEEDS, [APART])):
        with pytest.raises(ValueError, match="one seed"):
            curate(seeds, SAMPLES, copies, Realism(TRAINING), 5)
