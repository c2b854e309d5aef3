"""Names that one system writes composed and another decomposed: labels, files and classes are the same."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from core.classifier.data import load_pictures
from core.errors import SpecError
from core.gan.checkpoints.checkpoint import read_info
from core.gan.checkpoints.classes import class_number
from core.gan.networks.recipe import GanRecipe
from tests.conftest import Studio
from tests.core.gan.samples import TINY, checkpoint
from tests.flows.command import here

MOST = 10**6
NFC, NFD = "Caf\u00e9", unicodedata.normalize("NFD", "Caf\u00e9")
BOTH = pytest.mark.parametrize(("there", "asked"), [(NFC, NFD), (NFD, NFC), (NFC, NFC)])
CONDITIONAL = GanRecipe.model_validate({**TINY.model_dump(), "conditional": True})


@BOTH
def test_a_csv_names_files_of_another_composition(there: str, asked: str, studio: Studio) -> None:
    studio.picture(f"data/{there}/{there}1.png", 1)
    studio.picture("data/tea/2.png", 2)
    labels = studio.root / "data/labels.csv"
    labels.write_text(f"file,label\n{asked}/{asked}1.png,{asked}\ntea/2.png,tea\n", encoding="utf-8")
    found = load_pictures(labels, MOST)
    assert found.skipped == ()
    assert found.counts() == {asked: 1, "tea": 1}


def test_a_csv_names_a_file_twice_in_two_compositions(studio: Studio) -> None:
    studio.picture(f"data/{NFC}.png", 1)
    studio.picture("data/tea.png", 2)
    labels = studio.root / "data/labels.csv"
    labels.write_text(f"file,label\n{NFC}.png,{NFC}\n{NFD}.png,{NFD}\ntea.png,tea\n", encoding="utf-8")
    found = load_pictures(labels, MOST)
    assert len(found.classes) == len(found.pictures) == 2
    assert "it is learnt once" in found.skipped[0]


@BOTH
def test_a_class_is_found_by_a_name_of_another_composition(there: str, asked: str, tmp_path: Path) -> None:
    info = read_info(checkpoint(tmp_path / "drinks.safetensors", CONDITIONAL, (there, "tea")))
    assert class_number(info, asked) == 0
    with pytest.raises(SpecError, match="has the classes 0 Caf"):
        class_number(info, "cafe")


@BOTH
def test_the_command_line_takes_a_class_of_another_composition(there: str, asked: str, tmp_path: Path) -> None:
    file = checkpoint(tmp_path / "drinks.safetensors", CONDITIONAL, ("tea", there))
    sheet = tmp_path / "sheet.png"
    ended = here("interpolate", file, "--seeds", "1,2,3,4", "--grid", "2x2", "--class", asked, "--to", sheet)
    assert ended.code == 0, ended.err
    assert sheet.is_file()
