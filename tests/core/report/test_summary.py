import math

import pyarrow as pa
import pytest

from core.manifest.manifest import table
from core.report.summary import SCORE_BINS, duration, summarise
from tests.core.report.nights import done, failed, pending

ROWS = [
    done("a.jpg", "wave", score=0.2, seconds=10.0),
    done("b.jpg", "wave", score=0.9, seconds=20.0),
    done("a.jpg", "scream", score=0.4, seconds=30.5),
    failed("c.jpg", "timeout", style="scream", seconds=300.0),
    failed("d.jpg", "unreadable"),
    failed("e.jpg", "unreadable"),
    pending("f.jpg", style="scream"),
    done("g.jpg", "scream", status="rejected", reason="low_score", message="g.jpg scores 0.01.", score=0.01),
]


@pytest.mark.parametrize("rows", [ROWS, table(ROWS)], ids=["dicts", "arrow"])
def test_counts_reasons_times_and_median(rows):
    summary = summarise(rows)
    assert (summary.total, summary.done, summary.failed) == (8, 3, 3)
    assert (summary.pending, summary.rejected, summary.assets) == (1, 1, 7)
    assert list(summary.reasons.items()) == [("unreadable", 2), ("low_score", 1), ("timeout", 1)]
    assert summary.seconds == pytest.approx(372.5)
    assert summary.median_score == pytest.approx(0.3)


def test_each_style_has_its_own_tally():
    styles = summarise(ROWS).styles
    assert list(styles) == ["scream", "wave"]
    assert (styles["wave"].total, styles["wave"].done, styles["wave"].failed) == (4, 2, 2)
    assert styles["wave"].median_score == pytest.approx(0.55)
    assert (styles["scream"].pending, styles["scream"].rejected) == (1, 1)


def test_scores_and_times_that_were_not_measured_do_not_count():
    rows = [
        done("a.jpg", score=math.nan, seconds=None),
        done("b.jpg", score=None, seconds=math.nan),
        done("c.jpg", score=0.8, seconds=1.0),
    ]
    summary = summarise(table(rows))
    assert summary.median_score == pytest.approx(0.8)
    assert summary.seconds == pytest.approx(1.0)
    assert sum(summary.histogram) == 1


def test_the_histogram_covers_both_ends():
    rows = [done(f"{place}.jpg", score=score) for place, score in enumerate((0.0, 1.0, 1.0))]
    histogram = summarise(rows).histogram
    assert (len(histogram), histogram[0], histogram[-1], sum(histogram)) == (SCORE_BINS, 1, 2, 3)


@pytest.mark.parametrize("rows", [[], table([]), pa.table({"status": pa.array([], pa.string())})])
def test_a_run_with_no_rows_is_all_zero(rows):
    summary = summarise(rows)
    assert (summary.total, summary.failed, summary.seconds, summary.styles) == (0, 0, 0, {})
    assert summary.median_score is None


def test_columns_that_are_absent_are_unknown():
    summary = summarise(pa.table({"status": ["done", "failed"]}))
    assert (summary.done, summary.reasons, summary.median_score) == (1, {"internal": 1}, None)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.04, "0.0 s"),
        (9.44, "9.4 s"),
        (59.6, "1 min"),
        (75, "1 min 15 s"),
        (7_260, "2 h 1 min"),
        (90_000, "1 d 1 h"),
    ],
)
def test_durations_read_as_two_units(seconds, words):
    assert duration(seconds) == words
