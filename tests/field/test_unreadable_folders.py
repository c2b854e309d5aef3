"""Folders that cannot be entered are named, and what was made of them stays (immich#13253, nextcloud#54446)."""

import errno
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.doctor.spec import library
from core.errors import SpecError
from core.manifest import manifest
from core.planning.library import matches, scan
from core.planning.night_records import last_night
from core.planning.plan_file import begin_night
from core.storage.store import Store
from tests.conftest import Studio
from tests.core.runs.test_stylize_plan import make, planned, spec_of
from tests.flows.command import here


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
    """Have the system refuse to list the folders whose paths end so, or break off while it does."""
    scandir = os.scandir

    def guarded(path: Any) -> Any:
        if not Path(path).match(folder) or "run" in Path(path).parts:
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


@pytest.fixture
def deep(tmp_path: Path) -> Iterator[Path]:
    """A folder of 2,100 folders in each other: 4,200 bytes, and more than Python's calls may be deep. It is taken down from
    the top, as its end has no path.
    """
    inner = os.open(tmp_path, os.O_RDONLY)
    for _ in range(2100):
        os.mkdir("d", dir_fd=inner)
        deeper = os.open("d", os.O_RDONLY, dir_fd=inner)
        os.close(inner)
        inner = deeper
    os.close(inner)
    yield tmp_path
    while (tmp_path / "d/d").exists():
        (tmp_path / "d/d").rename(tmp_path / "rest")
        (tmp_path / "d").rmdir()
        (tmp_path / "rest").rename(tmp_path / "d")


def test_a_tree_deeper_than_a_path_may_be_is_named(deep: Path) -> None:
    passed = scan(deep).passed
    ((name, why),) = passed.closed
    assert "(File name too long)" in passed.sentences()[0]
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


def test_a_closed_folder_keeps_rows_of_what_failed(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    make(studio, planned(studio), fail="wave/trip")
    close("trip", monkeypatch)
    begin_night(Store(studio.out), planned(studio))
    rows = {row["output"]: row["status"] for row in manifest.read(Store(studio.out)).to_pylist()}
    assert rows["wave/trip/sea.png.png"] == "failed"


def test_what_failed_and_is_gone_keeps_no_row(studio: Studio) -> None:
    make(studio, planned(studio), fail="wave/trip")
    (studio.library / "trip/sea.png").unlink()
    begin_night(Store(studio.out), planned(studio))
    assert "wave/trip/sea.png.png" not in manifest.read(Store(studio.out))["output"].to_pylist()


def test_a_closed_folder_of_artworks_keeps_its_rows(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    studio.picture("catalog/old/dots.png", 5)
    make(studio, planned(studio), fail="dots/cat")
    close("old", monkeypatch)
    plan = planned(studio)
    begin_night(Store(studio.out), plan)
    rows = {row["output"]: row["status"] for row in manifest.read(Store(studio.out)).to_pylist()}
    assert (rows["dots/cat.jpg.png"], rows["dots/trip/sea.png.png"]) == ("failed", "done")
    assert plan.summary.closed_folders == 1
    assert any("catalog" in each and "cannot be entered: old" in each for each in plan.problems)


def test_a_closed_folder_of_masks_is_named_and_its_rows_stay(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    studio.picture("masks/cat.png", 5)
    studio.picture("masks/trip/sea.png", 6, (32, 40))
    masks = studio.root / "masks"
    make(studio, planned(studio, masks=masks), fail="wave/trip")
    close("masks/trip", monkeypatch)
    plan = planned(studio, masks=masks)
    begin_night(Store(studio.out), plan)
    rows = {row["output"]: row["status"] for row in manifest.read(Store(studio.out)).to_pylist()}
    assert (rows["night/trip/sea.png.png"], rows["wave/trip/sea.png.png"]) == ("done", "failed")
    assert plan.summary.closed_folders == 1
    assert any(f"masks {masks}: 1 folder cannot be entered: trip" in each for each in plan.problems)


def test_a_folder_that_is_excluded_may_be_closed(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    close("trip", monkeypatch)
    plan = planned(studio, exclude=["Trip/*"])
    assert plan.summary.closed_folders == 0
    assert plan.problems == []


def test_a_folder_of_which_a_part_is_excluded_is_named(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    close("trip", monkeypatch)
    assert planned(studio, exclude=["trip/*.tif"]).summary.closed_folders == 1


@pytest.mark.parametrize(
    ("patterns", "named"),
    [
        ({"include": ["*.jpg", "*.webp"]}, "library {}: 1 pattern fits nothing: *.webp"),
        ({"exclude": ["draft/*"]}, "library {}: 1 pattern fits nothing: draft/*"),
        ({"exclude_styles": ["wave", "dots"]}, "catalog {}: 1 pattern fits nothing: dots"),
    ],
)
def test_a_pattern_that_fits_nothing_beside_others_is_named(
    patterns: dict[str, list[str]], named: str, studio: Studio
) -> None:
    (problem,) = planned(studio, **patterns).problems
    folder = studio.library if named.startswith("library") else studio.catalog
    assert problem.startswith(named.format(folder))


def test_a_style_pattern_that_fits_nothing_at_all_says_so(studio: Studio) -> None:
    with pytest.raises(SpecError, match=r"has no style to use \(2 styles fit no `include_styles` or are excluded\)"):
        planned(studio, include_styles=["dots"])


def test_the_doctor_names_what_is_passed_over(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    studio.picture("library/@eaDir/thumb.jpg", 5)
    close("trip", monkeypatch)
    found = [(each.state, each.found) for each in library(spec_of(studio))]
    assert found == [
        ("ok", "1 pictures"),
        ("warning", "1 folder cannot be entered: trip (Permission denied)"),
        ("warning", "1 system folder is not entered: @eaDir"),
    ]


def test_a_night_over_a_closed_folder_is_not_all_done(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    make(studio, planned(studio))
    flags = ("--library", studio.library, "--catalog", studio.catalog, "--out", studio.out)
    assert here("run", *flags).code == 0
    close("trip", monkeypatch)
    ended = here("run", *flags)
    assert ended.code == 3
    named = "1 folder cannot be entered: trip (Permission denied)"
    assert named in ended.out
    assert named in (studio.out / "gallery/index.html").read_text()
    assert named in json.dumps(last_night(Store(studio.out)))
    status = here("status", studio.out)
    assert (status.code, named in status.out) == (3, True)
