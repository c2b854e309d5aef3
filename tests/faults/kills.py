"""SIGKILL at every named step and at random moments, then the same command again: nothing lost, doubled or torn.

python -m tests.faults.kills [--random N] [--seed S]     rounds at core's level, all the named ones among them
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from tests.faults import doom
from tests.faults.studio import SCALE, FaultStudio, environment, faults_of, pixels_of, redone, started

PATIENCE = 60.0
PARENT_FILES = [("spec", 1), ("plan", 1), ("manifest", 1), ("manifest", 2), ("csv", 1), ("gallery", 1), ("gallery", 4)]
PARENT_FILES += [("night", 1)]
WORKER_FILES = [("output", 1), ("output", 5), ("thumb", 2), ("part", 1), ("part", 2)]


@dataclass(frozen=True)
class Round:
    """One kill: at a named step (`doom`), or `after` so many seconds. `victim` is `group`, `parent` or `worker`."""

    victim: str
    doom: dict[str, Any] | None = None
    after: float = 0.0

    def __str__(self) -> str:
        if self.doom is None:
            return f"{self.victim} after {self.after:.2f} s"
        return f"{self.victim} at {self.doom['file']} {self.doom['nth']} {self.doom['moment']}"


@dataclass
class Verdict:
    """What a round found: faults (none is right), seconds of work done again, and whether the kill came to pass."""

    round: Round
    faults: list[str] = field(default_factory=list)
    redone: float = 0.0
    killed: bool = False


def named_rounds() -> list[Round]:
    """A round for every named step, each once with the whole group as victim and once with the process alone."""
    steps = [("parent", file, nth, moment) for file, nth in PARENT_FILES for moment in doom.MOMENTS]
    steps += [("parent", "part", nth, moment) for nth in (1, 2) for moment in doom.REMOVALS]
    steps += [("worker", file, nth, moment) for file, nth in WORKER_FILES for moment in doom.MOMENTS]
    return [
        Round(victim, {"role": role, "file": file, "nth": nth, "moment": moment, "victim": victim})
        for role, file, nth, moment in steps
        for victim in ("group", role)
    ]


def random_rounds(count: int, seed: int, most: float) -> list[Round]:
    """Kills at random moments within `most` seconds: half of them of the group, a quarter of each process alone."""
    rng = random.Random(seed)
    victims = itertools.cycle(("group", "worker", "group", "parent"))
    return [Round(victim, after=rng.uniform(0.2, most)) for victim, _ in zip(victims, range(count), strict=False)]


def gated_rounds(count: int, seed: int) -> list[Round]:
    """Kills of a night with a gate: its plans, the parts of its further tries, what rejects, and half of the random ones."""
    steps = [("parent", "plan", nth, moment) for nth in (2, 3) for moment in doom.MOMENTS]
    steps += [("parent", "manifest", nth, moment) for nth in (2, 3, 4) for moment in doom.MOMENTS]
    steps += [("worker", "part", nth, moment) for nth in (3, 4) for moment in doom.MOMENTS]
    dooms = [dict(zip(("role", "file", "nth", "moment"), step, strict=True)) for step in steps]
    named = [Round("group", {**each, "victim": "group"}) for each in dooms]
    return named + random_rounds(count // 2, seed + 1, most=4.0)


def played(round_: Round, studio: FaultStudio, folder: Path, expected: dict[str, str], gated: bool = False) -> Verdict:
    """Kill one night, go on with the next, and look."""
    verdict = Verdict(round_)
    values = studio.values(folder / "run", 2.0 if round_.doom else 3600.0, gated)
    doomed = {**round_.doom, "mark": str(folder / "dead")} if round_.doom else None
    night = started(values, folder, environment(folder, doomed))
    if round_.doom is None:
        verdict.killed = strike(night, round_)
    code = ended(night)
    if round_.doom:
        verdict.killed = (folder / "dead").exists()
    elif code == 0 and round_.victim != "worker":
        verdict.killed = False  # what was struck had ended, and was not yet buried
    wanted = 0 if round_.victim == "worker" else -signal.SIGKILL
    if verdict.killed and code != wanted:
        verdict.faults.append(f"the night ended with {code}, not {wanted}")
    for _ in range(2):  # the second night after a kill has nothing to do, and must leave all as it is
        code = ended(started(values, folder, environment(folder)))
        if code != 0:
            verdict.faults.append(f"the next night ended with {code}: {(folder / 'night.log').read_text()[-600:]}")
            return verdict
    verdict.faults += faults_of(folder / "run", expected)
    verdict.redone = redone(folder / "made.log")
    return verdict


def strike(night: subprocess.Popen[bytes], round_: Round) -> bool:
    """Kill a random victim at its moment. Returns False if it was over before."""
    time.sleep(round_.after)
    with contextlib.suppress(psutil.Error, ProcessLookupError):
        if round_.victim == "group":
            os.killpg(night.pid, signal.SIGKILL)
            return True
        process = psutil.Process(night.pid)
        if round_.victim == "worker":
            workers = [child for child in process.children() if "core.engine.worker" in child.cmdline()]
            for worker in workers:
                worker.kill()
            return bool(workers)
        process.kill()
        return True
    return False


def ended(night: subprocess.Popen[bytes], patience: float = PATIENCE) -> int:
    """The exit code; a night that hangs is killed with its group, and that is a fault."""
    try:
        return night.wait(patience)
    except subprocess.TimeoutExpired:
        os.killpg(night.pid, signal.SIGKILL)
        return night.wait() - 1000


def undisturbed(studio: FaultStudio, folder: Path, gated: bool = False) -> tuple[dict[str, str], float]:
    """The pixels of an undisturbed run, and the seconds that it took."""
    begun = time.monotonic()
    code = ended(started(studio.values(folder / "run", gated=gated), folder, environment(folder)))
    assert code == 0, (folder / "night.log").read_text()
    return pixels_of(folder / "run"), time.monotonic() - begun


def play(
    rounds: Sequence[Round], root: Path, at_once: int = 2, tell: bool = False, gated: bool = False
) -> list[Verdict]:
    """Play rounds, each in a folder of its own below `root`; in `gated` ones what scores too low is tried again."""
    studio = FaultStudio(root / "studio")
    expected, _ = undisturbed(studio, root / "undisturbed", gated)

    def one(numbered: tuple[int, Round]) -> Verdict:
        folder = root / f"round{numbered[0]:03}"
        verdict = played(numbered[1], studio, folder, expected, gated)
        if not verdict.faults:
            shutil.rmtree(folder)
        if tell:
            words = "; ".join(verdict.faults) or ("whole" if verdict.killed else "over before the kill")
            print(f"{numbered[0]:3} {verdict.round}: {words}, {verdict.redone:.2f} s done again", flush=True)
        return verdict

    with ThreadPoolExecutor(at_once) as pool:
        return list(pool.map(one, enumerate(rounds)))


def main() -> int:
    """Play all named rounds and some random ones; print the figures. Returns 1 if anything was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--random", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    root = Path(tempfile.mkdtemp(prefix="kills-"))
    rounds = named_rounds()
    rounds += random_rounds(arguments.random, arguments.seed, most=3.0)
    verdicts = play(rounds, root, tell=True)
    print("With a gate:")
    verdicts += play(gated_rounds(arguments.random, arguments.seed), root / "gated", tell=True, gated=True)
    kinds = Counter(fault.partition(":")[0] for verdict in verdicts for fault in verdict.faults)
    worst = max(verdict.redone for verdict in verdicts)
    print(f"{sum(verdict.killed for verdict in verdicts)} kills in {len(verdicts)} rounds")
    print(
        f"lost {kinds['lost']}, duplicated {kinds['duplicated']}, corrupt {kinds['corrupt']}, all faults {dict(kinds)}"
    )
    print(f"most work done again: {worst:.2f} s, {worst * SCALE:.0f} s at the pace of a real night (promised: 30)")
    return 1 if kinds else 0


if __name__ == "__main__":
    sys.exit(main())
