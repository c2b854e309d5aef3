"""Divergence checks of a GAN's training: D that wins, and mode collapse, in sentences that say what to do."""

from __future__ import annotations

from collections.abc import Sequence

from core.gan.networks.recipe import GanRecipe
from core.gan.train.metrics_row import GanMetricsRow

WINDOW = 10
"""Rows that a sign is read from: one alone may be chance."""

SURE = 0.98
"""Share of pictures judged rightly, real and made, from which D is winning."""

ALIKE = 0.35
"""Diversity of samples, relative to real pictures, under which G has collapsed."""


def warnings(rows: Sequence[GanMetricsRow], recipe: GanRecipe) -> list[str]:
    """What should be told of a training whose figures are `rows`, the latest last."""
    found = []
    late = rows[-WINDOW:]
    if len(late) == WINDOW and all(min(row.real_right, row.fake_right) > SURE for row in late):
        found.append(_winning(late[-1], recipe))
    measured = [row for row in rows if row.diversity is not None]
    if measured and (measured[-1].diversity or 0.0) < ALIKE and measured[-1].step > rows[-1].step // 2:
        found.append(_collapse(measured[-1]))
    return found


def _winning(row: GanMetricsRow, recipe: GanRecipe) -> str:
    if recipe.augment != "none":
        remedy = "give it more pictures, or raise --r1"
    else:
        remedy = "let it augment (--augment signal), or raise --r1"
    return (
        f"D is winning: at step {row.step:,} it tells {row.real_right:.0%} of real and {row.fake_right:.0%} of made "
        f"pictures apart, so G learns little; {remedy}."
    )


def _collapse(row: GanMetricsRow) -> str:
    return (
        f"G has collapsed: at step {row.step:,} its samples differ from each other by {row.diversity:.0%} of what real "
        "pictures do; go back to an earlier checkpoint with a lower --rate, or raise --r1."
    )
