"""Folders that mirror the library: which picture goes with which asset, and what is said when none does."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image

from core.planning.file_digests import DigestCache, MeasuredFile, sha256_of
from core.planning.library import Asset, scan
from core.planning.mask_files import Companion, companions, in_proportion
from tests.conftest import Studio


@pytest.fixture
def masks(studio: Studio) -> Path:
    folder = studio.root / "masks"
    folder.mkdir()
    return folder


def found(studio: Studio, masks: Path) -> dict[str, Companion]:
    assets = scan(studio.library).assets
    measured = DigestCache().measure([os.path.join(studio.library, asset.file) for asset in assets], 10**8)
    both: list[tuple[Asset, MeasuredFile]] = list(zip(assets, measured, strict=True))
    answers = companions("mask", masks, both, 10**6, lambda *_: None)
    return dict(zip((asset.name for asset in assets), answers, strict=True))


def test_a_picture_of_any_suffix_and_size_goes_with_its_asset(studio: Studio, masks: Path) -> None:
    studio.picture("masks/cat.webp", 5, (400, 320))
    studio.picture("masks/trip/sea.png", 6, (16, 20))
    answers = found(studio, masks)
    assert answers["cat.jpg"].file == "cat.webp"
    assert answers["cat.jpg"].found == MeasuredFile(sha256_of(str(masks / "cat.webp")), 400, 320)
    assert answers["trip/sea.png"].found.reason is None


def test_none_is_missing_and_the_sentence_says_where_to_put_one(studio: Studio, masks: Path) -> None:
    studio.picture("masks/sea.png", 6, (16, 20))  # not in the asset's folder
    answers = found(studio, masks)
    assert answers["trip/sea.png"].found.reason == "missing"
    assert answers["trip/sea.png"].found.message == f"trip/sea.png has no mask; put one at {masks}/trip/sea.png."


def test_the_name_with_the_assets_own_suffix_comes_first(studio: Studio, masks: Path) -> None:
    studio.picture("library/cat.png", 9)
    studio.picture("masks/cat.png", 5)
    studio.picture("masks/cat.jpg.png", 6)
    answers = found(studio, masks)
    assert (answers["cat.jpg"].file, answers["cat.png"].file) == ("cat.jpg.png", "cat.png")


def test_two_are_refused(studio: Studio, masks: Path) -> None:
    studio.picture("masks/cat.png", 5)
    studio.picture("masks/cat.webp", 6)
    answer = found(studio, masks)["cat.jpg"].found
    assert answer.reason == "unsupported"
    assert answer.message == "cat.jpg has more than one mask: cat.png and cat.webp; leave one of them."


def test_other_proportions_are_refused(studio: Studio, masks: Path) -> None:
    studio.picture("masks/cat.png", 5, (32, 40))
    answer = found(studio, masks)["cat.jpg"].found
    assert answer.reason == "unsupported"
    assert answer.message == (
        f"mask {masks}/cat.png has 32x40 pixels and cat.jpg 40x32; make it of the same proportions."
    )


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: path.write_bytes(b"no picture at all"), "unreadable"),
        (lambda path: path.write_bytes(b""), "unreadable"),
        (lambda path: Image.new("L", (1250, 1000)).save(path), "too_large"),
        (lambda path: path.symlink_to("/etc/hostname"), "unsupported"),
    ],
)
def test_rubbish_has_a_reason(studio: Studio, masks: Path, make: object, reason: str) -> None:
    make(masks / "cat.png")  # type: ignore[operator]
    answer = found(studio, masks)["cat.jpg"].found
    assert answer.reason == reason
    assert "cat.png" in (answer.message or "")


def test_names_that_are_not_utf8_are_found(studio: Studio, masks: Path) -> None:
    odd = os.fsdecode(b"caf\xe9")
    studio.picture(f"library/{odd}.png", 9)
    studio.picture(f"masks/{odd}.png", 5)
    assert found(studio, masks)["caf%E9.png"].file == f"{odd}.png"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ((4000, 3000), (333, 250), True),
        ((333, 250), (4000, 3000), True),
        ((4000, 3000), (320, 256), False),
        ((1000, 1), (2000, 3), True),
        ((100, 100), (100, 102), False),
        ((100, 100), (100, 101), True),
    ],
)
def test_proportions_hold_to_the_pixel(one: tuple[int, int], other: tuple[int, int], same: bool) -> None:
    assert in_proportion(one, other) == in_proportion(other, one) == same
