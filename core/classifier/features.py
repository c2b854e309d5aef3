"""Wide features of labelled pictures, kept in chunks, so that a training that was killed does not see them again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from core.classifier.data import Example
from core.classifier.recipe import ClassifierRecipe
from core.errors import JobError
from core.images import image
from core.networks.feature_spec import WIDE_DIMS, WIDE_NAME
from core.networks.features import FeatureExtractor
from core.storage.store import Store

CHUNK = 32
"""Pictures in one file of features: seconds of work."""
FOLDER = "features"
LEAST_CROP = 0.8
"""Share of a side that a crop has at least."""
LIGHTER = 0.15
"""How much lighter or darker a crop is at most, as a share."""

Seen = Float[NDArray[np.float32], "k v 7616"]


def chunks(examples: Sequence[Example]) -> list[Sequence[Example]]:
    """The examples in the pieces that they are seen in."""
    return [examples[start : start + CHUNK] for start in range(0, len(examples), CHUNK)]


def chunk_name(examples: Sequence[Example], recipe: ClassifierRecipe) -> str:
    """Where the features of a chunk are kept: another picture, another view of it, and they are seen again."""
    views = [str(recipe.crops), str(recipe.seed)] if recipe.crops else ["0"]
    text = "\n".join([WIDE_NAME, *views, *(example.sha256 for example in examples)])
    return f"{FOLDER}/{hashlib.sha256(text.encode()).hexdigest()[:16]}.safetensors"


def kept(store: Store, name: str) -> Seen | None:
    """The features in a file of the store, or None if they are not there whole. What could not be read is NaN."""
    try:
        found = load_tensors(store.read(name))["wide"]
    except (OSError, SafetensorError, KeyError, ValueError):
        return None
    return found if found.ndim == 3 and found.shape[2] == WIDE_DIMS else None


def see(
    store: Store, examples: Sequence[Example], recipe: ClassifierRecipe, device: torch.device, max_pixels: int
) -> int:
    """Have the features of a chunk in the store. Returns how many of its pictures were read for it."""
    name = chunk_name(examples, recipe)
    if kept(store, name) is not None:
        return 0
    features = FeatureExtractor(device)
    found = np.stack([_seen(features.wide, example, recipe, max_pixels) for example in examples])
    store.put(name, save_tensors({"wide": found}))
    return len(examples)


def _seen(
    wide: Callable[[image.U8], NDArray[np.float32]], example: Example, recipe: ClassifierRecipe, max_pixels: int
) -> Float[NDArray[np.float32], "v 7616"]:
    try:
        rgb = image.read(example.file, max_pixels).rgb
    except JobError:
        return np.full((1 + recipe.crops, WIDE_DIMS), np.nan, np.float32)
    seed = int(example.sha256[:12], 16)
    rng = np.random.default_rng([seed, recipe.seed])
    return np.stack([wide(rgb), *(wide(crop(rgb, rng)) for _ in range(recipe.crops))])


def crop(rgb: image.U8, rng: np.random.Generator) -> image.U8:
    """A random part of a picture, at least LEAST_CROP of each side, somewhat lighter or darker."""
    height, width = rgb.shape[:2]
    tall, wide = (max(1, round(side * rng.uniform(LEAST_CROP, 1))) for side in (height, width))
    top, left = int(rng.integers(height - tall + 1)), int(rng.integers(width - wide + 1))
    gain = rng.uniform(1 - LIGHTER, 1 + LIGHTER)
    part = rgb[top : top + tall, left : left + wide].astype(np.float32) * gain
    return np.asarray(part.round().clip(0, 255), np.uint8)
