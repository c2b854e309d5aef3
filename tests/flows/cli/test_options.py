"""Flags made from the fields of a spec, over the values of its file."""

from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from core.config.spec import Spec
from core.errors import SpecError
from core.gan.train.train_spec import PACKAGED, TrainSpec
from flows.cli.options import with_spec, with_train_spec


def parsed(decorate: Any, *arguments: object) -> Any:
    """The spec that a command with these options gets. Raises what it raises."""
    specs: list[Any] = []
    app = typer.Typer()

    @app.command()
    @decorate
    def command(spec: Any) -> None:
        specs.append(spec)

    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return specs[0]


def stylize(*arguments: object) -> Spec:
    spec = parsed(with_spec, *arguments)
    assert isinstance(spec, Spec)
    return spec


def train(*arguments: object) -> TrainSpec:
    spec = parsed(with_train_spec, *arguments)
    assert isinstance(spec, TrainSpec)
    return spec


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "tonight.toml"
    path.write_text(
        'library = "photos"\ncatalog = "art"\nout = "run"\nquality = "draft"\n[recipe]\nsize = 64\nsteps = 5\n'
    )
    return path


def test_with_spec_takes_paths_of_a_file_from_its_folder(file: Path) -> None:
    assert stylize(file).library == file.parent / "photos"


def test_with_spec_flags_override_single_fields_of_the_file(file: Path) -> None:
    recipe = stylize(file, "--size", 128).recipe
    assert (recipe.size, recipe.steps) == (128, 5)


def test_with_spec_a_flag_that_chooses_takes_the_place_of_the_file_s_choice(file: Path) -> None:
    spec = stylize(file, "--preset", "fast")
    assert (spec.preset, spec.quality) == ("fast", None)


@pytest.mark.parametrize(("flags", "source"), [((), "tonight.toml"), (("--seed", "-1"), "flags")])
def test_with_spec_names_where_a_fault_is(file: Path, flags: tuple[str, ...], source: str) -> None:
    if not flags:
        file.write_text(f"seed = -1\n{file.read_text()}")
    with pytest.raises(SpecError, match=source):
        stylize(file, *flags)


def test_with_train_spec_takes_what_is_no_toml_as_the_pictures(tmp_path: Path) -> None:
    assert train(tmp_path, "--out", tmp_path / "run").data == tmp_path


def test_with_train_spec_a_file_may_name_the_packaged_pictures(tmp_path: Path) -> None:
    (tmp_path / "gan.toml").write_text(f'data = "{PACKAGED}"\nout = "run"\n')
    assert str(train(tmp_path / "gan.toml").data) == PACKAGED
