import json
import math
import time

from hypothesis import given
from hypothesis import strategies as st

from core.manifest.manifest import table
from core.report import data
from core.report.data import PREFIX, data_file
from core.safe_text import portable
from core.storage import run_paths
from tests.core.report.nights import HOSTILE, STARTED, done, failed, pending


def parsed(file: bytes) -> dict:
    text = file.decode("ascii")
    assert text.startswith(PREFIX)
    assert text.endswith(";\n")
    return json.loads(text[len(PREFIX) : -2])


def cells(document: dict, name: str) -> list:
    """One value a row, as the page's script reads it."""
    column = document["columns"][name]
    if isinstance(column, list):
        return column
    return [None if code < 0 else column["values"][code] for code in column["codes"]]


def outputs(document: dict) -> list[str]:
    heads = zip(cells(document, "style"), cells(document, "asset"), cells(document, "output"), strict=True)
    return [f"{style}/{asset}{cell[1:]}" if cell[0] == "*" else cell[1:] for style, asset, cell in heads]


def test_every_row_is_in_the_file_with_its_numbers_rounded():
    rows = [done("a.jpg", score=0.123456), failed("b.jpg", "timeout"), pending("c.jpg")]
    document = parsed(data_file(table(rows)))
    assert document["count"] == 3
    assert cells(document, "status") == ["done", "failed", "pending"]
    assert cells(document, "score") == [0.123, None, None]
    assert cells(document, "reason") == [None, "timeout", None]
    assert cells(document, "finished") == [int(STARTED.timestamp())] * 2 + [None]
    assert outputs(document) == [row["output"] for row in rows]


def test_numbers_that_json_has_no_word_for_become_null():
    document = parsed(data_file([done("a.jpg", score=math.nan, seconds=math.inf)]))
    assert (cells(document, "score"), cells(document, "seconds")) == ([None], [None])


def test_a_seed_keeps_all_its_digits():
    assert cells(parsed(data_file([done("a.jpg", seed=2**63 - 1)])), "seed") == [str(2**63 - 1)]


def test_hostile_names_come_back_as_they_are_and_cannot_end_the_script():
    rows = [done(name) for name in HOSTILE]
    file = data_file(rows)
    assert not set(b"<>&") & set(file)
    document = parsed(file)
    assert cells(document, "asset") == [portable(name) for name in HOSTILE]
    assert outputs(document) == [row["output"] for row in rows]


@given(st.lists(st.text(min_size=1, max_size=30), min_size=1, max_size=5), st.text(max_size=40))
def test_any_text_is_safe_in_a_script(names, message):
    rows = [failed(name, style=name, output=f"{name}.png", message=message) for name in names]
    file = data_file(rows)
    assert not set(b"<>&") & set(file)
    document = parsed(file)
    assert cells(document, "message") == [message] * len(names)
    assert outputs(document) == [portable(f"{name}.png") for name in names]


def test_thumbs_of_over_long_names_are_the_ones_on_disk():
    name = "x" * 240 + ".jpg"
    column = parsed(data_file([done(name)]))["columns"]["asset"]
    assert column["thumbs"] == [f"../{run_paths.asset_thumb(name)}"]
    assert len(column["thumbs"][0]) < 240


def test_over_the_limit_the_newest_rows_are_kept_in_their_order(monkeypatch):
    monkeypatch.setattr(data, "ROWS_LIMIT", 2)
    moments = [STARTED.replace(hour=hour) for hour in (3, 2, 5)]
    rows = [pending("z.jpg")] + [done(f"{moment.hour}.jpg", finished=moment) for moment in moments]
    assert cells(parsed(data_file(rows)), "asset") == ["3.jpg", "5.jpg"]


def test_five_thousand_rows_are_a_small_file_made_at_once():
    def file(assets: int) -> tuple[bytes, float]:
        rows = [done(f"trip/{n}.jpg", style) for n in range(assets) for style in ("a", "b", "c", "d", "e")]
        start = time.process_time()
        return data_file(table(rows)), time.process_time() - start

    small, quick = file(250)
    large, slow = file(1000)
    assert len(large) < 700_000
    assert len(large) < 5 * len(small)
    # Linear work takes 4 times as long, quadratic work 16 times; the rest is room for a busy machine.
    assert slow < max(10 * quick, 1.0)
