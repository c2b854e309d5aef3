"""A whole night at core's level, without Prefect and without networks, in a process of its own.

    python -m tests.faults.night SPEC.json

It ends with exit code 0 when every job of the plan is made, 3 when some are not, and 1 when nothing can be made.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.config.spec import Spec
from core.engine.copy_jobs import copy_equal_jobs
from core.errors import StoreBroken
from core.planning.night_records import record_night
from core.report.gallery import build_gallery
from core.report.summary import summarise
from core.runs.finalise import finalise
from core.runs.session import RunSession
from core.runs.shard import make_shard
from tests.faults import doom

FAKE_BACKEND = "tests.faults.fake_backend:FakeBackend"
PEAK = "peak megabytes: "
"""What the last line of a night begins with."""


def night(
    spec: Spec, retry: bool = False, backend: str = FAKE_BACKEND, meanwhile: Callable[[], None] | None = None
) -> Any:
    """What the flow does, in the same order; `meanwhile` happens between plan and work. Returns the manifest's summary."""
    session = RunSession(spec, retry, backend)
    started = datetime.now(UTC)
    session.begin()
    try:
        plan = session.begin_night()
        if meanwhile is not None:
            meanwhile()
        more = plan
        while True:
            for shard in range(more.summary.shards):
                make_shard(session.store.root, shard)
            copy_equal_jobs(session.store, session.store.root.name)
            if not session.retries or not more.summary.work:
                break
            more = session.plan_retries()
        rows = finalise(session.store, spec)
        build_gallery(session.store, rows, session.store.root.name)
        summary = asdict(summarise(rows))
        record_night(session.store, started, {"planned": asdict(plan.summary), "manifest": summary})
    finally:
        session.end()
    return summary


def peak_megabytes() -> float:
    """Most memory that this process, or the largest of its children, ever held.

    What getrusage says of this process itself begins with what its parent held when it was forked.
    """
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    own = next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), 0)
    return max(own, children) / (2**20 if sys.platform == "darwin" else 2**10)


def main() -> int:
    """Run the spec in the JSON file that is named."""
    doom.arm("parent")
    try:
        summary = night(
            Spec.from_values(json.loads(Path(sys.argv[1]).read_text()), "test"),
            backend=os.environ.get("BACKEND", FAKE_BACKEND),
        )
    except StoreBroken as error:
        print(error, file=sys.stderr)
        return 3
    print(f"{PEAK}{peak_megabytes():.0f}")
    return 0 if summary["done"] + summary["rejected"] == summary["total"] else 3


if __name__ == "__main__":
    sys.exit(main())
