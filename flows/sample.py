"""Flow `sample`: a night's run, from a checkpoint and seeds to a manifest and a gallery."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from flows.prefect_environment import prepare

_warning = prepare()
if _warning:
    warnings.warn(_warning, RuntimeWarning, stacklevel=2)

from prefect import flow  # noqa: E402

from core.gan.jobs.sample_spec import SampleSpec  # noqa: E402
from flows.night_flow import make_night, runner  # noqa: E402


@flow(name="sample", task_runner=runner())
def sample(spec: SampleSpec, retry: bool = False) -> dict[str, Any]:
    """Draw the seeds that a spec asks for and that are not done yet; `retry` draws the failed ones alone.

    Returns the night's record: counts, reasons, seconds, and the path of the gallery. Raises SpecError, RunBusy,
    StoreBroken, or NocturneError when nothing can be made.
    """
    return make_night(spec.rooted(Path.cwd()), retry)
