"""An appraisal in words."""

from __future__ import annotations

from typing import Any

import pytest

from core.report.evaluation import evaluation_text, formatted


def measured(value: float, spread: float | None = 0.02) -> dict[str, float | None]:
    return {"value": value, "spread": spread}


def metrics(kid: float, fake: int) -> dict[str, Any]:
    figures = {name: measured(0.5) for name in ("precision", "recall", "density", "coverage")}
    numbers = {"real": 200, "fake": fake, "k": 5, "resamples": 30, "coverage_of_equals": 0.97, "fid": 41.2}
    return {"features": "network, 64 px", "kid": measured(kid), **figures, **numbers, "fid_warning": "FID is biased."}


def told(**changes: Any) -> dict[str, Any]:
    nearest = [
        {"seed": 4, "nearness": 0.9, "ratio": 0.9, "bits": 80, "training_picture": "far.jpg"},
        {"seed": 7, "nearness": 0.2, "ratio": 0.3, "bits": 16, "training_picture": "near|`<b>\x1b.jpg"},
    ]
    near = {"samples": 2, "copies": 1, "close": 0, "rate": 0.5, "nearest": nearest}
    checkpoint = {"name": "paintings", "digest": "ab12", "architecture": "few_shot", "size": 64, "step": 12000}
    plain = {"checkpoint": checkpoint, "seeds": "0-1", "psi": 1.0, "against": "held-out", "notes": ["A note."]}
    tables = {"metrics": [metrics(0.0312, 1000)], "training_as_samples": [metrics(0.0011, 950)]}
    return {**plain, **tables, "near_copies": near, **changes}


def test_every_figure_has_its_features_numbers_and_yardstick() -> None:
    text = evaluation_text(told())
    for words in (
        "## On network, 64 px",
        "1,000 samples against 200 held-out pictures",
        "| KID | 0.0312 ± 0.0200 | 0.0011 ± 0.0200 |",
        "| FID | 41.2 | 41.2 | FID is biased. |",
        "would get coverage 0.97",
        "- A note.",
        "step 12,000",
    ):
        assert words in text


def test_without_a_yardstick_the_table_has_a_column_less() -> None:
    text = evaluation_text(told(training_as_samples=[None], against="training"))
    assert "| KID | 0.0312 ± 0.0200 | distance" in text
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert {line.count("|") for line in rows} == {4}


def test_the_nearest_pair_is_told_and_names_break_no_table() -> None:
    text = evaluation_text(told())
    assert "1 of 2 samples (50.0%) are copies" in text
    assert "seed 7, at 0.30" in text
    assert "near%7C%60%3Cb%3E%1B.jpg" in text


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("kid", measured(0.01234, 0.001), "0.0123 ± 0.0010"),
        ("recall", measured(0.5, None), "0.50"),
        ("recall", None, "–"),
    ],
)
def test_figures_are_rounded_to_what_they_tell(key: str, value: Any, expected: str) -> None:
    assert formatted(key, value) == expected
