"""Flow `batch`: a night's run, from a library and a catalog to a manifest and a gallery."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from flows.prefect_environment import prepare

_warning = prepare()
if _warning:
    warnings.warn(_warning, RuntimeWarning, stacklevel=2)

from prefect import flow  # noqa: E402

from core.config.spec import Spec  # noqa: E402
from flows.night_flow import make_night, runner  # noqa: E402


@flow(name="batch", task_runner=runner())
def batch(spec: Spec, retry: bool = False, replan: bool = False) -> dict[str, Any]:
    """Make what a spec asks for and is not done yet; `retry` makes the failed jobs alone. `replan` chooses the recipe
    anew, where the spec names a quality or a time.

    Returns the night's record: counts, reasons, seconds, and the path of the gallery. Raises SpecError, RunBusy,
    StoreBroken, or NocturneError when nothing can be made.
    """
    return make_night(spec.rooted(Path.cwd()), retry, replan)
