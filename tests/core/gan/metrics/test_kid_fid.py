"""Set metrics: against torchmetrics and torch-fidelity, against the papers' definitions, and on equal distributions."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
from torch_fidelity.metric_kid import kid_features_to_metric
from torch_fidelity.metric_prc import prc_features_to_metric
from torchmetrics.image.kid import KernelInceptionDistance

from core.gan.metrics import kid_fid as metrics
from core.gan.metrics.kid_fid import fid, fid_warning, kid, set_metrics
from core.gan.metrics.pairwise_distances import Features
from core.gan.metrics.prdc import coverage_of_equals, prdc


def features(count: int, seed: int, dims: int = 40, shift: float = 0.0) -> Features:
    drawn = np.random.default_rng(seed).normal(shift, 1, (count, dims))
    return np.abs(drawn).astype(np.float32)


REAL, FAKE = features(120, 1), features(120, 2, shift=0.3)
"""Equally many, as both libraries want them."""


@pytest.mark.filterwarnings("ignore:Metric `Kernel Inception Distance` will save all:UserWarning")
def test_kid_is_that_of_torchmetrics_and_of_torch_fidelity() -> None:
    theirs = KernelInceptionDistance(feature=torch.nn.Flatten(), subsets=1, subset_size=120)
    theirs.update(torch.from_numpy(REAL), real=True)
    theirs.update(torch.from_numpy(FAKE), real=False)
    found = kid(REAL, FAKE).value
    assert found == pytest.approx(float(theirs.compute()[0]), rel=1e-3)
    options = {"kid_subsets": 1, "kid_subset_size": 120, "verbose": False}
    other = kid_features_to_metric(torch.from_numpy(REAL).double(), torch.from_numpy(FAKE).double(), **options)
    assert found == pytest.approx(other["kernel_inception_distance_mean"], rel=1e-9)


def test_kid_of_sets_of_unequal_size_is_the_sum_over_pairs() -> None:
    real, fake = REAL[:7].astype(np.float64), FAKE[:5].astype(np.float64)

    def kernel(x: Features, y: Features) -> float:
        return float((x @ y / 40 + 1) ** 3)

    within_real = [kernel(real[i], real[j]) for i in range(7) for j in range(7) if i != j]
    within_fake = [kernel(fake[i], fake[j]) for i in range(5) for j in range(5) if i != j]
    between = [kernel(x, y) for x in real for y in fake]
    expected = np.mean(within_real) + np.mean(within_fake) - 2 * np.mean(between)
    assert kid(REAL[:7], FAKE[:5]).value == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("shift", "factor"), [(0.0, math.sqrt(3)), (0.5, 1.0)])
def test_kid_is_unbiased_and_its_spread_is_no_less_than_its_standard_error(shift: float, factor: float) -> None:
    """Between equal distributions KID falls with 1/n, not with 1/sqrt(n): halves then differ by sqrt(3) times the error."""
    found = [kid(features(60, 2 * seed), features(40, 2 * seed + 1, shift=shift), seed=seed) for seed in range(60)]
    values = np.array([one.value for one in found])
    error = values.std(ddof=1)
    expected = kid(features(4000, 1000), features(4000, 1001, shift=shift), resamples=0).value
    assert abs(values.mean() - expected) < 3.5 * error / math.sqrt(60)
    assert np.median([one.spread for one in found]) == pytest.approx(factor * error, rel=0.3)


def test_kid_needs_no_more_memory_than_a_block_and_gives_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = kid(REAL, FAKE)
    monkeypatch.setattr(metrics, "BLOCK", 1000)
    assert kid(REAL, FAKE) == pytest.approx(whole, rel=1e-9)


def test_kid_leaves_the_global_generators_alone() -> None:
    before, numpys = torch.get_rng_state(), np.random.get_state()[1].copy()
    first = kid(REAL, FAKE, seed=3)
    assert torch.equal(torch.get_rng_state(), before)
    assert (np.random.get_state()[1] == numpys).all()
    assert kid(REAL, FAKE, seed=3) == first
    assert kid(REAL, FAKE, seed=4).spread != first.spread


def test_precision_and_recall_are_those_of_torch_fidelity() -> None:
    precision, recall, *_ = prdc(REAL, FAKE)
    options = {"prc_neighborhood": 5, "prc_batch_size": 50, "save_cpu_ram": False, "verbose": False}
    theirs = prc_features_to_metric(torch.from_numpy(FAKE).double(), torch.from_numpy(REAL).double(), **options)
    assert (precision.value, recall.value) == (theirs["precision"], pytest.approx(theirs["recall"]))
    assert 0.2 < precision.value < 0.98


def test_density_and_coverage_are_those_of_the_paper() -> None:
    """Equations 4 and 5 of Naeem et al. 2020, written out."""
    apart = np.linalg.norm(REAL[:, None].astype(np.float64) - FAKE[None], axis=2)
    within = np.linalg.norm(REAL[:, None].astype(np.float64) - REAL[None], axis=2)
    balls = np.sort(within, axis=1)[:, 5]
    inside = apart < balls[:, None]
    _, _, density, coverage = prdc(REAL, FAKE)
    assert density.value == pytest.approx(inside.sum() / 5 / len(FAKE))
    assert coverage.value == pytest.approx(inside.any(axis=1).mean())


def test_equal_gaussians_give_what_is_known_of_them() -> None:
    """Naeem et al. report .48, .47, 1.06, .97 for 10,000 of 1,000 dimensions; fewer pictures and dimensions here.

    Expected density is 1 and coverage 31/32 at any size; precision and recall are equal by symmetry.
    """
    found = prdc(features(800, 5, 64), features(800, 6, 64))
    precision, recall, density, coverage = found
    assert abs(density.value - 1) < 4 * density.spread
    assert abs(coverage.value - coverage_of_equals(800, 800)) < 4 * coverage.spread
    assert coverage_of_equals(800, 800) == pytest.approx(31 / 32, abs=2e-3)
    assert abs(precision.value - recall.value) < 4 * math.hypot(precision.spread, recall.spread)
    assert 0.4 < precision.value < 0.8
    assert all(0 < one.spread < 0.2 for one in found)


@pytest.mark.parametrize(("real", "fake"), [(40, 160), (160, 40)])
def test_expected_coverage_holds_for_sets_of_unequal_size(real: int, fake: int) -> None:
    values = [prdc(features(real, seed, 8), features(fake, 900 + seed, 8), resamples=0)[3].value for seed in range(40)]
    error = np.std(values, ddof=1) / math.sqrt(len(values))
    assert abs(np.mean(values) - coverage_of_equals(real, fake)) < 3.5 * error


def test_figures_tell_copies_and_collapse_from_variety() -> None:
    copies, collapsed = prdc(REAL, REAL[::2]), prdc(REAL, np.repeat(REAL[:1], 120, axis=0))
    assert copies[0].value == 1.0
    assert collapsed[3].value < 0.2
    assert collapsed[1].value < 0.05


def test_fid_is_that_of_torch_fidelity() -> None:
    wide = (torch.from_numpy(rows).double() for rows in (features(30, 3), features(90, 4, shift=0.4)))
    for real, fake in ((torch.from_numpy(REAL).double(), torch.from_numpy(FAKE).double()), tuple(wide)):
        theirs = fid_statistics_to_metric(fid_features_to_statistics(real), fid_features_to_statistics(fake), False)
        found = fid(real.numpy(), fake.numpy())
        assert found == pytest.approx(theirs["frechet_inception_distance"], rel=1e-4)
    assert fid(REAL, REAL) == pytest.approx(0, abs=1e-3)


def test_fid_warns_at_small_n() -> None:
    few, some = fid_warning(200, 1000, 1280), fid_warning(5000, 5000, 1280)
    assert few is not None
    assert "1,280 features cannot be known from 200 pictures" in few
    assert some is not None
    assert "biased" in some
    assert fid_warning(10_000, 50_000, 1280) is None


def test_a_result_names_features_and_numbers() -> None:
    found = set_metrics(REAL[:90], FAKE, "some network, 64 px")
    assert (found.features, found.real, found.fake, found.k) == ("some network, 64 px", 90, 120, 5)
    assert found.kid == kid(REAL[:90], FAKE)
    assert found.fid_warning is not None


def test_sets_too_small_for_halves_have_no_spread_and_smaller_ones_are_refused() -> None:
    found = set_metrics(REAL[:8], FAKE[:8], "x")
    assert math.isnan(found.precision.spread)
    assert not math.isnan(found.kid.spread)
    assert math.isnan(kid(REAL[:3], FAKE).spread)
    with pytest.raises(ValueError, match="5 real and 120 made"):
        prdc(REAL[:5], FAKE)
    with pytest.raises(ValueError, match="two pictures"):
        kid(REAL[:1], FAKE)
