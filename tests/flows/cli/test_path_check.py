"""Every path of every command keeps to the allowed roots: the cases are made from the command line itself."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import typer
from typer.models import ArgumentInfo

from core.classifier.spec import TrainClassifierSpec
from core.config.recipe import FILES
from core.config.spec import Spec
from core.gan.jobs.sample_spec import SampleSpec
from core.gan.train.train_spec import TrainSpec
from core.storage.allowed_roots import VARIABLE
from core.stylize.train.learn_spec import LearnStyleSpec
from core.stylize.train.train_spec import TrainStyleSpec
from core.survey.spec import AnalyseSpec, AppraiseSpec
from flows.cli.application import app
from tests.conftest import Studio
from tests.flows.command import here
from tests.runs import made_run

SPECS = (Spec, SampleSpec, TrainSpec, TrainStyleSpec, TrainClassifierSpec, AppraiseSpec, AnalyseSpec)
IN_SPECS = {name for spec in SPECS for name in spec.path_fields} | FILES.keys() | {"network", "to", "contents"}
"""Fields that are paths, or may be."""
OF_MODELS = {name for model in (*SPECS, LearnStyleSpec) for name in model.model_fields}
WORDS = {"x", "y", "style", "sort", "explain", "seeds", "grid", "label", "device", "mood", "preset"}
"""Texts that commands take beside a spec's fields and that are no paths."""
GIVEN = ("library", "catalog", "checkpoint", "data", "pictures", "out", "contents")
"""Fields that a spec may lack for being told of what else is wrong."""
SUFFIXES = {"spec_file": ".toml", "scorer": ".safetensors", "pairs": ".csv", "to": ".png"}

Parameters = dict[str, inspect.Parameter]


def commands(group: typer.Typer = app) -> Iterator[tuple[str, Parameters]]:
    for each in group.registered_groups:
        assert each.typer_instance is not None
        yield from commands(each.typer_instance)
    for command in group.registered_commands:
        assert command.callback is not None
        name = command.name or command.callback.__name__.replace("_", "-")
        yield name, dict(inspect.signature(command.callback, eval_str=True).parameters)


COMMANDS = dict(commands())


def may_be_path(name: str, parameter: inspect.Parameter) -> bool:
    kind = get_args(parameter.annotation)[0]
    kinds = {kind, *get_args(kind)}
    if Path in kinds or name in IN_SPECS:
        return True
    return bool(kinds & {str, list[str]}) and name not in OF_MODELS | WORDS and not _of_recipe(parameter)


def _of_recipe(parameter: inspect.Parameter) -> bool:
    return parameter.annotation.__metadata__[0].rich_help_panel == "Recipe"


CASES = [(name, each) for name, all_ in COMMANDS.items() for each in all_ if may_be_path(each, all_[each])]


def command_line(name: str, target: str, inside: Path, outside: Path) -> list[object]:
    """The command with what it needs, the target outside and all else inside."""
    words: list[object] = [name]
    for each, parameter in COMMANDS[name].items():
        info = parameter.annotation.__metadata__[0]
        if each != target and parameter.default is not parameter.empty and each not in GIVEN:
            continue
        if target == "spec_file" and each != target:
            continue
        folder = outside if each == target else inside
        value = folder / f"x{SUFFIXES.get(each, '')}" if may_be_path(each, parameter) else "1"
        if isinstance(info, ArgumentInfo):
            words.append(value)
        else:
            flags = [flag for flag in (info.default, *(info.param_decls or ())) if isinstance(flag, str)]
            words.append(f"{max(flags, key=len)}={value}")
    return words


class Watch:
    """What is opened or listed below a folder while it is watched. Hooks of Python's audit cannot be taken out."""

    def __init__(self) -> None:
        self.folder, self.seen = "", list[str]()
        sys.addaudithook(self._hear)

    def _hear(self, event: str, details: tuple[Any, ...]) -> None:
        if self.folder and event in ("open", "os.scandir", "os.listdir") and isinstance(details[0], str | os.PathLike):
            path = os.path.abspath(os.fspath(details[0]))
            if isinstance(path, str) and path.startswith(self.folder):
                self.seen.append(path)


WATCH = Watch()


@pytest.fixture
def outside(studio: Studio, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """A folder outside the studio, which is the one allowed root; nothing below it may be opened."""
    folder = tmp_path / "outside"
    (folder / "x").mkdir(parents=True)
    monkeypatch.setenv(VARIABLE, str(studio.root))
    WATCH.folder, WATCH.seen = str(folder), []
    yield folder
    WATCH.folder = ""
    assert not WATCH.seen


def test_the_command_line_has_paths() -> None:
    assert {name for name, _ in CASES} == COMMANDS.keys()
    assert {("show", "file"), ("score", "scorer"), ("style", "paintings"), ("run", "network")} <= set(CASES)


@pytest.mark.parametrize(("command", "parameter"), CASES, ids=[" ".join(case) for case in CASES])
def test_a_path_outside_the_roots_is_refused_and_not_opened(
    command: str, parameter: str, studio: Studio, outside: Path
) -> None:
    inside = studio.root / "inside"
    (inside / "x").mkdir(parents=True)
    if command == "score":
        (inside / "x/spec.toml").write_text('library = "../../library"\ncatalog = "../../catalog"\n')
    ended = here(*command_line(command, parameter, inside, outside))
    assert "is outside the folders that NOCTURNE_ROOTS allows" in ended.err, ended
    assert ended.code == 2


@pytest.mark.parametrize("command", ["retry", "score", "manifest --explain=wave/cat.jpg.png"])
def test_so_is_a_path_in_the_spec_of_a_run(command: str, studio: Studio, outside: Path) -> None:
    store = made_run(studio, ("wave/cat.jpg.png",))
    store.put("spec.toml", f'library = "../library"\ncatalog = "../catalog"\ntaste = "{outside / "x"}"\n'.encode())
    name, *more = command.split()
    ended = here(name, store.root, *more)
    assert (ended.code, "taste" in ended.err) == (2, True)


def test_and_one_in_the_spec_that_a_doctor_is_shown(studio: Studio, outside: Path) -> None:
    spec = studio.root / "s.toml"
    spec.write_text(f'library = "{outside / "x"}"\ncatalog = "catalog"\n')
    ended = here("doctor", spec)
    assert ended.code == 3
    assert "is outside the folders that NOCTURNE_ROOTS allows" in " ".join(ended.out.split())


def test_and_the_run_that_a_pick_names(studio: Studio, outside: Path) -> None:
    picks = studio.root / "picks.csv"
    picks.write_text(f"output,pick,run\na.png,keep,{outside / 'x'}\n")
    ended = here("learn-taste", picks, "-o", studio.root / "t.json")
    assert (ended.code, "is outside the folders" in ended.err) == (2, True)


def test_and_a_file_in_a_sweep(studio: Studio, outside: Path) -> None:
    ended = here("sweep", studio.library / "cat.jpg", studio.catalog / "wave.png", "-o", studio.root / "s.png",
                 "--preset", "fast", "--x", f"network={outside / 'x.safetensors'}")  # fmt: skip
    assert (ended.code, "is outside the folders" in ended.err) == (2, True)
