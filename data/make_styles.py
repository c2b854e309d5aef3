"""Draws the three artworks of `styles` that are this project's own: a mosaic, a hatching in ink, and coloured dots.

    python data/make_styles.py FOLDER

Every one is computed from a seed; nothing is read.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw
from scipy.spatial import KDTree

WIDTH, HEIGHT = 800, 640
SAVED = 640, 512
Field = npt.NDArray[np.float64]

MOSAIC = np.array(
    [(24, 60, 92), (20, 128, 138), (232, 190, 88), (196, 60, 44), (240, 226, 198), (58, 36, 66), (120, 168, 92)]
)
DOTS = np.array(
    [(38, 70, 160), (86, 150, 210), (245, 205, 70), (232, 120, 40), (206, 50, 70), (70, 150, 80), (150, 90, 170)]
)
PAPER, INK = np.array((243, 234, 214)), np.array((28, 26, 34))


def waves(rng: np.random.Generator, x: Field, y: Field, count: int, longest: float) -> Field:
    """A smooth field in about -1..1: a sum of waves in all directions."""
    total = np.zeros_like(x)
    for _ in range(count):
        angle, phase, length = rng.uniform(0, 2 * np.pi), rng.uniform(0, 2 * np.pi), longest * rng.uniform(0.4, 1)
        total += np.sin(2 * np.pi * (x * np.cos(angle) + y * np.sin(angle)) / length + phase)
    return total / np.sqrt(count / 2) / 1.6


def grid() -> tuple[Field, Field]:
    """Across and down, in pixels."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(float)
    return x, y


def mosaic(rng: np.random.Generator) -> Image.Image:
    """Tiles of glass in bands that wind, with dark joints."""
    x, y = grid()
    rows, columns = np.mgrid[0 : HEIGHT + 16 : 15, 0 : WIDTH + 16 : 15].astype(float)
    points = np.stack([columns.ravel(), rows.ravel()], 1) + rng.uniform(-5, 5, (rows.size, 2))
    distances, nearest = KDTree(points).query(np.stack([x.ravel(), y.ravel()], 1), k=2)
    px, py = points.T
    band = waves(rng, px, py, 5, 700) * 2.2 + np.hypot(px - 480, py - 300) / 120
    colours = MOSAIC[np.floor(band * 1.7).astype(int) % len(MOSAIC)] * rng.uniform(0.78, 1.18, (len(points), 1))
    colours += rng.normal(0, 7, colours.shape)
    joint = np.clip((distances[:, 1] - distances[:, 0] - 1.2) / 1.6, 0, 1)[:, None]
    light = (
        1 + 0.10 * np.clip((points[nearest[:, 0]] - np.stack([x.ravel(), y.ravel()], 1)).sum(1) / 10, -1, 1)[:, None]
    )
    return picture(joint * colours[nearest[:, 0]] * light + (1 - joint) * np.array((38, 36, 40)))


def hatching(rng: np.random.Generator) -> Image.Image:
    """Strokes of a pen in four directions: the darker, the more of them, and the broader."""
    x, y = grid()
    tone = 0.42 + 0.36 * waves(rng, x, y, 6, 420)
    ink = np.zeros_like(x)
    for number, (angle, from_tone) in enumerate(((0.7, 0.18), (2.3, 0.42), (0.05, 0.6), (1.5, 0.78))):
        bend = 7 * waves(rng, x, y, 5, 300) + 1.2 * waves(rng, x, y, 6, 40)
        across, along = x * np.cos(angle) + y * np.sin(angle) + bend, y * np.cos(angle) - x * np.sin(angle)
        period = 8.5 + number
        broken = waves(rng, along + 31 * np.floor(across / period), across * 0.1, 4, 90)
        width = np.clip((tone - from_tone) * 0.9, 0, 0.3) * (1 + 0.5 * broken)
        ink = np.maximum(ink, np.clip((width - np.abs(across / period % 1 - 0.5)) * period, 0, 1))
    ink *= 0.94 + 0.06 * waves(rng, x, y, 8, 60)
    fibre = 3 * waves(rng, x, y, 9, 30)[..., None]
    ink = np.clip(ink, 0, 1)[..., None]
    return picture((ink * INK + (1 - ink) * (PAPER + fibre)).reshape(-1, 3))


def dots(rng: np.random.Generator) -> Image.Image:
    """Points of pure colour side by side, with some of the opposite one among them."""
    canvas = Image.new("RGB", (2 * WIDTH, 2 * HEIGHT), tuple(PAPER.tolist()))
    draw, count = ImageDraw.Draw(canvas), 26_000
    px, py = rng.uniform(0, WIDTH, count), rng.uniform(0, HEIGHT, count)
    hue = waves(rng, px, py, 4, 800) * 2.4 + py / 170
    pick = np.floor(hue + rng.normal(0, 0.35, count)).astype(int)
    pick += (rng.uniform(size=count) < 0.16) * (len(DOTS) // 2)
    shade = 0.62 + 0.5 * (0.5 + 0.5 * waves(rng, px, py, 5, 420)) + rng.normal(0, 0.08, count)
    colours = np.clip(DOTS[pick % len(DOTS)] * shade[:, None] + rng.normal(0, 8, (count, 3)), 0, 255).astype(int)
    for a, b, radius, colour in zip(2 * px, 2 * py, rng.uniform(4.5, 9.5, count), colours.tolist(), strict=True):
        draw.ellipse((a - radius, b - radius, a + radius, b + radius), fill=tuple(colour))
    return canvas.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)


def picture(colours: Field) -> Image.Image:
    """Rows of colours (HEIGHT x WIDTH, 3) as a picture."""
    return Image.fromarray(np.clip(colours, 0, 255).astype(np.uint8).reshape(HEIGHT, WIDTH, 3))


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    for seed, drawn in enumerate((mosaic, hatching, dots)):
        small = drawn(np.random.default_rng(seed)).resize(SAVED, Image.Resampling.LANCZOS)
        small.save(folder / f"{drawn.__name__}.jpg", quality=78)
