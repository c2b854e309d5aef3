"""Specs: any bytes and any values are a spec or one sentence, and a spec survives its own TOML."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.config.presets import PRESETS
from core.config.recipe import Recipe
from core.config.spec import Spec, load_spec
from core.engine.job_queue import JobQueue
from core.errors import SpecError
from core.planning.library import matches
from core.runs.example_project import example_spec
from tests.properties.kit import examples, read_or_refused, refusal, spoilt_text

NAMES = (*Spec.model_fields, *Recipe.model_fields)
SAID = "\n".join(line.removeprefix("# ") if " = " in line[:24] else line for line in example_spec().splitlines())
NESTED = (
    "x = " + "[" * 100_000,
    "x = " + "[" * 300 + "]" * 300,
    "x = " + "{a = " * 100_000,
    "a." * 20_000 + "a = 1",
    "[" + "a." * 20_000 + "a]",
    "[[x]]\n" * 10_000,
    "recipe." + "a." * 5_000 + "a = 1",
    "library." + "a." * 5_000 + "a = 1",
    "reuse = [" + "[" * 200 + "]" * 201,
    "seed = " + "9" * 5_000,
    "seed = 0x" + "f" * 100_000,
    'pairs = "random:' + "9" * 5_000 + '"',
    "time_limit = inf",
    "time_limit = 1e300",
    "spare_disk = nan",
    "max_megapixels = nan",
    'library = "' + "x" * 100_000 + '"',
    'library = "a\\u0000b"',
    'out = "a\\u0000b"',
    'pairs = "a\\u0000b.csv"',
    'reuse = ["a\\u0000b"]',
    '"\\u001b[2J\\n" = 1',
    'preset = "\\u001b[2J\\u202e"',
    'recipe = {weights = "a\\u0000b"}',
    'recipe = {weights = "\\u001b[31m\\n"}',
    "library = 2026-01-01",
    "x = 2026-13-45",
    "\ufeffseed = 1",
)
GOOD = 'library = "library"\ncatalog = "catalog"\nout = "run"\n'


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("spec")
    for name in ("library", "catalog"):
        (folder / name).mkdir()
    return folder


def loaded(studio: Path, data: bytes) -> Spec | None:
    """The spec in these bytes, looked at as a night would; None if it was refused."""
    path = studio / "tonight.toml"
    path.write_bytes(data)

    def load() -> Spec:
        spec = load_spec(path)
        try:
            spec.check()
        except SpecError as error:  # it is about a folder that the spec names
            refusal(error, studio, "recipe", "library", "catalog", "out", "pairs", "reuse")
        return spec

    return read_or_refused(load, path)


@examples(150)
@given(data=spoilt_text(SAID))
def test_any_bytes(studio: Path, data: bytes) -> None:
    loaded(studio, data)


@pytest.mark.parametrize("text", NESTED, ids=lambda text: text[:30].encode("unicode_escape").decode())
def test_texts_that_are_too_much(studio: Path, text: str) -> None:
    for whole in (text, GOOD + text):
        loaded(studio, whole.encode())


def test_a_text_of_gigabytes_is_not_read(studio: Path) -> None:
    path = studio / "huge.toml"
    with path.open("wb") as file:
        file.truncate(3 << 30)
    with pytest.raises(SpecError, match=r"huge\.toml"):
        load_spec(path)
    path.unlink()


ANYTHING = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary(max_size=9)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=9), inner, max_size=4)),
    max_leaves=6,
)


@examples(200)
@given(values=st.dictionaries(st.one_of(st.sampled_from(NAMES), st.text(max_size=20)), ANYTHING, max_size=6))
@example(values={"library": "a\udce9", "catalog": "b", "out": "c"})
@example(values={"library": "a", "catalog": "b", "include": ["\udce9"]})
@example(values={"library": "a", "catalog": "b", "recipe": {"weights": "\udce9"}})
def test_any_values(studio: Path, values: dict[str, Any]) -> None:
    spec = read_or_refused(lambda: Spec.from_values(values, "the form"), "the form")
    if spec is not None:
        spec.toml().encode()


RECIPES = st.fixed_dictionaries(
    {},
    optional={
        "size": st.integers(16, 8192),
        "steps": st.integers(1, 20_000),
        "style_weight": st.floats(0, 1e9),
        "start_noise": st.floats(0, 1),
        "style_layers": st.lists(st.sampled_from(("relu1_1", "relu3_1")), min_size=1, max_size=3),
        "format": st.sampled_from(("png", "jpg", "webp")),
        "weights": st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1),
    },
)
TEXTS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=12)
PATHS = TEXTS.filter(lambda text: bool(text.strip()) and not text.startswith("~"))
VALID = st.fixed_dictionaries(
    {"library": PATHS, "catalog": PATHS, "out": PATHS},
    optional={
        "preset": st.sampled_from(sorted(PRESETS)),
        "pairs": st.one_of(st.just("all"), st.integers(1, 10**6).map("random:{}".format), TEXTS.map("{}.csv".format)),
        "seed": st.integers(0, 2**31 - 1),
        "variants": st.integers(1, 1000),
        "include": st.lists(TEXTS, max_size=3),
        "exclude": st.lists(TEXTS, max_size=3),
        "limit": st.integers(1, 2**62),
        "reuse": st.lists(PATHS, max_size=3),
        "max_megapixels": st.floats(0.001, 2000),
        "time_limit": st.floats(0.1, 1e5),
        "device": st.sampled_from(("auto", "cpu", "cuda:0,cuda:1")),
        "recipe": RECIPES,
    },
)


@examples(150)
@given(values=VALID)
def test_a_valid_spec_survives_its_own_toml(studio: Path, values: dict[str, Any]) -> None:
    spec = Spec.from_values(values, "test")
    path = studio / "again.toml"
    path.write_text(spec.toml(), encoding="utf-8")
    again = load_spec(path)
    assert again == spec
    assert again.base_recipe() == spec.base_recipe()
    assert again.toml() == spec.toml()


@examples(150)
@given(pattern=st.text(max_size=30), name=st.text(max_size=20))
@example(pattern="*a" * 60, name="a" * 300)
@example(pattern="[" * 50, name="[")
@example(pattern="[z-a][!]", name="b")
def test_any_pattern(pattern: str, name: str) -> None:
    assert matches(name, [pattern], [pattern]) is False


@pytest.mark.parametrize("text", ["time_limit = 1e5", "time_limit = 0.5"])
def test_a_time_limit_can_be_waited_for(studio: Path, text: str) -> None:
    spec = loaded(studio, (GOOD + text).encode())
    assert spec is not None
    assert spec.time_limit is not None
    assert math.isfinite(spec.time_limit)
    assert isinstance(JobQueue().seconds_to_timeout(), float | None)
