"""Rows that claim a picture under a name that no run folder can have."""

import pytest

from core.manifest import manifest
from core.manifest.refused_names import fail_refused_rows


def row(output: str, status: str = "done") -> dict[str, str]:
    return {"output": output, "key": "k", "status": status}


@pytest.mark.parametrize("name", ["../a", "a/../b", "/a", "a\\b", "a\0b", "C:a", "", "é" * 126, "ab/" * 1_001 + "c"])
def test_a_row_of_a_refused_name_is_a_failed_one(name: str) -> None:
    found = fail_refused_rows(manifest.table([row(name), row("wave/a.png")])).to_pylist()
    assert [each["status"] for each in found] == ["failed", "done"]
    assert found[0]["reason"] == "storage"
    assert found[1]["reason"] is None


@pytest.mark.parametrize("name", ["wave/a..b.png", "..a/b", "a/c:d", "é" * 125, "~/.a/b"])
def test_a_row_of_any_other_name_stands(name: str) -> None:
    assert fail_refused_rows(manifest.table([row(name)])).to_pylist()[0]["status"] == "done"


def test_a_row_without_a_picture_stands() -> None:
    assert fail_refused_rows(manifest.table([row("../a", "pending")])).to_pylist()[0]["status"] == "pending"
