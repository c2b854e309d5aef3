"""Labelled pictures: folders and CSVs, what is left out of them and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.classifier.data import load_pictures
from core.errors import SpecError
from tests.core.classifier.labelled import MOST, label_folder, picture


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return label_folder(tmp_path)


def test_subfolders_are_classes_and_strays_have_none(folder: Path) -> None:
    found = load_pictures(folder, MOST)
    assert found.classes == ("cat", "dog")
    assert [(each.name, each.label) for each in found.pictures] == [
        ("cat/a.png", 0),
        ("cat/deep/b.png", 0),
        ("dog/c.png", 1),
    ]
    assert found.counts() == {"cat": 2, "dog": 1}


def test_a_csv_names_files_beside_it(folder: Path) -> None:
    (folder / "labels.csv").write_text("file,label\nstray.png,cow\ncat/a.png,cat\n\n")
    found = load_pictures(folder / "labels.csv", MOST)
    assert found.classes == ("cat", "cow")
    assert [each.name for each in found.pictures] == ["cat/a.png", "stray.png"]
    (folder / "labels.csv").write_text("file,label\nstray.png,\n")
    with pytest.raises(SpecError, match="line 2: it needs the columns file and label"):
        load_pictures(folder / "labels.csv", MOST)
    (folder / "labels.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SpecError, match="save it as UTF-8"):
        load_pictures(folder / "labels.csv", MOST)


def test_the_digest_hangs_on_pictures_and_labels_alone(folder: Path) -> None:
    before = load_pictures(folder, MOST).digest
    (folder / "cat/a.png").rename(folder / "cat/aa.png")
    assert load_pictures(folder, MOST).digest == before
    (folder / "cat/aa.png").rename(folder / "dog/a.png")
    assert load_pictures(folder, MOST).digest != before


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
        load_pictures(tmp_path / "data", MOST)


def test_copies_are_learnt_once_and_broken_pictures_are_said(folder: Path) -> None:
    (folder / "dog/copy.png").write_bytes((folder / "dog/c.png").read_bytes())
    (folder / "dog/broken.png").write_bytes(b"no picture")
    found = load_pictures(folder, MOST)
    assert found.counts() == {"cat": 2, "dog": 1}
    assert any("dog/broken.png" in file for file in found.skipped)
    assert any("dog/copy.png is the same picture as dog/c.png" in file for file in found.skipped)
