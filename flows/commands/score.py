"""`nocturne score`: scores and labels of a run's pictures computed again."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path

from core.child_process import SPIN_ENV
from core.config.spec_fields import absolute, is_path
from core.manifest import manifest
from core.networks import device as devices
from core.report.gallery import build_gallery
from core.runs.rescore import NAMED, rescore
from core.storage.allowed_roots import check_inside
from flows.commands.inspect_commands import spec_of, store_of
from flows.console import console, print_line
from flows.exit_codes import ALL_DONE, UNFINISHED
from flows.progress import Bar


def score_run(folder: Path, scorer: str | None, as_json: bool) -> int:
    """Judge a run's pictures again and build its gallery. Returns the exit code: 0, or 3 if some could not be judged.

    Raises SpecError, or RunBusy while a night goes on.
    """
    for name, value in SPIN_ENV.items():
        os.environ.setdefault(name, value)
    store, spec, screen = store_of(folder), spec_of(folder), console(as_json)
    named = getattr(spec, "scorer", None) if scorer is None else scorer
    if named is not None and is_path("scorer", named):
        named = str(absolute(Path.cwd(), Path(named)))
        check_inside([("--scorer", Path(named))])
    devices.make_deterministic()
    with store.lock(), Bar(screen, "pictures judged") as bar:
        found = rescore(store, spec, named, bar.tick)
        build_gallery(store, manifest.read(store), store.root.name)
    code = UNFINISHED if found.faults else ALL_DONE
    if as_json:
        print(json.dumps({**asdict(found), "exit_code": code}))
        return code
    labelled = "" if found.scorer is None else f", labelled by {found.scorer}"
    print_line(screen, f"{found.judged:,} pictures judged{labelled}")
    if found.left:
        screen.print(f"{found.left:,} are not of the present plan: their rows stay.")
    for fault in found.faults[:NAMED]:
        print_line(screen, fault)
    return code
