"""Where the CPU time of a picture goes, by torch's profiler: the network, its losses, and all else that the engine
does.

The network alone is convolutions, ReLUs and poolings, forward and backward, with the copies that convolutions
themselves ask for. The network with losses is all inside an evaluation: the picture made ready, the network, moments,
losses and gradient. What is left are the optimiser's steps, frequency scaling, sizes, and the asset's features. Style
targets are made before.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterator, Sequence

import torch
from torch.autograd.profiler_util import EventList, FunctionEvent
from torch.profiler import ProfilerActivity, profile, record_function

import core.stylize.optimise.lanes
from core.config.presets import DEFAULT_PRESET, PRESETS
from core.networks.backbone import Backbone
from core.stylize.optimise.lanes import LossAndGradient, LossRequest, evaluate
from core.stylize.optimise.optimise import stylise
from core.stylize.optimise.recipe_backbone import for_recipe
from core.stylize.optimise.targets import style_targets
from figure_rows import Row
from style_pairs import matched_pairs
from style_records import Records, Values, engine

NETWORK = ("conv2d", "convolution", "Convolution", "relu", "Relu", "max_pool2d", "MaxPool2D")
LEAST = 0.92
WHOLE, EVALUATION = "whole", "evaluation"
SHOWN = 5


def profiled(size: int, steps: int) -> Values:
    """Shares of the time of one picture in the default preset, and what takes most of the rest."""
    pair = matched_pairs(size)[0]
    recipe = PRESETS[DEFAULT_PRESET].changed({"size": size, "steps": steps})
    backbone = for_recipe(recipe, torch.device("cpu"))
    content, style = pair.tensors
    targets = style_targets([style], [1.0], recipe, backbone)
    stylise(content, targets, recipe.changed({"steps": 1, "coarse_steps": 1}), 0, backbone)
    core.stylize.optimise.lanes.evaluate = _marked
    try:
        with profile(activities=[ProfilerActivity.CPU]) as found, record_function(WHOLE):
            stylise(content, targets, recipe, 0, backbone)
    finally:
        core.stylize.optimise.lanes.evaluate = evaluate
    return _shares(found.events())


def _shares(events: EventList) -> Values:
    """Shares of the whole: of the network alone, of evaluations, and of the ops that take most of the rest."""
    totals = {name: sum(each.cpu_time_total for each in events if each.name == name) for name in (WHOLE, EVALUATION)}
    network, rest = 0.0, Counter[str]()
    for event in events:
        if _in_network(event):
            network += event.self_cpu_time_total
        elif event.name != WHOLE:
            rest[_place(event)] += event.self_cpu_time_total
    return {
        "network": network / totals[WHOLE],
        "evaluation": totals[EVALUATION] / totals[WHOLE],
        "rest": [[name, spent / totals[WHOLE]] for name, spent in rest.most_common(SHOWN)],
    }


def _in_network(event: FunctionEvent | None) -> bool:
    """Whether an op is one of the network, or was called by one."""
    while event is not None:
        if any(word in event.name for word in NETWORK):
            return True
        event = event.cpu_parent
    return False


def _place(event: FunctionEvent) -> str:
    """An op's name, with that of the op that called it last of all but the engine."""
    name, above = event.name, event.cpu_parent
    while above is not None and above.cpu_parent is not None and above.cpu_parent.name not in (WHOLE, EVALUATION):
        above = above.cpu_parent
    outer = "" if above is None or above.name in (WHOLE, EVALUATION) else f" in {above.name}"
    return (name + outer).replace("aten::", "").replace("autograd::engine::evaluate_function: ", "")


def rows(records: Records, sizes: Sequence[int], steps: int = 24) -> Iterator[Row]:
    """A row for each size."""
    for size in sizes:
        about = {"size": size, "steps": steps, **engine()}
        found = records.get(f"profile/{size}", about, functools.partial(profiled, size, steps))
        rest = ", ".join(f"{name} {share:.1%}" for name, share in found["rest"])
        shown = (
            f"network alone {found['network']:.1%}, with losses {found['evaluation']:.1%}; most of the rest: {rest}; "
            f"load {found['load']:.1f}"
        )
        what = f"share of CPU time in the network, forward and backward, `{DEFAULT_PRESET}` at {size} px"
        yield Row(what, shown, f"at least {LEAST:.0%}", found["network"] >= LEAST)


def _marked(questions: Sequence[LossRequest], backbone: Backbone, lanes: int) -> list[LossAndGradient]:
    with record_function(EVALUATION):
        return evaluate(questions, backbone, lanes)
