"""Methods of style transfer: the `algorithm` number of each, part of keys, and the recipe fields that it does not use."""

from __future__ import annotations

from typing import Literal

Method = Literal["optimise", "fast", "polish"]

ALGORITHM: dict[Method, int] = {"optimise": 3, "fast": 3, "polish": 3}
"""One integer per method, part of every key. Raise it when a golden-picture test changes."""

_STEPS = {"steps", "tile_steps", "patience", "tolerance", "polish_to", "optimiser", "rate", "low_frequencies"}
_COARSE = {"coarse_steps", "scale_ratio", "init"}
_LOSSES = {
    *("detail", "smooth", "backbone", "weights", "pooling", "feature_smoothing", "feature_temperature"),
    *("content_layers", "style_layers", "style_statistic", "layer_weights", "content_weight", "style_weight"),
}

UNUSED_FIELDS: dict[Method, frozenset[str]] = {
    "optimise": frozenset({"network", "polish_to"}),
    "fast": frozenset(_STEPS | _COARSE | _LOSSES),
    "polish": frozenset(_COARSE),
}
"""Fields of the recipe that do not decide pixels: they are no part of its hash, nor of keys."""
