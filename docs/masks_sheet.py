"""Makes `docs/masks.jpg`: a mask, a region map and a blend, each beside what comes of it.

Run `.venv/bin/python docs/masks_sheet.py`; it takes a few minutes.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from core.config.spec import Spec
from core.planning.plan_file import begin_night, read_context, read_shard
from core.runs.stylize_plan import make_plan
from core.storage.run_paths import output_path
from core.storage.store import Store
from core.stylize.jobs.backend import StylizeBackend

ROOT = Path(__file__).resolve().parents[1]
ASSET = "coffee.jpg"
STYLES = ("starry_night", "the_scream", "wave")
SIZE, GAP = 288, 6
BACKGROUND = "#10131c"
CATALOG = """
[styles.table]
regions = { "#0000ff" = "starry_night", "#ff0000" = "wave", "#000000" = "keep" }
[styles.starry_night]
file = "starry_night.jpg"
[styles.the_scream]
file = "the_scream.jpg"
[styles.blend]
artworks = [{ file = "starry_night.jpg" }, { file = "the_scream.jpg" }]
"""
SAUCER, CUP = (0.13, 0.24, 0.81, 1.0), (0.325, 0.0, 0.7, 0.5)
"""Left, top, right and bottom in the asset, in its width and height."""


def studio(folder: Path) -> None:
    """A library of one asset, its mask and its region map, and a catalog."""
    for name in ("library", "catalog", "masks", "regions"):
        (folder / name).mkdir()
    with Image.open(ROOT / "data/assets" / ASSET) as asset:
        size = asset.size
    (folder / "library" / ASSET).write_bytes((ROOT / "data/assets" / ASSET).read_bytes())
    for style in STYLES:
        (folder / f"catalog/{style}.jpg").write_bytes((ROOT / f"data/styles/{style}.jpg").read_bytes())
    (folder / "catalog/catalog.toml").write_text(CATALOG)
    drawn(size, "L", "white", "black", "black").save(folder / "masks/coffee.png")
    drawn(size, "RGB", "#0000ff", "#ff0000", "#000000").save(folder / "regions/coffee.png")


def drawn(size: tuple[int, int], mode: str, table: str, saucer: str, cup: str) -> Image.Image:
    """The table, the saucer and the cup, each in its own colour."""
    picture = Image.new(mode, size, table)
    for box, colour in ((SAUCER, saucer), (CUP, cup)):
        ImageDraw.Draw(picture).ellipse([part * size[n % 2] for n, part in enumerate(box)], fill=colour)
    return picture


def made(backend: StylizeBackend, folder: Path, style: str, **guides: Any) -> Image.Image:
    """The asset in a style."""
    out = folder / f"{style}{len(guides)}"
    values = {"library": str(folder / "library"), "catalog": str(folder / "catalog"), "out": str(out), **guides}
    store = Store(out)
    begin_night(
        store, make_plan(Spec.from_values({**values, "include_styles": [style], "recipe": {"size": SIZE}}, "sheet"))
    )
    backend.open(store, read_context(store))
    (job,) = read_shard(store, 0)
    decoded = backend.decode(job)
    backend.write(job, backend.scored(job, decoded, backend.painted(job, decoded, lambda _: None)))
    return Image.open(out / output_path(job.output))


def sheet(folder: Path) -> Image.Image:
    """Three rows: a mask, a region map, a blend between its two artworks' own pictures."""
    studio(folder)
    backend, masks, regions = StylizeBackend("cpu"), str(folder / "masks"), str(folder / "regions")
    asset = Image.open(folder / "library" / ASSET)
    rows = [
        [asset, Image.open(folder / "masks/coffee.png"), made(backend, folder, "starry_night", masks=masks)],
        [asset, Image.open(folder / "regions/coffee.png"), made(backend, folder, "table", regions=regions)],
        [made(backend, folder, style) for style in ("starry_night", "blend", "the_scream")],
    ]
    height = round(SIZE * asset.height / asset.width)
    image = Image.new("RGB", (3 * (SIZE + GAP) + GAP, 3 * (height + GAP) + GAP), BACKGROUND)
    for down, row in enumerate(rows):
        for across, picture in enumerate(row):
            cell = picture.convert("RGB").resize((SIZE, height), Image.Resampling.LANCZOS)
            image.paste(cell, (GAP + across * (SIZE + GAP), GAP + down * (height + GAP)))
    return image


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        sheet(Path(folder)).save(ROOT / "docs/masks.jpg", quality=88)
