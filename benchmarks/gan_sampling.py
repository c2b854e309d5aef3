"""Speed of the flow `sample` against its own parts: pictures/s, and whether a seed is one picture however it is asked for.

Forward, encode and write are timed alone, on one thread, in CPU seconds a picture; two cores could draw two over that many
pictures a second. The flow's time is that of its work: from the first picture's beginning to the last one's commit.
Parts and flow take turns. Where other processes use the cores, wall clock tells nothing, so the CPU time of the whole
process tree is given too, as the slope between a small and a large run: start-up falls out.
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

from core import device as devices
from core import image, provenance
from core.gan.recipe import SampleRecipe
from core.gan.sampler import Sampler
from gan_rows import Row
from runs import Measured, environment, measured_run

PARTS = 256
"""Pictures that the parts are timed on."""
FEW, MANY, TURNS = 2_000, 10_000, 3
CORES = 2
LEAST = 0.92

CHILD = """
import json, resource, sys, threading, time
from flows.environment import prepare
prepare(quiet=True)
from core.engine.duty import Duty
from core.gan.sample_spec import SampleSpec
spec = SampleSpec.model_validate(json.loads(sys.argv[1]))
duty = Duty(spec)
duty.begin()
board, ended = duty.crew.board, []
def watch():
    while not board.total or board.ended < board.total:
        time.sleep(0.005)
    ended.append(time.monotonic())
watcher = threading.Thread(target=watch, daemon=True)
watcher.start()
from flows.sample import sample
record = sample(spec)
watcher.join()
own = resource.getrusage(resource.RUSAGE_SELF)
record["steady"] = ended[0] - board.working_since
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


def rows(checkpoint: Path, few: int = FEW, many: int = MANY, turns: int = TURNS) -> Iterator[Row]:
    """The speed of one checkpoint's sampling."""
    devices.make_deterministic(threads=1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        env = environment(folder)
        flow(checkpoint, 64, folder, env)  # makes the server's database
        found = [(parts(checkpoint, folder), *_pair(checkpoint, few, many, folder, env)) for _ in range(turns)]
    alone = statistics.median(each.all for each, _, _ in found)
    wall = max(many / large.record["steady"] for _, _, large in found)
    ratios = [many / large.record["steady"] * each.all / CORES for each, _, large in found]
    cpu = [each.all * (many - few) / (large.tree_cpu - small.tree_cpu) for each, small, large in found]
    first = found[0][0]
    named = f"forward {1e6 * first.forward:.0f}, encode {1e6 * first.encode:.0f}, write {1e6 * first.write:.0f}"
    shown = (
        f"{wall:.0f} pictures/s; parts alone {1e6 * alone:.0f} µs (first: {named}); {_percents(ratios)} by wall clock, "
        f"{_percents(cpu)} by CPU"
    )
    best = statistics.median(ratios)
    yield Row(f"sampling {checkpoint.stem}, {many:,} pictures", shown, "92 % by wall clock", best >= LEAST)


def _percents(ratios: list[float]) -> str:
    return ", ".join(f"{100 * ratio:.0f}" for ratio in ratios) + " %"


def _pair(checkpoint: Path, few: int, many: int, folder: Path, env: dict[str, str]) -> tuple[Measured, Measured]:
    return flow(checkpoint, few, folder, env), flow(checkpoint, many, folder, env)


def flow(checkpoint: Path, count: int, folder: Path, env: dict[str, str]) -> Measured:
    """One run of the flow in a process of its own, into a new folder."""
    out = tempfile.mkdtemp(dir=folder)
    spec: dict[str, Any] = {"checkpoint": str(checkpoint.absolute()), "seeds": f"0-{count - 1}", "out": f"{out}/run"}
    run = measured_run({**spec, "device": "cpu"}, env, CHILD)
    if run.record["made"] != count:
        raise RuntimeError(f"{run.record['made']} of {count} pictures were made: {run.record}")
    return run


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
