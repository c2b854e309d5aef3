"""The command line without a night: help, faults, looks, and what it must not import."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from core.config.recipe import Recipe
from core.config.spec import Spec
from core.planning.cost_model import CostModel, save_cost
from flows.cli.options import RENAMED
from flows.commands import run
from tests.conftest import Studio
from tests.flows.command import here, nocturne

COMMANDS = [
    "run",
    "style",
    "sweep",
    "plan",
    "retry",
    "status",
    "manifest",
    "gallery",
    "show",
    "verify",
    "learn-taste",
    "doctor",
    "init",
]


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also on a busy machine, the plan is waited for before a server is started."""
    monkeypatch.setattr(run, "QUICK_PLAN", 60.0)


def test_help_names_every_command() -> None:
    ended = nocturne("--help")
    assert ended.code == 0
    assert all(f" {command} " in ended.out for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_every_command(command: str) -> None:
    assert here(command, "--help").code == 0


@pytest.mark.parametrize("command", ["run", "plan"])
def test_every_field_is_a_flag_with_its_description(command: str) -> None:
    text = " ".join(here(command, "--help", env={"COLUMNS": "400", "TERMINAL_WIDTH": "400"}).out.split())
    for model in (Spec, Recipe):
        for name, field in model.model_fields.items():
            if name != "recipe":
                assert f"--{name.replace('_', '-')} " in text, name
                assert " ".join((field.description or "").split()) in text, name


@pytest.mark.parametrize("command", ["style", "sweep"])
def test_every_field_of_a_recipe_is_a_flag_of_a_single_picture(command: str) -> None:
    text = " ".join(here(command, "--help", env={"COLUMNS": "400", "TERMINAL_WIDTH": "400"}).out.split())
    for name in ("preset", "seed", "device", *(RENAMED.get(name, name) for name in Recipe.model_fields)):
        assert f"--{name.replace('_', '-')} " in text, name


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom flows.cli import application, exit_handling\nsys.argv = ['nocturne', 'run', '--help']\n"
        "exit_handling.exit_code_of(application.app)\n"  # main ends the process
        "print('LOADED', sorted({'torch', 'prefect', 'pandas', 'pyarrow', 'numpy', 'PIL'} & set(sys.modules)))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.splitlines()[-1] == "LOADED []"


@pytest.mark.parametrize(
    ("flags", "fault"),
    [
        (["--size", "-3"], "`size` (=-3)"),
        (["--preset", "nice"], "`preset`"),
        (["--library", "/nowhere"], "/nowhere is not a folder"),
        (["--preset", "good", "--quality", "best"], "`preset` chooses the recipe already"),
        (["--quality", "90"], "`quality` (='90')"),
        (["--seconds-per-picture", "0"], "`seconds_per_picture` (=0.0)"),
        (["--pairs", "some"], "`pairs` (='some')"),
        (["--pairs", "none.csv"], "none.csv does not exist"),
        (["--style-layers", "relu9_9"], "relu9_9"),
        (["--weights", "/nowhere.pth"], "/nowhere.pth"),
        (["--reuse", "/nowhere"], "/nowhere is not a run folder"),
    ],
)
def test_a_wrong_spec_stops_before_any_work(studio: Studio, patient: None, flags: list[str], fault: str) -> None:
    base = ["--library", studio.library, "--catalog", studio.catalog, "--out", studio.out]
    ended = here("run", *base, *flags)
    assert ended.code == 2
    assert fault in ended.err
    assert len(ended.err.strip().splitlines()) == 1
    assert "Traceback" not in ended.err
    assert not (studio.out / "manifest.parquet").exists()


def test_an_unknown_key_in_a_file(studio: Studio) -> None:
    spec = studio.root / "tonight.toml"
    spec.write_text('library = "library"\ncatalog = "catalog"\ncolour = 1\n')
    ended = here("run", spec)
    assert ended.code == 2
    assert f"{spec}: unknown key `colour`" in ended.err


def test_missing_weights_say_which_file_to_put_where(studio: Studio, patient: None, tmp_path: Path) -> None:
    flags = [
        "--library",
        studio.library,
        "--catalog",
        studio.catalog,
        "--out",
        studio.out,
        "--weights",
        "torchvision",
    ]
    ended = here("run", *flags, env={"TORCH_HOME": str(tmp_path)})
    assert ended.code == 2
    assert "vgg19-dcbb9e9d.pth" in ended.err
    assert str(tmp_path) in ended.err


def test_plan_counts_and_writes_nothing(studio: Studio) -> None:
    base = [
        "--library",
        studio.library,
        "--catalog",
        studio.catalog,
        "--out",
        studio.out,
        "--size",
        48,
        "--json",
    ]
    before = sorted(studio.root.rglob("*"))
    planned = json.loads(here("plan", *base, "--variants", 2).out)
    assert (planned["total"], planned["todo"], planned["done"]) == (8, 8, 0)
    assert planned["seconds"] > 0
    assert planned["bytes"] > 0
    assert sorted(studio.root.rglob("*")) == before


def test_init_makes_something_that_plans(tmp_path: Path) -> None:
    ended = here("init", tmp_path / "new")
    assert ended.code == 0
    refused = here("plan", tmp_path / "new/tonight.toml")
    assert refused.code == 2
    assert "has no" in refused.err
    assert "exists already" in here("init", tmp_path / "new").err


@pytest.mark.parametrize("command", ["status", "manifest", "gallery", "retry"])
def test_a_folder_that_is_no_run(tmp_path: Path, command: str) -> None:
    ended = here(command, tmp_path)
    assert ended.code == 2
    assert "is not a run folder" in ended.err


def test_show_of_a_picture_that_says_nothing(studio: Studio) -> None:
    ended = here("show", studio.library / "cat.jpg")
    assert ended.code != 0
    assert "cat.jpg" in ended.err
    assert "Traceback" not in ended.err


def test_a_flag_that_chooses_the_recipe_takes_the_place_of_what_the_file_says(studio: Studio) -> None:
    file = studio.root / "tonight.toml"
    file.write_text('library = "library"\ncatalog = "catalog"\nout = "run"\npreset = "gatys"\n[recipe]\nsize = 64\n')
    save_cost(CostModel(rates={"vgg19 auto": 1e-4}, jobs=9))
    ended = here("run", file, "--dry-run", "--quality", "best", "--file-quality", "80", "--format", "jpg", "--json")
    assert (ended.code, ended.err) == (0, "")
    summary = json.loads(ended.out)
    assert summary["choice"].startswith("quality best: preset best, predicted ")
    assert (summary["todo"], studio.out.exists()) == (4, False)
    told = here("plan", file, "--seconds-per-picture", "30", "--replan").out
    assert "seconds_per_picture 30: preset best, predicted " in told
    assert "there was nothing to choose again" in here("plan", file, "--replan").out
