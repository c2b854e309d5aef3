"""Ours, picture after picture as a worker makes them, but for scores and small views.

    python fast_own.py NETWORK LIBRARY CATALOG THREADS

The jobs are those of a run over the folder of pictures LIBRARY in the first style of CATALOG, preset `fast`.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import torch

from core.config.spec import Spec
from core.networks import device as devices
from core.planning.plan_file import begin_night, read_shard
from core.runs.run_kinds import RUN_KINDS
from core.runs.stylize_plan import make_plan
from core.storage.store import Store
from core.stylize.jobs.backend import StylizeBackend
from fast_pictures import WIDTH
from fast_serve import serve, timed


def main() -> None:
    network, library, catalog = (str(Path(each).absolute()) for each in sys.argv[1:4])
    devices.make_deterministic(int(sys.argv[4]))
    assert int(sys.argv[4]) == torch.get_num_threads()
    with tempfile.TemporaryDirectory() as folder:
        style = sorted(path.stem for path in Path(catalog).glob("*.jpg"))[0]
        values = {"library": library, "catalog": catalog, "out": folder, "include_styles": [style], "preset": "fast"}
        recipe = {"network": network, "size": WIDTH}
        store, backend = Store(Path(folder)), StylizeBackend("cpu", warm=False)
        begin_night(
            store, make_plan(Spec.from_values({**values, "shard_seconds": 3600, "recipe": recipe}, "benchmark"))
        )
        backend.open(store, RUN_KINDS["stylize"].context_of(store))
        jobs = {Path(job.asset).name: job for job in read_shard(store, 0)}

        def paint(source: str, to: str) -> None:
            job = jobs[Path(source).name]
            decoded = backend.decode(job)
            made = backend.painted(job, decoded, lambda _: None)
            Path(to).write_bytes(backend.encoded(job, backend.delivered(job, made.image, decoded), decoded))

        serve(timed(paint))


if __name__ == "__main__":
    main()
