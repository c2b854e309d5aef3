"""Files whose names are composed otherwise on disk than in a list."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from core.storage.composition_lookup import CompositionLookup

NFC, NFD = "Caf\u00e9", unicodedata.normalize("NFD", "Caf\u00e9")


def file(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


@pytest.mark.parametrize(("there", "asked"), [(NFC, NFD), (NFD, NFC), (NFC, NFC), (NFD, NFD)])
def test_a_file_is_found_by_either_composition(there: str, asked: str, tmp_path: Path) -> None:
    real = file(tmp_path / there / f"{there}.png")
    assert CompositionLookup().find(tmp_path / asked / f"{asked}.png").samefile(real)


def test_an_exact_name_comes_first(tmp_path: Path) -> None:
    first, second = file(tmp_path / NFC), file(tmp_path / NFD)
    if first.samefile(second):
        pytest.skip("this volume takes both names for one")
    assert [CompositionLookup().find(path) for path in (first, second)] == [first, second]


@pytest.mark.parametrize("name", [f"{NFC}/x.png", f"{NFC}\0.png", f"{NFC}/" * 3000, f"file/{NFC}", "plain.png"])
def test_what_is_not_there_stays_as_it_is_given(name: str, tmp_path: Path) -> None:
    file(tmp_path / "file")
    assert CompositionLookup().find(tmp_path / name) == tmp_path / name
