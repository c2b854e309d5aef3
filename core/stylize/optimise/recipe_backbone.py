"""Backbone of a recipe: the weights, layers, pooling, precision and smoothing that it names, on a device."""

from __future__ import annotations

import torch

from core.config.recipe import Recipe
from core.networks import device as devices
from core.networks.backbone import Backbone
from core.networks.weights import load


def for_recipe(recipe: Recipe, device: torch.device) -> Backbone:
    """The backbone that a recipe asks for, on a device. Raises SpecError for wrong weights or layers."""
    dtype = devices.dtype(recipe.precision, device)
    layers = (*recipe.content_layers, *recipe.style_layers)
    weights = load(recipe.weights, recipe.backbone)
    smoothing = (recipe.feature_smoothing, recipe.feature_temperature)
    return devices.laid_out(Backbone(weights, layers, recipe.pooling, dtype, *smoothing), device)
