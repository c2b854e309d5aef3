"""Held-out pictures that are trained on too, by their folder or by what is in them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from PIL import Image

from core.gan.data.dataset import load
from core.gan.data.held_out import load_held_out, overlap
from core.gan.networks.recipe import GanRecipe
from tests.conftest import Studio
from tests.core.gan.idx_files import write_mnist

RECIPE = GanRecipe(size=16)
WORDS = "held-out pictures are in the data too"


def said(data: Path, held_out: Path) -> str:
    return " ".join(overlap(data, load(data, RECIPE), held_out, load_held_out(held_out, RECIPE)))


@pytest.fixture
def data(studio: Studio) -> Path:
    """Six pictures, two of them in a subfolder."""
    for number, name in enumerate(("0", "1", "2", "3", "sub/4", "sub/5")):
        studio.picture(f"all/{name}.png", number)
    return studio.root / "all"


def test_one_folder_for_both_is_said(data: Path) -> None:
    (data.parent / "link").symlink_to(data)
    for held_out in (data, data.parent / "link"):
        assert f"6 of 6 {WORDS} (both are one folder)" in said(data, held_out)


def test_held_out_pictures_within_the_data_are_said(data: Path) -> None:
    assert f"2 of 2 {WORDS} (their folder lies in it)" in said(data, data / "sub")


def test_data_within_the_held_out_folder_is_said(data: Path) -> None:
    assert f"2 of 6 {WORDS} (it lies in their folder)" in said(data / "sub", data)


def test_copies_are_found_whatever_they_are_called(data: Path, studio: Studio) -> None:
    held_out = studio.root / "held"
    studio.picture("held/own.png", 99)
    shutil.copy(data / "3.png", held_out / "copy.png")
    with Image.open(data / "1.png") as picture:
        picture.save(held_out / "again.tif")
    assert f"2 of 3 {WORDS}:" in said(data, held_out)


def test_other_pictures_are_not_talked_about(data: Path, studio: Studio) -> None:
    studio.picture("held/8.png", 98)
    studio.picture("held/9.png", 99)
    assert said(data, studio.root / "held") == ""


def test_mnists_test_files_beside_its_training_files_are_held_out(tmp_path: Path) -> None:
    write_mnist(tmp_path, 40)
    assert f"40 of 40 {WORDS} (both are one folder)" in said(tmp_path, tmp_path)
    write_mnist(tmp_path, 12, "t10k")
    assert said(tmp_path, tmp_path) == ""
    assert len(load_held_out(tmp_path, RECIPE)) == 12
