"""Does the score order the obvious cases, on photographs and artworks that took no part in setting it?

    python benchmarks/score_order.py [--cache DIR] [--steps 120] [--size 160] [--hard] [--json FILE]

Every pair is stylised with the preset `gatys` at a small size, once in full and once with 5 steps. The
score must then say: full > 5 steps > the untouched asset, noise, and the style picture itself. Pictures are
kept in the cache folder, so that an interrupted run goes on where it was; the first takes about 20 minutes
on two cores. Exit code 1 if any order is wrong.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from itertools import chain, product
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from rich.console import Console
from rich.table import Table
from skimage import data as photographs
from sklearn.datasets import load_sample_image

from core.config.methods import ALGORITHM
from core.config.presets import PRESETS
from core.config.recipe import Recipe
from core.images.image import Picture, resized
from core.networks import device, weights
from core.networks.backbone import Backbone
from core.scoring.score import Rgb, Scorer, Scores
from core.storage.cache_dir import cache_folder
from core.stylize.optimise.optimise import stylise
from core.stylize.optimise.targets import style_targets

FEW = 5
ORDER = (("full", "few"), ("few", "asset"), ("few", "noise"), ("few", "style"))
"""What must score above what."""

ARTWORKS = Path(__file__).parents[1] / "data" / "styles"
PHOTOGRAPHS = ("china", "flower")
"""Those of scikit-learn; all others are scikit-image's."""

SEEN = (("chelsea", "starry_night"), ("coffee", "the_scream"), ("rocket", "wave"), ("astronaut", "brick"))
"""Pairs that were looked at while the score was being set."""
HELD_OUT = tuple(
    pair
    for pair in chain(
        product(("china", "flower"), ("immunohistochemistry", "gravel", "grass", "page")),
        product(("china", "flower"), ("starry_night", "the_scream", "brick")),
        product(
            ("astronaut", "chelsea", "coffee"),
            ("starry_night", "the_scream", "immunohistochemistry", "brick", "gravel"),
        ),
    )
    if pair not in SEEN
)
"""Pairs that were not; of the first eight not even one of the pictures."""
HARD = tuple(product(("hubble_deep_field", "moon", "retina"), ("immunohistochemistry", "gravel", "grass", "page")))
"""Pictures without a subject, of which a full transfer at this size often leaves nothing."""

Pair = tuple[str, str]
Groups = dict[str, tuple[Pair, ...]]
Results = dict[Pair, dict[str, Scores]]
"""Scores of each case by (asset, style)."""


def original(name: str) -> Rgb:
    """A picture by its name in data/styles, scikit-learn or scikit-image; grey ones as RGB."""
    if (ARTWORKS / f"{name}.jpg").exists():
        return np.array(Image.open(ARTWORKS / f"{name}.jpg").convert("RGB"))
    packaged = load_sample_image(f"{name}.jpg") if name in PHOTOGRAPHS else getattr(photographs, name)()
    return np.array(Image.fromarray(packaged).convert("RGB"))


class Studio:
    """Makes the pictures, or finds them in the cache."""

    def __init__(self, cache: Path, recipe: Recipe) -> None:
        self.cache = cache
        self.recipe = recipe
        layers = recipe.content_layers + recipe.style_layers
        self.backbone = Backbone(weights.load(recipe.weights), layers, recipe.pooling)

    def picture(self, name: str, photograph: Rgb, artwork: Rgb, steps: int) -> Rgb:
        """The photograph in the style of the artwork after so many steps."""
        recipe = self.recipe.changed({"steps": steps})
        file = self.cache / f"{name}-{recipe.digest()}-{self.backbone.digest}-{ALGORITHM[recipe.method]}.png"
        if not file.exists():
            targets = style_targets([tensor(artwork)], [1.0], recipe, self.backbone)
            made = stylise(tensor(photograph), targets, recipe, 0, self.backbone).image
            unfinished = file.with_suffix(".tmp")
            pixels = (made * 255).round().byte().permute(1, 2, 0).numpy()
            Image.fromarray(pixels).save(unfinished, "PNG")
            unfinished.replace(file)
        return np.array(Image.open(file).convert("RGB"))


def tensor(rgb: Rgb) -> torch.Tensor:
    return torch.from_numpy(rgb.copy()).permute(2, 0, 1).float() / 255


def small(rgb: Rgb, size: int) -> Rgb:
    return resized(Picture(np.ascontiguousarray(rgb)), size).rgb


def cases(studio: Studio, name: str, photograph: Rgb, artwork: Rgb) -> dict[str, Rgb]:
    noise = np.random.default_rng(0).integers(0, 256, photograph.shape, dtype=np.uint8)
    return {
        "full": studio.picture(name, photograph, artwork, studio.recipe.steps),
        "few": studio.picture(name, photograph, artwork, FEW),
        "asset": photograph,
        "noise": noise,
        "style": artwork,
    }


def measured(groups: Groups, studio: Studio, scorer: Scorer) -> Iterator[tuple[Pair, dict[str, Scores]]]:
    for pair in chain(*groups.values()):
        photograph, artwork = (small(original(name), studio.recipe.size) for name in pair)
        against = scorer.reference(photograph), [(scorer.reference(artwork), 1.0)]
        pictures = cases(studio, "-".join(pair), photograph, artwork)
        yield pair, {case: scorer.score(rgb, *against) for case, rgb in pictures.items()}


def milliseconds(scorer: Scorer, size: int = 512, times: int = 20) -> float:
    """Time of one score at this output size, the best of `times`."""
    rgb = small(original("chelsea"), size)
    same = scorer.reference(rgb)
    took = []
    for _ in range(times):
        start = time.perf_counter()
        scorer.score(rgb, same, [(same, 1.0)])
        took.append(time.perf_counter() - start)
    return min(took) * 1000


def tabled(results: Results) -> Table:
    """Every pair with the score of each case, and the parts of the full transfer's."""
    names = ("full", "few", "asset", "noise", "style")
    table = Table("asset", "style", *names, "content", "reached", "class kept")
    for pair, found in results.items():
        full = found["full"]
        parts = (f"{full.score_content:.2f}", f"{full.score_style:.2f}", "yes" if full.class_kept else "no")
        table.add_row(*pair, *(f"{found[name].score:.3f}" for name in names), *parts)
    return table


def held(results: Results) -> dict[str, int]:
    """How many of the pairs have each order right."""
    return {f"{a} > {b}": sum(f[a].score > f[b].score for f in results.values()) for a, b in ORDER}


def report(results: Results, groups: Groups, console: Console) -> bool:
    """Print every pair and how often each order holds, by group; whether all do, the hard ones apart."""
    console.print(tabled(results))
    right = True
    for group, pairs in groups.items():
        counts = held({pair: results[pair] for pair in pairs})
        right &= group == "hard" or set(counts.values()) == {len(pairs)}
        orders = "  ".join(f"{order}: {count}" for order, count in counts.items())
        console.print(f"of {len(pairs):2} {group} pairs  {orders}", highlight=False)
    return right


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--cache", type=Path, default=cache_folder() / "score-order")
    parser.add_argument("--steps", type=int, default=120)
    parser.add_argument("--size", type=int, default=160)
    parser.add_argument("--json", type=Path, help="also write every score to this file")
    parser.add_argument("--hard", action="store_true", help="also pictures without a subject")
    options = parser.parse_args()
    groups: Groups = {"held-out": HELD_OUT, "seen": SEEN} | ({"hard": HARD} if options.hard else {})
    options.cache.mkdir(parents=True, exist_ok=True)
    device.make_deterministic()
    console, scorer = Console(width=max(Console().width, 120)), Scorer(torch.device("cpu"))
    studio = Studio(options.cache, PRESETS["gatys"].changed({"steps": options.steps, "size": options.size}))
    results: Results = {}
    for pair, found in measured(groups, studio, scorer):
        results[pair] = found
        values = "  ".join(f"{case} {scores.score:.3f}" for case, scores in found.items())
        console.print(f"{len(results):2} {' in '.join(pair):33} {values}", highlight=False, soft_wrap=True)
    if options.json:
        rows = {
            " in ".join(pair): {k: {"score": v.score, **asdict(v)} for k, v in found.items()}
            for pair, found in results.items()
        }
        options.json.write_text(json.dumps(rows, indent=1))
    right = report(results, groups, console)
    console.print(f"one score of a 512-pixel output: {milliseconds(scorer):.0f} ms")
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
