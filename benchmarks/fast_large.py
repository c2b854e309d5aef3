"""A picture of 12,000 x 8,000 pixels in one pass, by a run of its own: peak memory of its processes."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from fast_network import measured
from figure_rows import Row
from runs import environment, measured_run
from style_pairs import photograph
from style_records import Records, Values, engine

SIZE = (12_000, 8_000)
GIGABYTES = 4.0


def rows(records: Records, network: Path, styles: Path, size: tuple[int, int] = SIZE) -> Iterator[Row]:
    """Memory and time."""
    name = f"{size[0]}x{size[1]}"
    about = {**measured(network).about, **engine()}
    found = records.get(f"fast/large-{name}", about, lambda: painted(network, styles, size))
    clocks = f"{found['seconds']:.0f} s, {found['cpu_seconds']:.0f} CPU s, load {found['load']}"
    shown = f"worker {found['worker']:.2f} GB, parent {found['parent']:.2f} GB ({clocks})"
    what = f"{size[0]:,} x {size[1]:,} px in one pass, a whole run: peak memory"
    yield Row(what, shown, "under 4 GB", found["worker"] < GIGABYTES)


def painted(network: Path, styles: Path, size: tuple[int, int]) -> Values:
    """Run one job from an enlarged photograph to a PNG: gigabytes and seconds."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "library").mkdir()
        photograph("coffee").resize(size, Image.Resampling.BICUBIC).save(folder / "library" / "large.jpg", quality=92)
        style = sorted(path.stem for path in styles.glob("*.jpg"))[0]
        spec = {
            **{"library": str(folder / "library"), "catalog": str(styles.absolute()), "out": str(folder / "run")},
            **{"include_styles": [style], "preset": "fast", "device": "cpu"},
            "recipe": {"size": max(size), "network": str(network.absolute())},
        }
        run = measured_run(spec, environment(folder))
        if run.record["made"] != 1:
            raise RuntimeError(f"the picture was not made: {run.record}")
        memory = {"worker": run.child_rss_mb * 2**20 / 1e9, "parent": run.parent_rss_mb * 2**20 / 1e9}
        return {**memory, "seconds": run.seconds, "cpu_seconds": run.tree_cpu}
