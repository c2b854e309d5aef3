"""What surrounds a command and has no say in its result: odd variables, links in a ring, files that are none, spreadsheets.

From public reports: scott-griffiths/bitstring#321 (`PYTHONOPTIMIZE=2`), python-babel/babel#1100 (a `TZ` that is none),
pytoolz/toolz#500 (warnings as errors), jellyfin/jellyfin#10687 (links in a ring), photoprism/photoprism#4310 (a picture
that is still being copied), asafdav/ng-csv#28 (`sep=`), hukkin/tomli#304 (a byte order mark), pytorch/pytorch#16558
(`ulimit -v`), immich-app/immich#5629 (a library that was moved), immich-app/immich#28403 (hard links).
"""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import Any

import pytest

from core.config.spec import load_spec
from core.engine.backend import load_backend
from core.errors import NocturneError
from core.planning.library import scan
from core.storage.text_file import read_csv
from tests.conftest import Studio
from tests.core.runs.test_stylize_plan import ALL, make, planned, states
from tests.flows.command import nocturne
from tests.runs import made_run

ODD: dict[str, dict[str, str]] = {
    "no docstrings": {"PYTHONOPTIMIZE": "2"},
    "warnings as errors": {"PYTHONWARNINGS": "error"},
    "no time zone": {"TZ": ":../../etc/passwd"},
}


@pytest.mark.parametrize("variables", ODD.values(), ids=ODD)
def test_odd_variables_change_nothing(variables: dict[str, str], studio: Studio) -> None:
    run = made_run(studio, ("wave/cat.jpg.png",)).root
    ended = nocturne("status", run, env=variables)
    assert (ended.code, ended.err) == (0, "")
    assert "1 of 1" in ended.out


def test_links_in_a_ring_are_named_and_not_followed(studio: Studio) -> None:
    (studio.library / "self").symlink_to(".")
    (studio.library / "a.jpg").symlink_to("b.jpg")
    (studio.library / "b.jpg").symlink_to("a.jpg")
    plan = planned(studio)
    assert scan(studio.library).passed.linked == ["self"]
    rows = {row["output"]: row for row in plan.jobs.to_pylist()}
    assert {name for name, row in rows.items() if row["reason"]} == {
        f"{style}/{name}.jpg.png" for style in ("night", "wave") for name in "ab"
    }
    assert "Too many levels of symbolic links" in rows["wave/a.jpg.png"]["message"]


def test_a_picture_that_is_still_being_copied_is_made_the_next_night(studio: Studio) -> None:
    """The file has its size and its time from the beginning, as some copies have it."""
    path = studio.library / "cat.jpg"
    whole, time = path.read_bytes(), path.stat().st_mtime_ns
    path.write_bytes(whole[:300] + bytes(len(whole) - 300))
    os.utime(path, ns=(time, time))
    make(studio, planned(studio))
    path.write_bytes(whole)
    os.utime(path, ns=(time, time))
    plan = planned(studio)
    assert states(plan)["wave/cat.jpg.png"] == "todo"
    assert states(plan)["wave/trip/sea.png.png"] == "kept"


def test_a_library_that_was_moved_is_the_same(studio: Studio) -> None:
    make(studio, planned(studio))
    studio.library.rename(studio.root / "photos")
    studio.out.rename(studio.root / "elsewhere")
    studio.library, studio.out = studio.root / "photos", studio.root / "elsewhere"
    assert set(states(planned(studio)).values()) == {"kept"}


def test_hard_links_are_pictures_of_their_own(studio: Studio) -> None:
    os.link(studio.library / "cat.jpg", studio.library / "again.jpg")
    plan = planned(studio)
    assert set(states(plan)) == {*ALL, "night/again.jpg.png", "wave/again.jpg.png"}
    keys = {row["output"]: row["key"] for row in plan.jobs.to_pylist()}
    assert keys["wave/again.jpg.png"] == keys["wave/cat.jpg.png"]


@pytest.mark.parametrize("first", ["sep=;\r\n", "SEP=;\n", '"sep=;"\n', "sep=;;\r\n"])
def test_a_line_that_tells_a_spreadsheet_the_delimiter_is_no_header(first: str, tmp_path: Path) -> None:
    file = tmp_path / "pairs.csv"
    file.write_bytes(f"\ufeff{first}asset;style\r\na,b.jpg;wave\r\n".encode())
    table = read_csv(file, 1000, "pairs", "")
    assert table.columns == ["asset", "style"]
    assert list(table.rows()) == [(3, {"asset": "a,b.jpg", "style": "wave"})]


def test_a_spec_from_an_editor_of_windows_is_read(studio: Studio) -> None:
    file = studio.root / "a.toml"
    file.write_bytes(b'\xef\xbb\xbflibrary\t=\t"library"\r\ncatalog = "catalog"\r\n')
    assert load_spec(file).library == studio.library


def test_libraries_that_do_not_fit_a_limit_of_memory_are_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: str) -> Any:
        raise ImportError("libtorch_cuda.so: failed to map segment from shared object")

    monkeypatch.setattr(importlib, "import_module", refuse)
    with pytest.raises(NocturneError, match=r"cannot be loaded .* raise the limit on memory"):
        load_backend("core.stylize.jobs.lane_backend:LaneBackend")
