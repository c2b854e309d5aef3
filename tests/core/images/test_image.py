"""Pictures in memory: resizing, writing, hashing, thumbnails; and that threads do not disturb each other."""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from core.errors import Unreadable, Unsupported
from core.images import image
from core.images.colour import icc
from core.images.formats import WRITABLE
from core.images.image import Picture, Size, encode, from_bytes, pixels_sha256, read, resized, thumbnail
from tests import icc_profiles, pictures
from tests.picture_checks import patches
from tests.pictures import COLOURS, array, jpeg, png, raw_tiff, saved

FORMATS = tuple(WRITABLE)


@pytest.fixture
def photo() -> Picture:
    """Smooth colours, as in a photograph, 120x80."""
    y, x = np.mgrid[0:80, 0:120]
    return Picture(np.dstack([x * 2, y * 3, 255 - x - y]).astype(np.uint8))


def with_alpha(picture: Picture, seed: int = 0) -> Picture:
    """The picture as it is read from a file with random alpha."""
    alpha = np.random.default_rng(seed).integers(0, 256, picture.rgb.shape[:2], dtype=np.uint8)
    rgba = Image.fromarray(np.dstack([picture.rgb, alpha]))
    return from_bytes(saved(rgba, "PNG"))


def test_picture_refuses_other_arrays() -> None:
    good = np.zeros((4, 5, 3), np.uint8)
    assert Picture(good).size == Size(5, 4) == (5, 4)
    for rgb in (good.astype(np.float32), good[..., 0], good[..., :2], good[:0]):
        with pytest.raises(ValueError, match="rgb must be"):
            Picture(rgb)
    for alpha in (good, good[:2, :, 0], good[..., 0].astype(np.int64)):
        with pytest.raises(ValueError, match="alpha must be"):
            Picture(good, alpha)


def test_what_is_read_may_be_written_to() -> None:
    for data in (png(), jpeg(exif=pictures.exif(6)), raw_tiff(array(COLOURS, np.uint16) * 257, 2)):
        picture = from_bytes(data)
        assert picture.rgb.flags.writeable
        assert picture.rgb.flags.c_contiguous


@pytest.mark.parametrize(
    ("size", "longest", "wanted"),
    [
        ((400, 300), 100, (100, 75)),
        ((300, 400), 100, (75, 100)),
        ((100, 75), 100, (100, 75)),
        ((50, 20), 100, (50, 20)),
        ((1000, 2), 100, (100, 1)),
        ((333, 250), 256, (256, 192)),
    ],
)
def test_resized_size(size: tuple[int, int], longest: int, wanted: tuple[int, int]) -> None:
    picture = resized(Picture(np.zeros((size[1], size[0], 3), np.uint8)), longest)
    assert picture.size == wanted


def test_resized_keeps_colours_apart_from_what_transparency_hides() -> None:
    rgb = np.zeros((64, 64, 3), np.uint8)
    rgb[:, :32] = (255, 0, 0)  # red and opaque; beside it, hidden, black
    alpha = np.zeros((64, 64), np.uint8)
    alpha[:, :32] = 255
    picture = resized(from_bytes(saved(Image.fromarray(np.dstack([rgb, alpha])), "PNG")), 21)
    written = np.asarray(Image.open(io.BytesIO(encode(picture, "png")))).astype(int)
    seen = written[written[..., 3] > 25]
    assert len(np.unique(picture.alpha)) > 2  # the edge is soft
    assert np.abs(seen[:, :3] - (255, 0, 0)).max() <= 12  # and red, neither dark nor pale


@pytest.mark.parametrize("kind", FORMATS)
def test_encode_is_deterministic_and_read_again(photo: Picture, kind: str) -> None:
    data = encode(photo, kind, 95, "stamp")
    assert data == encode(photo, kind, 95, "stamp")
    assert data != encode(photo, kind, 95, "other")
    again = from_bytes(data)
    assert again.size == photo.size
    assert np.abs(again.rgb.astype(int) - photo.rgb).mean() < (0.01 if kind == "png" else 1.5)


@pytest.mark.parametrize("kind", FORMATS)
def test_encode_in_another_process_gives_the_same_bytes(kind: str) -> None:
    code = f"""if True:
        import hashlib
        from core.images.image import encode, from_bytes
        from tests.pictures import png
        print(hashlib.sha256(encode(from_bytes(png()), {kind!r}, 90, "stamp")).hexdigest())
    """
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == hashlib.sha256(encode(from_bytes(png()), kind, 90, "stamp")).hexdigest()


@pytest.mark.parametrize("kind", FORMATS)
def test_outputs_carry_srgb(photo: Picture, kind: str) -> None:
    with Image.open(io.BytesIO(encode(photo, kind))) as written:
        assert written.info["icc_profile"] == icc.SRGB
    assert icc.SRGB[24:30] == bytes((7, 208, 0, 1, 0, 1))  # the date of its making never varies
    profile = ImageCms.ImageCmsProfile(io.BytesIO(icc.SRGB))
    assert "sRGB" in ImageCms.getProfileDescription(profile)


def test_jpeg_keeps_chroma(photo: Picture) -> None:
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2], stripes[:, 1::2] = (255, 0, 0), (0, 0, 255)
    again = from_bytes(encode(Picture(stripes), "jpg", 100))
    assert np.abs(again.rgb.astype(int) - stripes).mean() < 8  # with subsampling both would be purple


def test_quality_is_used(photo: Picture) -> None:
    for kind in ("jpg", "webp", "avif"):
        assert len(encode(photo, kind, 30)) < len(encode(photo, kind, 95))


@pytest.mark.parametrize("kind", ["png", "webp", "avif"])
def test_alpha_is_kept(photo: Picture, kind: str) -> None:
    picture = with_alpha(photo)
    again = from_bytes(encode(picture, kind, 100))
    assert again.alpha is not None
    assert (again.alpha == picture.alpha).all()
    if kind == "png":
        assert (again.rgb == picture.rgb).all()


def test_jpeg_of_alpha_is_the_picture_on_white() -> None:
    clear = Image.new("RGBA", (16, 16), (10, 20, 30, 0))
    again = from_bytes(encode(from_bytes(saved(clear, "PNG")), "jpg"))
    assert again.alpha is None
    assert again.rgb.min() >= 254


def test_a_computed_picture_with_alpha_looks_as_computed_on_white() -> None:
    rng = np.random.default_rng(3)
    alpha = np.full((20, 20), 128, np.uint8)
    computed = Picture(rng.integers(130, 256, (20, 20, 3), dtype=np.uint8), alpha)
    again = from_bytes(encode(computed, "png"))
    assert np.abs(again.rgb.astype(int) - computed.rgb).max() == 0


def test_what_is_fully_transparent_is_written_white() -> None:
    computed = Picture(np.full((4, 4, 3), 77, np.uint8), np.zeros((4, 4), np.uint8))
    with Image.open(io.BytesIO(encode(computed, "png"))) as written:
        assert written.getcolors() == [(16, (255, 255, 255, 0))]


def test_too_long_for_the_format() -> None:
    with pytest.raises(Unsupported, match="16,383"):
        encode(Picture(np.zeros((1, 16_384, 3), np.uint8)), "webp")
    with pytest.raises(Unsupported, match="32,768"):
        encode(Picture(np.zeros((1, 32_769, 3), np.uint8)), "avif")
    assert from_bytes(encode(Picture(np.zeros((1, 32_768, 3), np.uint8)), "avif")).size == (32_768, 1)
    assert from_bytes(encode(Picture(np.zeros((1, 16_384, 3), np.uint8)), "png")).size == (16_384, 1)


def test_hash_is_of_pixels_shape_and_alpha(photo: Picture) -> None:
    changed = photo.rgb.copy()
    changed[5, 5, 1] ^= 1
    turned = Picture(photo.rgb.reshape(photo.rgb.shape[1], photo.rgb.shape[0], 3))
    half, clear = (np.full(photo.rgb.shape[:2], value, np.uint8) for value in (128, 0))
    others = [Picture(changed), turned, Picture(photo.rgb, half), Picture(photo.rgb, clear)]
    hashes = {pixels_sha256(picture) for picture in (photo, *others)}
    assert len(hashes) == 5
    strided = Picture(np.repeat(photo.rgb, 2, axis=1)[:, ::2])
    assert pixels_sha256(strided) == pixels_sha256(photo)


def test_hash_is_the_documented_one() -> None:
    picture = Picture(np.arange(18, dtype=np.uint8).reshape(2, 3, 3))
    wanted = hashlib.sha256(b"3x2x3\n" + bytes(range(18))).hexdigest()
    assert pixels_sha256(picture) == pixels_sha256(encode(picture, "png")) == wanted


def test_a_picture_has_the_hash_of_its_png(photo: Picture) -> None:
    rng = np.random.default_rng(5)
    alphas = [rng.integers(0, 256, photo.rgb.shape[:2], dtype=np.uint8) for _ in range(3)]
    alphas += [np.full(photo.rgb.shape[:2], value, np.uint8) for value in (0, 1, 254, 255)]
    for alpha in alphas:  # computed pictures: any colour with any alpha
        picture = Picture(rng.integers(0, 256, photo.rgb.shape, dtype=np.uint8), alpha)
        assert pixels_sha256(picture) == pixels_sha256(encode(picture, "png"))


def test_hash_of_bytes_is_of_what_is_read(photo: Picture) -> None:
    for kind in FORMATS:
        for picture in (photo, with_alpha(photo)):
            data = encode(picture, kind, 80, "a stamp")
            assert pixels_sha256(data) == pixels_sha256(from_bytes(data))
            assert pixels_sha256(data) == pixels_sha256(encode(picture, kind, 80, "another"))
    assert pixels_sha256(encode(photo, "jpg", 80)) != pixels_sha256(photo)


def test_thumbnail(photo: Picture) -> None:
    data = thumbnail(photo, 60)
    assert data == thumbnail(photo, 60)
    with Image.open(io.BytesIO(data)) as small:
        assert (small.format, small.mode, small.size) == ("JPEG", "RGB", (60, 40))
    assert from_bytes(thumbnail(photo)).size == photo.size


def test_thumbnail_shows_transparency_as_neutral_grey() -> None:
    rgba = tuple((*colour, alpha) for colour, alpha in zip(COLOURS, (0, 255, 128, 0), strict=True))
    seen = patches(from_bytes(thumbnail(from_bytes(saved(pictures.image("RGBA", rgba), "PNG")))).rgb)
    half = tuple(round(value * 128 / 255 + 128 * 127 / 255) for value in COLOURS[2])
    assert np.abs(np.array(seen) - [(128,) * 3, COLOURS[1], half, (128,) * 3]).max() <= 4


def test_threads_give_what_one_thread_gives(tmp_path: Path) -> None:
    inks = tuple((*colour, 9) for colour in COLOURS)
    kinds = [
        png(icc_profile=icc_profiles.rgb(1.0)),
        jpeg(exif=pictures.exif(6)),
        raw_tiff(array(COLOURS, np.uint16) * 257, 2, deflate=True),
        raw_tiff(array(), 2, tags={259: ("H", [1, 1])}),  # Pillow warns of this one
        saved(pictures.image("CMYK", inks), "TIFF", icc_profile=icc_profiles.cmyk()),
        saved(pictures.image(), "WEBP"),
    ]
    paths = [tmp_path / str(number) for number in range(len(kinds))]
    for path, data in zip(paths, kinds, strict=True):
        path.write_bytes(data)
    alone = [pixels_sha256(read(path)) for path in paths]
    icc._transform.cache_clear()
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda path: pixels_sha256(read(path)), paths * 40))
    assert together == alone * 40


def test_torch_is_not_imported() -> None:
    code = "import sys, core.images.image, core.images.provenance; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_shipped_samples_are_read_and_the_broken_one_is_not() -> None:
    data = Path(image.__file__).parents[2] / "data"
    pictures = [*data.glob("assets/*.jpg"), *data.glob("styles/*.jpg")]
    good = [path for path in sorted(pictures) if path.name != "broken.jpg"]
    assert len(good) == 11
    for path in good:
        assert min(read(path).size) >= 256
        assert path.stat().st_size <= 250_000
    with pytest.raises(Unreadable, match="truncated"):
        read(data / "assets" / "broken.jpg")
