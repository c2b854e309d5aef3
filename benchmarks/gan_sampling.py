"""Speed of the flow `sample` against its own parts: pictures/s, and whether a seed is one picture however it is asked for.

Forward, encode and write are timed alone, on one thread, in CPU seconds a picture; two cores could draw two over that many
pictures a second. The flow's time is that of its work: from the first picture's beginning to the last one's commit.
Parts and flow take turns. Where other processes use the cores, wall clock tells nothing, so the CPU time that the whole
process tree, Prefect's server among it, takes in that time is compared too.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from core.gan.networks.recipe import SampleRecipe
from core.gan.sampling.sampler import Sampler
from core.images import image, provenance
from core.networks import device as devices
from figure_rows import Row
from runs import environment, measured_run

PARTS = 256
"""Pictures that the parts are timed on."""
COUNT, TURNS = 10_000, 3
CORES = 2
LEAST = 0.92

CHILD = """
import json, resource, sys, threading, time
import psutil
from flows.prefect_server.environment import prepare
prepare(quiet=True)
from core.runs.session import RunSession
from core.gan.jobs.sample_spec import SampleSpec
spec = SampleSpec.model_validate(json.loads(sys.argv[1]))
session = RunSession(spec)
session.begin()
board, steady = session.pool.progress, {}
def tree():
    me = psutil.Process()
    return sum(sum(each.cpu_times()[:2]) for each in [me, *me.children(recursive=True)])
def watch():
    while board.working_since is None:
        time.sleep(0.005)
    cpu = tree()
    while board.ended < board.total:
        time.sleep(0.005)
    steady.update(seconds=time.monotonic() - board.working_since, cpu=tree() - cpu)
watcher = threading.Thread(target=watch, daemon=True)
watcher.start()
from flows.sample import sample
record = sample(spec)
watcher.join()
own = resource.getrusage(resource.RUSAGE_SELF)
record["steady"] = steady
print("MEASURED", json.dumps({"record": record, "cpu": board.cpu, "parent": own.ru_utime + own.ru_stime,
                              "parent_rss_mb": own.ru_maxrss / 1024}))
"""


@dataclass(frozen=True)
class Parts:
    """CPU seconds a picture."""

    forward: float
    encode: float
    write: float

    @property
    def all(self) -> float:
        """Of the three together."""
        return self.forward + self.encode + self.write


def rows(checkpoint: Path, count: int = COUNT, turns: int = TURNS) -> Iterator[Row]:
    """The speed of one checkpoint's sampling."""
    devices.make_deterministic(threads=1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        env = environment(folder)
        flow(checkpoint, 64, folder, env)  # makes the server's database
        found = [(parts(checkpoint, folder), flow(checkpoint, count, folder, env)) for _ in range(turns)]
    alone = statistics.median(each.all for each, _ in found)
    wall = max(count / steady["seconds"] for _, steady in found)
    ratios = [count / steady["seconds"] * each.all / CORES for each, steady in found]
    cpu = [count / steady["cpu"] * each.all for each, steady in found]
    first = found[0][0]
    named = f"forward {1e6 * first.forward:.0f}, encode {1e6 * first.encode:.0f}, write {1e6 * first.write:.0f}"
    shown = (
        f"{wall:.0f} pictures/s; parts alone {1e6 * alone:.0f} µs (first: {named}); {_percents(ratios)} by wall clock, "
        f"{_percents(cpu)} by CPU"
    )
    best = statistics.median(ratios)
    yield Row(f"sampling {checkpoint.stem}, {count:,} pictures", shown, "92 % by wall clock", best >= LEAST)


def _percents(ratios: list[float]) -> str:
    return ", ".join(f"{100 * ratio:.0f}" for ratio in ratios) + " %"


def flow(checkpoint: Path, count: int, folder: Path, env: dict[str, str]) -> dict[str, float]:
    """Wall and CPU seconds of a run's work, in a process of its own, into a new folder."""
    out = tempfile.mkdtemp(dir=folder)
    spec: dict[str, Any] = {"checkpoint": str(checkpoint.absolute()), "seeds": f"0-{count - 1}", "out": f"{out}/run"}
    run = measured_run({**spec, "device": "cpu"}, env, CHILD)
    if run.record["made"] != count:
        raise RuntimeError(f"{run.record['made']} of {count} pictures were made: {run.record}")
    steady: dict[str, float] = run.record["steady"]
    return steady


def parts(checkpoint: Path, folder: Path) -> Parts:
    """Forward, encode and write of one picture, each timed alone in this thread; the best of three."""
    recipe = SampleRecipe()
    sampler = Sampler(checkpoint, torch.device("cpu"), recipe)
    stamp = provenance.stamp({"kind": "sample", "key": "0" * 64, "recipe": recipe.model_dump(mode="json"), "seed": 0})
    groups = [range(first, first + recipe.lanes) for first in range(0, PARTS, recipe.lanes)]
    forward, drawn = _timed(lambda: [sampler.sample(group) for group in groups])
    pictures = [image.Picture(rgb) for group in drawn for rgb in group]
    encode, files = _timed(lambda: [image.encode(each, recipe.format, recipe.quality, stamp) for each in pictures])
    (folder / "files").mkdir(exist_ok=True)
    paths = [folder / "files" / f"{number}.png" for number in range(PARTS)]
    write, _ = _timed(lambda: [path.write_bytes(data) for path, data in zip(paths, files, strict=True)])
    return Parts(forward, encode, write)


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """CPU seconds a picture, the best of three, and what came of the last."""
    times, made = [], None
    for _ in range(3):
        begun = time.thread_time()
        made = work()
        times.append(time.thread_time() - begun)
    return min(times) / PARTS, made


if __name__ == "__main__":
    import sys

    torch.set_num_threads(1)
    for row in rows(Path(sys.argv[1])):
        print(row.line())
