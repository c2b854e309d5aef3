"""Parts and manifests: any bytes are rows that everything else can work with, or one sentence that names the file."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import NocturneError
from core.manifest import checked_parquet, manifest
from core.manifest.part_files import csv_bytes, parquet_bytes
from core.manifest.schema import SCHEMA
from core.manifest.thrift_compact import Reader
from core.report.data import data_file
from core.report.gallery import build_gallery
from core.report.summary import summarise
from core.storage.run_paths import MANIFEST, output_path
from core.storage.store import Store
from tests.faults.hostile_text import unsafe
from tests.properties.kit import examples, read_or_refused, refusal, spoilt

NOW = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
ROWS: list[dict[str, Any]] = [
    {
        **{"output": f"wave/{place}.jpg.png", "key": f"{place:064x}", "asset": f"{place}.jpg", "style": "wave"},
        **{"status": "done" if place % 2 else "failed", "seed": place, "losses": [1.0, 2.0], "finished": NOW},
        **{"reason": None if place % 2 else "unreadable", "seconds": 0.5, "score": 0.25, "attempt": 1},
    }
    for place in range(6)
]
WHOLE = parquet_bytes(manifest.table(ROWS))
PART = "parts/00000000000001-ab.parquet"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    made = Store(tmp_path_factory.mktemp("manifests") / "run")
    made.put("spec.toml", b"")
    return made


def read(store: Store, data: bytes, name: str = PART) -> pa.Table | None:
    """The rows of a run with this one file; None if they were refused."""
    for other in (PART, MANIFEST):
        store.remove(other)
    store.path(name).parent.mkdir(exist_ok=True)
    store.path(name).write_bytes(data)
    rows = read_or_refused(lambda: manifest.read(store), store.path(name))
    if rows is not None:
        assert rows.schema.names == SCHEMA.names
        assert all(row["output"] is not None for row in rows.to_pylist())
    return rows


@examples(150)
@given(data=st.one_of(spoilt(WHOLE), st.binary(max_size=100), spoilt(WHOLE[-6000:]).map(lambda end: b"PAR1" + end)))
def test_any_bytes(store: Store, data: bytes) -> None:
    read(store, data)


def test_the_whole_one_is_read(store: Store) -> None:
    for name in (PART, MANIFEST):
        rows = read(store, WHOLE, name)
        assert rows is not None
        assert rows.equals(manifest.table(ROWS))


def column(values: Any, name: str = "message", rows: int = 1, **options: Any) -> bytes:
    """A part with this column, and whatever else a part needs."""
    needed = manifest.table([{"output": f"{row}", "key": "k", "status": "done"} for row in range(rows)])
    sink = pa.BufferOutputStream()
    table = needed.set_column(needed.schema.get_field_index(name), name, values)
    pq.write_table(table, sink, compression="zstd", **options)
    return bytes(sink.getvalue())


def rows_without_end() -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"seed": pa.nulls(5_000_000, pa.int64())}), sink, compression="zstd")
    return bytes(sink.getvalue())


def inflating() -> bytes:
    return column(pa.array(["x" * (5 << 20)]), use_dictionary=False)


def claiming() -> bytes:
    """The first page says that it is of two gigabytes."""
    data = column(pa.array(["y"]))
    first = data.index(b"\x15") + 2  # behind the first field of the first page, its kind
    reader = Reader(data, first + 1)
    reader._whole()
    lie = b"\xfe\xff\xff\xff\x0f"
    return data[: first + 1] + lie + data[reader.at :]


def repeating() -> bytes:
    """A text of a hundred kilobytes that a thousand rows have."""
    rows = 1_000
    values = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), pa.array(["z" * 100_000]))
    return column(values, rows=rows)


BOMBS: dict[str, tuple[Callable[[], bytes], str]] = {
    "rows": (rows_without_end, "5,000,000 rows"),
    "page": (inflating, "bytes and"),
    "claim": (claiming, "2,147,483,647 bytes and"),
    "texts": (repeating, "bytes of text"),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_small_file_asks_for_much(store: Store, bomb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checked_parquet, "MOST_BYTES", 4 << 20)  # so that the test itself need not make gigabytes
    make, words = BOMBS[bomb]
    data = make()
    assert len(data) < 60_000
    store.put(PART, data)
    before = pa.total_allocated_bytes()
    with pytest.raises(NocturneError, match=words) as caught:
        manifest.read(store)
    refusal(caught.value, store.path(PART))
    assert pa.total_allocated_bytes() - before < 64 << 20
    store.remove(PART)


def test_a_list_without_end(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checked_parquet, "MOST_ROWS", 100)
    assert read(store, column(pa.array([[1.0] * 64], pa.list_(pa.float32())), "losses")) is not None
    assert read(store, column(pa.array([[1.0] * 500_000], pa.list_(pa.float32())), "losses")) is None


def test_values_that_are_none(store: Store) -> None:
    latin = pa.Array.from_buffers(pa.string(), 1, [None, pa.py_buffer(b"\0\0\0\0\4\0\0\0"), pa.py_buffer(b"caf\xe9")])
    assert read(store, column(latin)) is None
    assert read(store, column(pa.array([2**62], pa.timestamp("ms", "UTC")), "finished")) is None
    for name in ("output", "key", "status"):
        assert read(store, column(pa.nulls(1, pa.string()), name)) is None
    assert read(store, column(pa.array(["one"]), "seed")) is None
    assert read(store, column(pa.array([b"\xff"]), "message")) is None


def test_a_column_more_does_no_harm_and_a_needed_one_less_does(store: Store) -> None:
    whole = manifest.table(ROWS)
    more = whole.append_column("later", pa.array(["x"] * len(ROWS)))
    found = read(store, parquet_bytes(more))
    assert found is not None
    assert found.equals(whole)
    assert read(store, parquet_bytes(whole.drop_columns(["key"]))) is None


TEXTS = st.one_of(st.none(), st.text(max_size=20), st.sampled_from(["<script>alert(1)</script>", "\x1b[2J", "../../x"]))
NUMBERS = st.one_of(st.none(), st.floats(width=32))
ANY_ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "output": st.text(max_size=30),
            "key": st.text(max_size=5),
            "status": st.sampled_from(("done", "failed", "x")),
        },
        optional={
            **dict.fromkeys(("asset", "style", "reason", "message", "preset", "engine", "recipe"), TEXTS),
            **dict.fromkeys(("score", "seconds", "style_distance", "loss"), NUMBERS),
            "losses": st.lists(st.floats(width=32), max_size=3),
            "finished": st.datetimes(timezones=st.just(datetime.UTC)),
            "width": st.integers(-(2**31), 2**31 - 1),
        },
    ),
    max_size=4,
    unique_by=lambda row: row["output"],
)


@examples(100)
@given(rows=ANY_ROWS)
def test_any_values_can_be_written_read_and_shown(store: Store, rows: list[dict[str, Any]]) -> None:
    try:
        whole = parquet_bytes(manifest.table(rows))
    except (UnicodeEncodeError, pa.ArrowException):
        return
    found = read(store, whole)
    assert found is not None
    assert len(found) == len(rows)
    assert summarise(found).total == len(rows)
    assert not unsafe("data.js", data_file(found))
    csv_bytes(found)


@examples(40)
@given(rows=ANY_ROWS)
def test_any_values_have_a_page(store: Store, rows: list[dict[str, Any]]) -> None:
    build_gallery(store, rows, "title \x1b[2J<script>alert(1)</script>")
    assert not unsafe("index.html", store.read("gallery/index.html"))


@examples(150)
@given(
    output=st.one_of(
        st.text(max_size=30), st.lists(st.sampled_from(("..", ".", "a", "", "C:", "\\", "~"))).map("/".join)
    )
)
def test_no_output_leads_out_of_its_run(store: Store, output: str) -> None:
    try:
        path = store.path(output_path(output))
    except NocturneError:
        return
    assert Path(path).resolve().is_relative_to(store.root.resolve())
