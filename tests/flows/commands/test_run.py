"""Whole nights through the command, Prefect and the real networks, on small pictures."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from core.images import image
from core.images.provenance import read_stamp
from core.manifest import manifest
from core.manifest.schema import TIMES
from core.storage.run_paths import output_path
from core.storage.store import TEMPORARY, Store
from tests.conftest import Studio
from tests.flows.command import here, nocturne, started

Env = dict[str, str]


def flags(studio: Studio, *more: object) -> list[object]:
    base = [
        "--library",
        studio.library,
        "--catalog",
        studio.catalog,
        "--out",
        studio.out,
        "--size",
        48,
        "--steps",
        2,
    ]
    return [*base, *more]


def rows_of(folder: Path) -> dict[str, dict[str, Any]]:
    return {row["output"]: row for row in manifest.read(Store(folder)).to_pylist()}


def without_times(rows: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {
        output: {name: value for name, value in row.items() if name not in (*TIMES, "run")}
        for output, row in rows.items()
    }


def last_night(folder: Path) -> dict[str, Any]:
    return json.loads(sorted((folder / "nights").iterdir())[-1].read_text())  # type: ignore[no-any-return]


@pytest.fixture
def hostile(studio: Studio) -> Studio:
    """The studio with a broken JPEG, an odd name, a tiny picture, a twin and a style that cannot be read."""
    whole = studio.picture("library/whole.jpg", 30, (200, 160)).read_bytes()
    (studio.library / "broken.jpg").write_bytes(whole[: len(whole) // 2])
    (studio.library / "whole.jpg").unlink()
    studio.picture('library/it\'s "<script>alert(1)<\\script>" 🌙\n.png', 31)
    Image.new("RGB", (1, 1), "red").save(studio.library / "dot.png")
    (studio.library / "twin.jpg").write_bytes((studio.library / "cat.jpg").read_bytes())
    (studio.catalog / "bad.jpg").write_bytes(b"\xff\xd8\xff nonsense")
    return studio


def test_a_night_and_the_next_one(hostile: Studio, prefect_env: Env) -> None:
    ended = nocturne("run", *flags(hostile), env=prefect_env)
    assert ended.code == 3, ended.out + ended.err
    assert ended.err == ""
    assert ended.out.rstrip().splitlines()[-1] == f"Gallery: {hostile.out}/gallery/index.html"
    rows = rows_of(hostile.out)
    assert len(rows) == 6 * 3
    reasons = {(row["style"], row["asset"]): row["reason"] for row in rows.values() if row["status"] != "done"}
    broken = {(style, "broken.jpg"): "unreadable" for style in ("bad", "night", "wave")}
    bad = {("bad", row["asset"]): "unreadable" for row in rows.values()}
    assert reasons == {**bad, **broken}
    assert "broken.jpg" in rows["wave/broken.jpg.png"]["message"]
    check_outputs(hostile, rows)

    before = {path: path.stat().st_mtime_ns for path in hostile.out.glob("outputs/**/*.png")}
    again = here("run", *flags(hostile), env=prefect_env)
    assert again.code == 3
    assert "Nothing to make" in again.out
    assert {path: path.stat().st_mtime_ns for path in hostile.out.glob("outputs/**/*.png")} == before
    assert without_times(rows_of(hostile.out)) == without_times(rows)
    check_looks(hostile)


def check_outputs(studio: Studio, rows: dict[str, dict[str, Any]]) -> None:
    """Every done row is whole: the picture, its pixels' hash, its scores, its small views, what it says of itself."""
    store = Store(studio.out)
    for output, row in rows.items():
        if row["status"] != "done":
            continue
        data = store.read(output_path(output))
        assert image.pixels_sha256(data) == row["pixels_sha256"]
        assert 0.0 <= row["score"] <= 1.0
        assert row["engine"].startswith("cpu torch-")
        assert len(row["losses"]) == 2
        stamp = read_stamp(store.path(output_path(output)))
        assert stamp["key"] == row["key"]
        assert str(studio.root) not in json.dumps(stamp)
        assert (studio.out / f"thumbs/outputs/{output}.jpg").is_file()
    assert (rows["wave/dot.png.png"]["width"], rows["wave/dot.png.png"]["height"]) == (1, 1)
    assert rows["wave/twin.jpg.png"]["pixels_sha256"] == rows["wave/cat.jpg.png"]["pixels_sha256"]
    assert not list(studio.out.rglob(f"{TEMPORARY}*"))


def check_looks(studio: Studio) -> None:
    status = here("status", studio.out, "--json")
    assert status.code == 3
    assert json.loads(status.out)["failed"] == 8
    failed = json.loads(here("manifest", studio.out, "--failed", "--style", "wave", "--json").out)
    assert [row["asset"] for row in failed] == ["broken.jpg"]
    scored = json.loads(here("manifest", studio.out, "--style", "wave", "--sort", "score", "--json").out)
    scores = [row["score"] for row in scored if row["score"] is not None]
    assert scores == sorted(scores, reverse=True)
    for suffix in ("csv", "parquet", "json"):
        assert here("manifest", studio.out, "--to", studio.root / f"rows.{suffix}").code == 0
        assert (studio.root / f"rows.{suffix}").stat().st_size > 100
    shown = here("show", studio.out / "outputs/wave/cat.jpg.png")
    assert "recipe.steps" in shown.out
    assert here("gallery", studio.out).out.strip() == f"{studio.out}/gallery/index.html"


def test_killed_in_the_middle_then_the_same_command(studio: Studio, prefect_env: Env) -> None:
    for number in range(6):
        studio.picture(f"library/p{number}.png", 50 + number)
    more = ("--shard-seconds", 1, "--steps", 6)
    running = started("run", *flags(studio, *more), env=prefect_env)
    while sum(row["status"] == "done" for row in rows_of(studio.out).values()) < 3:
        assert running.poll() is None, running.stdout and running.stdout.read()
        time.sleep(0.05)
    os.killpg(running.pid, signal.SIGKILL)
    running.communicate()
    rows = rows_of(studio.out)
    done_before = sum(row["status"] == "done" for row in rows.values())
    assert 3 <= done_before < 16
    ended = here("run", *flags(studio, *more), env=prefect_env)
    assert ended.code == 0, ended.out + ended.err
    assert last_night(studio.out)["made"] == 16 - done_before
    studio.out = studio.root / "undisturbed"
    assert here("run", *flags(studio, *more), env=prefect_env).code == 0
    assert without_times(rows_of(studio.root / "run")) == without_times(rows_of(studio.out))
    assert not list((studio.root / "run").rglob(f"{TEMPORARY}*"))


def test_two_at_once_and_ctrl_c(studio: Studio, prefect_env: Env) -> None:
    running = started("run", *flags(studio, "--steps", 60, "--shard-seconds", 1), env=prefect_env)
    while not (studio.out / "manifest.parquet").exists():
        assert running.poll() is None, running.stdout and running.stdout.read()
        time.sleep(0.05)
    second = here("run", *flags(studio), env=prefect_env)
    assert second.code == 3
    assert "being made by another process" in second.err
    time.sleep(3)
    running.send_signal(signal.SIGINT)
    out, _ = running.communicate(timeout=90)
    assert running.returncode == 3, out
    assert "the same command goes on" in out
    assert 0 < last_night(studio.out)["left"] <= 4
    rows = rows_of(studio.out)
    assert {row["status"] for row in rows.values()} <= {"done", "pending"}


def test_retry_makes_only_what_failed(studio: Studio, prefect_env: Env) -> None:
    (studio.library / "late.png").write_text("not there yet")
    assert here("run", *flags(studio), env=prefect_env).code == 3
    before = rows_of(studio.out)
    studio.picture("library/late.png", 77)
    studio.picture("library/new.png", 78)
    ended = here("retry", studio.out, "--json", env=prefect_env)
    record = json.loads(ended.out)
    assert record["made"] == 2
    after = rows_of(studio.out)
    assert {row["status"] for output, row in after.items() if "late" in output} == {"done"}
    assert {row["status"] for output, row in after.items() if "new" in output} == {"pending"}
    assert all(after[output] == row for output, row in before.items() if row["status"] == "done")


def test_an_unreachable_server_is_a_warning(studio: Studio, prefect_env: Env) -> None:
    env = {**prefect_env, "PREFECT_API_URL": "http://127.0.0.1:9/api"}
    ended = nocturne("run", *flags(studio, "--limit", 1), env=env)
    assert ended.code == 0, ended.out + ended.err
    assert "does not answer" in ended.out
    assert ended.err == ""


def test_the_flow_from_python(studio: Studio, prefect_env: Env) -> None:
    code = (
        "import json, sys\n"
        "from flows.batch import batch\n"
        "record = batch(json.loads(sys.argv[1]))\n"
        "print('MADE', record['made'])\n"
    )
    spec = {"library": "library", "catalog": "catalog", "out": "run", "recipe": {"size": 48, "steps": 2}, "limit": 2}
    command = [sys.executable, "-c", code, json.dumps(spec)]
    ended = subprocess.run(
        command,
        cwd=studio.root,
        env={**os.environ, **prefect_env},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert "MADE 2" in ended.stdout
    assert rows_of(studio.out).keys() == {"night/cat.jpg.png", "wave/cat.jpg.png"}


def test_a_gate_tries_again_in_the_same_night(studio: Studio, prefect_env: Env) -> None:
    """What scores too low is tried again at once; asked for less, all of it comes back, and nothing is made anew."""
    gate = ("--include", "cat.jpg", "--min-score", "0.999", "--gate", "strength:1")
    assert here("run", *flags(studio, *gate), "--json", env=prefect_env).code == 0
    rows = rows_of(studio.out)
    assert len(rows) == 4
    assert {(row["status"], row["reason"]) for row in rows.values()} == {("rejected", "low_score")}
    assert sorted(row["attempt"] for row in rows.values()) == [1, 1, 2, 2]
    assert sum(row["best"] for row in rows.values()) == 2
    assert last_night(studio.out)["made"] == 4
    assert len({row["pixels_sha256"] for row in rows.values()}) == 4
    assert here("run", *flags(studio, "--include", "cat.jpg", "--min-score", "0"), env=prefect_env).code == 0
    assert {row["status"] for row in rows_of(studio.out).values() if row["retry_of"] is None} == {"done"}
    assert last_night(studio.out)["made"] == 0
