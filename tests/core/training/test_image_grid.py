"""Sheets of samples, and time-lapses of them."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from core.training.image_grid import LONGEST_TIMELAPSE, grid, grid_png, timelapse


def test_a_grid_is_laid_out_row_by_row() -> None:
    pictures = np.stack([np.full((2, 3, 3), 10 * i, np.uint8) for i in range(5)])
    sheet = grid(pictures)
    assert sheet.shape == (4, 9, 3)
    assert sheet[0, ::3, 0].tolist() == [0, 10, 20]
    assert sheet[2, ::3, 0].tolist() == [30, 40, 255]


def test_small_grids_are_enlarged_by_whole_factors() -> None:
    png = grid_png(np.zeros((4, 30, 30, 3), np.uint8))
    with Image.open(io.BytesIO(png)) as picture:
        assert picture.size == (1020, 1020)


@pytest.mark.parametrize(("count", "frames"), [(1, 1), (3, 3), (LONGEST_TIMELAPSE + 1, LONGEST_TIMELAPSE // 2 + 1)])
def test_a_timelapse_has_every_grid_thinned_where_there_are_too_many(count: int, frames: int) -> None:
    grids = []
    for index in range(count):
        sink = io.BytesIO()
        noise = np.random.default_rng(index).integers(0, 256, (16, 16, 3), dtype=np.uint8)
        noise[4:12, 4:12] = index * 255 // count
        Image.fromarray(noise).save(sink, "PNG")
        grids.append(sink.getvalue())
    with Image.open(io.BytesIO(timelapse(grids))) as made:
        assert getattr(made, "n_frames", 1) == frames
        made.seek(frames - 1)
        grey = np.asarray(made.convert("L"))[7:9, 7:9].mean()
    assert abs(grey - (count - 1) * 255 // count) < 16  # the last grid is always there
