"""Catalogs: any `catalog.toml` is styles inside the folder, or one sentence; whatever a stranger wrote into it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from core.planning.catalog import CATALOG_FILE, Style, load_catalog
from core.planning.jobs import OutputNames
from core.storage.run_paths import output_path, style_thumb
from core.storage.store import Store
from tests.faults.bases import base
from tests.faults.hostile_names import HIDDEN, NAMES
from tests.properties.kit import examples, read_or_refused, spoilt_text

WHOLE = """
[styles.mix]
artworks = [{ file = "wave.png", weight = 2.0 }, { file = "deep/night.jpg" }]
title = "A mix"
year = 1889
licence = "public domain"
[styles.mix.recipe]
style_weight = 2e6
style_layers = ["relu1_1", "relu2_1"]
[styles.other]
file = "deep/night.jpg"
"""
OUTSIDE = (
    *("../x.png", "..", ".", "/etc/passwd", "deep/../../x.png", "C:\\x.png", "C:x.png", "\\\\server\\share\\x.png"),
    *("//server/x.png", "..\\x.png", "deep\\..\\..\\x.png", "/", "\\", "~/x.png/../../../x", "out.png", "folder/x.png"),
    *("loop/x.png", "a\0b.png", "x" * 5000, "\x1b[2J\n.png", "deep/./../../x.png", "file:///etc/passwd", "", " "),
)
STYLE_NAMES = ("..", ".", "", "a/b", "a\\b", "../up", ".tmp-x", ".hidden", "a\0b", "\x1b[2J", "x" * 5000, "a\nb", " ")
NESTED = ("x = " + "[" * 9_000, "styles." + "a." * 900 + "a = 1", "[styles.a]\nyear = " + "9" * 5_000, "styles = 3")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalog with two artworks, a link out of it, a linked folder and a link to itself."""
    root = tmp_path_factory.mktemp("catalogs")
    made = root / "catalog"
    (made / "deep").mkdir(parents=True)
    (made / "wave.png").write_bytes(base("png"))
    (made / "deep" / "night.jpg").write_bytes(base("jpeg"))
    (root / "x.png").write_bytes(base("png"))
    (made / "out.png").symlink_to(root / "x.png")
    (made / "folder").symlink_to(root)
    (made / "loop").symlink_to("loop")
    return made


def loaded(folder: Path, data: bytes) -> list[Style] | None:
    """The styles, all of whose artworks lie in the folder and whose outputs lie in a run; None if refused."""
    (folder / CATALOG_FILE).write_bytes(data)
    styles = read_or_refused(lambda: load_catalog(folder), folder / CATALOG_FILE, folder, "two styles are called")
    for style in styles or ():
        assert style.problem or all(inside(folder, artwork.file) for artwork in style.artworks), style
        assert writable(style.name), style
    return styles


def inside(folder: Path, file: str) -> bool:
    return os.path.realpath(folder / file).startswith(os.path.realpath(folder) + os.sep)


def writable(name: str) -> bool:
    """Whether a style's pictures and small view have places in a run folder, under their own names."""
    store = Store("/run")
    output = OutputNames().name(name, "cat.jpg", "png", "0" * 64, 0)
    places = [store.path(output_path(output)), store.path(style_thumb(name))]
    return all(os.path.normpath(place) == str(place) and "/.tmp-" not in str(place) for place in places)


@examples(150)
@given(data=spoilt_text(WHOLE))
def test_any_bytes(folder: Path, data: bytes) -> None:
    loaded(folder, data)


def test_the_whole_one_is_read(folder: Path) -> None:
    styles = loaded(folder, WHOLE.encode())
    assert styles is not None
    assert [style.name for style in styles] == ["mix", "other", "out"]


@pytest.mark.parametrize("text", NESTED, ids=lambda text: text[:20])
def test_texts_that_are_too_much(folder: Path, text: str) -> None:
    assert loaded(folder, text.encode()) is None


@pytest.mark.parametrize("file", OUTSIDE, ids=lambda file: ascii(file)[:30])
@pytest.mark.parametrize("how", ["file", "artworks", "weights"])
def test_no_artwork_leads_outside(folder: Path, file: str, how: str) -> None:
    entry: dict[str, Any] = {"file": "wave.png"}
    if how == "file":
        entry = {"file": file}
    elif how == "artworks":
        entry = {"artworks": [{"file": "wave.png"}, {"file": file}]}
    else:
        entry["recipe"] = {"weights": file}
    loaded(folder, tomli_w.dumps({"styles": {"a": entry}}).encode())


@pytest.mark.parametrize("name", STYLE_NAMES, ids=lambda name: ascii(name)[:30])
def test_no_style_is_called_like_another_place(folder: Path, name: str) -> None:
    loaded(folder, tomli_w.dumps({"styles": {name: {"file": "wave.png"}}}).encode())


@examples(150)
@given(name=st.text(max_size=30), file=st.text(max_size=30))
def test_any_names(folder: Path, name: str, file: str) -> None:
    said = {"styles": {name: {"file": file, "title": name, "credit": file}}}
    loaded(folder, tomli_w.dumps(said).encode())


@pytest.mark.parametrize("kind", ["fifo", "folder", "link to nothing", "huge"])
def test_a_catalog_file_that_is_none(folder: Path, kind: str) -> None:
    path = folder / CATALOG_FILE
    path.unlink(missing_ok=True)
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "huge":
        with path.open("wb") as file:
            file.truncate(3 << 30)
    else:
        path.symlink_to("nothing")
    try:
        read_or_refused(lambda: load_catalog(folder), path)
    finally:
        path.rmdir() if kind == "folder" else path.unlink()


def test_artworks_of_any_name_are_styles(tmp_path: Path) -> None:
    names = [name for kind in NAMES.values() for name in kind if "/" not in os.fsdecode(name)]
    for number, name in enumerate([*names, *HIDDEN]):
        folder = tmp_path / str(number)
        path = folder / os.fsdecode(name)
        path.parent.mkdir(parents=True)
        path.write_bytes(base("png-grey"))
        styles = read_or_refused(lambda folder=folder: load_catalog(folder), folder)  # type: ignore[misc]
        assert (styles is None) == (name in HIDDEN), name
        for style in styles or ():
            assert writable(style.name), name
            assert style.problem or (folder / style.artworks[0].file).is_file()


def test_what_a_catalog_says_is_kept(folder: Path) -> None:
    styles = {style.name: style for style in loaded(folder, WHOLE.encode()) or ()}
    assert styles["mix"].overrides() == {"style_weight": 2e6, "style_layers": ("relu1_1", "relu2_1")}
    assert [(artwork.file, artwork.weight) for artwork in styles["mix"].artworks] == [
        ("wave.png", 2.0),
        ("deep/night.jpg", 1.0),
    ]
    assert (styles["mix"].entry.year, styles["mix"].entry.title) == (1889, "A mix")
    assert styles["out"].problem
