"""Makes `docs/styles.jpg`, one asset in six styles, and `docs/colour-and-lift.jpg`, its colours kept or not and a lift.

Run `.venv/bin/python docs/styles_sheet.py`; it takes a few minutes. All pictures are made by `nocturne style`.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image, ImageOps

ROOT = Path(__file__).resolve().parents[1]
ASSET = ROOT / "data/assets/cat.jpg"
STYLES_FOLDER = ROOT / "data/styles"
WIDTH, GAP, THUMBNAIL = 384, 6, 96
BACKGROUND = "#10131c"
STYLES: tuple[tuple[Path, ...], ...] = (
    (STYLES_FOLDER / "starry_night.jpg",),
    (STYLES_FOLDER / "the_scream.jpg",),
    (STYLES_FOLDER / "wave.jpg",),
    (STYLES_FOLDER / "shipwreck.jpg",),
    (STYLES_FOLDER / "woman_with_a_hat.jpg",),
    (STYLES_FOLDER / "wave.jpg", STYLES_FOLDER / "starry_night.jpg"),
)
"""Artworks of each; several are a blend."""
LIFTED = 160
"""Working size from which the asset's size is reached in the lift."""
LOOKED_AT = (0.30, 0.14, 0.80, 0.64)
"""The part of the asset that the lift shows: left, top, right, bottom in its width and height."""


def painted(folder: Path, artworks: tuple[Path, ...], *options: str, asset: Path = ASSET) -> Image.Image:
    """The asset in a style."""
    out = folder / f"{len(list(folder.iterdir()))}.png"
    nocturne = [str(Path(sys.executable).parent / "nocturne"), "style", str(asset), *map(str, artworks)]
    subprocess.run([*nocturne, "-o", str(out), *options], check=True)
    return Image.open(out).convert("RGB")


def cell(picture: Image.Image, *artworks: Path) -> Image.Image:
    """A picture at a cell's size, with small artworks in its corner."""
    found = picture.resize((WIDTH, round(WIDTH * picture.height / picture.width)), Image.Resampling.LANCZOS)
    for number, path in enumerate(artworks):
        small = ImageOps.expand(ImageOps.fit(Image.open(path).convert("RGB"), (THUMBNAIL, THUMBNAIL)), 2, "white")
        found.paste(small, (number * (small.width + 2), found.height - small.height))
    return found


def grid(rows: list[list[Image.Image]]) -> Image.Image:
    """Cells of one size."""
    width, height = rows[0][0].size
    across = max(map(len, rows))
    image = Image.new("RGB", (across * (width + GAP) + GAP, len(rows) * (height + GAP) + GAP), BACKGROUND)
    for down, row in enumerate(rows):
        for number, picture in enumerate(row):
            image.paste(picture, (GAP + number * (width + GAP), GAP + down * (height + GAP)))
    return image


def six_styles(folder: Path) -> Image.Image:
    """Three across, two down."""
    cells = [cell(painted(folder, style, "--size", str(WIDTH)), *style) for style in STYLES]
    return grid([cells[:3], cells[3:]])


def colours(folder: Path) -> list[Image.Image]:
    """The style's colours, the asset's own, and the style in the asset's palette."""
    style = STYLES[0]
    kept = ("none", "luminance", "match")
    return [cell(painted(folder, style, "--size", str(WIDTH), "--keep-color", each)) for each in kept]


def lift(folder: Path) -> list[Image.Image]:
    """A part of the asset, of a small picture merely enlarged, and of the same one lifted."""
    asset, size = Image.open(ASSET).convert("RGB"), str(LIFTED)
    small = painted(folder, STYLES[0], "--size", size)
    lifted = painted(folder, STYLES[0], "--size", size, "--output-size", "asset")
    enlarged = small.resize(asset.size, Image.Resampling.BICUBIC)
    return [cell(_part(each)) for each in (asset, enlarged, lifted)]


def _part(picture: Image.Image) -> Image.Image:
    sides = picture.size * 2
    left, top, right, bottom = (round(part * side) for part, side in zip(LOOKED_AT, sides, strict=True))
    return picture.crop((left, top, right, bottom))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        six_styles(Path(name)).save(ROOT / "docs/styles.jpg", quality=88)
        grid([colours(Path(name)), lift(Path(name))]).save(ROOT / "docs/colour-and-lift.jpg", quality=88)
