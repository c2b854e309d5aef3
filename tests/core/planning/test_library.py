"""Scanning a library: what is an asset, what is counted, what gets a row with a reason."""

import os
import re
from pathlib import Path

import pytest

from core.planning.library import matches, scan


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "library"
    for name in (
        "cat.jpg",
        "cat.png",
        "dog.avif",
        "trip/SEA.JPEG",
        "notes.txt",
        ".hidden.jpg",
        ".git/x.jpg",
        "raw/a.heic",
    ):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return root


def test_pictures_are_found_by_suffix_and_the_rest_is_counted(tree: Path) -> None:
    library = scan(tree)
    assert [asset.name for asset in library.assets] == ["cat.jpg", "cat.png", "dog.avif", "raw/a.heic", "trip/SEA.JPEG"]
    assert (library.passed.hidden, library.passed.others) == (2, 1)


def test_a_suffix_of_a_kind_that_is_not_read_is_no_problem_yet(tree: Path) -> None:
    assert not [asset for asset in scan(tree).assets if asset.problem]


def test_links(tree: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.jpg"
    outside.write_bytes(b"x")
    (tree / "out.jpg").symlink_to(outside)
    (tree / "in.jpg").symlink_to(tree / "cat.jpg")
    (tree / "loop").symlink_to(tree)
    library = scan(tree)
    problems = {asset.name: asset.problem for asset in library.assets}
    assert "leaves the library" in (problems["out.jpg"] or "")
    assert problems["in.jpg"] is None
    assert len(library.passed.linked) == 1
    assert "loop/cat.jpg" not in problems


def test_a_sibling_folder_with_the_same_beginning_is_outside(tree: Path) -> None:
    sibling = tree.with_name("library-private")
    sibling.mkdir()
    (sibling / "secret.jpg").write_bytes(b"x")
    (tree / "s.jpg").symlink_to(sibling / "secret.jpg")
    assert next(asset for asset in scan(tree).assets if asset.name == "s.jpg").problem


def test_names_that_are_not_utf8(tree: Path) -> None:
    with open(os.fsencode(tree) + b"/caf\xe9\n.jpg", "wb") as file:
        file.write(b"x")
    asset = next(asset for asset in scan(tree).assets if asset.name.startswith("caf"))
    assert asset.name == "caf%E9%0A.jpg"
    assert os.path.exists(os.path.join(tree, asset.file))


@pytest.mark.parametrize(
    ("include", "exclude", "kept"),
    [
        (["*.png"], [], ["cat.png"]),
        (["trip/*"], [], ["trip/SEA.JPEG"]),
        ([], ["*.heic", "cat.*", "dog.*"], ["trip/SEA.JPEG"]),
        (["SEA.*"], [], ["trip/SEA.JPEG"]),
    ],
)
def test_patterns(tree: Path, include: list[str], exclude: list[str], kept: list[str]) -> None:
    assert [asset.name for asset in scan(tree, include, exclude).assets] == kept
    assert all(matches(name, include, exclude) for name in kept)


def test_links_in_a_circle_are_assets_that_cannot_be_read(tree: Path) -> None:
    (tree / "loop.jpg").symlink_to("loop.jpg")
    (tree / "a").symlink_to("b")
    (tree / "b").symlink_to("a")
    library = scan(tree)
    assert "loop.jpg" in [asset.name for asset in library.assets]
    assert library.passed.others == 3


def test_two_files_of_one_portable_name_are_told_apart(tree: Path) -> None:
    for name in ("me\n.jpg", "me%0A.jpg"):
        (tree / name).write_bytes(b"x")
    named = {asset.file: asset.name for asset in scan(tree).assets if asset.file.startswith("me")}
    assert named["me%0A.jpg"] == "me%0A.jpg"
    assert re.fullmatch(r"me%0A~[0-9a-f]{10}\.jpg", named["me\n.jpg"])


def test_a_folder_that_cannot_be_listed_is_named(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scandir = os.scandir

    def gone(folder: str) -> object:
        if str(folder).endswith("trip"):
            raise OSError(36, "File name too long")
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", gone)
    library = scan(tree)
    assert "trip/SEA.JPEG" not in [asset.name for asset in library.assets]
    assert library.passed.closed == [("trip", "File name too long")]
