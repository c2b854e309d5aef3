"""Backend for the benchmarks of whole batches, loaded by a worker: style transfer on a stand-in for a device."""

from __future__ import annotations

import time
from collections.abc import Sequence

from core.engine.backend import StepCallback
from core.planning.jobs import Job
from core.stylize.images.pixels import tensor
from core.stylize.jobs.job_inputs import Decoded
from core.stylize.jobs.lane_backend import LaneBackend, Unscored
from core.stylize.optimise.optimise import Result

SLEEP = 0.2
"""Seconds that the stand-in computes a job, as a device that has no use for the CPU would."""


class Sleeper(LaneBackend):
    """Decodes, scores, encodes and writes as every run does; its device sleeps, and gives the asset back."""

    def make(self, _: Sequence[Job], decoded: Sequence[Decoded], report_step: StepCallback) -> list[Unscored]:
        """Sleep once a job."""
        made = []
        for each in decoded:
            time.sleep(SLEEP)
            report_step(1, 1, 0.0)
            made.append((each, Result(tensor(each.content), [0.0])))
        return made
