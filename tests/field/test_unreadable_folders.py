"""Folders that cannot be entered are named, and what was made of them stays (immich#13253, nextcloud#54446)."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.errors import SpecError
from core.manifest import manifest
from core.planning.library import matches, scan
from core.planning.plan_file import begin_night
from core.storage.store import Store
from tests.conftest import Studio
from tests.core.runs.test_stylize_plan import make, planned


class Listing:
    """A folder whose listing ends in an I/O error after its first entry."""

    def __init__(self, entries: Any) -> None:
        self._entries = entries

    def __enter__(self) -> Iterator[Any]:
        yield_one = [next(self._entries)]

        def entries() -> Iterator[Any]:
            yield from yield_one
            raise OSError(errno.EIO, os.strerror(errno.EIO))

        return entries()

    def __exit__(self, *_: object) -> None:
        self._entries.close()


def close(folder: str, patch: pytest.MonkeyPatch, half: bool = False) -> None:
    """Have the system refuse to list the folders of this name, or break off while it does."""
    scandir = os.scandir

    def guarded(path: Any) -> Any:
        if os.path.basename(path) != folder or "run" in Path(path).parts:
            return scandir(path)
        if half:
            return Listing(scandir(path))
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    patch.setattr(os, "scandir", guarded)


def test_a_closed_folder_is_named_and_its_rows_stay(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    make(studio, planned(studio))
    close("trip", monkeypatch)
    plan = planned(studio)
    begin_night(Store(studio.out), plan)
    rows = {row["asset"]: row["status"] for row in manifest.merge(Store(studio.out)).to_pylist()}
    assert rows == {"cat.jpg": "done", "trip/sea.png": "done"}
    assert plan.summary.closed_folders == 1
    assert any("folder cannot be entered: trip (Permission denied)" in problem for problem in plan.problems)


def test_a_listing_that_breaks_off_is_named(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in "ab":
        studio.picture(f"library/trip/{name}.png", ord(name))
    close("trip", monkeypatch, half=True)
    found = scan(studio.library)
    assert found.passed.closed == [("trip", "Input/output error")]
    assert len(found.assets) == 2  # what was listed before it broke off


def test_a_library_that_is_closed_all_over_says_so(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    close("library", monkeypatch)
    with pytest.raises(SpecError, match=r"has no picture to use \(.*cannot be entered: \. \(Permission denied\)"):
        planned(studio)


def test_a_tree_deeper_than_a_path_may_be_is_named(tmp_path: Path) -> None:
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(2100):  # 4,200 bytes, and more folders than Python's calls may be deep
        os.mkdir("d", dir_fd=here)
        deeper = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = deeper
    os.close(here)
    ((name, why),) = scan(tmp_path).passed.closed
    assert name.startswith("d/d/d/")
    assert why == "File name too long"


def test_links_are_named_where_nothing_is_left(studio: Studio) -> None:
    (studio.root / "linked").mkdir()
    (studio.root / "linked/all").symlink_to(studio.library)
    with pytest.raises(SpecError, match=r"no picture to use \(.*1 linked folder is not entered: all"):
        planned(studio, library=studio.root / "linked")


@pytest.mark.parametrize("pattern", ["*.jpg", "*.JPG", "Trip/*", "TRIP/sea.png", "caf\u00e9.*", "cafe\u0301.*"])
def test_patterns_ignore_case_and_composition(pattern: str) -> None:
    names = ["a.JPG", "trip/SEA.png", "cafe\u0301.png", "Caf\u00c9.png"]
    assert any(matches(name, [pattern], []) for name in names)
    assert not all(matches(name, [pattern], []) for name in names)


def test_a_pattern_that_fits_nothing_says_so(studio: Studio) -> None:
    with pytest.raises(SpecError, match="2 pictures fit no `include` or are excluded"):
        planned(studio, include=["*.webp"])
