"""Makes `docs/demo.jpg` from the demo's run: paintings across, photographs down, outputs between.

Run `make demo` first, then `.venv/bin/python docs/contact_sheet.py`.
"""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageOps

ROOT = Path(__file__).resolve().parents[1]
CELL, GAP = (256, 190), 6
BACKGROUND = "#10131c"


def cell(path: Path) -> Image.Image:
    """A picture cropped to one cell."""
    with Image.open(path) as image:
        return ImageOps.fit(image.convert("RGB"), CELL, Image.Resampling.LANCZOS)


def sheet(run: Path) -> Image.Image:
    """The grid of one run: its styles across, its assets down."""
    styles = sorted(path.stem for path in (run / "thumbs/styles").glob("*.jpg"))
    assets = sorted(path.stem for path in (run / "thumbs/assets").glob("*.jpg"))
    width = (CELL[0] + GAP) * (len(styles) + 1) + GAP
    height = (CELL[1] + GAP) * (len(assets) + 1) + GAP
    image = Image.new("RGB", (width, height), BACKGROUND)

    def paste(path: Path, column: int, row: int) -> None:
        image.paste(cell(path), (GAP + column * (CELL[0] + GAP), GAP + row * (CELL[1] + GAP)))

    for column, style in enumerate(styles, start=1):
        paste(run / f"thumbs/styles/{style}.jpg", column, 0)
        for row, asset in enumerate(assets, start=1):
            paste(run / f"thumbs/assets/{asset}.jpg", 0, row)
            paste(run / f"outputs/{style}/{asset}.png", column, row)
    return image


if __name__ == "__main__":
    sheet(ROOT / "runs/demo").save(ROOT / "docs/demo.jpg", quality=88)
