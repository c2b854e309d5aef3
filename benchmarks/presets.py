"""Presets compared: `python benchmarks/presets.py [--size 256] [--presets draft good] [--out FOLDER]`.

Every preset paints every pair of two photographs (scikit-image's) and two paintings (those in data/) at one
size. Printed as a Markdown table: seconds, CPU seconds, passes of the network at full size, the loss of the
published method at the result, and the score. The published loss is a yardstick for `gatys` alone: the other
presets minimise another.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from skimage import data
from torch import Tensor

from core.config.presets import PRESETS
from core.config.recipe import Recipe
from core.networks import device as devices
from core.networks.backbone import Backbone
from core.scoring.score import Reference, Scorer
from core.stylize.optimise.losses import total
from core.stylize.optimise.optimise import stylise
from core.stylize.optimise.recipe_backbone import for_recipe
from core.stylize.optimise.targets import content_losses, style_losses, style_targets

Rgb = npt.NDArray[np.uint8]

PAINTINGS = Path(__file__).parent.parent / "data" / "styles"
SIZE = 256


@dataclass(frozen=True)
class Pair:
    """A photograph and a painting at working size, with the references that score them."""

    name: str
    content: Rgb
    style: Rgb
    references: tuple[Reference, Reference]


@dataclass(frozen=True)
class Figures:
    """What one preset did on one pair."""

    preset: str
    pair: str
    seconds: float
    cpu_seconds: float
    passes: float
    published_loss: float
    score: float

    def row(self) -> str:
        """The figures as a line of a Markdown table."""
        values = [
            self.preset,
            self.pair,
            f"{self.seconds:.1f}",
            f"{self.cpu_seconds:.0f}",
            f"{self.passes:.0f}",
            f"{self.published_loss:,.0f}",
            f"{self.score:.2f}",
        ]
        return f"| {' | '.join(values)} |"


def pairs(size: int, scorer: Scorer) -> Iterator[Pair]:
    """Two photographs x two paintings."""
    photographs = {"astronaut": data.astronaut(), "chelsea": data.chelsea()}
    for content_name, photograph in photographs.items():
        for style_name in ("starry_night", "wave"):
            content = fitted(Image.fromarray(photograph), size)
            style = fitted(Image.open(PAINTINGS / f"{style_name}.jpg"), size)
            references = scorer.reference(content), scorer.reference(style)
            yield Pair(f"{content_name} x {style_name}", content, style, references)


def fitted(picture: Image.Image, size: int) -> Rgb:
    picture = picture.convert("RGB")
    picture.thumbnail((size, size), Image.Resampling.LANCZOS)
    return np.array(picture)


def tensor(picture: Rgb) -> Tensor:
    return torch.from_numpy(picture).permute(2, 0, 1).float() / 255


def paint(preset: str, pair: Pair, size: int, scorer: Scorer, out: Path | None) -> Figures:
    """Make one picture, time it, and measure it by the published method's loss and by the score."""
    recipe = PRESETS[preset].changed({"size": size})
    content, style = tensor(pair.content), tensor(pair.style)
    backbone = for_recipe(recipe, content.device)
    targets = style_targets([style], [1], recipe, backbone)
    begun, used = time.perf_counter(), time.process_time()
    image = stylise(content, targets, recipe, 0, backbone).image
    seconds, cpu_seconds = time.perf_counter() - begun, time.process_time() - used
    rgb = (image * 255).round().byte().permute(1, 2, 0).contiguous().numpy()
    if out:
        Image.fromarray(rgb).save(out / f"{pair.name.replace(' x ', '_')}_{preset}.png")
    score = scorer.score(rgb, pair.references[0], [(pair.references[1], 1.0)]).score
    passes = recipe.passes(content.shape[2], content.shape[1])
    loss = published(image, content, style)
    return Figures(preset, pair.name, seconds, cpu_seconds, passes, loss, score)


def published(image: Tensor, content: Tensor, style: Tensor) -> float:
    """The loss of the preset `gatys` at a picture."""
    recipe: Recipe = PRESETS["gatys"]
    backbone: Backbone = for_recipe(recipe, content.device)
    targets = style_targets([style], [1], recipe, backbone)
    losses = content_losses(content, recipe, backbone) + style_losses(targets.scales[0], recipe)
    with torch.no_grad():
        return total(losses, backbone.features(image.unsqueeze(0))).item()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=SIZE)
    parser.add_argument("--presets", nargs="+", default=list(PRESETS), choices=list(PRESETS))
    parser.add_argument("--out", type=Path, help="folder to write the pictures to")
    args = parser.parse_args()
    devices.make_deterministic()
    if args.out:
        args.out.mkdir(parents=True, exist_ok=True)
    scorer = Scorer(torch.device("cpu"))
    print(f"{devices.engine_name(torch.device('cpu'))}, longest side {args.size} px\n")
    print("| preset | pair | seconds | CPU seconds | passes | published loss | score |")
    print("|---|---|---|---|---|---|---|")
    for preset in args.presets:
        for pair in pairs(args.size, scorer):
            print(paint(preset, pair, args.size, scorer, args.out).row(), flush=True)


if __name__ == "__main__":
    main()
