"""SIGKILL in the middle of `nocturne run`, with Prefect and the real networks, then the same command again.

python -m tests.faults.command_kills [--rounds 20] [--seed 1] [--preset fast]
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.faults.kills import Round, Verdict, ended, strike
from tests.faults.studio import FaultStudio, faults_of, pixels_of, rows_of
from tests.flows.command import NOCTURNE
from tests.prefect_server import running_server

VICTIMS = ("group", "worker", "group", "parent")


class Commands:
    """Nights of one studio through the command."""

    def __init__(self, root: Path, server: dict[str, str], preset: str) -> None:
        self.root, self.studio, self.preset = root, FaultStudio(root / "studio"), preset
        self._env = {**os.environ, **server, "NOCTURNE_CACHE": str(root / "cache")}

    def started(self, folder: Path) -> subprocess.Popen[bytes]:
        """`nocturne run`, in a process group of its own."""
        folder.mkdir(parents=True, exist_ok=True)
        flags = ["--library", "library", "--catalog", "catalog", "--out", str(folder / "run"), "--size", "48"]
        flags += ["--preset", self.preset, "--shard-seconds", "2", "--spare-disk", "0"]
        flags += [] if self.preset == "fast" else ["--steps", "8", "--coarse-steps", "0"]
        with (folder / "night.log").open("ab") as log:
            return subprocess.Popen(
                [NOCTURNE, "run", *flags],
                cwd=self.studio.root,
                env=self._env,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )

    def played(self, round_: Round, folder: Path, expected: dict[str, str]) -> Verdict:
        """Kill one night, go on with the next, and look. `redone` counts jobs made again, not seconds."""
        verdict = Verdict(round_)
        night = self.started(folder)
        verdict.killed = strike(night, round_)
        first = ended(night)
        before = {row["output"]: row["finished"] for row in done_rows(folder / "run")}
        files = set((folder / "run/outputs").rglob("*.png"))
        code = ended(self.started(folder))
        if code != 0:
            verdict.faults.append(f"the next night ended with {code}: {(folder / 'night.log').read_text()[-600:]}")
            return verdict
        verdict.faults += faults_of(folder / "run", expected)
        after = {row["output"]: row["finished"] for row in done_rows(folder / "run")}
        verdict.faults += [f"made again though done: {name}" for name in before if after[name] != before[name]]
        verdict.redone = len(files) - len(before) if first else 0.0
        return verdict


def done_rows(run: Path) -> list[dict[str, object]]:
    """The done rows of a run's manifest; none if there is no run yet."""
    return [row for row in rows_of(run) if row["status"] == "done"] if run.is_dir() else []


def main() -> int:
    """Play the rounds and print the figures. Returns 1 if anything was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--preset", default="good", help="`fast` has jobs made side by side")
    arguments = parser.parse_args()
    root, rng = Path(tempfile.mkdtemp(prefix="command-kills-")), random.Random(arguments.seed)
    (root / "prefect").mkdir()
    verdicts = []
    with running_server(root / "prefect") as server:
        commands = Commands(root, server, arguments.preset)
        begun = time.monotonic()
        assert ended(commands.started(root / "undisturbed")) == 0, (root / "undisturbed/night.log").read_text()
        length, expected = time.monotonic() - begun, pixels_of(root / "undisturbed/run")
        for number in range(arguments.rounds):
            round_ = Round(VICTIMS[number % len(VICTIMS)], after=rng.uniform(0.3, 0.9) * length)
            verdict = commands.played(round_, root / f"round{number:02}", expected)
            verdicts.append(verdict)
            words = "; ".join(verdict.faults) or ("whole" if verdict.killed else "over before the kill")
            print(f"{number:3} {round_}: {words}, {verdict.redone:.0f} finished pictures made again", flush=True)
    kinds = Counter(fault.partition(":")[0] for verdict in verdicts for fault in verdict.faults)
    print(f"{sum(verdict.killed for verdict in verdicts)} kills through the command in {len(verdicts)} rounds")
    print(
        f"lost {kinds['lost']}, duplicated {kinds['duplicated']}, corrupt {kinds['corrupt']}, all faults {dict(kinds)}"
    )
    print(f"most finished pictures made again: {max(verdict.redone for verdict in verdicts):.0f}, of about 0.3 s each")
    return 1 if kinds else 0


if __name__ == "__main__":
    sys.exit(main())
