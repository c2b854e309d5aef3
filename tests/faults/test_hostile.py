"""Hostile files through a whole night: every mutation at least once; and whether the judge would notice a fault."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.images import image
from tests.faults import hostile, verdict
from tests.faults.bases import INDEX_BEHIND, KINDS, SEVERAL, SUFFIX, base, format_of, photo
from tests.faults.hostile_text import unsafe
from tests.faults.mutations import COSTLY, MUTATIONS, Mutant, mutants
from tests.faults.outcomes import ALLOWED, NO_ROW
from tests.faults.verdict import Record, judge_rows, slow_headers

COUNT = 210
LIBRARY = Path("/library")


@pytest.mark.slow
def test_a_night_over_hostile_files(tmp_path: Path) -> None:
    record = hostile.run(tmp_path, COUNT, seed=1)
    assert {name: found for name, found in record.faults.items() if found} == {}
    assert record.inputs == COUNT
    assert {"done", "unreadable", "too_large", "unsupported", "missing"} <= set(record.outcomes)


def test_every_mutation_appears_and_has_its_row_in_the_table() -> None:
    names = {mutant.mutation for mutant in mutants(COUNT, 1, LIBRARY)}
    assert names == ALLOWED.keys() | NO_ROW
    assert not ALLOWED.keys() & NO_ROW
    assert set(MUTATIONS) <= names
    assert set(COSTLY) <= set(MUTATIONS)


def test_nothing_may_be_our_fault_or_keep_us_waiting() -> None:
    assert not {"internal", "timeout", "out_of_memory"} & {outcome for row in ALLOWED.values() for outcome in row}


def test_a_seed_always_gives_the_same_files(tmp_path: Path) -> None:
    for name, seed in (("one", 7), ("same", 7), ("other", 8)):
        (tmp_path / name).mkdir()
        for mutant in mutants(COUNT, seed, LIBRARY):
            if mutant.mutation in MUTATIONS and mutant.mutation not in COSTLY:
                mutant.put(tmp_path / name)
    one, same, other = (_contents(tmp_path / name) for name in ("one", "same", "other"))
    assert one == same
    assert len(set(one.values()) - set(other.values())) > 50


def _contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("kind", KINDS)
def test_every_base_is_the_photo_it_was_made_from(kind: str) -> None:
    found = image.from_bytes(base(kind, 1))
    assert found.size == ((64, 48) if kind in SEVERAL else (96, 72))
    assert format_of(kind) in SUFFIX
    if kind in ("png-interlaced", "png-16", "tiff-tiled", "tiff-tiled-deflate", "tiff-planar", "tiff-motorola"):
        assert np.array_equal(found.rgb, np.asarray(photo(1)))
    assert found.rgb.std() > 10


def test_the_index_is_behind_where_it_is_said_to_be() -> None:
    for kind in INDEX_BEHIND - {"tiff-tiled-deflate"}:
        assert int.from_bytes(base(kind)[4:8], "little") > len(base(kind)) // 5, kind


GOOD = Mutant("whole", b"a.png", lambda path: None)
BAD = Mutant("empty", b"b.png", lambda path: None)
ROWS: list[dict[str, Any]] = [
    {"asset": "a.png", "status": "done", "reason": None, "message": None, "seconds": 0.1},
    {
        **{"asset": "b.png", "status": "failed", "reason": "unreadable", "seconds": 0.1},
        "message": "'/studio/library/b.png' is empty (0 bytes); copy it again from its source.",
    },
]


def judged(rows: list[dict[str, Any]], tmp_path: Path) -> Record:
    record = Record(2)
    judge_rows(record, rows, [GOOD, BAD], Path("/studio/library"))
    return record


def test_the_judge_is_content_with_a_good_night(tmp_path: Path) -> None:
    record = judged(ROWS, tmp_path)
    assert not any(record.faults.values())
    assert record.outcomes == Counter(done=1, unreadable=1)


@pytest.mark.parametrize(
    ("change", "list_"),
    [
        ({"reason": "internal"}, "outside_the_table"),
        ({"reason": "timeout"}, "outside_the_table"),
        ({"message": "it is empty; copy it again."}, "odd_messages"),
        ({"message": "'/studio/library/b.png' is empty."}, "odd_messages"),
        ({"message": "'/studio/library/b.png' is \x1b[31m empty; copy it."}, "odd_messages"),
        ({"message": None}, "odd_messages"),
        ({"seconds": 11.0}, "hangs"),
        ({"asset": "a.png", "status": "done", "reason": None}, "rows_missing_or_twice"),
    ],
)
def test_the_judge_sees_what_is_wrong(tmp_path: Path, change: dict[str, Any], list_: str) -> None:
    assert judged([ROWS[0], {**ROWS[1], **change}], tmp_path).faults[list_]


def test_a_slow_header_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [tmp_path / "a.png", tmp_path / "b.txt", tmp_path / "gone.png"]
    paths[0].write_bytes(base("png"))
    paths[1].write_text("no picture")
    assert slow_headers(paths) == []
    monkeypatch.setattr(verdict, "PATIENCE", -1.0)
    assert len(slow_headers(paths)) == 3


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("status", "a\x1b[31mb"),
        ("status", "a\u202eb"),
        ("status", "a\rb"),
        ("gallery/index.html", "<p><script>alert(1)</p>"),
        ("gallery/data.js", 'x = "</script><script>"'),
        ("manifest.csv", 'a,b\n"c",d,e\n'),
    ],
)
def test_texts_that_are_not_safe(name: str, text: str) -> None:
    assert unsafe(name, text.encode())


def test_texts_that_are_safe() -> None:
    assert not unsafe("gallery/index.html", "<p>صورة 👩‍👩‍👧‍👦 &lt;script&gt;</p>\n".encode())
    assert not unsafe("manifest.csv", b'a,b\n"c,""",d\n')
    assert unsafe("status", b"\xff")
