"""Figures of the few-shot GAN against lightweight-gan, both trained on the same pictures for the same time.

Compared with pictures that neither saw: KID and coverage, in the features of two networks, of which one (VGG) took no part
in any choice of ours; and how many samples are near-copies of training pictures.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from core.gan.data.batches import middle
from core.gan.data.dataset import load
from core.gan.metrics.features import EfficientNetFeatures, FeatureNetwork, VggFeatures
from core.gan.metrics.kid_fid import SetMetrics, set_metrics
from core.gan.metrics.memorisation_check import Originals
from core.gan.networks.recipe import GAN_PRESETS, SampleRecipe
from core.gan.sampling.sampler import Sampler
from figure_rows import Row, missing, spread
from gan_stretches import clock_of

COUNT = 500
"""Samples of each network."""
SIZE = 64
PEER = "lightweight"
CPU = torch.device("cpu")


@dataclass(frozen=True)
class Found:
    """What was measured of one network's samples: figures on each feature network, and the share of near-copies."""

    sets: tuple[SetMetrics, ...]
    copies: float


def rows(train: Path | None, held_out: Path | None, checkpoint: Path | None, peers: Path) -> Iterator[Row]:
    """Every figure that what is there allows."""
    what = "few-shot GAN of landscapes against lightweight-gan"
    if train is None or held_out is None:
        yield missing(what, "give pictures in `paintings/train/Landscape` and `paintings/val/Landscape` below --data")
        return
    if checkpoint is None:
        yield missing(what, "give by --few-shot a checkpoint that `nocturne train-gan` made of the training pictures")
        return
    measure = Measure(pictures(train), pictures(held_out))
    yield measure.among_originals()
    ours = measure.of(Sampler(checkpoint, CPU, SampleRecipe(psi=1.0)).sample(range(COUNT)))
    file = peers / PEER / "samples.npz"
    if not file.exists():
        yield from _alone(ours)
        yield missing("lightweight-gan", f"train and sample it with gan_peer_few_shot.py into {peers / PEER}")
        return
    with np.load(file) as made:
        theirs = {way: measure.of(made[way][:COUNT]) for way in made.files}
    way = min(theirs, key=lambda one: theirs[one].sets[0].kid.value)
    clock = clock_of(peers / PEER)
    yield Row("lightweight-gan's training", f"{clock.steps} steps in {clock.cpu / 3600:.2f} CPU h; {way} weights")
    yield from _against(ours, theirs[way])


def pictures(folder: Path) -> np.ndarray:
    """Pictures (n, 64, 64, 3) as our training sees them without random crops."""
    prepared = middle(load(folder, GAN_PRESETS["few_shot"]).pictures, SIZE)
    return np.ascontiguousarray(prepared.transpose(0, 2, 3, 1))


class Measure:
    """Holds the real pictures and both feature networks."""

    def __init__(self, train: np.ndarray, held_out: np.ndarray) -> None:
        self._networks: tuple[FeatureNetwork, ...] = (EfficientNetFeatures(CPU), VggFeatures(CPU))
        self._train, self._real = train, [network.features(held_out) for network in self._networks]
        self._originals = Originals(train, self._networks[0])

    def of(self, rgb: np.ndarray) -> Found:
        """Figures of samples (n, 64, 64, 3)."""
        features = [network.features(rgb) for network in self._networks]
        sets = tuple(
            set_metrics(real, made, network.name)
            for real, made, network in zip(self._real, features, self._networks, strict=True)
        )
        verdicts = [near.verdict for near in self._originals.compare(rgb, features[0])]
        return Found(sets, verdicts.count("copy") / len(rgb))

    def among_originals(self) -> Row:
        """What the training pictures themselves have: the best that samples could hope for."""
        features = [network.features(self._train) for network in self._networks]
        kids = [
            set_metrics(real, made, network.name).kid
            for real, made, network in zip(self._real, features, self._networks, strict=True)
        ]
        shown = ", ".join(spread(each) for each in kids)
        return Row(f"KID of the {len(self._train)} training landscapes (EfficientNet, VGG)", shown)


def _alone(ours: Found) -> Iterator[Row]:
    for each in ours.sets:
        yield Row(f"few-shot: KID, coverage; {_named(each)}", f"{spread(each.kid)}, {spread(each.coverage, 2)}")
    yield Row("few-shot: near-copies", f"{ours.copies:.1%}")


def _against(ours: Found, theirs: Found) -> Iterator[Row]:
    for mine, other in zip(ours.sets, theirs.sets, strict=True):
        shown = f"{spread(mine.kid)} against {spread(other.kid)}"
        yield Row(f"few-shot: KID; {_named(mine)}", shown, "less", mine.kid.value < other.kid.value)
        shown = f"{spread(mine.coverage, 2)} against {spread(other.coverage, 2)}, equals {mine.coverage_of_equals:.2f}"
        yield Row(f"few-shot: coverage; {_named(mine)}", shown, "more", mine.coverage.value > other.coverage.value)
    shown = f"{ours.copies:.1%} against {theirs.copies:.1%}"
    yield Row(f"few-shot: near-copies among {COUNT}", shown, "not more", ours.copies <= theirs.copies)


def _named(found: SetMetrics) -> str:
    return f"{found.features}, {found.fake} samples, {found.real} held out"
