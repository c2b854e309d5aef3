"""`nocturne sample` and `nocturne interpolate` as a user runs them."""

import json
from pathlib import Path

import pytest
from PIL import Image

from core.manifest.verify import verify
from core.storage.store import Store
from tests.core.gan.samples import TINY, checkpoint
from tests.flows.command import here


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return checkpoint(tmp_path / "digits.safetensors")


def test_a_night_of_samples_makes_a_run_like_any_other(tmp_path: Path, file: Path, prefect_env: dict[str, str]) -> None:
    out = tmp_path / "run"
    ended = here("sample", file, "--seeds", "0-9", "--out", out, "--device", "cpu", "--json", env=prefect_env)
    assert ended.code == 0, ended.err
    record = json.loads(ended.out)
    assert (record["made"], record["manifest"]["done"], record["planned"]["seeds"]) == (10, 10, 10)
    assert verify(Store(out)).whole == 10
    assert (out / "gallery/index.html").is_file()
    assert "10 samples from" in (out / "gallery/index.html").read_text()
    assert len(list((out / "nights").iterdir())) == 1
    again = here("sample", out / "spec.toml", "--json", env=prefect_env)
    assert (again.code, json.loads(again.out)["made"]) == (0, 0)
    assert here("status", out).code == 0
    shown = json.loads(here("show", out / "outputs/samples/digits/7.png", "--json").out)
    assert (shown["kind"], shown["seed"], shown["checkpoint"]) == ("sample", 7, "digits")


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--seeds", "9-3"], "write 3-9"),
        (["--psi", "7"], "less than or equal to 2"),
        (["--class", "cat"], "does not tell classes apart"),
        (["--keep", "3"], "`keep` needs `data`"),
    ],
)
def test_what_cannot_be_drawn_is_one_sentence(tmp_path: Path, file: Path, flags: list[str], words: str) -> None:
    ended = here("sample", file, "--out", tmp_path / "run", *flags)
    assert ended.code == 2
    assert words in ended.err
    assert len(ended.err.strip().splitlines()) == 1
    assert not (tmp_path / "run").exists()


def test_a_sheet_and_an_animation(tmp_path: Path) -> None:
    file = checkpoint(tmp_path / "pets.safetensors", TINY.changed({"conditional": True}), ["cat", "dog"])
    sheet, way = tmp_path / "sheet.png", tmp_path / "way.gif"
    assert here("interpolate", file, "--seeds", "1-4", "--grid", "2x3", "--class", "dog", "-o", sheet).code == 0
    with Image.open(sheet) as image:
        assert image.size == (3 * 18 - 2, 2 * 18 - 2)
    assert here("interpolate", file, "--seeds", "1,5", "--frames", 4, "-o", way).code == 0
    with Image.open(way) as image:
        assert image.n_frames == 4


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--seeds", "1", "-o", "a.gif"], "give two or more"),
        (["--seeds", "1-3", "--grid", "2x2", "-o", "a.png"], "needs four seeds"),
        (["--seeds", "1-4", "--grid", "2x2", "-o", "a.gif"], "a sheet is a .png file"),
        (["--seeds", "1-4", "--grid", "1x2", "-o", "a.png"], "must be rows x columns"),
        (["--seeds", "1-4", "-o", "a.mp4"], ".gif or .webp"),
        (["--seeds", "1-4", "--frames", "3", "-o", "a.gif"], "--frames 3"),
    ],
)
def test_a_way_that_cannot_be_drawn_is_one_sentence(tmp_path: Path, flags: list[str], words: str) -> None:
    ended = here("interpolate", checkpoint(tmp_path / "net.safetensors"), *flags, cwd=tmp_path)
    assert (ended.code, words in ended.err) == (2, True), ended.err
