"""Flow `batch`: a night's run, from a library and a catalog to a manifest and a gallery."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.config.spec import Spec
from flows.bootstrap import nocturne_flow
from flows.night_flow import SHARDS_AT_ONCE, make_night


@nocturne_flow("batch", tasks_at_once=SHARDS_AT_ONCE)
def batch(spec: Spec, retry: bool = False, replan: bool = False) -> dict[str, Any]:
    """Make what a spec asks for and is not done yet; `retry` makes the failed jobs alone. `replan` chooses the recipe
    anew, where the spec names a quality or a time.

    Returns the night's record: counts, reasons, seconds, and the path of the gallery. Raises SpecError, RunBusy,
    StoreBroken, or NocturneError when nothing can be made.
    """
    return make_night(spec.rooted(Path.cwd()), retry, replan)
