"""An empty name is not the current folder, a home folder is one, and a spec's run lies beside it.

A variable that is not set has emptied and filled folders nobody meant (steam-for-linux#3671, bumblebee#123).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.classifier.spec import TrainClassifierSpec
from core.config.base_spec import BaseSpec
from core.config.spec import Spec, load_spec
from core.errors import SpecError
from core.gan.jobs.sample_spec import SampleSpec
from core.gan.train.train_spec import TrainSpec
from core.networks.weights import torchvision_path
from core.runs import run_kinds
from core.storage.allowed_roots import check_inside
from core.stylize.train.train_spec import TrainStyleSpec
from core.survey.spec import AnalyseSpec, AppraiseSpec
from flows.cli.exit_handling import checked_argument
from tests.conftest import Studio
from tests.flows.command import here

SPECS: tuple[tuple[type[BaseSpec], dict[str, Any]], ...] = (
    (Spec, {"library": "l", "catalog": "c", "masks": "m", "regions": "r", "taste": "t.json", "reuse": ["x"]}),
    (SampleSpec, {"checkpoint": "c.safetensors", "data": "d", "reuse": ["x"]}),
    (TrainSpec, {"data": "d", "held_out": "h", "start": "s"}),
    (TrainStyleSpec, {"catalog": "c", "contents": ["x"], "artworks": ["x"], "start": "s"}),
    (TrainClassifierSpec, {"data": "d"}),
    (AppraiseSpec, {"pictures": "p", "out": "o"}),
    (AnalyseSpec, {"pictures": "p", "out": "o"}),
)
FIELDS = [(spec, values, name) for spec, values in SPECS for name in {**values, "out": "o"}]


@pytest.mark.parametrize("empty", ["", "  "])
@pytest.mark.parametrize(("spec", "values", "name"), FIELDS)
def test_an_empty_path_is_refused(spec: type[BaseSpec], values: dict[str, Any], name: str, empty: str) -> None:
    wrong = {**values, name: [empty] if isinstance(values.get(name), list) else empty}
    with pytest.raises(SpecError, match=f"`{name}.*must not be empty"):
        spec.from_values(wrong, "test")


def test_an_empty_path_in_a_file_is_not_the_folder_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text('library = ""\ncatalog = "c"\n')
    with pytest.raises(SpecError, match=r"`library`.*must not be empty"):
        load_spec(tmp_path / "x.toml")


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "--library", "", "--catalog", "c"],
        ["run", "--library=", "--catalog", "c"],
        ["run", ""],
        ["status", ""],
        ["style", "", "a.png", "-o", "x.png"],
        ["style", "a.png", "b.png", "-o", ""],
        ["similar", "a.png", "--in", " "],
        ["recommend", "", "--catalog", "c", "-o", "o"],
        ["train-gan", ""],
        ["show", ""],
        ["init", ""],
    ],
    ids=" ".join,
)
def test_an_empty_argument_is_refused_by_every_command(arguments: list[str], tmp_path: Path) -> None:
    ended = here(*arguments, cwd=tmp_path)
    assert ended.code == 2
    assert "is empty; if a variable stands there, it is not set" in ended.err
    assert not list(tmp_path.iterdir())


def test_roots_that_are_set_and_empty_allow_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NOCTURNE_ROOTS", "")
    with pytest.raises(SpecError, match="NOCTURNE_ROOTS is set and names no folder"):
        check_inside([("library", tmp_path)])


@pytest.mark.parametrize("loader", [load_spec, run_kinds.load_spec])
def test_out_lies_beside_the_spec_wherever_the_command_is_started(
    loader: Any, studio: Studio, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (studio.root / "x.toml").write_text('library = "library"\ncatalog = "catalog"\n')
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert loader(studio.root / "x.toml").out == studio.root / "runs/tonight"


def test_flags_alone_put_the_run_into_the_current_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert Spec.from_values({"library": "l", "catalog": "c"}, "flags").out == tmp_path / "runs/tonight"


def test_a_home_folder_is_expanded_everywhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "x.toml").write_text('library = "~/photos"\ncatalog = "c"\nreuse = ["~/old"]\nout = "~"\n')
    spec = load_spec(tmp_path / "x.toml")
    assert (spec.library, spec.reuse, spec.out) == (tmp_path / "photos", [tmp_path / "old"], tmp_path)
    assert Spec.from_values({"library": "~/photos", "catalog": "c"}, "form").library == tmp_path / "photos"
    assert checked_argument("--out=~/x") == f"--out={tmp_path}/x"
    assert checked_argument("~/x") == f"{tmp_path}/x"
    assert checked_argument("a~/x") == "a~/x"
    assert checked_argument("--json") == "--json"


def test_a_wrong_key_is_named_before_a_missing_one(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text('libary = "l"\ncatalog = "c"\n')
    with pytest.raises(SpecError, match=r"unknown key `libary` \(is `library` meant\?\)"):
        load_spec(tmp_path / "x.toml")


@pytest.mark.parametrize(("library", "continued"), [("l", True), ("other", False)])
def test_a_run_that_the_spec_began_in_the_current_folder_is_gone_on_with(
    library: str, continued: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "project/runs/tonight"
    run.mkdir(parents=True)
    (run / "spec.toml").write_text(f'library = "{tmp_path / library}"\ncatalog = "{tmp_path / "c"}"\n')
    (tmp_path / "a.toml").write_text('library = "l"\ncatalog = "c"\n')
    monkeypatch.chdir(tmp_path / "project")
    assert load_spec(tmp_path / "a.toml").out == (run if continued else tmp_path / "runs/tonight")


def test_empty_variables_name_no_cache_in_the_current_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    monkeypatch.setenv("TORCH_HOME", "")
    with pytest.raises(SpecError, match=f"{Path.home()}/.cache/torch"):
        torchvision_path("resnet50")
