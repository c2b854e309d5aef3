"""Eight pictures in one call of the network against one after the other, on the CPU, and the pixels of a lane among
others."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from core.config.presets import DEFAULT_PRESET, PRESETS
from core.config.recipe import Recipe
from core.stylize.optimise.optimise import OptimisationRequest, stylise_all
from core.stylize.optimise.recipe_backbone import for_recipe
from core.stylize.optimise.targets import StyleTargets, style_targets
from figure_rows import Row
from style_pairs import as_tensor, fitted, matched_pairs, painting, photograph
from style_records import Records, Stopwatch, Values, engine

LANES = 8
LEAST = 0.95
TURNS, WARM_UP = 3, 1


def recipe(size: int, steps: int, lanes: int) -> Recipe:
    """The default preset, for so many passes at each size."""
    return PRESETS[DEFAULT_PRESET].changed({"size": size, "steps": steps, "coarse_steps": steps, "lanes": lanes})


def contents(size: int, shift: int = 0) -> list[Tensor]:
    """Eight square pictures: parts of photographs, others for another shift."""
    whole = [as_tensor(fitted(photograph(pair.photograph), 2 * size)) for pair in matched_pairs(size)]
    found = []
    for number in range(LANES):
        picture = whole[number % len(whole)]
        top, left = (round((number + shift) * 0.07 * (side - size)) % (side - size + 1) for side in picture.shape[1:])
        found.append(picture[:, top : top + size, left : left + size].contiguous())
    return found


def painted(pictures: Sequence[Tensor], targets: StyleTargets, settings: Recipe) -> list[Tensor]:
    """All of them, in their own order."""
    backbone = for_recipe(settings, torch.device("cpu"))
    found = dict(
        stylise_all(
            [OptimisationRequest(each, targets, seed) for seed, each in enumerate(pictures)], settings, backbone
        )
    )
    return [found[number].image for number in range(len(pictures))]


def measured(size: int, steps: int) -> Values:
    """CPU seconds of eight pictures, one at a time and together, in turns."""
    targets = _targets(size, steps)
    pictures = contents(size)
    times: dict[int, list[Values]] = {1: [], LANES: []}
    for turn in range(TURNS + WARM_UP):
        for lanes, spent in times.items():
            watch = Stopwatch()
            painted(pictures, targets, recipe(size, steps if turn >= WARM_UP else 1, lanes))
            if turn >= WARM_UP:
                spent.append(watch.read())
    ratios = {
        clock: statistics.median(one[clock] / many[clock] for one, many in zip(times[1], times[LANES], strict=True))
        for clock in ("cpu_seconds", "seconds")
    }
    return {**ratios, "one": statistics.median(each["cpu_seconds"] for each in times[1])}


def neighbours(size: int, steps: int) -> Values:
    """How many of the lanes have the same bits beside seven other pictures, and alone."""
    targets, settings = _targets(size, steps), recipe(size, steps, LANES)
    pictures, others = contents(size), contents(size, shift=5)
    together, equal = painted(pictures, targets, settings), 0
    for lane in range(LANES):
        elsewhere = [pictures[lane] if number == lane else other for number, other in enumerate(others)]
        equal += torch.equal(painted(elsewhere, targets, settings)[lane], together[lane])
    (alone,) = painted(pictures[:1], targets, settings)
    return {"equal": equal, "alone": torch.equal(alone, together[0])}


def rows(records: Records, size: int, steps: int = 8) -> Iterator[Row]:
    """Speed, and equal pixels."""
    about = {"size": size, "steps": steps, **engine()}
    speed = records.get(f"lanes/speed-{size}", about, lambda: measured(size, steps))
    shown = f"{speed['cpu_seconds']:.2f}x by CPU time, {speed['seconds']:.2f}x by wall clock, load {speed['load']:.1f}"
    met = speed["cpu_seconds"] >= LEAST
    yield Row(f"`lanes` 8 on the CPU against one at a time, {size} px", shown, f"at least {LEAST}x", met)
    small = min(size, 96)
    pixels = records.get(f"lanes/pixels-{small}", {**about, "size": small}, lambda: neighbours(small, steps))
    shown = f"{pixels['equal']} of {LANES}; alone: {'equal' if pixels['alone'] else 'not equal'}"
    met = pixels["equal"] == LANES and pixels["alone"]
    yield Row(f"pixels of a lane beside other pictures, {small} px", shown, "all equal", met)


def _targets(size: int, steps: int) -> StyleTargets:
    settings = recipe(size, steps, 1)
    style = as_tensor(fitted(painting("starry_night"), size))
    return style_targets([style], [1.0], settings, for_recipe(settings, torch.device("cpu")))
