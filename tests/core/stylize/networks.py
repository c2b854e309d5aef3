"""Network files of seeded random weights: no training is needed to test what is done with one."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from core.stylize.feedforward.train_recipe import TransferRecipe
from core.stylize.feedforward.trainable_model import TrainableModel
from core.stylize.feedforward.transfer_file import checkpoint_bytes, exported
from core.stylize.feedforward.transfer_info import KnownStyle

LOOK = 2944
"""Means and deviations of the five style layers of VGG-19."""
RECIPE = TransferRecipe(style_size=64, trim=False)


def seeded_model(styles: int, seed: int = 0) -> TrainableModel:
    """A network with `styles` embeddings that differ, and an identity that differs from them."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = TrainableModel(torch.rand(styles, LOOK)).requires_grad_(False)
        model.offsets.normal_(std=0.3)
        model.identity.normal_(std=0.3)
        torch.nn.init.normal_(model.predictor.widen.weight, std=0.1)
    return model


def whole_bytes(
    model: TrainableModel, styles: Sequence[KnownStyle], step: int = 3, recipe: TransferRecipe = RECIPE
) -> bytes:
    """A training's checkpoint of it."""
    return checkpoint_bytes(state_of(model), recipe, step, styles, {"pictures": 5}, {"best": 0.5})


def seeded_file(artworks: Sequence[str], recipe: TransferRecipe = RECIPE) -> bytes:
    """A shipped file that knows a style of each artwork (SHA-256, or a letter that stands for one)."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "whole.safetensors"
        styles = [known(sha[:8], (sha if len(sha) == 64 else sha * 64, 1.0)) for sha in artworks]
        path.write_bytes(whole_bytes(seeded_model(len(styles)), styles, recipe=recipe))
        return exported(path)


def state_of(model: TrainableModel) -> dict[str, Tensor]:
    """The tensors of a training that stands there, without its optimiser."""
    state = model.state_dict()
    return {f"{name}.{key}": value.clone() for name in ("stylist", "average") for key, value in state.items()}


def known(name: str, *artworks: tuple[str, float]) -> KnownStyle:
    """A style of artworks (SHA-256, weight)."""
    return KnownStyle(name=name, artworks=artworks, licence="public domain")
