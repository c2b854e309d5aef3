"""Volumes that compare names without case or composition, and refuse some (osxphotos#2156, PFERD#141, syncthing#5098):
what a run writes is told apart, and called so, that its folder can lie on any of them.
"""

import os
import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.manifest import manifest
from core.manifest.verify import verify
from core.planning.jobs import OutputNames
from core.planning.reuse import finished_jobs
from core.safe_text import comparable, portable, volume_safe
from core.storage.run_paths import asset_thumb, output_path, style_thumb
from core.storage.store import Store
from core.survey.analysis import file_name
from tests.conftest import Studio
from tests.core.runs.test_stylize_plan import make, planned, states
from tests.properties.kit import examples

CAFE = "Caf\u00e9.jpg", "Cafe\u0301.jpg"
ODD = [
    "Cat.jpg",
    "cat.jpg",
    *CAFE,
    "what?.jpg",
    "what%3F.jpg",
    "con.jpg",
    "a: b/c.jpg",
    "tail. /d.jpg",
    "stra\u00dfe.jpg",
]
STYLES = ["Wave", "wave", "NUL", "x|y"]

DEVICE = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9\u00b9\u00b2\u00b3])", re.IGNORECASE)


def taken_by_any_volume(path: str) -> bool:
    """What Windows says of names, which is stricter than any other system."""
    return all(
        not set('<>:"|?*\\') & set(part)
        and part == part.rstrip(". ")
        and not DEVICE.fullmatch(part.split(".")[0].rstrip(" "))
        and all(ord(char) >= 32 for char in part)
        and len(part.encode("utf-16-le")) // 2 <= 255
        and len(part.encode()) <= 255
        for part in path.split("/")
    )


def collisions(paths: Iterable[str]) -> list[str]:
    """Files, and folders that stand where a file is, that such a volume would take for one."""
    files = [unicodedata.normalize("NFC", path).casefold() for path in paths]
    folders = {"/".join(path.split("/")[:count]) for path in files for count in range(1, path.count("/") + 1)}
    return sorted({path for path in files if files.count(path) > 1} | folders & set(files))


def fill(studio: Studio) -> None:
    for folder, names in ((studio.library, ODD), (studio.catalog, [f"{name}.png" for name in STYLES])):
        for path in sorted(folder.rglob("*"), reverse=True):
            path.unlink() if path.is_file() else path.rmdir()
        for seed, name in enumerate(names):
            studio.picture(f"{folder.name}/{name}", seed)


def test_all_files_of_a_run_are_apart_on_every_volume(studio: Studio) -> None:
    fill(studio)
    plan = planned(studio)
    outputs = plan.jobs["output"].to_pylist()
    thumbs = {asset_thumb(name) for name in plan.jobs["asset"].to_pylist()}
    thumbs |= {style_thumb(name) for name in plan.jobs["style"].to_pylist()}
    assert len(outputs) == len(ODD) * len(STYLES)
    assert len(thumbs) == len(ODD) + len(STYLES)
    assert collisions([*outputs, *thumbs]) == []
    assert [path for path in (*outputs, *thumbs) if not taken_by_any_volume(path)] == []


def test_which_output_is_marked_depends_on_no_volume(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(studio)
    before = planned(studio).jobs
    scandir = os.scandir

    class Backwards:
        def __init__(self, path: str) -> None:
            self.found = scandir(path)

        def __enter__(self) -> Iterable[os.DirEntry[str]]:
            return iter(sorted(self.found, key=lambda entry: entry.name, reverse=True))

        def __exit__(self, *_: object) -> None:
            self.found.close()

    monkeypatch.setattr("core.planning.library.os.scandir", Backwards)
    after = planned(studio).jobs
    assert dict(zip(*(before[name].to_pylist() for name in ("key", "output")), strict=True)) == dict(
        zip(*(after[name].to_pylist() for name in ("key", "output")), strict=True)
    )


@pytest.mark.parametrize("name", ["what?.jpg", "con.jpg", "a: b.jpg", "x\u00b9.jpg"])
def test_what_an_earlier_version_named_stays(name: str, studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    studio.picture(f"library/{name}", 9)
    with monkeypatch.context() as patch:
        patch.setattr("core.config.output_names.volume_safe", lambda path: path)
        make(studio, planned(studio))
    plan = planned(studio)
    assert set(states(plan).values()) == {"kept"}
    assert f"wave/{name}.png" in states(plan)


def test_two_that_an_earlier_version_told_apart_by_case_stay(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    studio.picture("library/Cat.jpg", 9)
    with monkeypatch.context() as patch:
        patch.setattr("core.planning.jobs.comparable", lambda path: path)
        make(studio, planned(studio))
    plan = planned(studio)
    assert {"wave/Cat.jpg.png", "wave/cat.jpg.png"} <= set(states(plan))
    assert set(states(plan).values()) == {"kept"}


def test_a_new_run_takes_over_names_of_an_earlier_version_as_names_that_go_anywhere(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio.picture("library/Cat.jpg", 9)
    studio.picture("library/what?.jpg", 10)
    with monkeypatch.context() as patch:
        patch.setattr("core.config.output_names.volume_safe", lambda path: path)
        patch.setattr("core.planning.jobs.comparable", lambda path: path)
        make(studio, planned(studio))
    plan = planned(studio, out=studio.root / "new", reuse=[str(studio.out)])
    assert set(states(plan).values()) == {"adopt"}
    assert collisions(states(plan)) == []
    assert all(map(taken_by_any_volume, states(plan)))


def test_a_picture_that_comes_later_leaves_the_earlier_its_name(studio: Studio) -> None:
    make(studio, planned(studio))
    studio.picture("library/CAT.jpg", 9)
    plan = planned(studio)
    assert states(plan)["wave/cat.jpg.png"] == "kept"
    (new,) = (name for name, state in states(plan).items() if state == "todo" and name.startswith("wave"))
    assert re.fullmatch(r"wave/CAT\.jpg~[0-9a-f]{10}\.png", new)
    make(studio, plan)
    assert set(states(planned(studio)).values()) == {"kept"}


def test_a_picture_renamed_in_case_alone_is_not_written_over_its_old_output(studio: Studio) -> None:
    make(studio, planned(studio))
    (studio.library / "cat.jpg").rename(studio.library / "CAT.jpg")
    found = states(planned(studio))
    assert {state for name, state in found.items() if "CAT" in name} == {"adopt"}
    assert collisions([*found, "wave/cat.jpg.png"]) == []


def as_such_a_volume(patch: pytest.MonkeyPatch, root: Path) -> None:
    """Have names below `root` found as a volume finds them that compares without case; it lists them as they were given."""
    exists, lexists = Store.exists, os.path.lexists

    def spelt(path: str) -> str:
        there = {comparable(str(each)): str(each) for each in root.rglob("*")}
        return there.get(comparable(path), path)

    patch.setattr(
        Store, "exists", lambda self, name: exists(self, os.path.relpath(spelt(str(self.path(name))), self.root))
    )
    patch.setattr(os.path, "lexists", lambda path: lexists(spelt(os.fspath(path))))


def test_files_that_a_volume_has_spelt_otherwise_are_there(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    store = make(studio, planned(studio))
    (studio.out / "outputs/wave").rename(studio.out / "outputs/Wave")
    key = next(row["key"] for row in manifest.read(store).to_pylist() if row["output"] == "wave/cat.jpg.png")
    assert not finished_jobs(studio.out, []).is_made("wave/cat.jpg.png", key)
    with monkeypatch.context() as patch:
        as_such_a_volume(patch, studio.out)
        assert finished_jobs(studio.out, []).is_made("wave/cat.jpg.png", key)
        assert [fault.kind for fault in verify(store).faults if fault.kind == "stray"] == []
    assert {fault.kind for fault in verify(store).faults} == {"stray", "missing"}
    assert output_path("wave/cat.jpg.png") not in finished_jobs(studio.out, []).files


PARTS = st.text(
    st.sampled_from('aAbB.\u00e9e\u0301\u00dfs\u0130i\ufb01?:*"<>|% ~') | st.characters(exclude_characters="/\0"),
    min_size=1,
).filter(lambda part: part not in (".", ".."))
PATHS = st.lists(PARTS | st.sampled_from(["con", "NUL.x", "Com1", "a.jpg", "A.jpg.jpg"]), min_size=1, max_size=3).map(
    "/".join
)


@examples(80)
@given(st.lists(PATHS, unique=True, max_size=8))
def test_whatever_files_are_called_a_run_goes_to_any_volume(paths: list[str]) -> None:
    names = OutputNames()
    outputs = [names.name("Wave", path, "png", f"{key:064x}"[::-1], 0) for key, path in enumerate(paths)]
    for made in (outputs, [f"{output}.jpg" for output in outputs]):
        assert collisions(made) == []
        assert all(map(taken_by_any_volume, made))


@examples(80)
@given(st.lists(PATHS.map(lambda path: portable(path) + ".jpg"), unique=True, max_size=8))
def test_whatever_files_are_called_small_views_go_to_any_volume(paths: list[str]) -> None:
    views = [asset_thumb(path) for path in paths]
    assert collisions(views) == []
    assert all(map(taken_by_any_volume, views))


def test_a_name_that_is_safe_stays() -> None:
    for name in ("trip/cat.jpg", ".hidden/a..b", "company/console.jpg", "com10", " a", "é/日本"):
        assert volume_safe(name) == name


def test_files_of_surveys_are_apart() -> None:
    made = [file_name("thumbs", name, "jpg") for name in (*ODD, "x.jpg", "x.jpg.jpg/y.jpg")]
    assert collisions(made) == []
    assert all(map(taken_by_any_volume, made))
