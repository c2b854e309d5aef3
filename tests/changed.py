"""Test files worth running for what has changed in the working tree: `python -m tests.changed` prints them, one a line.

Changed is what differs from where the branch left main, committed or not. A module's tests are those that bear its name,
and those of the modules that import it, unless these are many.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("core", "tasks", "flows")
MANY = 5
"""Of a module that more modules import, their tests are not run: they would be a good part of the suite."""


def changed_files(root: Path = ROOT) -> list[str]:
    """Python files below `root` that differ from the point where the branch left main, or are new to git; sorted."""
    base = _git(root, "merge-base", "HEAD", "main") or _git(root, "merge-base", "HEAD", "origin/main") or ["HEAD"]
    differ = _git(root, "diff", "--name-only", "--diff-filter=d", base[0], "--", "*.py")
    return sorted({*differ, *_git(root, "ls-files", "--others", "--exclude-standard", "--", "*.py")})


def selected(files: Iterable[str], importers: Callable[[str], set[str]], root: Path = ROOT) -> list[str]:
    """Test files for changed files, sorted. `importers` names the modules that import a module."""
    found: set[str] = set()
    for file in files:
        if file.startswith("tests/"):
            found |= {file} if Path(file).name.startswith("test_") else set()
        elif file.split("/")[0] in PACKAGES:
            near = importers(_module(file))
            for module in [_module(file), *(near if len(near) <= MANY else ())]:
                found |= named_after(module, root)
    return sorted(found)


def named_after(module: str, root: Path = ROOT) -> set[str]:
    """Test files that bear a module's name: of `core.engine.worker`, test_worker.py and any test_worker_more.py."""
    *folders, name = module.split(".")
    folder = root.joinpath("tests", *folders)
    return {
        str(path.relative_to(root)) for path in (*folder.glob(f"test_{name}.py"), *folder.glob(f"test_{name}_*.py"))
    }


def importers() -> Callable[[str], set[str]]:
    """What answers which modules import a module, read from the sources."""
    import grimp

    graph = grimp.build_graph(*PACKAGES)
    return lambda module: graph.find_modules_that_directly_import(module) if module in graph.modules else set()


def _module(file: str) -> str:
    return file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _git(root: Path, *arguments: str) -> list[str]:
    """The lines that git answers; none if it fails."""
    ended = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=False)
    return ended.stdout.splitlines() if ended.returncode == 0 else []


if __name__ == "__main__":
    for file in selected(changed_files(), importers()):
        print(file)
