"""Networks of other sizes: the speed of a pass against how near they come to style and content."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from core.networks.transfer_flops import gflop
from fast_network import Measured, artworks, measured
from fast_quality import Contest, known_found, medians, won
from fast_served import Served
from figure_rows import Row
from style_records import Records

WIDTH, HEIGHT = 512, 269
ROUNDS = 15


def rows(records: Records, networks: Sequence[Path], styles: Path, peer: Served) -> Iterator[Row]:
    """A row a network. The networks take turns, so that a busy machine slows all of them alike."""
    found = [measured(path) for path in networks]
    seconds: list[list[float]] = [[] for _ in found]
    for _ in range(ROUNDS):
        for times, network in zip(seconds, found, strict=True):
            times.append(_a_pass(network))
    for path, times, network in zip(networks, seconds, found, strict=True):
        contest = Contest(records, network, peer)
        pairs = [pair for each in known_found(contest, artworks(path, styles)).values() for pair in each]
        work, info = gflop(HEIGHT, WIDTH, _breadth(network)), network.model.info
        what = f"breadth {_breadth(network):g}, {info.step:,} steps: {work:.1f} GFLOP, {min(times) * 1e3:.0f} CPU ms a pass"
        yield Row(what, f"{medians(pairs)}; both smaller in {won(pairs)} of {len(pairs)}")


def _breadth(network: Measured) -> float:
    return network.model.info.recipe.breadth


def _a_pass(network: Measured) -> float:
    picture = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    begun = time.process_time()
    network.paint(picture, network.model.embeddings[:1])
    return time.process_time() - begun
