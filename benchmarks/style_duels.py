"""The default preset against two peers, nine pairs each: who is nearer to the painting's style and to the
photograph's content?

Against pastiche's 100 steps, in at most as much CPU time: what a pass costs is measured on both sides in turns, and the
preset's steps, full-size and coarse ones alike, are scaled to fit. Against style-transfer-pytorch's scheme, in at most
as many passes at full size, coarse ones counted by their area; once as it is, and once with weights that keep as much
of the photograph as this peer's do. The preset stops on its plateau before. See `style_distances` for the distances. A
pair is won if both are smaller than the peer's.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import torch

import style_peer_scales
from core.config.presets import DEFAULT_PRESET, PRESETS
from core.config.recipe import Recipe
from core.networks import device as devices
from core.networks.backbone import Backbone
from core.storage.cache_dir import cache_folder
from core.stylize.images.pixels import eight_bit
from core.stylize.optimise.optimise import OptimisationStep, stylise
from core.stylize.optimise.recipe_backbone import for_recipe
from core.stylize.optimise.targets import style_targets
from figure_rows import Row, show
from style_distances import judges
from style_pairs import Pair, Rgb, all_pairs, load, save
from style_peer_pastiche import KEPT, Pastiche, curve, picture_at
from style_records import Records, Stopwatch, Values, engine, loads, machine

PRESET = PRESETS[DEFAULT_PRESET]
TURNS, DRAWN = 3, 2
KINDS = ("style", "content")
FAITHFUL = {"style_weight": 119.0, "layer_weights": (2.0, 1.5, 1.0, 0.4, 0.1), "tolerance": 0.003}
"""Changes to the preset that keep more of the photograph."""
WON = {"pastiche": 8, "style-transfer-pytorch": 6}


@dataclass(frozen=True)
class Peer:
    """Someone else's picture of a pair with its cost, and the passes at full size that ours may take."""

    name: str
    picture: Callable[[Pair], tuple[Rgb, Values]]
    passes: Callable[[Pair], float]
    about: Values


def scaled(passes: float, pair: Pair, changes: Values | None = None) -> Recipe:
    """The default preset with its steps scaled to cost at most so many passes at full size."""
    recipe = PRESET.changed({"size": pair.size, **(changes or {})})
    height, width, _ = pair.content.shape
    factor = passes / recipe.passes(width, height)
    while True:
        steps = {name: max(1, round(factor * getattr(recipe, name))) for name in ("steps", "coarse_steps")}
        found = recipe.changed(steps)
        if found.passes(width, height) <= passes or found.steps == 1:
            return found
        factor *= 0.99


def ran(pair: Pair, recipe: Recipe) -> tuple[Rgb, Values]:
    """Our picture, with the cost, the style's targets included."""
    backbone = _backbone(recipe.precision)
    content, style = pair.tensors
    watch, passes = Stopwatch(), 0.0

    def count(step: OptimisationStep) -> None:
        nonlocal passes
        with watch.paused():
            passes += step.picture()[0].numel() / content[0].numel()

    made = stylise(content, style_targets([style], [1.0], recipe, backbone), recipe, 0, backbone, count)
    return eight_bit(made.image), {"passes": passes, **watch.read()}


def duel(records: Records, peer: Peer, pair: Pair, changes: Values | None = None) -> Values:
    """Distances of both pictures by both networks, with our cost."""
    name = f"{peer.name}/{'faithful' if changes else 'duel'}-{pair.name}"
    about = {**peer.about, "pictures": pair.digest, "preset": PRESET.changed(changes or {}).digest(), **engine()}

    def fought() -> Values:
        theirs, peer_cost = peer.picture(pair)
        ours, cost = ran(pair, scaled(peer.passes(pair), pair, changes))
        save(ours, records.path(f"{name}.png"))
        found = {"theirs": theirs, "ours": ours}
        distances = {
            network: {who: judge.distances(rgb, pair) for who, rgb in found.items()}
            for network, judge in judges().items()
        }
        return {"distances": distances, "cost": {"ours": cost, "theirs": peer_cost}}

    return records.get(name, about, fought)


def against_pastiche(records: Records, step: int = KEPT) -> Peer:
    """Pastiche after so many steps, and passes of ours that cost as much CPU time."""

    def passes(pair: Pair) -> float:
        name = f"pastiche/cost-{pair.name}"
        found = records.get(name, {"pictures": pair.digest, **engine()}, lambda: {"ratio": _cost_ratio(pair)})
        return step * float(found["ratio"])

    def picture(pair: Pair) -> tuple[Rgb, Values]:
        point = curve(records, pair, step)[-1]
        return picture_at(records, pair, step), {**point, "passes": step}

    return Peer("pastiche", picture, passes, {"step": step})


def against_scales(records: Records, steps: int = style_peer_scales.STEPS) -> Peer:
    """The scheme of style-transfer-pytorch with so many steps at each size but its first."""

    def picture(pair: Pair) -> tuple[Rgb, Values]:
        name = f"style-transfer-pytorch/{pair.name}"
        file = records.path(f"{name}.png")

        def made() -> Values:
            rgb, cost = style_peer_scales.ran(pair, steps)
            save(rgb, file)
            return cost

        cost = records.get(name, {"steps": steps, "pictures": pair.digest, **machine()}, made)
        return load(file), cost

    passes = partial(style_peer_scales.passes, steps=steps)
    return Peer("style-transfer-pytorch", picture, lambda pair: passes(pair.size), {"steps": steps})


def rows(
    records: Records, peer: Peer, pairs: Sequence[Pair], what: str, changes: Values | None = None
) -> Iterator[Row]:
    """A row for each network that judges."""
    found = [duel(records, peer, pair, changes) for pair in pairs]
    cost = "; ".join(f"{who} {_cost(found, who)}" for who in ("ours", "theirs"))
    least = -(-WON[peer.name] * len(pairs) // 9)
    for network in judges():
        won = [_won(each["distances"][network]) for each in found]
        count = sum(style and content for style, content in won)
        styles, contents = (sum(kind) for kind in zip(*won, strict=True))
        shown = f"both nearer in {count} of {len(won)} (style in {styles}, content in {contents})"
        measured = f"{shown}; medians: {_medians(found, network)}; {cost}; {loads(found)}"
        yield Row(f"{what}, by {network}", measured, f"at least {least}", count >= least)


def pastiche_rows(records: Records, size: int, step: int = KEPT) -> Iterator[Row]:
    """Against pastiche, nine pairs."""
    what = f"`{DEFAULT_PRESET}` in the CPU time of pastiche's {step} steps, {size} px"
    yield from rows(records, against_pastiche(records, step), all_pairs(size), what)


def scales_rows(records: Records, size: int, steps: int = style_peer_scales.STEPS) -> Iterator[Row]:
    """Against style-transfer-pytorch's scheme, nine pairs."""
    what = (
        f"`{DEFAULT_PRESET}` against style-transfer-pytorch's scheme of {steps} steps a size, as many passes, {size} px"
    )
    peer = against_scales(records, steps)
    yield from rows(records, peer, all_pairs(size), what)
    yield from rows(records, peer, all_pairs(size), f"{what}, by weights as faithful as the peer's", FAITHFUL)


def _cost_ratio(pair: Pair) -> float:
    """What a pass of pastiche costs in passes of ours: CPU seconds, both in turns."""
    artist, short = Pastiche(pair), PRESET.changed({"size": pair.size, "steps": 3, "coarse_steps": 4})
    ran(pair, short)
    ratios: list[float] = []
    for _ in range(TURNS):
        watch = Stopwatch()
        for _ in range(DRAWN):
            artist.draw()
        theirs: float = watch.read()["cpu_seconds"] / DRAWN
        cost = ran(pair, short)[1]
        ratios.append(theirs * cost["passes"] / cost["cpu_seconds"])
    return statistics.median(ratios)


@cache
def _backbone(precision: str) -> Backbone:
    return for_recipe(PRESET.changed({"precision": precision}), torch.device("cpu"))


def _won(distances: Values) -> tuple[bool, bool]:
    ours, theirs = distances["ours"], distances["theirs"]
    return ours["style"] < theirs["style"], ours["content"] < theirs["content"]


def _medians(found: Sequence[Values], network: str) -> str:
    """Medians of both distances, ours and theirs."""
    both = {kind: [_median(found, network, who, kind) for who in ("ours", "theirs")] for kind in KINDS}
    return ", ".join(f"{kind} {ours} against {theirs}" for kind, (ours, theirs) in both.items())


def _median(found: Sequence[Values], network: str, who: str, kind: str) -> str:
    return f"{statistics.median(each['distances'][network][who][kind] for each in found):.2f}"


def _cost(found: Sequence[Values], who: str) -> str:
    costs = [each["cost"][who] for each in found]
    return f"{_range(costs, 'passes')} passes, {_range(costs, 'cpu_seconds')} CPU s"


def _range(found: Sequence[Values], key: str) -> str:
    low, high = (f"{most(each[key] for each in found):.0f}" for most in (min, max))
    return low if low == high else f"{low} to {high}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--scale-steps", type=int, default=style_peer_scales.STEPS, help="of style-transfer-pytorch")
    parser.add_argument("--curves", type=Path, default=cache_folder() / "style-curves")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    devices.make_deterministic(args.threads)
    records = Records(args.curves)
    show(pastiche_rows(records, args.size))
    show(scales_rows(records, args.size, args.scale_steps))


if __name__ == "__main__":
    main()
