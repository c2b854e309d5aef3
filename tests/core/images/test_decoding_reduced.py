"""JPEGs that are decoded at a fraction of their size: the picture of the whole decoding, in less time."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data

from core.images import image
from core.images.verified_read import read_verified


def _jpeg(size: tuple[int, int], orientation: int = 1, mode: str = "RGB", **options: object) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = Image.fromarray(np.ascontiguousarray(data.coffee())).convert(mode)
    file = io.BytesIO()
    picture.resize(size, Image.Resampling.LANCZOS).save(file, "JPEG", quality=92, exif=exif, **options)  # type: ignore[arg-type]
    return file.getvalue()


def _read(jpeg: bytes, longest: int | None = None) -> image.Picture:
    return image.read_open(io.BytesIO(jpeg), "the picture", longest=longest)


@pytest.mark.parametrize("size", [(800, 600), (801, 599), (1237, 700), (511, 1603), (1600, 1600)])
@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_it_looks_like_the_whole_one_and_has_its_size(size: tuple[int, int], orientation: int) -> None:
    jpeg = _jpeg(size, orientation)
    whole, reduced = image.resized(_read(jpeg), 128), _read(jpeg, 128)
    assert reduced.size == whole.size
    assert image.resized(reduced, 128) is reduced
    assert np.abs(reduced.rgb.astype(float) - whole.rgb).mean() < 0.5


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_other_modes_and_progressive_ones_are_reduced_too(mode: str) -> None:
    jpeg = _jpeg((900, 640), mode=mode, progressive=True)
    assert np.abs(_read(jpeg, 128).rgb.astype(float) - image.resized(_read(jpeg), 128).rgb).mean() < 1


def test_what_is_not_much_larger_is_decoded_whole() -> None:
    jpeg = _jpeg((500, 400))
    assert np.array_equal(_read(jpeg, 128).rgb, _read(jpeg).rgb)
    assert _read(jpeg, 125).size == (125, 100)


def test_other_formats_are_decoded_whole() -> None:
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(data.coffee())).save(file, "PNG")
    assert _read(file.getvalue(), 64).size == (600, 400)


def test_one_that_lacks_only_its_end_mark_is_reduced() -> None:
    jpeg = _jpeg((800, 600))
    assert jpeg.endswith(b"\xff\xd9")
    assert np.array_equal(_read(jpeg[:-2], 128).rgb, _read(jpeg, 128).rgb)


def test_a_verified_picture_says_the_size_of_its_file(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    jpeg = _jpeg((801, 600), orientation=6)
    path.write_bytes(jpeg)
    found = read_verified(path, hashlib.sha256(jpeg).hexdigest(), 10**8, 100)
    assert (found.size, found.picture.size) == ((600, 801), (75, 100))
    assert read_verified(path, hashlib.sha256(jpeg).hexdigest(), 10**8).size == (600, 801)
