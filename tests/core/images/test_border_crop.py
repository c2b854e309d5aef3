from pathlib import Path

import numpy as np
import pytest

from core.images import image
from core.images.border_crop import artwork_cropped, edges_cropped, frame_cropped, margins_cropped
from tests.core.images.framed import in_a_frame, noise

STYLES = sorted((Path(__file__).parents[3] / "data" / "styles").glob("*.jpg"))


def test_trim_cuts_white_margins_and_spares_white_pictures() -> None:
    framed = np.full((100, 120, 3), 255, np.uint8)
    framed[20:80, 10:110] = 40
    assert margins_cropped(framed).shape == (60, 100, 3)
    white = np.full((10, 10, 3), 255, np.uint8)
    assert np.array_equal(margins_cropped(white), white)


def test_a_frame_is_cut_off_all_four_sides() -> None:
    framed = np.full((100, 200, 3), 90, np.uint8)
    framed[10:90, 20:180] = 40
    assert (edges_cropped(framed, 0.1) == 40).all()
    assert edges_cropped(framed, 0.1).shape == (80, 160, 3)
    assert edges_cropped(framed, 0.0).shape == framed.shape


@pytest.mark.parametrize("width", [12, 40])
def test_a_frame_is_found_and_left_out_with_the_wall(width: int) -> None:
    painting = noise(400, 520)
    assert painting.min() > 20, "the frame has greys that the painting has not"
    assert painting.max() < 230
    found = artwork_cropped(in_a_frame(painting, width))
    assert 0.93 < found.shape[0] / 400 <= 1
    assert 0.93 < found.shape[1] / 520 <= 1
    assert painting.min() <= found.min()
    assert found.max() <= painting.max()


def test_what_has_no_frame_stays_whole() -> None:
    plain = noise(300, 400)
    horizon = plain.copy()
    horizon[:40], horizon[270:] = 220, 10  # a sky and a table: edges along two sides alone
    for picture in (plain, horizon, np.full((300, 400, 3), 90, np.uint8), in_a_frame(noise(20, 20), 6)[25:-25, 35:-35]):
        assert frame_cropped(picture) is picture


@pytest.mark.parametrize("size", [(1, 1), (3, 900), (64, 64), (65, 2000)])
def test_of_any_size_something_is_left(size: tuple[int, int]) -> None:
    assert min(artwork_cropped(noise(*size)).shape) >= 1


@pytest.mark.parametrize("path", STYLES, ids=lambda path: path.stem)
def test_the_sample_artworks_have_no_frame(path: Path) -> None:
    rgb = margins_cropped(image.read(path).rgb)
    assert frame_cropped(rgb) is rgb
