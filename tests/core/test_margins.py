from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from core import image
from core.margins import artwork_alone, out_of_frame, trimmed, unframed

Rgb = NDArray[np.uint8]
STYLES = sorted((Path(__file__).parents[2] / "data" / "styles").glob("*.jpg"))


def noise(height: int, width: int, seed: int = 0) -> Rgb:
    """Soft noise."""
    coarse = np.random.default_rng(seed).integers(60, 200, (12, 15, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))


def in_a_frame(painting: Rgb, width: int, grey: int = 230) -> Rgb:
    """A painting in a bright frame, whose inner half is darker, before a white wall."""
    framed = np.pad(painting, ((width // 2,) * 2, (width // 2,) * 2, (0, 0)), constant_values=20)
    framed = np.pad(framed, ((width // 2,) * 2, (width // 2,) * 2, (0, 0)), constant_values=grey)
    return np.pad(framed, ((30, 30), (40, 40), (0, 0)), constant_values=255)


def test_trim_cuts_white_margins_and_spares_white_pictures() -> None:
    framed = np.full((100, 120, 3), 255, np.uint8)
    framed[20:80, 10:110] = 40
    assert trimmed(framed).shape == (60, 100, 3)
    white = np.full((10, 10, 3), 255, np.uint8)
    assert np.array_equal(trimmed(white), white)


def test_a_frame_is_cut_off_all_four_sides() -> None:
    framed = np.full((100, 200, 3), 90, np.uint8)
    framed[10:90, 20:180] = 40
    assert (unframed(framed, 0.1) == 40).all()
    assert unframed(framed, 0.1).shape == (80, 160, 3)
    assert unframed(framed, 0.0).shape == framed.shape


@pytest.mark.parametrize("width", [12, 40])
def test_a_frame_is_found_and_left_out_with_the_wall(width: int) -> None:
    found = artwork_alone(in_a_frame(noise(400, 520), width))
    assert 0.93 < found.shape[0] / 400 <= 1
    assert 0.93 < found.shape[1] / 520 <= 1
    assert set(np.unique(found)) & {20, 230, 255} <= set(np.unique(noise(400, 520)))


def test_what_has_no_frame_stays_whole() -> None:
    plain = noise(300, 400)
    horizon = plain.copy()
    horizon[:40], horizon[270:] = 220, 10  # a sky and a table: edges along two sides alone
    for picture in (plain, horizon, np.full((300, 400, 3), 90, np.uint8), in_a_frame(noise(20, 20), 6)[25:-25, 35:-35]):
        assert out_of_frame(picture) is picture


@pytest.mark.parametrize("size", [(1, 1), (3, 900), (64, 64), (65, 2000)])
def test_of_any_size_something_is_left(size: tuple[int, int]) -> None:
    assert min(artwork_alone(noise(*size)).shape) >= 1


@pytest.mark.parametrize("path", STYLES, ids=lambda path: path.stem)
def test_the_sample_artworks_have_no_frame(path: Path) -> None:
    rgb = trimmed(image.read(path).rgb)
    assert out_of_frame(rgb) is rgb
