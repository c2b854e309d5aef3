"""Flow `sample`: a night's run, from a checkpoint and seeds to a manifest and a gallery."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.gan.jobs.sample_spec import SampleSpec
from flows.bootstrap import nocturne_flow
from flows.night_flow import SHARDS_AT_ONCE, make_night


@nocturne_flow("sample", tasks_at_once=SHARDS_AT_ONCE)
def sample(spec: SampleSpec, retry: bool = False) -> dict[str, Any]:
    """Draw the seeds that a spec asks for and that are not done yet; `retry` draws the failed ones alone.

    Returns the night's record: counts, reasons, seconds, and the path of the gallery. Raises SpecError, RunBusy,
    StoreBroken, or NocturneError when nothing can be made.
    """
    return make_night(spec.rooted(Path.cwd()), retry)
