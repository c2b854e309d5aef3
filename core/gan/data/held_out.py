"""Held-out pictures of a GAN: read, and told apart from the training pictures, since figures of shared ones are false."""

from __future__ import annotations

import os
from pathlib import Path

from core.gan.data.dataset import Dataset, load, load_mnist_test
from core.gan.networks.recipe import GanRecipe
from core.images import image
from core.progress import ProgressCallback
from core.storage.write_targets import is_same_file
from core.training.picture_checks import count_shared


def load_held_out(
    folder: Path,
    recipe: GanRecipe,
    max_pixels: int = image.MAX_PIXELS,
    tick: ProgressCallback | None = None,
    *,
    system_folders: bool = False,
) -> Dataset:
    """MNIST's test part if `folder` has its files, else what `load` finds there. Raises SpecError as it does."""
    found = load_mnist_test(folder, recipe)
    return found or load(folder, recipe, max_pixels, tick, system_folders=system_folders)


def overlap(data: Path, training: Dataset, folder: Path, held_out: Dataset) -> list[str]:
    """A sentence if pictures of the held-out `folder` are among those of `data`, with the reason where the folders tell."""
    shared = count_shared(training.pictures, held_out.pictures)
    if not shared:
        return []
    return [
        f"{shared:,} of {len(held_out):,} held-out pictures are in the data too{_reason(data, folder)}: they are trained "
        "on, and figures measured against them flatter; take them out of one of both."
    ]


def _reason(data: Path, folder: Path) -> str:
    """Why they are, in brackets; empty if neither folder lies in the other."""
    if is_same_file(data, folder):
        return " (both are one folder)"
    real, real_held_out = Path(os.path.realpath(data)), Path(os.path.realpath(folder))
    if real_held_out.is_relative_to(real):
        return " (their folder lies in it)"
    return " (it lies in their folder)" if real.is_relative_to(real_held_out) else ""
