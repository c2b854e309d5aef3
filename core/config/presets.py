"""Presets: recipes of style transfer that have a name."""

from __future__ import annotations

from core.config.recipe import Recipe

_GOOD = Recipe(
    steps=24,
    coarse_steps=32,
    patience=20,
    tolerance=0.02,
    low_frequencies=0.5,
    start_noise=0.02,
    style_statistic="moments",
    layer_weights=(1.7, 1.4, 1.0, 0.6, 0.3),
    style_weight=260.0,
    precision="auto",
)

PRESETS: dict[str, Recipe] = {
    "gatys": Recipe(steps=300, style_statistic="gram", style_weight=1e6, precision="float32"),
    "draft": _GOOD.changed({"size": 256, "steps": 8, "coarse_steps": 20, "decoding": "reduced"}),
    "good": _GOOD,
    "best": _GOOD.changed({"steps": 80, "coarse_steps": 80}),
    "fast": _GOOD.changed({"method": "fast", "start_noise": 0.0, "decoding": "reduced"}),
    "polish": _GOOD.changed({"method": "polish", "start_noise": 0.0, "steps": 16}),
}
"""Named recipes. `gatys` is the paper's method as published; the others trade time for quality: `fast` is one pass of a
network, and `polish` a few steps from there.
"""

DEFAULT_PRESET = "good"

QUALITIES: dict[str, str] = {"draft": "fast", "good": "polish", "best": "best"}
"""The preset of each quality that a spec may ask for, from the quickest to the best-looking."""
