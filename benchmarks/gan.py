"""Trained networks in figures, as one Markdown table: `python benchmarks/gan.py [--data DIR] [--peers DIR] [--only digits]`.

What needs no pictures is measured always: step time, sampling speed, seeds. The other rows need

    --data (or NOCTURNE_BENCH_DATA): a folder with `mnist/` (MNIST's four files), `paintings/train/Landscape` and
        `paintings/val/Landscape` (pictures to learn from, and others to compare with);
    --peers (or NOCTURNE_BENCH_PEERS): a folder with `dcgan/`, which gan_peer_digits.py fills, `lightweight/`, which
        gan_peer_few_shot.py fills, and `landscapes.safetensors`, our few-shot network of the same pictures.

The networks are those in data/networks, unless others are named. Exit code 1 if a target was missed.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import torch

import gan_digits
import gan_few_shot
import gan_sampling
import gan_seeds
import gan_step
from core.gan.checkpoints.checkpoint import read_info
from core.networks import device as devices
from core.storage.cache_dir import cache_folder
from figure_rows import HEAD, Row, missing, show

NETWORKS = Path(__file__).parents[1] / "data" / "networks"
GROUPS = ("step", "seeds", "sampling", "digits", "few-shot")
LANDSCAPES = "landscapes.safetensors"


def shipped(architecture: str) -> Path | None:
    """The network of this architecture in data/networks, if there is one."""
    found = [path for path in sorted(NETWORKS.glob("*.safetensors")) if _built_as(path) == architecture]
    return found[0] if found else None


def _built_as(path: Path) -> str:
    return read_info(path).recipe.architecture


def below(data: Path | None, name: str) -> Path | None:
    """A folder below the data's, if it is there."""
    return data / name if data is not None and (data / name).is_dir() else None


def measured(group: str, args: argparse.Namespace) -> Iterator[Row]:
    """The rows of one group."""
    networks = [path for path in (args.digits, args.few_shot) if path is not None]
    match group:
        case "step":
            yield from gan_step.rows()
        case "seeds" | "sampling":
            module = gan_seeds if group == "seeds" else gan_sampling
            yield from chain.from_iterable(module.rows(path) for path in networks)
            if not networks:
                yield missing(group, f"no network lies in {NETWORKS}; name one by --digits or --few-shot")
        case "digits":
            yield from gan_digits.rows(below(args.data, "mnist"), args.digits, args.peers)
        case "few-shot":
            train, held_out = (below(args.data, f"paintings/{part}/Landscape") for part in ("train", "val"))
            yield from gan_few_shot.rows(train, held_out, args.landscapes, args.peers)


def options() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    peers = os.environ.get("NOCTURNE_BENCH_PEERS", cache_folder() / "gan-peers")
    parser.add_argument("--data", type=Path, default=os.environ.get("NOCTURNE_BENCH_DATA"))
    parser.add_argument("--peers", type=Path, default=peers)
    parser.add_argument("--digits", type=Path, default=shipped("dcgan"), help="checkpoint of digits, 28 px")
    parser.add_argument("--few-shot", type=Path, default=shipped("few_shot"), help="checkpoint whose speed is measured")
    parser.add_argument("--landscapes", type=Path, help=f"checkpoint to compare with the peer: {LANDSCAPES} in --peers")
    parser.add_argument("--only", nargs="+", choices=GROUPS, default=GROUPS)
    args = parser.parse_args()
    beside = Path(args.peers) / LANDSCAPES
    args.data = args.data and Path(args.data)
    args.landscapes = args.landscapes or (beside if beside.is_file() else None)
    return args


def main() -> int:
    args = options()
    devices.make_deterministic(threads=1)
    print(f"{devices.engine_name(torch.device('cpu'))}, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores\n")
    print(HEAD)
    return 0 if show(row for group in args.only for row in measured(group, args)) else 1


if __name__ == "__main__":
    sys.exit(main())
