"""Where things are: tests mirror the code, and no folder is a heap."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("core", "flows", "tasks")
OWN_SUBJECT = {
    "tests/core/engine/test_engine.py": "the whole engine with quick backends",
    "tests/core/engine/test_group_backends.py": "the whole engine with jobs in groups",
    "tests/core/gan/jobs/test_sampling.py": "a night of samples from plan to files",
    "tests/core/gan/test_cuda.py": "training and sampling on a GPU",
    "tests/core/stylize/optimise/test_golden.py": "golden pictures",
    "tests/flows/test_form.py": "the dashboard's form of every flow",
}
"""Test files that no module lends its name: what crosses modules."""
ROOMY = 20
"""Modules that a folder may hold; more are two subjects."""


def modules(folder: Path) -> list[Path]:
    return [path for path in folder.glob("*.py") if path.name != "__init__.py"]


def is_of_a_module(test: Path) -> bool:
    """Whether test_x.py, or a test_x_more.py beside it, stands where module x stands."""
    folder = ROOT / test.relative_to(ROOT / "tests").parent
    words = test.stem.removeprefix("test_").split("_")
    return any((folder / ("_".join(words[:count]) + ".py")).is_file() for count in range(len(words), 0, -1))


@pytest.mark.parametrize("package", PACKAGES)
def test_test_files_stand_where_their_modules_stand(package: str) -> None:
    tests = (ROOT / "tests" / package).rglob("test_*.py")
    astray = {str(path.relative_to(ROOT)) for path in tests if not is_of_a_module(path)}
    assert astray == {name for name in OWN_SUBJECT if name.startswith(f"tests/{package}/")}


def test_core_has_few_modules_outside_its_packages() -> None:
    assert len(list((ROOT / "core").glob("*.py"))) <= 5


@pytest.mark.parametrize("package", PACKAGES)
def test_folders_are_no_heaps(package: str) -> None:
    heaps = {
        str(folder.relative_to(ROOT)): len(modules(folder))
        for folder in (ROOT / package, *(ROOT / package).rglob("*/"))
        if len(modules(folder)) > ROOMY
    }
    assert heaps == {}
