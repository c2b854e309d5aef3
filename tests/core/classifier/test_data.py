"""Labelled pictures: folders and CSVs, what is left out of them and what is refused; and how crops are seen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from core.classifier.data import load
from core.classifier.features import chunk_name, chunks, crop, kept, see
from core.classifier.recipe import ClassifierRecipe
from core.errors import SpecError
from core.networks.feature_spec import WIDE_DIMS
from core.storage.store import Store

MOST = 10**8


def picture(path: Path, grey: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (12, 9), grey).save(path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number, name in enumerate(["cat/a.png", "cat/deep/b.png", "dog/c.png", "stray.png"]):
        picture(tmp_path / "data" / name, 40 * number)
    return tmp_path / "data"


def test_subfolders_are_classes_and_strays_have_none(folder: Path) -> None:
    found = load(folder, MOST)
    assert found.classes == ("cat", "dog")
    assert [(each.name, each.label) for each in found.examples] == [
        ("cat/a.png", 0),
        ("cat/deep/b.png", 0),
        ("dog/c.png", 1),
    ]
    assert found.counts() == {"cat": 2, "dog": 1}


def test_a_csv_names_files_beside_it(folder: Path) -> None:
    (folder / "labels.csv").write_text("file,label\nstray.png,cow\ncat/a.png,cat\n\n")
    found = load(folder / "labels.csv", MOST)
    assert found.classes == ("cat", "cow")
    assert [each.name for each in found.examples] == ["cat/a.png", "stray.png"]
    (folder / "labels.csv").write_text("file,label\nstray.png,\n")
    with pytest.raises(SpecError, match="line 2: it needs the columns file and label"):
        load(folder / "labels.csv", MOST)
    (folder / "labels.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SpecError, match="give a CSV in UTF-8"):
        load(folder / "labels.csv", MOST)


def test_the_digest_hangs_on_pictures_and_labels_alone(folder: Path) -> None:
    before = load(folder, MOST).digest
    (folder / "cat/a.png").rename(folder / "cat/aa.png")
    assert load(folder, MOST).digest == before
    (folder / "cat/aa.png").rename(folder / "dog/a.png")
    assert load(folder, MOST).digest != before


def test_what_was_seen_is_not_seen_again(folder: Path, tmp_path: Path) -> None:
    store, recipe = Store(tmp_path / "out"), ClassifierRecipe(crops=1)
    examples = load(folder, MOST).examples
    (folder / "dog/c.png").write_bytes(b"gone bad")
    (chunk,) = chunks(examples)
    assert see(store, chunk, recipe, torch.device("cpu"), MOST) == 3
    assert see(store, chunk, recipe, torch.device("cpu"), MOST) == 0
    found = kept(store, chunk_name(chunk, recipe))
    assert found is not None
    assert found.shape == (3, 2, WIDE_DIMS)
    assert np.isfinite(found[:2]).all()
    assert np.isnan(found[2]).all()
    assert kept(store, chunk_name(chunk, ClassifierRecipe())) is None
    store.put(chunk_name(chunk, recipe), b"cut off")
    assert kept(store, chunk_name(chunk, recipe)) is None


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


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "has 0 classes"),
        ({"a/1.png": 0, "a/2.png": 9}, "has 1 classes"),
        ({"a/1.png": 0, "b/1.png": 0}, "are one picture with two labels"),
        ({"a/1.png": 0, f"{'b' * 201}/1.png": 9}, "longer than 200 characters"),
    ],
)
def test_what_has_no_two_classes_is_refused(tmp_path: Path, files: dict[str, int], words: str) -> None:
    (tmp_path / "data").mkdir()
    for name, grey in files.items():
        picture(tmp_path / "data" / name, grey)
    with pytest.raises(SpecError, match=words):
        load(tmp_path / "data", MOST)


def test_copies_are_learnt_once_and_broken_pictures_are_said(folder: Path) -> None:
    (folder / "dog/copy.png").write_bytes((folder / "dog/c.png").read_bytes())
    (folder / "dog/broken.png").write_bytes(b"no picture")
    found = load(folder, MOST)
    assert found.counts() == {"cat": 2, "dog": 1}
    assert len(found.faults) == 2
    assert any("dog/copy.png is the same picture as dog/c.png" in fault for fault in found.faults)
