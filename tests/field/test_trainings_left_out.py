"""Every training says, before it begins, what it leaves out and what teaches nothing (vision#4925, vision#8297)."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.classifier import features
from core.classifier.data import load_pictures
from core.classifier.spec import TrainClassifierSpec
from core.classifier.training import LISTED, open_training
from core.errors import SpecError
from core.gan.data.dataset import load
from core.gan.networks.recipe import GanRecipe
from core.networks.feature_spec import WIDE_DIMS
from core.stylize.feedforward.train_recipe import TransferRecipe
from core.stylize.train import contents
from core.training.picture_checks import PictureChecks
from tests.conftest import Studio
from tests.pictures import animated_jpeg_xl

MOST = 10**6
NFC, NFD = "Caf\u00e9", unicodedata.normalize("NFD", "Caf\u00e9")


def data_of(studio: Studio) -> Path:
    """Two classes of four, and around them all that a folder of people has."""
    for label in ("a", "b"):
        for number in range(4):
            studio.picture(f"data/{label}/{number}.png", ord(label) * 10 + number)
    data = studio.root / "data"
    studio.picture("data/beside.png", 1)
    (data / "empty").mkdir()
    (data / "lost").mkdir()
    (data / "lost/x.png").write_bytes(b"no picture")
    (data / "a/phone.jxl").write_bytes(animated_jpeg_xl())
    (data / "a/link.png").symlink_to(studio.picture("elsewhere/z.png", 9))
    (data / "linked").symlink_to(studio.library)
    return data


@pytest.mark.parametrize(
    "words",
    [
        "beside.png lies beside the class folders",
        "class empty has no picture",
        "lost/x.png",
        "a/phone.jxl",
        "a/link.png is a link that leaves",
        "linked folder is not entered: linked",
    ],
)
def test_a_classifier_names_what_it_leaves_out_before_it_sees_a_picture(words: str, studio: Studio) -> None:
    data = data_of(studio)
    (data / "lost/y.png").write_bytes((data / "a/1.png").read_bytes())  # or it would be refused
    (data / "a/1.png").unlink()
    notes = load_pictures(data, MOST).skipped
    assert any(words in sentence for sentence in notes)


def test_a_classifier_says_so_before_its_features(studio: Studio) -> None:
    data = studio.root / "data"
    for label in ("a", "b"):
        for number in range(10):
            studio.picture(f"data/{label}/{number}.png", ord(label) * 10 + number)
    studio.picture("data/beside.png", 1)
    spec = TrainClassifierSpec.from_values({"data": str(data), "out": str(studio.out)}, "test")
    with open_training(spec) as training:
        assert training.notes() == ["beside.png lies beside the class folders; move it into one of them."]
        assert not (studio.out / "features").exists()


def test_a_gan_names_what_it_leaves_out(studio: Studio) -> None:
    data = data_of(studio)
    (data / "beside.png").unlink()
    found = load(data, GanRecipe(size=16))
    notes = " ".join(found.notes)
    assert "subfolder empty has no picture" in notes
    assert "subfolder lost has no picture" in notes
    assert "linked folder is not entered: linked" in notes
    assert {file.name for file in found.skipped} == {"lost/x.png", "a/phone.jxl", "a/link.png"}
    assert found.classes == ("a", "b")


def flat(path: Path, size: tuple[int, int], value: int = 7) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((size[1], size[0], 3), value, np.uint8)).save(path)


@pytest.mark.parametrize("kind", ["gan", "style"])
def test_pictures_that_teach_nothing_are_said_before_hours_are_spent(kind: str, studio: Studio) -> None:
    for number in range(3):
        studio.picture(f"data/{number}.png", number)
    flat(studio.root / "data/flat.png", (40, 40))
    flat(studio.root / "data/dot.png", (1, 1))
    if kind == "gan":
        notes = " ".join(load(studio.root / "data", GanRecipe(size=16)).notes)
    else:
        notes = " ".join(contents.load([studio.root / "data"], TransferRecipe()).notes)
    assert "2 of 5 pictures are of one colour all over" in notes
    assert "1 of 5 pictures are less than 16 pixels high or wide" in notes


def seeing(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> tuple[list[str], dict[int, list[str]]]:
    """What a classifier's training says while it sees the pictures of the data, and what it knows of them then."""
    monkeypatch.setattr(features, "FeatureExtractor", FakeExtractor)
    spec = TrainClassifierSpec.from_values({"data": str(studio.root / "data"), "out": str(studio.out)}, "test")
    said: list[str] = []
    with open_training(spec) as training:
        training.note = said.append
        for chunk in range(len(training.chunks)):
            training.compute_features(chunk)
        return said, training.plain


class FakeExtractor:
    """Features of no picture, at once."""

    def __init__(self, _: object) -> None: ...

    def wide(self, _: np.ndarray) -> np.ndarray:
        return np.zeros(WIDE_DIMS, np.float32)


def test_a_classifier_names_pictures_of_one_colour_as_it_sees_them(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    for label in ("a", "b"):
        for number in range(10):
            studio.picture(f"data/{label}/{number}.png", ord(label) * 10 + number)
    flat(studio.root / "data/b/flat.png", (40, 40))
    words = ["b/flat.png is of one colour all over: little can be learnt from it."]
    assert seeing(studio, monkeypatch) == (words, {0: words})
    again = seeing(studio, monkeypatch)  # its features are stored: the picture is not read again
    assert again == (words, {0: words})


def test_a_classifier_names_some_of_many_pictures_of_one_colour(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    for label in ("a", "b"):
        for number in range(20):
            flat(studio.root / f"data/{label}/{number}.png", (40, 40), ord(label) + 100 * (label == "b") + number)
    said, known = seeing(studio, monkeypatch)
    assert (len(said), [len(each) for each in known.values()]) == (LISTED, [32, 8])


def test_pictures_that_are_all_the_same_are_said(studio: Studio) -> None:
    first = studio.picture("data/0.png", 0)
    for number in (1, 2):
        (studio.root / f"data/{number}.png").write_bytes(first.read_bytes())
    assert "all 3 pictures are one and the same" in " ".join(load(studio.root / "data", GanRecipe(size=16)).notes)


def test_contents_that_are_held_out_and_trained_on_are_said(studio: Studio) -> None:
    for number in range(12):
        studio.picture(f"data/sub/{number:02}.png", number)
    data = studio.root / "data"
    (note,) = contents.load([data, data / "sub"], TransferRecipe()).notes
    assert "contents: 1 of 1 held-out pictures have copies that are trained on" in note
    assert contents.load([data], TransferRecipe()).notes == ()


def test_good_pictures_are_not_talked_about() -> None:
    checks = PictureChecks()
    for seed in range(3):
        checks.add(np.random.default_rng(seed).integers(0, 256, (32, 32, 3), dtype=np.uint8))
    assert checks.sentences() == []


def test_a_class_of_two_compositions_is_one(studio: Studio) -> None:
    for seed, name in enumerate((f"{NFC}/1.png", f"{NFD}/2.png", "b/3.png")):
        studio.picture(f"data/{name}", seed)
    assert len(load_pictures(studio.root / "data", MOST).classes) == 2
    assert len(load(studio.root / "data", GanRecipe(size=16)).classes) == 2


def test_a_class_that_lost_all_its_pictures_ends_a_conditional_training(studio: Studio) -> None:
    studio.picture("data/a/1.png", 1)
    studio.picture("data/a/2.png", 2)
    (studio.root / "data/b").mkdir()
    (studio.root / "data/b/x.png").write_bytes(b"no picture")
    with pytest.raises(SpecError, match="has no classes to learn apart"):
        load(studio.root / "data", GanRecipe(size=16, conditional=True))
