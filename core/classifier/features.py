"""Wide features of labelled pictures, stored in chunks, so that a killed training does not compute them again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from core.classifier.data import LabelledPicture
from core.classifier.recipe import ClassifierRecipe
from core.errors import JobError
from core.images import image
from core.networks.feature_spec import WIDE_DIMS, WIDE_NAME
from core.networks.features import FeatureExtractor
from core.storage.store import Store
from core.training.picture_checks import is_plain

CHUNK = 32
"""Pictures in one file of features: seconds of work."""
FOLDER = "features"
LEAST_CROP = 0.8
"""Share of a side that a crop has at least."""
LIGHTER = 0.15
"""How much lighter or darker a crop is at most, as a share."""

ViewFeatures = Float[NDArray[np.float32], "n v 7616"]
"""Wide features of pictures: of each as it is, then of its crops."""


def chunks(pictures: Sequence[LabelledPicture]) -> list[Sequence[LabelledPicture]]:
    """The pictures in pieces, whose features are computed and stored together."""
    return [pictures[start : start + CHUNK] for start in range(0, len(pictures), CHUNK)]


def chunk_name(pictures: Sequence[LabelledPicture], recipe: ClassifierRecipe) -> str:
    """Where the features of a chunk are kept: another picture or another view of it is another name."""
    views = [str(recipe.crops), str(recipe.seed)] if recipe.crops else ["0"]
    text = "\n".join([WIDE_NAME, *views, *(picture.digest for picture in pictures)])
    return f"{FOLDER}/{hashlib.sha256(text.encode()).hexdigest()[:16]}.safetensors"


def read_chunk(store: Store, name: str) -> ViewFeatures | None:
    """The features in a file of the store, or None if they are not there whole. What could not be read is NaN."""
    found = _stored(store, name).get("wide")
    return found if found is not None and found.ndim == 3 and found.shape[2] == WIDE_DIMS else None


def plain_pictures(
    store: Store, pictures: Sequence[LabelledPicture], recipe: ClassifierRecipe
) -> list[LabelledPicture]:
    """Those of a computed chunk that are of one colour all over; none where an earlier version computed it."""
    flags = _stored(store, chunk_name(pictures, recipe)).get("plain", ())
    return [picture for picture, is_one in zip(pictures, flags, strict=False) if is_one]


def _stored(store: Store, name: str) -> dict[str, NDArray[Any]]:
    """The tensors in a file of the store; none if it is not there whole."""
    try:
        return load_tensors(store.read(name))
    except (OSError, SafetensorError, KeyError, ValueError):
        return {}


def compute_chunk(
    store: Store, pictures: Sequence[LabelledPicture], recipe: ClassifierRecipe, device: torch.device, max_pixels: int
) -> int:
    """Put the features of a chunk into the store, unless they are there. Returns how many of its pictures were read."""
    name = chunk_name(pictures, recipe)
    if read_chunk(store, name) is not None:
        return 0
    features = FeatureExtractor(device)
    found = [_view_features(features.wide, picture, recipe, max_pixels) for picture in pictures]
    plain = np.array([is_one for _, is_one in found], np.uint8)
    store.put(name, save_tensors({"wide": np.stack([views for views, _ in found]), "plain": plain}))
    return len(pictures)


def _view_features(
    wide: Callable[[image.U8], NDArray[np.float32]], picture: LabelledPicture, recipe: ClassifierRecipe, max_pixels: int
) -> tuple[Float[NDArray[np.float32], "v 7616"], bool]:
    """The features of a picture and its crops, NaN if it cannot be read, and whether it is of one colour all over."""
    try:
        rgb = image.read(picture.file, max_pixels).rgb
    except JobError:
        return np.full((1 + recipe.crops, WIDE_DIMS), np.nan, np.float32), False
    seed = int(picture.digest[:12], 16)
    rng = np.random.default_rng([seed, recipe.seed])
    return np.stack([wide(rgb), *(wide(crop(rgb, rng)) for _ in range(recipe.crops))]), is_plain(rgb)


def crop(rgb: image.U8, rng: np.random.Generator) -> image.U8:
    """A random part of a picture, at least LEAST_CROP of each side, somewhat lighter or darker."""
    height, width = rgb.shape[:2]
    tall, wide = (max(1, round(side * rng.uniform(LEAST_CROP, 1))) for side in (height, width))
    top, left = int(rng.integers(height - tall + 1)), int(rng.integers(width - wide + 1))
    gain = rng.uniform(1 - LIGHTER, 1 + LIGHTER)
    part = rgb[top : top + tall, left : left + wide].astype(np.float32) * gain
    return np.asarray(part.round().clip(0, 255), np.uint8)
