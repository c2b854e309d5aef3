"""Style transfer in figures, as one Markdown table: `python benchmarks/style.py [--only race lanes] [--curves FOLDER]`.

Each measurement is kept in the folder of --curves once it is made, with the pictures: a benchmark that was killed
goes on, and peers are measured once on a machine. Ours are measured again when the engine's source has changed; a
peer's when its version, the pictures or the machine have. The full table takes hours. Groups:

    race      time until the loss that pastiche reaches after 300 steps
    pastiche  the default preset in the CPU time of pastiche's 100 steps
    scales    the default preset against style-transfer-pytorch's scheme
    lanes     eight pictures in one call against one at a time
    profile   share of CPU time in the network
    tiles     large pictures: memory and seams
    targets   style targets from the caches

Losses and distances are those of 8-bit pictures. One thread, unless --threads says otherwise, so that CPU seconds are
those of a quiet core. Exit code 1 if a target was missed.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import torch

import style_duels
import style_lanes
import style_peer_scales
import style_profile
import style_race
import style_targets
import style_tiles
from core.networks import device as devices
from core.storage.cache_dir import cache_folder
from figure_rows import HEAD, Row, show
from style_peer_pastiche import STEPS
from style_records import Records

GROUPS = ("race", "pastiche", "scales", "lanes", "profile", "tiles", "targets")


def measured(group: str, records: Records, args: argparse.Namespace) -> Iterator[Row]:
    """The rows of one group."""
    match group:
        case "race":
            yield from style_race.rows(records, args.size, args.steps)
        case "pastiche":
            yield from style_duels.pastiche_rows(records, args.size)
        case "scales":
            yield from style_duels.scales_rows(records, args.size, args.scale_steps)
        case "lanes":
            yield from style_lanes.rows(records, args.size)
        case "profile":
            yield from style_profile.rows(records, (args.size, 2 * args.size))
        case "tiles":
            yield from style_tiles.rows(records, args.large, args.largest)
        case "targets":
            yield from style_targets.rows(records, 2 * args.size)


def options() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=GROUPS, default=GROUPS)
    parser.add_argument(
        "--curves", type=Path, default=cache_folder() / "style-curves", help="where measurements are kept"
    )
    parser.add_argument(
        "--size", type=int, default=256, help="longest side of most pictures; some rows also take twice that"
    )
    parser.add_argument("--steps", type=int, default=STEPS, help="of pastiche, in the race")
    parser.add_argument("--scale-steps", type=int, default=style_peer_scales.STEPS, help="at each size, in `scales`")
    parser.add_argument("--large", type=int, default=style_tiles.SIZE, help="by tiles, with seams; 0 leaves it out")
    parser.add_argument(
        "--largest", type=int, default=style_tiles.LARGEST, help="by tiles, for memory; 0 leaves it out"
    )
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def main() -> int:
    args = options()
    devices.make_deterministic(args.threads)
    print(f"{devices.engine_name(torch.device('cpu'))}, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores\n")
    print(HEAD)
    records = Records(args.curves)
    return 0 if show(row for group in args.only for row in measured(group, records, args)) else 1


if __name__ == "__main__":
    sys.exit(main())
