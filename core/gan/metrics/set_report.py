"""Report on a set of samples: quality, variety and near copies, as one plain document.

Each feature network gives its own figures, beside what the training pictures themselves get against the held-out ones: a
figure says little without that yardstick.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from core.gan.metrics.features import FeatureNetwork
from core.gan.metrics.kid_fid import SetMetrics, set_metrics
from core.gan.metrics.memorisation_check import CLOSE, COPY, NearCopy, Originals
from core.gan.metrics.pairwise_distances import Features
from core.gan.metrics.resampling import Estimate
from core.images.pixel_types import RgbPictures
from core.progress import ProgressCallback

MOST_REAL = 5_000
"""Real pictures that samples are compared with as a set; of more, so many are drawn with a fixed seed."""

LEAST = 6
"""Pictures a set must have: one more than the neighbours of precision and recall."""

Watch = Callable[[str], ProgressCallback]
"""Gives, for what is about to be done, the function to tell how far it is."""


@dataclass(frozen=True)
class Reals:
    """The real pictures that samples are held against, all (n, h, w, 3) of the samples' size."""

    training: RgbPictures
    """As training shows them, in the order of their names."""
    whole: RgbPictures
    """The same uncropped, of any size."""
    held_out: RgbPictures | None


@dataclass(frozen=True)
class Appraisal:
    """What was found."""

    metrics: tuple[SetMetrics, ...]
    """One a feature network: against held-out pictures if there are any, else against training pictures."""
    yardsticks: tuple[SetMetrics | None, ...]
    """For each, the training pictures in the samples' place; None without held-out pictures."""
    near: tuple[NearCopy, ...]
    """One a sample, in their order."""
    distance: float
    """Median distance in features of a training picture to the nearest other."""
    bits: float
    """The same in bits."""
    near_features: str
    """Name of the network of those features."""

    def count(self, verdict: str) -> int:
        """How many samples have this verdict."""
        return sum(one.verdict == verdict for one in self.near)


def appraise(samples: RgbPictures, reals: Reals, networks: Sequence[FeatureNetwork], watch: Watch) -> Appraisal:
    """Measure samples (n, h, w, 3) on each network; the first also looks for copies.

    Raises ValueError if a set has fewer than LEAST pictures.
    """
    check_enough(len(samples), len(reals.training), None if reals.held_out is None else len(reals.held_out))
    originals = Originals(reals.training, networks[0], reals.whole, watch("training pictures"))
    seen = networks[0].features(samples, watch("samples"))
    near = originals.compare(samples, seen, watch("samples, mirrored"))
    pairs = []
    for place, network in enumerate(networks):
        known = (seen, originals.features) if place == 0 else (None, None)
        pairs.append(_on(network, samples, reals, known, watch))
    metrics, yardsticks = zip(*pairs, strict=True)
    return Appraisal(metrics, yardsticks, tuple(near), originals.distance, originals.bits, networks[0].name)


def check_enough(samples: int, training: int, held_out: int | None) -> None:
    """Raises ValueError if there are too few pictures of a kind to be compared as a set."""
    for name, count in {"samples": samples, "training pictures": training, "held-out pictures": held_out}.items():
        if count is not None and count < LEAST:
            raise ValueError(f"{count} {name} are too few to be compared as a set, which takes {LEAST}")


def _on(
    network: FeatureNetwork,
    samples: RgbPictures,
    reals: Reals,
    known: tuple[Features | None, Features | None],
    watch: Watch,
) -> tuple[SetMetrics, SetMetrics | None]:
    """Figures of the samples on one network, and the yardstick."""
    fake = network.features(samples, watch(f"samples, {network.name}")) if known[0] is None else known[0]
    some = _some(len(reals.training), MOST_REAL if reals.held_out is None else len(samples))
    if known[1] is None:
        training = network.features(reals.training[some], watch(f"training pictures, {network.name}"))
    else:
        training = known[1][some]
    if reals.held_out is None:
        return set_metrics(training, fake, network.name), None
    chosen = reals.held_out[_some(len(reals.held_out), MOST_REAL)]
    real = network.features(chosen, watch(f"held-out pictures, {network.name}"))
    return set_metrics(real, fake, network.name), set_metrics(real, training, network.name)


def document(found: Appraisal, against: str, seeds: Sequence[int], names: Sequence[str]) -> dict[str, Any]:
    """The appraisal as plain data for JSON; what is not known (nan) is null.

    against: `held-out` or `training`. names: of the training pictures.
    """
    samples = len(found.near)
    return {
        "against": against,
        "metrics": [_plain(one) for one in found.metrics],
        "training_as_samples": [None if one is None else _plain(one) for one in found.yardsticks],
        "near_copies": {
            "samples": samples,
            "copies": found.count("copy"),
            "close": found.count("close"),
            "rate": found.count("copy") / samples,
            "copy_at": COPY,
            "close_at": CLOSE,
            "features": found.near_features,
            "usual_distance": found.distance,
            "usual_bits": found.bits,
            "nearest": [
                {"seed": seed, **asdict(one), "training_picture": names[one.index]}
                for seed, one in zip(seeds, found.near, strict=True)
            ],
        },
    }


def _plain(metrics: SetMetrics) -> dict[str, Any]:
    plain = {}
    for name, value in vars(metrics).items():
        if isinstance(value, Estimate):
            plain[name] = {"value": value.value, "spread": None if math.isnan(value.spread) else value.spread}
        else:
            plain[name] = value
    return plain


def _some(count: int, most: int) -> npt.NDArray[np.int64]:
    """Places of up to `most` of `count` pictures, drawn with a fixed seed, in order."""
    return np.sort(np.random.default_rng(0).permutation(count)[:most])
