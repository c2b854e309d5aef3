"""What is in a file decides, not its suffix: in a scan, a plan, a survey, trainings and the single commands.

From public reports: darktable#11974, libheif#675 (JPEGs that phones and messengers call .JPEG_XL).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.classifier import data as classifier_data
from core.errors import Unreadable, Unsupported
from core.gan.data import dataset
from core.gan.networks.recipe import GanRecipe
from core.images.image import from_bytes, probe, read
from core.planning.catalog import load_catalog
from core.planning.file_digests import DigestCache
from core.planning.library import scan
from tests.pictures import animated_jpeg_xl, array, image, saved

SUFFIXES = (".HEIC", ".gif", ".bmp", ".avif", ".jp2", ".jxl", ".psd", ".svg", ".tga", ".nef")
JPEG_XL = animated_jpeg_xl()


def written(path: Path, format_: str = "JPEG") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(saved(image(), format_))
    return path


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP"])
def test_a_picture_under_any_suffix_is_read(tmp_path: Path, suffix: str, format_: str) -> None:
    path = written(tmp_path / f"a{suffix}", format_)
    assert (read(path).rgb == from_bytes(path.read_bytes()).rgb).all()
    assert [asset.problem for asset in scan(tmp_path).assets] == [None]
    measured = DigestCache(tmp_path / "cache").measure([str(path)], 10**6)[0]
    assert (measured.reason, measured.width) == (None, array().shape[1])


def test_a_scan_opens_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path / "a.heic")
    monkeypatch.setattr("builtins.open", lambda *_: pytest.fail("a file was opened"))
    monkeypatch.setattr("os.open", lambda *_: pytest.fail("a file was opened"))
    assert [asset.name for asset in scan(tmp_path).assets] == ["a.heic"]


def test_a_jpeg_xl_under_a_jpegs_suffix_is_called_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(JPEG_XL)
    measured = DigestCache(tmp_path / "cache").measure([str(tmp_path / "a.jpg")], 10**6)[0]
    assert measured.reason == "unsupported"
    assert "is an animated JPEG XL" in (measured.message or "")


@pytest.mark.parametrize(
    ("suffix", "words"), [(".tga", "a TGA file"), (".xbm", "an XBM file"), (".kdc", "a camera raw")]
)
def test_a_kind_without_marks_is_taken_by_its_suffix(tmp_path: Path, suffix: str, words: str) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(bytes(range(200)))
    with pytest.raises(Unsupported, match=words):
        probe(path)


def test_damage_under_another_suffix_is_damage(tmp_path: Path) -> None:
    (tmp_path / "cut.heic").write_bytes(saved(image(), "PNG")[:40])
    (tmp_path / "empty.heic").touch()
    for name in ("cut.heic", "empty.heic"):
        with pytest.raises(Unreadable):
            read(tmp_path / name)


def test_a_catalog_takes_an_artwork_of_another_suffix(tmp_path: Path) -> None:
    written(tmp_path / "wave.heic")
    assert [(style.name, style.problem) for style in load_catalog(tmp_path)] == [("wave", None)]


def test_trainings_take_pictures_of_another_suffix(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for name in ("cat/a.HEIC", "cat/b.gif", "dog/a.psd", "dog/b.bmp"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (32, 32, 3), np.uint8)).save(path, "JPEG")
    (tmp_path / "dog/real.jxl").write_bytes(JPEG_XL)
    learnt = dataset.load(tmp_path, GanRecipe(architecture="few_shot", size=64, channels=3, width=4))
    assert len(learnt) == 4
    assert [(skipped.name, skipped.reason) for skipped in learnt.skipped] == [("dog/real.jxl", "unsupported")]
    assert "is an animated JPEG XL" in learnt.skipped[0].message
    assert len(classifier_data.load_pictures(tmp_path, 10**6).pictures) == 4
