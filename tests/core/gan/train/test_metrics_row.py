"""GanStepMetrics and warnings of a GAN's training."""

from __future__ import annotations

import io
from dataclasses import replace

from PIL import Image

from core.gan.networks.recipe import GanRecipe
from core.gan.train import divergence_checks
from core.gan.train.metrics_row import ACROSS, PANELS, GanMetricsRow, metrics_row
from core.gan.train.trainer import GanStepMetrics
from core.training.metrics_log import csv_bytes, plot, read_rows

ROW = GanMetricsRow(100, 800, 1.2, 0.7, 0.8, 0.75, 0.5, 2e-4, 40.0)


def _rows(count: int, **values: float) -> list[GanMetricsRow]:
    return [replace(ROW, step=10 * (i + 1), pictures=80 * (i + 1), **values) for i in range(count)]  # type: ignore[arg-type]


def test_a_row_is_the_mean_of_its_steps() -> None:
    stretch = [GanStepMetrics(7, 1.0, 2.0, 0.5, 1.0, 0.1, 2e-4), GanStepMetrics(8, 3.0, 4.0, 1.0, 0.5, 0.2, 1e-4)]
    assert metrics_row(stretch, 16, 4.0) == GanMetricsRow(8, 128, 2.0, 3.0, 0.75, 0.75, 0.2, 1e-4, 8.0)


def test_rows_come_back_from_csv_up_to_a_step() -> None:
    rows = [*_rows(2), replace(ROW, step=30, kid=0.25, kid_spread=0.01, diversity=0.9)]
    data = csv_bytes(rows, GanMetricsRow)
    assert read_rows(data, 30, GanMetricsRow) == rows
    assert [row.step for row in read_rows(data, 20, GanMetricsRow)] == [10, 20]


def test_damaged_lines_of_the_csv_are_left_out() -> None:
    lines = csv_bytes(_rows(3), GanMetricsRow).splitlines()
    lines[2] = lines[2][: len(lines[2]) // 2]
    assert [row.step for row in read_rows(b"\n".join([*lines, b"\xff\xfe,,,"]), 99, GanMetricsRow)] == [10, 30]


def test_the_plot_is_a_picture_also_of_values_that_are_not_finite() -> None:
    rows = [*_rows(3), replace(ROW, g_loss=float("nan"), kid=0.5)]
    with Image.open(io.BytesIO(plot(rows, PANELS, ACROSS))) as picture:
        assert picture.format == "PNG"
        assert picture.convert("L").getextrema() == (0, 255)


def test_d_winning_is_told_after_a_window_and_not_before() -> None:
    recipe = GanRecipe()
    sure = _rows(divergence_checks.WINDOW, real_right=1.0, fake_right=0.995)
    assert divergence_checks.warnings(sure[1:], recipe) == []
    (told,) = divergence_checks.warnings(sure, recipe)
    assert told.startswith("D is winning: at step 100 it tells 100% of real and 100% of made")
    assert "--augment signal" in told
    assert "--augment" not in divergence_checks.warnings(sure, recipe.changed({"augment": "size"}))[0]
    assert divergence_checks.warnings([*sure[:-1], replace(sure[-1], fake_right=0.9)], recipe) == []


def test_collapse_is_told_of_the_latest_measure() -> None:
    fine, gone = replace(ROW, step=50, diversity=0.8), replace(ROW, step=90, diversity=0.1)
    (told,) = divergence_checks.warnings([fine, gone, ROW], GanRecipe())
    assert told.startswith(
        "G has collapsed: at step 90 its samples differ from each other by 10% of what real pictures do"
    )
    assert divergence_checks.warnings([gone, replace(fine, step=99), ROW], GanRecipe()) == []
