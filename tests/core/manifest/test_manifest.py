"""The manifest: parts, merging, and reading while a night goes on."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import NocturneError, SpecError
from core.manifest import manifest
from core.manifest.part_files import parquet_bytes
from core.storage.run_paths import MANIFEST, PARTS, output_path
from core.storage.store import Store

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def row(output: str, key: str = "k", status: str = "done", minute: int = 0, **more: Any) -> dict[str, Any]:
    finished = NOW + timedelta(minutes=minute)
    return {"output": output, "key": key, "status": status, "finished": finished, "style": "wave", **more}


def states(rows: pa.Table) -> dict[str, tuple[str, str]]:
    return {r["output"]: (r["key"], r["status"]) for r in rows.to_pylist()}


def test_parts_fill_in_the_planned_rows(store: Store) -> None:
    manifest.begin(store, manifest.table([row("a", status="pending"), row("b", status="pending")]))
    manifest.write_part(store, [row("a")])
    assert states(manifest.read(store)) == {"a": ("k", "done"), "b": ("k", "pending")}
    merged = manifest.merge(store)
    assert states(merged) == states(manifest.read(store)) == {"a": ("k", "done"), "b": ("k", "pending")}
    assert list(store.names(PARTS)) == []
    assert b"losses" not in store.read("manifest.csv")


def test_done_beats_failed_and_later_beats_earlier(store: Store) -> None:
    manifest.begin(store, manifest.table([row(name, status="pending") for name in "ab"]))
    manifest.write_part(store, [row("a", minute=1, seed=1), row("a", status="failed", minute=2, seed=2)])
    manifest.write_part(store, [row("b", status="failed", minute=3, seed=3)])
    manifest.write_part(store, [row("b", status="failed", minute=4, seed=4)])
    assert [(r["status"], r["seed"]) for r in manifest.read(store).to_pylist()] == [
        ("done", 1),
        ("failed", 4),
    ]


def test_a_shard_done_twice_does_no_harm(store: Store) -> None:
    manifest.begin(store, manifest.table([row("a", status="pending")]))
    for _ in range(3):
        manifest.write_part(store, [row("a")])
    assert manifest.merge(store).num_rows == 1


def test_a_row_of_another_key_is_not_the_planned_job(store: Store) -> None:
    manifest.begin(store, manifest.table([row("a", key="new", status="pending")]))
    manifest.write_part(store, [row("a", key="old")])
    assert states(manifest.merge(store)) == {"a": ("new", "pending")}


def test_beginning_keeps_what_is_done_and_no_longer_planned(store: Store) -> None:
    manifest.begin(store, manifest.table([row(name, status="pending") for name in "abc"]))
    manifest.write_part(store, [row("a"), row("b"), row("c", status="failed"), row("gone")])
    store.put(output_path("b"), b"a picture")
    manifest.begin(store, manifest.table([row("a", key="new", status="pending")]))
    assert states(manifest.read(store)) == {"a": ("new", "pending"), "b": ("k", "done")}
    assert list(store.names(PARTS)) == []


def test_after_a_change_and_back_the_job_is_not_taken_for_done(store: Store) -> None:
    manifest.begin(store, manifest.table([row("a", key="first", status="pending")]))
    manifest.write_part(store, [row("a", key="first")])
    manifest.begin(store, manifest.table([row("a", key="second", status="pending")]))  # ... and killed in mid-write
    manifest.begin(store, manifest.table([row("a", key="first", status="pending")]))
    assert states(manifest.read(store)) == {"a": ("first", "pending")}


def test_a_reader_sees_every_row_while_parts_are_folded_in(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest.begin(store, manifest.table([row("a", status="pending")]))
    manifest.write_part(store, [row("a")])
    listed = store.names

    def listed_then_merged(under: str = ".", suffix: str = "") -> Any:
        names = list(listed(under, suffix))
        monkeypatch.setattr(store, "names", listed)
        manifest.merge(store)
        return iter(names)

    monkeypatch.setattr(store, "names", listed_then_merged)
    assert states(manifest.read(store)) == {"a": ("k", "done")}


@pytest.mark.parametrize("data", [b"", b"PAR1", b"not parquet at all", b"PAR1" + b"\0" * 40 + b"PAR1"])
def test_a_damaged_part_is_named(store: Store, data: bytes) -> None:
    store.put(f"{PARTS}/1.parquet", data)
    with pytest.raises(NocturneError, match=r"parts/1\.parquet is not a part of a manifest.*made again"):
        manifest.read(store)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_part_or_an_error(data: bytes) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        store = Store(folder)
        store.put(MANIFEST, data)
        with pytest.raises(NocturneError):
            manifest.read(store)


def test_query(store: Store) -> None:
    rows = manifest.table(
        [row("a", score=0.2), row("b", score=0.9), row("c", status="failed"), row("d", style="x", score=0.5)]
    )
    assert manifest.query(rows, sort="score")["output"].to_pylist() == ["b", "d", "a", "c"]
    assert manifest.query(rows, failed=True)["output"].to_pylist() == ["c"]
    assert manifest.query(rows, style="x")["output"].to_pylist() == ["d"]
    with pytest.raises(SpecError, match="--sort beauty: no such column; there are output"):
        manifest.query(rows, sort="beauty")


def test_a_merge_says_where_each_output_stands_in_its_style(store: Store) -> None:
    rows = [row(f"{style}/{n}.png", style=style, score=n / 10) for style in ("a", "b") for n in range(3)]
    manifest.begin(store, manifest.table([row(each["output"], status="pending") for each in rows]))
    manifest.write_part(store, rows)
    assert set(manifest.read(store)["percentile"].to_pylist()) == {None}
    merged = manifest.merge(store)
    found = dict(zip(merged["output"].to_pylist(), merged["percentile"].to_pylist(), strict=True))
    assert [found[f"b/{n}.png"] for n in range(3)] == pytest.approx([100 / 6, 50, 500 / 6])
    assert found["a/2.png"] == found["b/2.png"]


def test_a_manifest_of_an_earlier_version_is_gone_on_with(store: Store) -> None:
    """A standing run outlives versions: what rows had before there were further columns is all that is asked of them."""
    first = {
        *("output", "run", "kind", "asset", "asset_sha256", "style", "style_sha256", "recipe", "preset", "seed"),
        *("weights", "key", "status", "reason", "message", "pixels_sha256", "width", "height", "score"),
        *("score_content", "score_style", "content_distance", "style_distance", "class_kept", "loss", "losses"),
        *("seconds", "engine", "attempt", "started", "finished", "versions"),
    }
    rows = manifest.table([{"output": "wave/a.png", "key": "k", "status": "done", "score": 0.5}])
    earlier = rows.drop_columns([name for name in rows.column_names if name not in first])
    assert set(earlier.column_names) == first
    store.put("manifest.parquet", parquet_bytes(earlier))
    (found,) = manifest.read(store).to_pylist()
    assert (found["output"], found["label"], found["best"], found["traits"]) == ("wave/a.png", None, None, None)
