"""Photographs to be timed on: cuts of those that scikit-image and scikit-learn carry, all of one size, as JPEG."""

from __future__ import annotations

from pathlib import Path

from PIL import Image
from sklearn.datasets import load_sample_image

from style_pairs import photograph

WIDTH, HEIGHT = 512, 269
COUNT = 56
FROM_SKIMAGE, FROM_SKLEARN = ("astronaut", "chelsea", "coffee", "rocket"), ("china.jpg", "flower.jpg")


def cuts(folder: Path, count: int = COUNT, width: int = WIDTH, height: int = HEIGHT) -> list[Path]:
    """So many different cuts, each of another place and zoom of a photograph."""
    folder.mkdir(parents=True, exist_ok=True)
    sources = [photograph(name) for name in FROM_SKIMAGE]
    sources += [Image.fromarray(load_sample_image(name)) for name in FROM_SKLEARN]
    return [_cut(sources[n % len(sources)], n, folder / f"{n:03}.jpg", (width, height)) for n in range(count)]


def _cut(source: Image.Image, number: int, to: Path, size: tuple[int, int]) -> Path:
    share = (0.55, 0.65, 0.75, 0.85, 0.95)[number % 5]
    width = share * min(source.width, source.height * size[0] / size[1])
    height = width * size[1] / size[0]
    left, top = (source.width - width) * (number % 7) / 6, (source.height - height) * (number % 3) / 2
    source.resize(size, Image.Resampling.LANCZOS, box=(left, top, left + width, top + height)).save(to, quality=95)
    return to
