"""Contact sheets: every picture in its cell, labels that can be read, and dark cells for what is missing."""

import numpy as np
import pytest

from core.images.contact_sheet import (
    EMPTY,
    GAP,
    GROUND,
    LARGEST,
    LONGEST_SHEET,
    MARGIN,
    SMALLEST,
    U8,
    Label,
    contact_sheet,
)

COLUMNS = [Label("style_weight", value) for value in ("50", "250", "1000")]
ROWS = [Label("size", value) for value in ("256", "512")]


def plain(level: int, height: int = 60, width: int = 90) -> U8:
    return np.full((height, width, 3), level, np.uint8)


def cell(sheet: U8, row: int, column: int, rows: int, columns: int, size: tuple[int, int]) -> U8:
    """A cell, counted from the bottom right, where no labels are."""
    height, width = size
    bottom = sheet.shape[0] - MARGIN - (rows - 1 - row) * (height + GAP)
    right = sheet.shape[1] - MARGIN - (columns - 1 - column) * (width + GAP)
    return sheet[bottom - height : bottom, right - width : right]


def test_each_picture_is_in_its_cell_at_one_size() -> None:
    pictures = {(row, column): plain(100 + 40 * row + 10 * column) for row in range(2) for column in range(3)}
    pictures[1, 2] = plain(200, 120, 180)  # of another size
    del pictures[0, 1]
    sheet = contact_sheet(pictures, ROWS, COLUMNS, "cat in wave")
    size = (round(SMALLEST * 2 / 3), SMALLEST)
    for (row, column), picture in pictures.items():
        assert (cell(sheet, row, column, 2, 3, size) == picture[0, 0, 0]).all(), (row, column)
    assert (cell(sheet, 0, 1, 2, 3, size) == EMPTY).all()


@pytest.mark.parametrize(("rows", "columns"), [(ROWS, COLUMNS), ([], COLUMNS), (ROWS, [])])
def test_labels_are_bright_and_do_not_touch_the_pictures(rows: list[Label], columns: list[Label]) -> None:
    down, across = max(1, len(rows)), max(1, len(columns))
    pictures = {(row, column): plain(0) for row in range(down) for column in range(across)}
    sheet = contact_sheet(pictures, rows, columns, "t")
    for place in pictures:
        assert not cell(sheet, *place, down, across, (round(SMALLEST * 2 / 3), SMALLEST)).any(), "no ink on a picture"
    height, width = sheet.shape[:2]
    above = sheet[MARGIN + 30 : height - MARGIN - down * (round(SMALLEST * 2 / 3) + GAP), -SMALLEST:]
    beside = sheet[100:, : width - MARGIN - across * (SMALLEST + GAP)]
    assert bool(above.size and above.max() > 220) == bool(columns)
    assert bool(beside.max(initial=0) > 220) == bool(rows)


def test_large_pictures_are_shrunk_and_many_shrunk_further() -> None:
    one = contact_sheet({(0, 0): plain(9, 800, 1600)}, [], [], "")
    assert one.shape[1] == LARGEST + 2 * MARGIN
    many = [Label("seed", str(seed)) for seed in range(40)]
    wide = contact_sheet({(0, seed): plain(9, 800, 1600) for seed in range(40)}, [], many, "")
    assert wide.shape[1] <= LONGEST_SHEET + 40 * GAP + 2 * MARGIN


def test_a_label_that_is_too_long_stays_in_its_column() -> None:
    long = Label("style_layers", "relu1_1 relu2_1 relu3_1 relu4_1 relu5_1 " * 5)
    sheet = contact_sheet({(0, 0): plain(0), (0, 1): plain(0)}, [], [long, Label("style_layers", "")], "")
    second = cell(sheet, 0, 1, 1, 2, (round(SMALLEST * 2 / 3), SMALLEST))
    bottom = sheet.shape[0] - MARGIN - second.shape[0]
    between = sheet[:bottom, sheet.shape[1] - MARGIN - SMALLEST - GAP : sheet.shape[1] - MARGIN - SMALLEST]
    assert (between == GROUND).all()
