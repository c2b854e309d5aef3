"""Memorisation check: is a sample a copy of a training picture?

Two measures, since each sees what the other does not. In features: the distance to the nearest training picture. In
fingerprints: the bits that differ from the nearest, looked at through windows, so that a crop is found. Both look for the
sample's mirror image too, and both are divided by the same measure among the training pictures themselves: the median
distance of a training picture to the nearest other. So a set of digits, all alike, and a set of landscapes have one scale,
on which an honest picture lies near 1 and a copy near 0. Where a set has a crowd of pictures much more alike than the
others are, the distances within that crowd count instead (LOCAL): a new picture of the crowd is no copy of its members.
`docs/creation-metrics.md` has the figures behind the thresholds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from core.gan.data.batches import middle
from core.gan.metrics.features import FeatureNetwork, rgb_of
from core.gan.metrics.pairwise_distances import Features, nearest
from core.images.pixel_types import RgbPictures
from core.progress import ProgressCallback
from core.safe_text import printable
from core.scoring import perceptual_hash

CopyVerdict = Literal["copy", "close", "apart"]

Indices = npt.NDArray[np.int64]
Amounts = npt.NDArray[np.float64]

COPY = 0.5
"""Up to here, by either measure, a sample is a copy: half as far from a training picture as those are from one another."""

CLOSE = 0.6
"""Up to here it is worth a look; some honest pictures are."""

LOCAL = 1.5
"""How many times its own distance to the nearest other a training picture's distances are measured by, if that is less than
the median: to be a copy, a sample must lie at 3/4 of that distance at most.
"""

ASKED = 1000
"""Training pictures, drawn with a fixed seed, whose distance to the nearest other is measured for the median."""

REPEAT_BITS = 16
"""A training picture with another within so many bits lies in the set twice, and does not count for the median."""


@dataclass(frozen=True)
class NearCopy:
    """A sample and the training picture that it is most like."""

    verdict: CopyVerdict
    index: int
    """Of that training picture: nearest by the measure that says more."""
    mirrored: bool
    """Whether it is the sample's mirror image that is like it."""
    ratio: float
    """Distance in features to the nearest training picture, over the median among training pictures."""
    bits: int
    """Bits in which the fingerprint differs from the nearest training picture's, of 256."""
    bits_ratio: float
    """The same over the median among training pictures."""

    nearness: float
    """What the verdict goes by: the smaller of the two ratios, each raised where the training picture lies in a crowd."""


class _Near(NamedTuple):
    """The nearest training picture to each of m pictures by one measure, how near, and whether mirrored; (m,) each."""

    amounts: Amounts
    indices: Indices
    mirrored: npt.NDArray[np.bool_]


class Originals:
    """The training pictures, as samples are compared with them."""

    def __init__(
        self,
        rgb: RgbPictures,
        network: FeatureNetwork,
        whole: RgbPictures | None = None,
        tick: ProgressCallback | None = None,
    ) -> None:
        """rgb: (n, h, w, 3), the pictures as training shows them. whole: the same uncropped, if training crops them; a
        sample may copy any part. Raises ValueError if there are fewer than two.
        """
        if len(rgb) < 2:
            raise ValueError(f"{len(rgb)} training picture is too few to tell how far apart they lie")
        self._network = network
        self.features: Features = network.features(rgb, tick)
        self._canvases = perceptual_hash.grey_canvases(rgb if whole is None else whole)
        shown = 1.0 if whole is None else rgb.shape[1] / whole.shape[1]
        self._windows = perceptual_hash.windows(perceptual_hash.LEAST * shown)
        asked = np.sort(np.random.default_rng(0).permutation(len(rgb))[:ASKED])
        bits = self._in_bits(rgb[asked], asked).amounts
        distances = self._in_features(self.features[asked], rgb[asked], asked).amounts
        once = bits > REPEAT_BITS
        self.distance = _median(distances, once)
        """Median distance in features of a training picture to the nearest other, mirrored or not."""
        self.bits = _median(bits, once)
        """Median bits in which a training picture's fingerprint differs from the nearest other's."""

    def __len__(self) -> int:
        return len(self.features)

    def compare(
        self, rgb: RgbPictures, features: Features | None = None, tick: ProgressCallback | None = None
    ) -> list[NearCopy]:
        """Each sample of (m, h, w, 3) and the training picture that it is most like.

        features: (m, d) of the samples, if they are known; those of their mirror images are computed here.
        """
        known = self._network.features(rgb) if features is None else features
        near, prints = self._in_features(known, rgb, tick=tick), self._in_bits(rgb)
        ratios, bits_ratios = near.amounts / self.distance, prints.amounts / self.bits
        by_features = self._with_crowds(near, ratios, self._own_distances)
        by_prints = self._with_crowds(prints, bits_ratios, self._own_bits)
        found = []
        for place in range(len(rgb)):
            more = near if by_features[place] <= by_prints[place] else prints
            nearness = min(float(by_features[place]), float(by_prints[place]))
            found.append(
                NearCopy(
                    verdict=copy_verdict(nearness),
                    index=int(more.indices[place]),
                    mirrored=bool(more.mirrored[place]),
                    ratio=float(ratios[place]),
                    bits=int(prints.amounts[place]),
                    bits_ratio=float(bits_ratios[place]),
                    nearness=nearness,
                )
            )
        return found

    def _with_crowds(self, near: _Near, ratios: Amounts, own: Callable[[Indices], Amounts]) -> Amounts:
        """The ratios, raised where the training picture is itself nearer to another than is usual."""
        raised = ratios.copy()
        doubtful = np.flatnonzero(ratios <= CLOSE)
        if len(doubtful):
            hit, places = np.unique(near.indices[doubtful], return_inverse=True)
            local = near.amounts[doubtful] / np.maximum(LOCAL * own(hit)[places], 1e-6)
            raised[doubtful] = np.maximum(ratios[doubtful], local)
        return raised

    def _own_distances(self, hit: Indices) -> Amounts:
        """How far each of these training pictures is from the nearest other; infinite if it lies in the set twice."""
        distances, _ = _nearest_not_own(self.features[hit], self.features, hit)
        return np.where(self._own_bits(hit) < np.inf, distances, np.inf)

    def _own_bits(self, hit: Indices) -> Amounts:
        bits = perceptual_hash.nearest(self._canvases[hit], self._canvases, self._windows, hit).bits
        return np.where(bits > REPEAT_BITS, bits, np.inf)

    def _in_features(
        self, known: Features, rgb: RgbPictures, own: Indices | None = None, tick: ProgressCallback | None = None
    ) -> _Near:
        turned = self._network.features(_mirrored(rgb), tick)
        return _nearer(*(_nearest_not_own(side, self.features, own) for side in (known, turned)))

    def _in_bits(self, rgb: RgbPictures, own: Indices | None = None) -> _Near:
        canvases = np.concatenate([perceptual_hash.grey_canvases(one) for one in (rgb, _mirrored(rgb))])
        owns = None if own is None else np.concatenate([own, own])
        bits, indices = perceptual_hash.nearest(canvases, self._canvases, self._windows, owns)
        return _nearer((bits[: len(rgb)], indices[: len(rgb)]), (bits[len(rgb) :], indices[len(rgb) :]))


def originals_of(
    pictures: npt.NDArray[np.uint8], size: int, network: FeatureNetwork, tick: ProgressCallback | None = None
) -> Originals:
    """The pictures (n, c, side, side) of a data set, to compare samples of `size` px with."""
    return Originals(rgb_of(middle(pictures, size)), network, rgb_of(pictures), tick)


def _nearer(plain: tuple[npt.NDArray[Any], Indices], turned: tuple[npt.NDArray[Any], Indices]) -> _Near:
    """Of amounts and indices of pictures and of their mirror images, the smaller."""
    mirrored = turned[0] < plain[0]
    return _Near(np.minimum(plain[0], turned[0]).astype(float), np.where(mirrored, turned[1], plain[1]), mirrored)


def near_copy_message(seed: int, near: NearCopy, names: Sequence[str] = ()) -> str:
    """The manifest's sentence for a sample that is rejected as a copy. names: of the training pictures."""
    name = names[near.index] if names else f"number {near.index}"
    what = f"{printable(name)}, mirrored," if near.mirrored else printable(name)
    return (
        f"Sample {seed} is nearly training picture {what} at {near.ratio:.2f} of the usual distance between training "
        f"pictures, with {near.bits} of 256 bits of its fingerprint different. Take another seed; if many are rejected, "
        "train on more pictures, or stop the training earlier."
    )


def copy_verdict(nearness: float) -> CopyVerdict:
    """What to call a sample that is so near to a training picture."""
    return "copy" if nearness <= COPY else "close" if nearness <= CLOSE else "apart"


def _nearest_not_own(x: Features, y: Features, own: Indices | None) -> tuple[npt.NDArray[np.float64], Indices]:
    found = nearest(x, y, 1 if own is None else 2)
    column = np.zeros(len(x), int) if own is None else (found.indices[:, 0] == own).astype(int)
    rows = np.arange(len(x))
    return found.distances[rows, column], found.indices[rows, column]


def _median(values: npt.NDArray[np.float64], counts: npt.NDArray[np.bool_]) -> float:
    """Of the values that count, or of all if none does; never 0, so that it can be divided by."""
    return max(float(np.median(values[counts] if counts.any() else values)), 1e-6)


def _mirrored(rgb: RgbPictures) -> RgbPictures:
    return np.ascontiguousarray(rgb[:, :, ::-1])
