"""How long is a search among 100,000 pictures, and does it find the nearest? `python benchmarks/similar.py FOLDER`.

Features of the folder's pictures, of which half are asked for and half mixed into a collection: each of its vectors is a
mixture of two pictures' features, with a part of a third's numbers in place of its own. Recall is counted against comparing
everything. Beside wall time stands the processor's own: on a busy machine the first says little.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.assist.search import Index, build_index
from core.survey.similar import index_folder
from figure_rows import HEAD, Row, missing, show

COUNT, ASKED, WANTED = 100_000, 100, 10
LEAST = 60
"""Pictures without which a collection cannot be mixed."""
TARGET_MS, TARGET_RECALL = 50.0, 0.98
WHAT = f"search among {COUNT:,} vectors, the {WANTED} nearest"


def mixed(features: NDArray[np.float32], draw: np.random.Generator) -> NDArray[np.float32]:
    """COUNT vectors like these."""
    first, second, third = (features[draw.integers(0, len(features), COUNT)] for _ in range(3))
    share = draw.beta(1, 3, (COUNT, 1)).astype(np.float32)
    made = (1 - share) * first + share * second
    return np.where(draw.random(made.shape, np.float32) < 0.15, third, made)


def searched(index: Index, asked: NDArray[np.float32]) -> tuple[list[float], list[float], float]:
    """Milliseconds of wall and processor time of each search, and the share of the true nearest that is found."""
    whole, wall, cpu, found = index.vectors.astype(np.float32), [], [], 0
    for vector in asked:
        begun, spent = time.perf_counter(), time.process_time()
        near = index.search(vector, WANTED)
        wall.append(1000 * (time.perf_counter() - begun))
        cpu.append(1000 * (time.process_time() - spent))
        true = np.argsort(-(whole @ vector), kind="stable")[:WANTED]
        found += len({each.place for each in near} & set(true.tolist()))
    return wall, cpu, found / (WANTED * len(asked))


def rows(folder: Path) -> Iterator[Row]:
    """The search's time and recall."""
    vectors = index_folder(folder).vectors
    if len(vectors) < LEAST:
        yield missing(WHAT, f"give a folder of {LEAST} pictures at least")
        return
    draw = np.random.default_rng(3)
    index = build_index(tuple(map(str, range(COUNT))), mixed(vectors[::2], draw))
    others = vectors[1::2]
    wall, cpu, recall = searched(index, others[draw.integers(0, len(others), ASKED)])
    middle = statistics.median(wall)
    slow = sorted(wall)[-max(1, len(wall) // 20)]
    told = f"{middle:.0f} ms (95th percentile {slow:.0f}; {statistics.median(cpu):.0f} ms of processors)"
    yield Row(WHAT, told, f"{TARGET_MS:g} ms", middle < TARGET_MS)
    yield Row(
        f"recall@{WANTED} against comparing everything", f"{recall:.3f}", f"{TARGET_RECALL}", recall >= TARGET_RECALL
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="folder of pictures; their features are kept in the cache")
    args = parser.parse_args()
    print(HEAD)
    show(rows(args.folder))


if __name__ == "__main__":
    main()
