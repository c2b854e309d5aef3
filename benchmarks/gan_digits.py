"""Figures of the DCGAN of digits: what a classifier of its own makes of them, and the same against the peer's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from core.gan.networks.recipe import SampleRecipe
from core.gan.sampling.sampler import Sampler
from figure_rows import Row, missing, spread
from gan_judge import Judge, Verdict, digits
from gan_stretches import clock_of

JUDGED = 1000
"""Seeds 0 to 999."""
COMPARED = 5000
"""Samples of each network that KID is measured on, against the 10,000 test digits."""
LEAST_RECOGNISED, LEAST_SHARE, MOST_SHARE = 0.95, 0.05, 0.15
PEER = "dcgan"


def rows(mnist: Path | None, checkpoint: Path | None, peers: Path) -> Iterator[Row]:
    """Every figure of digits that what is there allows."""
    what = "digits"
    if mnist is None or checkpoint is None:
        yield missing(what, "give MNIST's files in `mnist/` below --data, and a checkpoint by --digits")
        return
    judge = Judge(mnist)
    yield Row("judge: test digits that it knows", f"{judge.right:.2%}", "at least 99 %", judge.right >= 0.99)
    yield _verdict("real test digits, for comparison", judge.verdict(judge.real))
    ours = sampled(checkpoint, COMPARED)
    yield _verdict("DCGAN of digits, seeds 0-999, psi 1", judge.verdict(judge.features(ours[:JUDGED])), judged=True)
    yield from _compared(judge, ours, mnist, checkpoint, peers / PEER)


def sampled(checkpoint: Path, count: int) -> np.ndarray:
    """Samples (count, 28, 28) of the seeds from 0 on, unconditional or with a class drawn by the seed, psi 1."""
    sampler = Sampler(checkpoint, torch.device("cpu"), SampleRecipe(psi=1.0))
    if sampler.info.recipe.size != 28:
        raise SystemExit(f"{checkpoint.name} draws {sampler.info.recipe.size} px, and the judge sees 28.")
    return np.ascontiguousarray(sampler.sample(range(count))[..., 0])


def _verdict(what: str, verdict: Verdict, judged: bool = False) -> Row:
    low, high = min(verdict.shares), max(verdict.shares)
    measured = f"{verdict.recognised:.1%}; classes {low:.1%} to {high:.1%}"
    if not judged:
        return Row(what, measured)
    met = verdict.recognised >= LEAST_RECOGNISED and low >= LEAST_SHARE and high <= MOST_SHARE
    return Row(what, measured, "95 % recognised with > 0.9; each class 5-15 %", met)


def _compared(judge: Judge, ours: np.ndarray, mnist: Path, checkpoint: Path, peer: Path) -> Iterator[Row]:
    """KID on the judge's features; the peer's is the better of its two ways of drawing."""
    found = judge.distance(judge.features(ours))
    train, _ = digits(mnist, "train")
    yield Row("KID of 5,000 training digits", spread(judge.distance(judge.features(train[:COMPARED]))))
    file = peer / "samples.npz"
    if not file.exists():
        yield Row("KID of our digits", spread(found))
        yield missing("KID of the peer's digits", f"train and sample it with gan_peer_digits.py into {peer}")
        return
    with np.load(file) as made:
        theirs = {way: judge.distance(judge.features(made[way][:COMPARED])) for way in made.files}
        best = min(theirs, key=lambda way: theirs[way].value)
        verdict = judge.verdict(judge.features(made[best][:JUDGED]))
    yield _verdict(f"the peer's first 1,000 ({best})", verdict)
    named = ", ".join(f"{way} {spread(value)}" for way, value in theirs.items())
    clock = clock_of(peer)
    yield Row(f"KID of the peer's digits after {clock.cpu:.0f} CPU s, {clock.steps} steps", named)
    met = found.value <= theirs[best].value / 2
    yield Row(f"KID of our digits ({checkpoint.stem})", spread(found), "half the peer's", met)
