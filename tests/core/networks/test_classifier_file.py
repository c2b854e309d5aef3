"""Classifier files: what is written is read, verdicts and all; what is damaged is refused in a sentence."""

import json
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.errors import SpecError
from core.networks.classifier import Classifier, Outliers, label_sentence
from core.networks.classifier_file import file_bytes, read, resolve_path
from core.networks.feature_spec import DIMS, WIDE_DIMS


def classifier(**changes: object) -> Classifier:
    rng = np.random.default_rng(0)
    outliers = Outliers(np.zeros(DIMS, np.float32), np.eye(DIMS, 3, dtype=np.float32), 1.0, 2.0)
    weight = rng.normal(size=(WIDE_DIMS, 2)).astype(np.float32)
    plain = Classifier("c", ("cat", "dog"), weight, np.zeros(2, np.float32), 1.5, 0.8, outliers, {"accuracy": 0.9})
    return replace(plain, **changes)  # type: ignore[arg-type]


def written(folder: Path, one: Classifier, name: str = "c") -> Path:
    path = folder / f"{name}.safetensors"
    path.write_bytes(file_bytes(one))
    return path


def test_what_is_written_is_read(tmp_path: Path) -> None:
    one = classifier()
    found = read(written(tmp_path, one))
    wide = np.random.default_rng(1).random(WIDE_DIMS, np.float32)
    assert found.judge(wide) == one.judge(wide)
    assert found.figures == {"accuracy": 0.9}
    assert found.version == f"c@{found.digest}"


def test_tensors_in_any_order_of_memory_are_read_as_they_were(tmp_path: Path) -> None:
    basis = np.random.default_rng(2).random((3, DIMS), np.float32).T
    one = classifier(outliers=Outliers(np.zeros(DIMS, np.float32), basis, 1.0, 2.0))
    assert np.array_equal(read(written(tmp_path, one)).outliers.basis, basis)


def test_the_version_hangs_on_all_that_verdicts_do(tmp_path: Path) -> None:
    first = read(written(tmp_path, classifier())).digest
    assert read(written(tmp_path, classifier(), "other")).digest == first
    assert read(written(tmp_path, classifier(figures={}))).digest == first
    for change in ({"threshold": 0.7}, {"temperature": 1.0}, {"classes": ("a", "b")}, {"bias": np.ones(2, np.float32)}):
        assert read(written(tmp_path, classifier(**change))).digest != first


def test_a_verdict_below_the_threshold_or_far_away_is_not_known() -> None:
    still = np.zeros((WIDE_DIMS, 2), np.float32)
    wide = np.zeros(WIDE_DIMS, np.float32)
    unsure = classifier(weight=still, bias=np.array([0.1, 0], np.float32)).judge(wide)
    assert (unsure.label, unsure.known, unsure.outlier) == ("cat", False, False)
    assert "not known" in unsure.sentence()
    sure = classifier(weight=still, bias=np.array([9, 0], np.float32))
    assert sure.judge(wide).known
    far = sure.judge(wide + 9)
    assert (far.label, far.known, far.outlier) == ("cat", False, True)
    assert far.strangeness == pytest.approx(4.5)


def test_a_row_says_its_label_and_its_doubts() -> None:
    row = {"label": "cat", "probability": 0.912, "known": True, "outlier": False, "scorer": "c@1"}
    assert label_sentence(row) == "c@1 says cat with probability 0.91."
    assert "so this is a guess" in label_sentence({**row, "known": False})
    assert "unlike all" in label_sentence({**row, "known": False, "outlier": True})


def rewritten(path: Path, change: dict[str, object]) -> None:
    """The file with other notes."""
    data = path.read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + length])
    notes = json.loads(header["__metadata__"]["notes"])
    header["__metadata__"]["notes"] = json.dumps({**notes, **change})
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data[8 + length :])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"classes": ["cat", "cat"]}, "two classes have one name"),
        ({"classes": ["cat", "dog", "cow"]}, "no tensor weight of a classifier of 3 classes"),
        ({"temperature": 0}, "cannot be understood"),
        ({"limit": float("nan")}, "cannot be understood"),
        ({"features": "others"}, "trained on other features"),
    ],
)
def test_notes_that_do_not_fit_are_refused(tmp_path: Path, change: dict[str, object], words: str) -> None:
    path = written(tmp_path, classifier())
    rewritten(path, change)
    with pytest.raises(SpecError, match=words):
        read(path)


def test_what_is_no_classifier_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="There is no classifier 'genre'"):
        read("genre")
    with pytest.raises(SpecError, match="There is no classifier file"):
        read(tmp_path / "absent.safetensors")
    path = written(tmp_path, classifier(bias=np.array([np.nan, 0], np.float32)))
    with pytest.raises(SpecError, match="not a number"):
        read(path)
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(SpecError, match="cut off"):
        read(path)
    with pytest.raises(SpecError, match="no classifier of this version"):
        read(resolve_path("digits"))
