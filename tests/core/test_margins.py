import numpy as np

from core.margins import trimmed, unframed


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
