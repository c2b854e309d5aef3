"""`nocturne evaluate-gan`: how good a checkpoint's samples are, and whether they copy what it was trained on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from core.config.spec_fields import check_out
from core.errors import SpecError
from core.gan.checkpoints.checkpoint import CheckpointInfo, read_info
from core.gan.data import dataset
from core.gan.data.batches import middle
from core.gan.data.held_out import load_held_out, overlap
from core.gan.metrics.features import (
    EfficientNetFeatures,
    FeatureNetwork,
    VggFeatures,
    efficientnet_side,
    rgb_of,
    vgg_side,
)
from core.gan.metrics.set_report import Reals, appraise, check_enough, document
from core.gan.networks.recipe import LANES, GanRecipe, SampleRecipe
from core.gan.sampling.sampler import Sampler
from core.images.pixel_types import RgbPictures
from core.networks import device as devices
from core.progress import ProgressCallback
from core.safe_text import printable
from core.storage.run_marks import EVALUATION
from flows.commands import evaluation_report
from flows.console import console
from flows.exit_codes import ALL_DONE
from flows.progress import BarSequence


def evaluate_gan(
    checkpoint: Path, data: Path, held_out: Path | None, samples: int, psi: float, out: Path | None, as_json: bool
) -> int:
    """Draw `samples` pictures, measure them, write the report folder, and print the figures. Returns the exit code.

    The folder, `<checkpoint>-evaluation` beside the checkpoint without `out`, gets evaluation.json, evaluation.md and
    nearest.html. Raises SpecError for a wrong checkpoint or data.
    """
    folder = out or checkpoint.with_name(f"{checkpoint.stem}-evaluation")
    check_out(folder, EVALUATION, evaluation_report.FILES)
    screen, info = console(as_json), read_info(checkpoint)
    recipe = _recipe(psi)
    devices.make_deterministic()
    device, seeds, size = devices.choose(), range(samples), info.recipe.size
    plain = info.recipe.changed({"conditional": False})  # pictures count here, not their classes
    with BarSequence(screen) as bars:
        training = dataset.load(data, plain, tick=bars("training pictures read"))
        others = _held_out(data, held_out, plain, bars("held-out pictures read"))
        shared = overlap(data, training, held_out or data, others) if others is not None else []
        _check(checkpoint, samples, training, others)
        drawn = _drawn(Sampler(checkpoint, device, recipe), seeds, bars("samples drawn"))
        networks: list[FeatureNetwork] = [
            EfficientNetFeatures(device, efficientnet_side(size)),
            VggFeatures(device, vgg_side(size)),
        ]
        appraisal = appraise(drawn, _reals(training, others, size), networks, bars)
    record = {
        **_facts(info, training, others, seeds, psi, shared),
        **document(appraisal, "training" if others is None else "held-out", seeds, training.names),
    }
    evaluation_report.write(folder, record, appraisal, drawn, training)
    if as_json:
        print(json.dumps({**record, "folder": str(folder)}))
    else:
        evaluation_report.show(screen, record, folder)
    return ALL_DONE


def _check(checkpoint: Path, samples: int, training: dataset.Dataset, others: dataset.Dataset | None) -> None:
    try:
        check_enough(samples, len(training), None if others is None else len(others))
    except ValueError as error:
        raise SpecError(f"{printable(str(checkpoint))} cannot be evaluated: {error}", "give more.") from error


def _recipe(psi: float) -> SampleRecipe:
    try:
        return SampleRecipe(psi=psi)
    except ValidationError as error:
        raise SpecError(f"--psi {psi:g}: {error.errors()[0]['msg']}.") from error


def _held_out(data: Path, held_out: Path | None, recipe: GanRecipe, tick: ProgressCallback) -> dataset.Dataset | None:
    """The pictures of the folder given, else MNIST's test digits where they lie beside the training ones."""
    if held_out is not None:
        return load_held_out(held_out, recipe, tick=tick)
    return dataset.load_mnist_test(data, recipe) if data.is_dir() else None


def _drawn(sampler: Sampler, seeds: Sequence[int], tick: ProgressCallback) -> RgbPictures:
    made = []
    for start in range(0, len(seeds), LANES):
        made.append(sampler.sample(seeds[start : start + LANES]))
        tick(min(start + LANES, len(seeds)), len(seeds))
    return np.concatenate(made)


def _reals(training: dataset.Dataset, others: dataset.Dataset | None, size: int) -> Reals:
    return Reals(
        rgb_of(middle(training.pictures, size)),
        rgb_of(training.pictures),
        None if others is None else rgb_of(middle(others.pictures, size)),
    )


def _facts(
    info: CheckpointInfo,
    training: dataset.Dataset,
    others: dataset.Dataset | None,
    seeds: range,
    psi: float,
    shared: list[str],
) -> dict[str, Any]:
    checkpoint = {
        "name": info.name,
        "digest": info.digest,
        "architecture": info.recipe.architecture,
        "size": info.recipe.size,
        "step": info.step,
    }
    return {
        "checkpoint": checkpoint,
        "data": {"training": len(training), "held_out": None if others is None else len(others)},
        "seeds": f"{seeds.start}-{seeds.stop - 1}",
        "psi": psi,
        "notes": [*shared, *evaluation_report.notes(info, training, others)],
    }
