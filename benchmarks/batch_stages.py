"""CPU seconds a picture of each stage, alone in this process and in one thread: what a whole batch cannot beat.

`python benchmarks/batch_stages.py RUN COUNT` takes the first COUNT jobs of the plan in the run folder RUN, makes them in a
folder of its own, and prints the seconds of decode, make, score and write as JSON.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

import torch

from core.networks import device as devices
from core.planning.plan_file import read_shard
from core.runs.run_kinds import RUN_KINDS
from core.storage.store import Store
from core.stylize.jobs.lane_backend import LaneBackend

WARM = 8
"""Jobs before those that are timed: they read artworks, meet shapes for the first time, make folders."""


def stages(run: Path, count: int) -> dict[str, float]:
    """Mean CPU seconds of the whole process, by stage."""
    devices.make_deterministic(threads=1)
    jobs, plan = read_shard(Store(run), 0)[: count + WARM], RUN_KINDS["stylize"].context_of(Store(run))
    spent = dict.fromkeys(("decode", "make", "score", "write"), 0.0)
    with tempfile.TemporaryDirectory() as name:
        backend = LaneBackend("cpu")
        torch.set_num_threads(1)
        backend.open(Store(name), plan)
        for number, job in enumerate(jobs):
            begun = time.process_time()
            decoded = backend.decode([job])
            read = time.process_time()
            made = backend.make([job], decoded, lambda *_: None)
            computed = time.process_time()
            scored = backend.score([job], made)
            judged = time.process_time()
            backend.write([job], scored)
            if number >= WARM:
                ends = (begun, read, computed, judged, time.process_time())
                for stage, begin, end in zip(spent, ends, ends[1:], strict=False):
                    spent[stage] += end - begin
    return {stage: seconds / (len(jobs) - WARM) for stage, seconds in spent.items()}


if __name__ == "__main__":
    print(json.dumps(stages(Path(sys.argv[1]), int(sys.argv[2]))))
