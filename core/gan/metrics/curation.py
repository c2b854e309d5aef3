"""Curation: of more samples than are wanted, keep realistic ones that differ from each other.

Three steps. Copies of training pictures are put aside first, since nothing looks more realistic. The others are ordered by
realism: how far they lie from their k nearest training pictures in features, over how far training pictures lie from theirs
(after Kynkäänniemi et al. 2019, section 5, whose realism score is of this kind). Of the most realistic ones, a
shortlist of twice as many as are wanted, those are kept that are most unlike each other, by farthest-point selection
(Gonzalez 1985): first the most realistic, then again and again the one that lies farthest from all that are kept.
Farthest points alone would be the failures; hence the shortlist.

The choice is a function of features and seeds: neither the order of the samples nor chance plays a part.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from core.gan.metrics.memorisation_check import NearCopy, near_copy_message
from core.gan.metrics.pairwise_distances import Features, nearest

NEIGHBOURS = 5
"""k: how many training pictures a sample's realism is measured by."""

SHORTLIST = 2.0
"""Length of the shortlist over the number wanted."""

ASKED = 1000
"""Training pictures, drawn with a fixed seed, whose distance to others is measured."""


@dataclass(frozen=True)
class Kept:
    """A sample that was chosen."""

    seed: int
    realism: float
    """Mean distance to the k nearest training pictures, over the median of the same among training pictures: near 1 is as
    near as they are to one another; higher is farther.
    """
    apart: float
    """Distance to the nearest sample kept before it, over the same median; infinite for the first."""


@dataclass(frozen=True)
class Rejected:
    """A sample that was not, with the manifest's word for why and a sentence."""

    seed: int
    realism: float
    reason: str
    """`near_duplicate` or `low_score`."""
    message: str


@dataclass(frozen=True)
class Curated:
    """What is kept, in the order of choice, and what is not, by seed."""

    kept: tuple[Kept, ...]
    rejected: tuple[Rejected, ...]


class Realism:
    """How far samples lie from training pictures, measured by how far those lie from one another."""

    def __init__(self, training: Features, k: int = NEIGHBOURS) -> None:
        """training: (n, d), two at least; if there are no more than k, all others are a picture's neighbours."""
        if len(training) < 2:
            raise ValueError(f"{len(training)} training picture is too few to measure realism by")
        self._training, self._k = training, min(k, len(training) - 1)
        asked = training[np.sort(np.random.default_rng(0).permutation(len(training))[:ASKED])]
        others = nearest(asked, training, self._k + 1).distances[:, 1:]  # each is its own nearest
        self.unit = max(float(np.median(others.mean(1))), 1e-6)
        """Median over training pictures of the mean distance to their k nearest others."""

    def of(self, samples: Features) -> npt.NDArray[np.float64]:
        """Realism (m,) of samples (m, d), as in Kept."""
        realism: npt.NDArray[np.float64] = nearest(samples, self._training, self._k).distances.mean(1) / self.unit
        return realism


def curate(
    seeds: Sequence[int],
    samples: Features,
    copies: Sequence[NearCopy],
    realism: Realism,
    keep: int,
    shortlist: float = SHORTLIST,
    names: Sequence[str] = (),
) -> Curated:
    """Choose `keep` of the samples with these `seeds`, features (m, d) and verdicts of the near-duplicate gate.

    Fewer are kept if fewer are no copies. names: of the training pictures, for the sentences. Raises ValueError if a
    seed comes twice or the lists are not equally long.
    """
    if len(set(seeds)) < len(seeds) or not len(seeds) == len(samples) == len(copies):
        raise ValueError("curation needs one seed, one row of features and one verdict a sample")
    candidates = _candidates(seeds, samples, copies, realism)
    honest = [one for one in candidates if one.near.verdict != "copy"]
    ranked = sorted(honest, key=lambda one: (one.realism, one.seed))
    listed = ranked[: math.ceil(keep * max(shortlist, 1.0))]
    picks = dict(farthest(np.array([one.features for one in listed]), keep))
    kept = [Kept(listed[place].seed, listed[place].realism, gap / realism.unit) for place, gap in picks.items()]
    rejected = [_copy(one, names) for one in candidates if one.near.verdict == "copy"]
    left = ((rank, one) for rank, one in enumerate(ranked) if rank not in picks)
    rejected += [_left(one, rank, len(listed), len(kept)) for rank, one in left]
    return Curated(tuple(kept), tuple(sorted(rejected, key=lambda one: one.seed)))


def farthest(points: Features, count: int) -> list[tuple[int, float]]:
    """Places of up to `count` of `points` (n, d), with each one's distance to the nearest before it, infinite for the first.

    Farthest-point selection: it starts at the first point, and of equally far ones takes the first.
    """
    if not len(points) or count < 1:
        return []
    x = points.astype(np.float64)
    lengths = np.square(x).sum(1)
    gaps = np.full(len(x), np.inf)
    chosen: list[tuple[int, float]] = []
    place = 0
    while len(chosen) < min(count, len(x)):
        chosen.append((place, float(gaps[place])))
        squares = lengths + lengths[place] - 2 * (x @ x[place])
        gaps = np.minimum(gaps, np.sqrt(np.maximum(squares, 0)))
        gaps[place] = -1.0  # taken
        place = int(gaps.argmax())
    return chosen


class _Candidate(NamedTuple):
    seed: int
    realism: float
    near: NearCopy
    features: Features


def _candidates(
    seeds: Sequence[int], samples: Features, copies: Sequence[NearCopy], realism: Realism
) -> list[_Candidate]:
    """By seed, so that what is computed of them does not hang on the order in which they come."""
    order = sorted(range(len(seeds)), key=lambda place: seeds[place])
    amounts = realism.of(samples[order]).tolist() if order else []
    return [
        _Candidate(seeds[place], amount, copies[place], samples[place])
        for place, amount in zip(order, amounts, strict=True)
    ]


def _copy(one: _Candidate, names: Sequence[str]) -> Rejected:
    return Rejected(one.seed, one.realism, "near_duplicate", near_copy_message(one.seed, one.near, names))


def _left(one: _Candidate, rank: int, listed: int, kept: int) -> Rejected:
    """A sample that is no copy and was not taken, `rank` (from 0) in realism."""
    if rank >= listed:
        why = f"number {rank + 1:,} in realism, and the choice was among the first {listed:,}"
    else:
        why = f"number {rank + 1:,} in realism, but more like the {kept:,} kept ones than those are like each other"
    message = (
        f"Sample {one.seed} is {why}; its features lie {one.realism:.2f} times as far from training pictures as those from "
        "one another. Keep more samples, or draw others."
    )
    return Rejected(one.seed, one.realism, "low_score", message)
