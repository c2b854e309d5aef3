import numpy as np

from core.margins import trimmed


def test_trim_cuts_white_margins_and_spares_white_pictures() -> None:
    framed = np.full((100, 120, 3), 255, np.uint8)
    framed[20:80, 10:110] = 40
    assert trimmed(framed).shape == (60, 100, 3)
    white = np.full((10, 10, 3), 255, np.uint8)
    assert trimmed(white) is white
