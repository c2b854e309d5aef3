"""Does a recommended style beat a random one? `python benchmarks/recommended.py [--assets FOLDER]`.

For each asset every style of the catalog is painted by the shipped network and judged by the run's score, whose network the
recommender never asks: it reads colours, tones and textures alone. Without a folder, the assets are cuts of the photographs
that scikit-image and scikit-learn carry.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from core.assist.analysis import analysed
from core.assist.measures import measures
from core.assist.recommend import recommended
from core.images import image
from core.networks import device as devices
from core.scoring.score import Scorer
from fast_network import CPU, SHIPPED, artworks, measured
from fast_quality import evenly
from figure_rows import HEAD, Row, show
from style_pairs import STYLES, Rgb, fitted, load

COUNT, SIDE = 50, 256
TARGET = 0.70
PHOTOGRAPHS = (
    "astronaut",
    "chelsea",
    "coffee",
    "rocket",
    "hubble_deep_field",
    "retina",
    "camera",
    "coins",
    "moon",
    "page",
)


def cuts(count: int) -> Iterator[Rgb]:
    """Cuts of packaged photographs, of half to all of their sides, at places drawn once and for all."""
    from skimage import data
    from sklearn.datasets import load_sample_image

    names = [*PHOTOGRAPHS, "china.jpg", "flower.jpg"]
    draw = np.random.default_rng(5)
    for number in range(count):
        name = names[number % len(names)]
        picture = load_sample_image(name) if name.endswith(".jpg") else getattr(data, name)()
        rgb = np.asarray(Image.fromarray(picture).convert("RGB"))
        height, width = (int(side * draw.uniform(0.5, 1.0)) for side in rgb.shape[:2])
        top, left = (
            int(draw.integers(0, whole - part + 1)) for whole, part in zip(rgb.shape, (height, width), strict=False)
        )
        yield rgb[top : top + height, left : left + width]


def assets(folder: Path | None) -> list[Rgb]:
    """COUNT pictures with a longest side of SIDE pixels."""
    found = cuts(COUNT) if folder is None else (image.read(path).rgb for path in evenly(folder, COUNT))
    return [fitted(Image.fromarray(np.ascontiguousarray(rgb)), SIDE) for rgb in found]


def scored(pictures: list[Rgb], names: dict[str, tuple[int, Path]]) -> list[dict[str, float]]:
    """The score of each picture in each style."""
    network, scorer = measured(SHIPPED), Scorer(CPU)
    works = {name: scorer.reference(fitted(Image.fromarray(load(path)), SIDE)) for name, (_, path) in names.items()}
    found = []
    for picture in pictures:
        asset = scorer.reference(picture)
        row = {}
        for name, (number, _) in names.items():
            made = network.paint(picture, network.model.embeddings[number : number + 1])
            row[name] = scorer.score(made, asset, [(works[name], 1.0)]).score
        found.append(row)
    return found


def rows(folder: Path | None) -> Iterator[Row]:
    """By one draw of a random style an asset, and over all other styles."""
    names, pictures = artworks(SHIPPED, STYLES), assets(folder)
    styles = {name: measures(analysed(image.read(path))) for name, (_, path) in names.items()}
    chosen = [recommended(measures(analysed(image.Picture(picture))), styles, 1)[0].style for picture in pictures]
    found, draw = scored(pictures, names), np.random.default_rng(11)
    others = [[name for name in names if name != best] for best in chosen]
    drawn = [rest[int(draw.integers(len(rest)))] for rest in others]
    better = [row[best] > row[name] for row, best, name in zip(found, chosen, drawn, strict=True)]
    every = [row[best] > row[name] for row, best, rest in zip(found, chosen, others, strict=True) for name in rest]
    taken = ", ".join(f"{name} {chosen.count(name)}" for name in sorted(set(chosen), key=chosen.count, reverse=True))
    mine = statistics.median(row[best] for row, best in zip(found, chosen, strict=True))
    theirs = statistics.median(row[name] for row, rest in zip(found, others, strict=True) for name in rest)
    share = sum(better) / len(better)
    yield Row(
        f"the recommended style scores higher than a random other one, {len(pictures)} assets",
        f"{sum(better)} ({share:.0%}); of all other styles {sum(every) / len(every):.0%}; median score {mine:.2f} against "
        f"{theirs:.2f}; recommended: {taken}",
        "70 %",
        share >= TARGET,
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--assets", type=Path, help="folder of assets")
    args = parser.parse_args()
    devices.make_deterministic(1)
    torch.set_grad_enabled(False)
    print(HEAD)
    show(rows(args.assets))


if __name__ == "__main__":
    main()
