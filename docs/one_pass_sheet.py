"""Makes `data/networks/catalog.jpg`: the sample photographs in every style of the shipped network, one pass each.

Run `.venv/bin/python docs/one_pass_sheet.py`; it takes a minute. All pictures are made by `nocturne run`.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image, ImageOps

ROOT = Path(__file__).resolve().parents[1]
ASSETS = ("cat", "coffee", "rocket")
STYLES = tuple(sorted(path.stem for path in (ROOT / "data/styles").glob("*.jpg")))
WIDTH, HEIGHT, GAP = 300, 200, 4
BACKGROUND = "#10131c"


def run(folder: Path) -> Path:
    """The folder of outputs."""
    nocturne = [str(Path(sys.executable).parent / "nocturne"), "run", "--out", str(folder)]
    asked = ["--library", str(ROOT / "data/assets"), "--exclude", "broken.jpg", "--catalog", str(ROOT / "data/styles")]
    subprocess.run([*nocturne, *asked, "--preset", "fast", "--size", "512"], check=True)
    return folder / "outputs"


def sheet(outputs: Path) -> Image.Image:
    """A row a photograph, with the artworks above."""
    rows = [
        [Image.new("RGB", (WIDTH, HEIGHT), BACKGROUND), *(Image.open(ROOT / f"data/styles/{s}.jpg") for s in STYLES)]
    ]
    for asset in ASSETS:
        made = [next((outputs / style).glob(f"{asset}.jpg.*")) for style in STYLES]
        rows.append([Image.open(ROOT / f"data/assets/{asset}.jpg"), *map(Image.open, made)])
    image = Image.new("RGB", ((WIDTH + GAP) * len(rows[0]), (HEIGHT + GAP) * len(rows)), BACKGROUND)
    for down, row in enumerate(rows):
        for across, picture in enumerate(row):
            cell = ImageOps.fit(picture.convert("RGB"), (WIDTH, HEIGHT), Image.Resampling.LANCZOS)
            image.paste(cell, (across * (WIDTH + GAP), down * (HEIGHT + GAP)))
    return image


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        sheet(run(Path(name) / "run")).save(ROOT / "data/networks/catalog.jpg", quality=85)
