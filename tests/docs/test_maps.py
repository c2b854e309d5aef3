"""The maps are true: what the documentation names is there, and the layers are drawn as they are."""

from __future__ import annotations

import importlib
import re
import tomllib
from functools import cache
from pathlib import Path

import pytest

from core.runs.run_kinds import RUN_KINDS

ROOT = Path(__file__).resolve().parents[2]
MAPS = sorted(
    str(path.relative_to(ROOT))
    for path in (
        *(ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "data").rglob("*.md"),
    )
)
PACKAGES = ("core", "tasks", "flows")
OURS = (*PACKAGES, "tests", "docs", "data", "benchmarks", "deployments")
QUOTED = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)(#[^)\s]*)?\)")
NAME = re.compile(r"[A-Z][a-z]+[A-Z]\w*|[A-Z]{2,}_[A-Z_]+")
"""Of a class of two words, or a constant of two."""
DOTTED = re.compile(r"(?<![\w./-])((?:core|tasks|flows)(?:\.[A-Za-z_]\w*)+)")
GLOSSARY_ROW = re.compile(r"^\| (?P<term>[^|]+) \| (?P<meaning>[^|]+) \| (?P<where>`[^|]+`) \|$", re.MULTILINE)


RECIPES = {
    "A style loss": ("core/config/style_losses.py", "STYLE_LOSSES"),
    "A file format": ("core/images/formats.py", "FORMATS"),
    "A measured column": ("core/manifest/schema.py", "COLUMNS"),
    "A kind of run": ("core/runs/run_kinds.py", "RUN_KINDS"),
}


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def paths_in(name: str) -> set[str]:
    """Quoted files and folders of this repository."""
    return {each for each in QUOTED.findall(text(name)) if re.fullmatch(rf"({'|'.join(OURS)})/[\w./*-]*", each)}


@cache
def modules() -> set[str]:
    return {path.name for path in code()}


def code() -> list[Path]:
    return [path for folder in OURS for path in (ROOT / folder).rglob("*.py")]


@cache
def sources() -> str:
    """All code that may define a name."""
    return "\n".join(path.read_text(encoding="utf-8") for path in code())


@pytest.mark.parametrize("name", MAPS)
def test_every_file_that_is_named_is_there(name: str) -> None:
    assert {path for path in paths_in(name) if not list(ROOT.glob(path.rstrip("/")))} == set()


@pytest.mark.parametrize("name", MAPS)
def test_every_module_that_is_named_without_its_folder_is_there(name: str) -> None:
    named = {each for each in QUOTED.findall(text(name)) if re.fullmatch(r"\w+\.py", each)}
    assert named <= modules()


def leads_somewhere(dotted: str) -> bool:
    """Whether `core.package.module.name` is there, as far as it goes: packages, then a module, then what it defines."""
    place, names = ROOT, dotted.split(".")
    while names and (place / names[0]).is_dir():
        place /= names.pop(0)
    if not names:
        return True
    module = place / f"{names[0]}.py"
    if not module.is_file():
        return False
    return len(names) == 1 or bool(re.search(rf"^\s*((class|def) )?{names[1]}\b", module.read_text(), re.MULTILINE))


def test_every_dotted_name_leads_somewhere() -> None:
    files = [*(ROOT / name for name in MAPS), *(path for path in code() if path.relative_to(ROOT).parts[0] in PACKAGES)]
    named = {(str(file), each) for file in files for each in DOTTED.findall(file.read_text(encoding="utf-8"))}
    assert len(named) > 100
    assert {(file, each) for file, each in named if not leads_somewhere(each)} == set()


@pytest.mark.parametrize("name", MAPS)
def test_every_link_leads_to_a_file(name: str) -> None:
    folder = (ROOT / name).parent
    assert {link for link, _ in LINK.findall(text(name)) if not (folder / link).exists()} == set()


@pytest.mark.parametrize("name", ["docs/architecture.md", "docs/glossary.md", "CONTRIBUTING.md"])
def test_every_class_and_constant_that_is_named_is_in_the_code(name: str) -> None:
    named = {each for each in QUOTED.findall(text(name)) if NAME.fullmatch(each)}
    assert {
        each for each in named if not re.search(rf"^(class {each}\b|{each}\b.*=)", sources(), re.MULTILINE)
    } == set()


def test_a_class_of_the_glossary_lives_where_its_row_says() -> None:
    rows = list(GLOSSARY_ROW.finditer(text("docs/glossary.md")))
    assert len(rows) > 60
    for row in rows:
        files = [text(path) for path in QUOTED.findall(row["where"])]
        for each in QUOTED.findall(row["meaning"]):
            if re.fullmatch(r"[A-Z]\w+", each):
                assert any(re.search(rf"^(class )?{each}\b", file, re.MULTILINE) for file in files), row["term"]


def test_the_glossary_is_in_order() -> None:
    for part in text("docs/glossary.md").split("\n## ")[1:]:
        terms = [row["term"].lower() for row in GLOSSARY_ROW.finditer(part)]
        assert terms == sorted(terms)


def test_the_layers_are_drawn_as_they_are_checked() -> None:
    contracts = tomllib.loads(text("pyproject.toml"))["tool"]["importlinter"]["contracts"]
    (layers,) = (each["layers"] for each in contracts if each.get("containers") == ["core"])
    drawing = text("docs/architecture.md").split("```mermaid")[1].split("```")[0]
    places = {word: drawing.index(f'{word}["') for layer in layers for word in layer.split(" | ")}
    assert [name for name, _ in sorted(places.items(), key=lambda item: item[1])] == [
        word for layer in layers for word in layer.split(" | ")
    ]


def recipe(title: str) -> str:
    """The section of a recipe."""
    (section,) = (each for each in text("docs/architecture.md").split("\n### ") if each.startswith(f"{title}\n"))
    return section


@pytest.mark.parametrize("title", RECIPES)
def test_a_recipe_names_the_table_that_it_adds_to(title: str) -> None:
    path, table = RECIPES[title]
    assert {f"`{path}`", f"`{table}`"} <= set(re.findall(r"`[^`]+`", recipe(title)))
    assert len(getattr(importlib.import_module(path.removesuffix(".py").replace("/", ".")), table)) > 1


def test_the_examples_of_a_kind_of_run_are_those_of_sampling() -> None:
    kind = RUN_KINDS["sample"]
    for reference in (kind.spec, kind.context, kind.plan, kind.backend, kind.flow):
        assert f"`{reference.partition(':')[0].replace('.', '/')}.py`" in recipe("A kind of run")


def test_the_recipe_of_a_column_says_where_values_come_from() -> None:
    named = [path for path in QUOTED.findall(recipe("A measured column")) if path.startswith("core/")]
    judged = [path for path in named if re.search(r"def (columns|write)\(", text(path))]
    assert len(judged) == 2


def test_packages_without_torch_are_those_of_the_contract() -> None:
    contracts = tomllib.loads(text("pyproject.toml"))["tool"]["importlinter"]["contracts"]
    (sources,) = (each["source_modules"] for each in contracts if each["name"] == "Planning never imports torch")
    whole = {each for each in sources if each.count(".") == 1}
    section = (
        text("docs/architecture.md").split("### Without torch")[1].split("\n## ")[0].split(" the specs and plans")[0]
    )
    named = {path.removesuffix(".py").replace("/", ".") for path in QUOTED.findall(section)}
    assert whole == {each for each in named if each.count(".") == 1}
