"""`nocturne sweep` as a user runs it: a sheet, its cells, and wrong grids refused before anything is computed."""

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from core.errors import Stopped
from core.images.contact_sheet import GAP, MARGIN, SMALLEST
from core.images.provenance import read_stamp
from core.stylize.optimise.target_cache import TargetCache
from flows.commands.sweep import sweep
from flows.progress import StepDisplay
from tests.conftest import Studio
from tests.flows.command import here


def files(studio: Studio) -> list[Path]:
    return [studio.library / "cat.jpg", studio.catalog / "wave.png"]


def test_a_sheet_and_its_cells(studio: Studio) -> None:
    sheet, cells = studio.root / "sheet.png", studio.root / "cells"
    grid = ["--x", "style_weight=50,250,1000", "--y", "size=32,40", "--cells", cells]
    ended = here("sweep", *files(studio), "-o", sheet, *grid, "--steps", 2, "--coarse-steps", 0)
    assert ended.code == 0, ended.err
    assert len(ended.out.splitlines()) >= 1
    names = [f"style_weight={weight}_size={size}.png" for weight in (50, 250, 1000) for size in (32, 40)]
    assert sorted(path.name for path in cells.iterdir()) == sorted(names)
    stamp = read_stamp(cells / names[3])
    assert (stamp["recipe"]["style_weight"], stamp["recipe"]["size"], len(stamp["key"])) == (250, 40, 64)
    with Image.open(sheet) as image:
        assert image.width > 3 * (SMALLEST + GAP) + 2 * MARGIN


def test_a_cell_is_what_style_makes(studio: Studio) -> None:
    flags = ["--size", 40, "--steps", 2, "--coarse-steps", 0]
    assert here("style", *files(studio), "-o", studio.root / "one.png", *flags, "--preset", "gatys").code == 0
    cells = studio.root / "cells"
    grid = ["-o", studio.root / "sheet.png", "--x", "preset=draft,gatys", "--cells", cells]
    assert here("sweep", *files(studio), *grid, *flags).code == 0
    assert (cells / "preset=gatys.png").read_bytes() == (studio.root / "one.png").read_bytes()
    assert (cells / "preset=draft.png").read_bytes() != (studio.root / "one.png").read_bytes()


def test_an_artwork_is_looked_at_once_for_all_cells_of_a_size(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("NOCTURNE_CACHE", str(tmp_path / "cache"))
    made: list[str] = []
    original = TargetCache._keep

    def counted(cache: TargetCache, name: str, tensors: Any) -> None:
        made.append(name)
        original(cache, name, tensors)

    monkeypatch.setattr(TargetCache, "_keep", counted)
    values = {"recipe": {"steps": 1, "coarse_steps": 0}}
    photo, painting = files(studio)
    grid = ("size=32,40", "style_weight=50,250,1000")
    assert sweep(photo, [str(painting)], studio.root / "sheet.png", values, *grid, None) == 0
    assert len(made) == len(set(made)) == 2


def test_a_cell_that_diverges_is_left_dark(studio: Studio, capsys: pytest.CaptureFixture[str]) -> None:
    photo, painting = files(studio)
    values = {"recipe": {"size": 32, "steps": 2, "coarse_steps": 0, "style_statistic": "gram"}}
    sheet = studio.root / "sheet.png"
    assert sweep(photo, [str(painting)], sheet, values, "style_weight=10,1e39", None, None) == 3
    said = capsys.readouterr().out
    assert "style_weight=1e39: The loss became" in said
    assert "1 of 2 pictures" in said
    assert sheet.exists()


def test_ctrl_c_leaves_a_sheet_of_what_is_finished(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(display: StepDisplay, step: Any, picture: Any) -> None:
        if picture.shape[2] == 40:
            raise KeyboardInterrupt

    monkeypatch.setattr(StepDisplay, "step", interrupted)
    photo, painting = files(studio)
    values = {"recipe": {"steps": 1, "coarse_steps": 0}}
    asked = (photo, [str(painting)], studio.root / "sheet.png", values)
    assert sweep(*asked, "size=32,40", None, None) == 3
    assert (studio.root / "sheet.png").exists()
    with pytest.raises(Stopped, match="nothing was saved"):
        sweep(*asked, "size=40,64", None, None)


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--x", "size=32,8"], "--x size=8: size may be a whole number from 16 to 16,384."),
        (["--x", "colour=1"], "there is no parameter 'colour'"),
        (["--x", "size=32", "--cells", "library/cat.jpg"], "is a file; give the name of a folder"),
        ([], "a sweep needs --x NAME=VALUE,VALUE"),
    ],
)
def test_a_wrong_sweep_is_one_sentence(studio: Studio, flags: list[str], words: str) -> None:
    before = sorted(studio.root.rglob("*"))
    ended = here("sweep", *files(studio), "-o", "sheet.png", *flags, cwd=studio.root)
    assert (ended.code, words in ended.err) == (2, True), ended.err
    assert len(ended.err.strip().splitlines()) == 1
    assert sorted(studio.root.rglob("*")) == before
