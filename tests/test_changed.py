"""Which tests are run for what has changed."""

import subprocess
from pathlib import Path

import pytest

from tests.changed import MANY, changed_files, importers, named_after, selected
from tests.needs import needs_git


def git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=Ann", "-c", "user.email=ann@example.org", "-c", "core.hooksPath=/dev/null")
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A branch with a commit of its own, beside main."""
    git(tmp_path, "init", "-b", "main")
    for name in ("kept.py", "edited.py", "gone.py", "notes.md"):
        (tmp_path / name).write_text(name)
    (tmp_path / ".gitignore").write_text("ignored.py\n")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "first")
    git(tmp_path, "checkout", "-b", "work")
    (tmp_path / "committed.py").write_text("new")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "second")
    return tmp_path


@needs_git
def test_changed_files_are_committed_edited_or_new(checkout: Path) -> None:
    for name in ("edited.py", "untracked.py", "ignored.py", "notes.md"):
        (checkout / name).write_text("changed")
    (checkout / "gone.py").unlink()
    assert changed_files(checkout) == ["committed.py", "edited.py", "untracked.py"]


@needs_git
def test_changed_files_without_a_main_are_those_since_the_last_commit(checkout: Path) -> None:
    git(checkout, "branch", "-D", "main")
    (checkout / "edited.py").write_text("changed")
    assert changed_files(checkout) == ["edited.py"]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("core/one/test_a", "core/one/test_a_masks", "core/one/test_ab", "core/one/test_b", "flows/test_cli"):
        path = tmp_path / f"tests/{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path


def test_named_after_a_module_finds_its_tests(tree: Path) -> None:
    assert named_after("core.one.a", tree) == {"tests/core/one/test_a.py", "tests/core/one/test_a_masks.py"}
    assert named_after("core.two.a", tree) == set()


def test_selected_for_a_module_are_its_own_and_its_importers(tree: Path) -> None:
    found = selected(["core/one/b.py", "README.py"], {"core.one.b": {"flows.cli"}}.__getitem__, tree)
    assert found == ["tests/core/one/test_b.py", "tests/flows/test_cli.py"]


def test_selected_for_a_module_that_many_import_are_its_own(tree: Path) -> None:
    many = {"flows.cli", *(f"core.two.m{number}" for number in range(MANY))}
    assert selected(["core/one/b.py"], lambda _: many, tree) == ["tests/core/one/test_b.py"]


def test_selected_for_tests_are_themselves(tree: Path) -> None:
    assert selected(["tests/core/one/test_a.py", "tests/conftest.py"], lambda _: set(), tree) == [
        "tests/core/one/test_a.py"
    ]


def test_importers_are_read_from_the_sources() -> None:
    who = importers()
    assert "flows.cli.entry" in who("flows.cli.exit_handling")
    assert who("no.such.module") == set()
