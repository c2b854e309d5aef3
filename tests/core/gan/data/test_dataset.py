"""Data to learn from: folders with and without classes, MNIST's files, packaged digits, and what is wrong with any."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import SpecError
from core.gan.data import dataset
from core.gan.data.idx import read_idx
from core.gan.networks.recipe import GanRecipe
from tests.core.gan.idx_files import idx_bytes, write_mnist

COLOUR = GanRecipe(architecture="few_shot", size=64, channels=3, width=4)
GREY = GanRecipe(size=28)


def _save(path: Path, size: tuple[int, int] = (80, 60), colour: object = (200, 40, 40), mode: str = "RGB") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, colour).save(path)  # type: ignore[arg-type]
    return path


def test_subfolders_are_classes_and_order_is_by_name(tmp_path: Path) -> None:
    for name, colour in (("b/2.png", (0, 0, 255)), ("a/1.png", (255, 0, 0)), ("b/1.jpg", (0, 255, 0))):
        _save(tmp_path / name, colour=colour)
    data = dataset.load(tmp_path, COLOUR)
    assert data.names == ("a/1.png", "b/1.jpg", "b/2.png")
    assert data.classes == ("a", "b")
    assert data.labels is not None
    assert data.labels.tolist() == [0, 1, 1]
    assert data.pictures.shape == (3, 3, 64, 64)
    assert data.pictures[0, :, 32, 32].tolist() == [255, 0, 0]


def test_pictures_beside_folders_have_no_classes(tmp_path: Path) -> None:
    _save(tmp_path / "a/1.png")
    _save(tmp_path / "2.png")
    data = dataset.load(tmp_path, COLOUR)
    assert (data.classes, data.labels) == ((), None)
    with pytest.raises(SpecError, match="no classes to learn apart"):
        dataset.load(tmp_path, COLOUR.changed({"conditional": True}))


def test_mixed_sizes_and_modes_become_equal_squares(tmp_path: Path) -> None:
    _save(tmp_path / "wide.png", (300, 50))
    _save(tmp_path / "tall.png", (20, 90), 128, "L")
    _save(tmp_path / "clear.png", (70, 70), (10, 20, 30, 0), "RGBA")
    _save(tmp_path / "print.jpg", (64, 64), (0, 255, 255, 0), "CMYK")
    data = dataset.load(tmp_path, COLOUR)
    assert len(data) == 4
    clear = data.pictures[data.names.index("clear.png")]
    assert (clear == 255).all()  # nothing on white paper
    grey = dataset.load(tmp_path, GREY)
    assert grey.pictures.shape == (4, 1, 28, 28)


def test_the_middle_square_is_taken(tmp_path: Path) -> None:
    picture = np.zeros((60, 180, 3), np.uint8)
    picture[:, 60:120] = (0, 255, 0)
    Image.fromarray(picture).save(tmp_path / "a.png")
    _save(tmp_path / "b.png")
    pixels = dataset.load(tmp_path, COLOUR).pictures[0]
    assert (pixels[1, :, 4:-4] > 200).all()
    assert (pixels[0, :, 4:-4] < 50).all()


def test_broken_files_are_left_out_listed_and_part_of_the_digest(tmp_path: Path) -> None:
    for index in range(3):
        _save(tmp_path / f"{index}.png", colour=(index * 40, 0, 0))
    whole = dataset.load(tmp_path, COLOUR)
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 not much of a picture")
    (tmp_path / "raw.nef").write_bytes(bytes(16))
    found = dataset.load(tmp_path, COLOUR)
    assert found.names == whole.names
    assert {(file.name, file.reason) for file in found.skipped} == {
        ("broken.jpg", "unreadable"),
        ("raw.nef", "unsupported"),
    }
    assert all(file.name in file.message for file in found.skipped)
    assert found.digest != whole.digest


def test_the_digest_is_of_the_content(tmp_path: Path) -> None:
    for folder, colour in (("one", (9, 9, 9)), ("two", (9, 9, 9)), ("three", (9, 9, 10))):
        _save(tmp_path / folder / "a.png", colour=colour)
        _save(tmp_path / folder / "b.png")
    one, two, three = (dataset.load(tmp_path / name, COLOUR) for name in ("one", "two", "three"))
    assert one.digest == two.digest != three.digest


@pytest.mark.parametrize("count", [0, 1])
def test_nothing_to_learn_from(tmp_path: Path, count: int) -> None:
    (tmp_path / "notes.txt").write_text("no picture")
    for index in range(count):
        _save(tmp_path / f"{index}.png")
    with pytest.raises(SpecError, match=f"has {count} picture to learn from, and at least 2"):
        dataset.load(tmp_path, COLOUR)
    with pytest.raises(SpecError, match="is not a folder"):
        dataset.load(tmp_path / "absent", COLOUR)


@pytest.mark.parametrize("zipped", [False, True])
def test_mnist_files_plain_and_zipped(tmp_path: Path, zipped: bool) -> None:
    pixels = write_mnist(tmp_path, zipped=zipped)
    data = dataset.load(tmp_path, GREY)
    assert (data.pictures[:, 0] == pixels).all()
    assert data.labels is not None
    assert data.labels[:12].tolist() == [*range(10), 0, 1]
    assert data.classes == tuple("0123456789")
    padded = dataset.load(tmp_path, GREY.changed({"size": 32}))
    assert (padded.pictures[:, 0, 2:30, 2:30] == pixels).all()
    assert dataset.load_mnist_test(tmp_path, GREY) is None
    write_mnist(tmp_path, 10, "t10k", zipped)
    test = dataset.load_mnist_test(tmp_path, GREY)
    assert test is not None
    assert len(test) == 10


def test_packaged_digits_need_no_file() -> None:
    data = dataset.load("digits", GanRecipe(size=16))
    assert data.pictures.shape == (1797, 1, 16, 16)
    assert data.classes == tuple("0123456789")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "its header is empty"),
        (b"\x89PNG\r\n", "its header is 89504e47"),
        (b"\0\0\x0d\x03" + b"\0" * 40, "its header is 00000d03"),
        (b"\0\0\x08\x03\0\0", "ends within its header"),
        (struct.pack(">BBBB3I", 0, 0, 8, 3, 100, 28, 28) + b"\0" * 784, "promises 100 x 28 x 28 bytes and 784 follow"),
        (struct.pack(">BBBB3I", 0, 0, 8, 3, 2**32 - 1, 2**32 - 1, 2**32 - 1), "and 0 follow"),
        (gzip.compress(idx_bytes(np.zeros((2, 28, 28), np.uint8)), mtime=0)[:40], "cannot be read"),
    ],
)
def test_wrong_idx_files_say_what_is_wrong(tmp_path: Path, data: bytes, words: str) -> None:
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(data)
    with pytest.raises(SpecError, match=words) as caught:
        read_idx(path)
    assert str(path) in str(caught.value)


def test_labels_of_another_set_are_refused(tmp_path: Path) -> None:
    write_mnist(tmp_path, 10, zipped=False)
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx_bytes(np.zeros(7, np.uint8)))
    with pytest.raises(SpecError, match="do not belong together"):
        dataset.load(tmp_path, GREY)
