"""Does the near-duplicate gate find copies, and spare pictures that are none?

    python benchmarks/near_copies.py --data FOLDER --held-out FOLDER [--size 64] [--most 200] [--json FILE]

Pictures of FOLDER play the training set. Copies are made of some of them, in ways that a GAN or a program might; the
held-out pictures are honest. Printed are the shares that each measure, and both, call a copy, and what is worth a look.
The thresholds of core/gan/metrics/memorisation_check.py were set on such tables: docs/creation-metrics.md.
"""

from __future__ import annotations

import argparse
import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageEnhance, ImageFilter
from rich.console import Console
from rich.table import Table

from core.gan.data.batches import middle
from core.gan.data.dataset import Dataset, load, load_mnist_test
from core.gan.metrics.features import EfficientNetFeatures, efficientnet_side, resized, rgb_of
from core.gan.metrics.memorisation_check import COPY, NearCopy, originals_of
from core.gan.networks.recipe import GAN_PRESETS, GanRecipe
from core.images.pixel_types import RgbPictures

Copy = Callable[[Image.Image, np.random.Generator], Image.Image]


def _jpeg(picture: Image.Image, _: np.random.Generator) -> Image.Image:
    data = io.BytesIO()
    picture.save(data, "JPEG", quality=50)
    return Image.open(data).convert("RGB")


def _noise(picture: Image.Image, draw: np.random.Generator) -> Image.Image:
    pixels = np.asarray(picture) + draw.normal(0, 12, (*picture.size[::-1], 3))
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def _crop(share: float) -> Copy:
    def cropped(picture: Image.Image, draw: np.random.Generator) -> Image.Image:
        side = picture.width * (1 - share)
        left, top = draw.uniform(0, picture.width - side, 2)
        return picture.resize(picture.size, Image.Resampling.BICUBIC, box=(left, top, left + side, top + side))

    return cropped


def _shift(picture: Image.Image, draw: np.random.Generator) -> Image.Image:
    """Moved by 3 % both ways; what leaves at one edge comes back at the other."""
    steps = draw.choice((-1, 1), 2) * max(1, round(picture.width * 0.03))
    return Image.fromarray(np.roll(np.asarray(picture), steps, (0, 1)))


def _warp(share: float) -> Copy:
    """Bent smoothly, by about `share` of a side."""

    def bent(picture: Image.Image, draw: np.random.Generator) -> Image.Image:
        side = picture.width
        corners = np.linspace(0, side, 5)
        moved = np.stack(np.meshgrid(corners, corners, indexing="ij"), -1) + draw.normal(0, share * side, (5, 5, 2))
        mesh = [
            (
                (round(corners[j]), round(corners[i]), round(corners[j + 1]), round(corners[i + 1])),
                tuple(float(v) for p in ((i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1)) for v in moved[p][::-1]),
            )
            for i in range(4)
            for j in range(4)
        ]
        return picture.transform(picture.size, Image.Transform.MESH, mesh, Image.Resampling.BILINEAR)

    return bent


COPIES: dict[str, Copy] = {
    "the same": lambda picture, _: picture,
    "mirrored": lambda picture, _: picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    "noise of 12 levels": _noise,
    "JPEG at quality 50": _jpeg,
    "blurred, radius 1": lambda picture, _: picture.filter(ImageFilter.GaussianBlur(1)),
    "saturation x 1.4": lambda picture, _: ImageEnhance.Color(picture).enhance(1.4),
    "brightness x 1.25": lambda picture, _: ImageEnhance.Brightness(picture).enhance(1.25),
    "contrast x 0.7": lambda picture, _: ImageEnhance.Contrast(picture).enhance(0.7),
    "made grey": lambda picture, _: picture.convert("L").convert("RGB"),
    "cropped by 5 %": _crop(0.05),
    "cropped by 10 %": _crop(0.10),
    "cropped by 20 %": _crop(0.20),
    "mirrored, cropped by 8 %, JPEG": lambda picture, draw: _jpeg(
        _crop(0.08)(picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT), draw), draw
    ),
    "shifted by 3 %": _shift,
    "turned by 2 degrees": lambda picture, _: picture.rotate(2, Image.Resampling.BICUBIC),
    "turned by 5 degrees": lambda picture, _: picture.rotate(5, Image.Resampling.BICUBIC),
    "bent by 1 %": _warp(0.01),
    "bent by 2 %": _warp(0.02),
    "left half of one, right half of another": lambda picture, _: picture,
}
HALVES = "left half of one, right half of another"


def copies(pictures: RgbPictures, make: Copy, seed: int) -> RgbPictures:
    """Each picture (n, h, w, 3) copied in one way."""
    draw = np.random.default_rng(seed)
    return np.stack([np.asarray(make(Image.fromarray(one), draw)) for one in pictures])


def shares(found: list[NearCopy]) -> dict[str, float]:
    """What part is called a copy by either measure, by each alone, and what part is worth a look or a copy."""
    return {
        "copy": float(np.mean([one.verdict == "copy" for one in found])),
        "by features": float(np.mean([one.ratio <= COPY for one in found])),
        "by fingerprint": float(np.mean([one.bits_ratio <= COPY for one in found])),
        "copy or close": float(np.mean([one.verdict != "apart" for one in found])),
        "lowest ratio": min(one.ratio for one in found),
        "fewest bits": min(one.bits for one in found),
    }


def _held_out(folder: Path, recipe: GanRecipe) -> Dataset:
    return load_mnist_test(folder, recipe) or load(folder, recipe)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--held-out", type=Path, required=True)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--most", type=int, default=200, help="copies of each kind, and honest pictures")
    parser.add_argument("--limit", type=int, default=10**9, help="training pictures, for large sets")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    torch.set_num_threads(max(1, torch.get_num_threads() - 1))
    recipe = GAN_PRESETS["few_shot" if args.size >= 64 else "digits"].changed({"size": args.size})
    data, honest = load(args.data, recipe).pictures, _held_out(args.held_out, recipe).pictures
    draw = np.random.default_rng(0)
    data = data[np.sort(draw.permutation(len(data))[: args.limit])]
    network = EfficientNetFeatures(torch.device("cpu"), efficientnet_side(args.size))
    originals = originals_of(data, args.size, network)
    chosen = draw.permutation(len(data))[: args.most]
    seen = rgb_of(data[chosen])
    honest = rgb_of(middle(honest[draw.permutation(len(honest))[: args.most]], args.size))
    results = {"held out (honest)": shares(originals.compare(honest))}
    for kind, make in COPIES.items():
        made = copies(seen, make, 1)
        if kind == HALVES:
            half = made.shape[2] // 2
            made[:, :, half:] = np.roll(made, 1, axis=0)[:, :, half:]
        results[kind] = shares(originals.compare(resized(made, args.size)))
    results["middle, as in training"] = shares(originals.compare(rgb_of(middle(data[chosen], args.size))))
    table = Table("pictures", *results["the same"], box=None)
    for kind, found in results.items():
        table.add_row(kind, *(f"{value:.3f}" if isinstance(value, float) else str(value) for value in found.values()))
    console = Console(width=140)
    console.print(
        f"{len(data):,} originals; median distance {originals.distance:.3f}, median bits {originals.bits:.0f}"
    )
    console.print(table)
    if args.json:
        args.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
