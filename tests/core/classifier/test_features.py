"""Features of labelled pictures: stored chunks, and random crops."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from core.classifier.data import load_pictures
from core.classifier.features import chunk_name, chunks, compute_chunk, crop, read_chunk
from core.classifier.recipe import ClassifierRecipe
from core.networks.feature_spec import WIDE_DIMS
from core.storage.store import Store
from tests.core.classifier.labelled import MOST, label_folder


def test_stored_features_are_not_computed_again(tmp_path: Path) -> None:
    folder = label_folder(tmp_path)
    store, recipe = Store(tmp_path / "out"), ClassifierRecipe(crops=1)
    pictures = load_pictures(folder, MOST).pictures
    (folder / "dog/c.png").write_bytes(b"gone bad")
    (chunk,) = chunks(pictures)
    assert compute_chunk(store, chunk, recipe, torch.device("cpu"), MOST) == 3
    assert compute_chunk(store, chunk, recipe, torch.device("cpu"), MOST) == 0
    found = read_chunk(store, chunk_name(chunk, recipe))
    assert found is not None
    assert found.shape == (3, 2, WIDE_DIMS)
    assert np.isfinite(found[:2]).all()
    assert np.isnan(found[2]).all()
    assert read_chunk(store, chunk_name(chunk, ClassifierRecipe())) is None
    store.put(chunk_name(chunk, recipe), b"cut off")
    assert read_chunk(store, chunk_name(chunk, recipe)) is None


def test_crops_stay_within_the_picture() -> None:
    rgb = np.full((50, 80, 3), 100, np.uint8)
    shapes, levels = set(), set()
    for seed in range(50):
        part = crop(rgb, np.random.default_rng(seed))
        shapes.add(part.shape)
        levels.update(np.unique(part).tolist())
    assert min(shape[0] for shape in shapes) >= 40
    assert max(shape[1] for shape in shapes) <= 80
    assert 85 <= min(levels) < 95 < 105 < max(levels) <= 115
    assert crop(rgb[:1, :1], np.random.default_rng(0)).shape == (1, 1, 3)
