"""Specs: one source for TOML, flags and form; every fault is one sentence."""

import os
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config.presets import PRESETS
from core.config.recipe import Recipe
from core.config.spec import Spec, load_spec
from core.errors import SpecError
from core.runs.example_project import example_spec
from tests.conftest import Studio
from tests.properties.kit import examples


def write(studio: Studio, text: str) -> Path:
    path = studio.root / "tonight.toml"
    path.write_text(text)
    return path


def test_relative_paths_are_taken_from_the_specs_folder(studio: Studio) -> None:
    spec = load_spec(
        write(studio, 'library = "library"\ncatalog = "catalog"\nout = "run"\nreuse = ["old"]\npairs = "p.csv"')
    )
    assert (spec.library, spec.out) == (studio.library, studio.out)
    assert spec.reuse == [studio.root / "old"]
    assert spec.pairs == str(studio.root / "p.csv")


def test_a_spec_survives_its_own_toml(studio: Studio) -> None:
    spec = Spec.from_values(
        {
            "library": studio.library,
            "catalog": studio.catalog,
            "out": studio.out,
            "limit": 3,
            "recipe": {"size": 99},
        },
        "test",
    )
    assert load_spec(write(studio, spec.toml())) == spec
    assert spec.base_recipe() == PRESETS["good"].changed({"size": 99})


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("colour = 1", "unknown key `colour`"),
        ("recipe = {colour = 1}", "unknown key `recipe.colour`"),
        ("recipe = {size = -5}", "`size` (=-5)"),
        ("seed = -1", "`seed` (=-1)"),
        ("variants = 0", "`variants` (=0)"),
        ('preset = "nice"', "`preset` (='nice')"),
        ('pairs = "random:0"', "must be `all`, `random:K`"),
        ('device = "tpu"', "`device` (='tpu')"),
        ("limit = 'many'", "`limit`"),
        ("x = [", "cannot be read as TOML"),
    ],
)
def test_a_wrong_spec_is_one_sentence_with_its_file(studio: Studio, text: str, fault: str) -> None:
    path = write(studio, text if text.startswith("x") else f'library = "library"\ncatalog = "catalog"\n{text}\n')
    with pytest.raises(SpecError) as caught:
        load_spec(path).check()
    assert fault in str(caught.value)
    assert "recipe" in str(caught.value) or str(path) in str(caught.value)
    assert "\n" not in str(caught.value).strip()


@pytest.mark.parametrize("field", ["library", "catalog"])
def test_a_missing_folder(studio: Studio, field: str) -> None:
    values = {"library": studio.library, "catalog": studio.catalog, field: studio.root / "nowhere"}
    with pytest.raises(SpecError, match=rf"{field} .*nowhere is not a folder"):
        Spec.from_values(values, "flags").check()


def test_an_output_that_cannot_be_made(studio: Studio) -> None:
    blocked = studio.root / "file"
    blocked.write_text("")
    with pytest.raises(SpecError, match="is not a folder"):
        Spec.from_values(
            {"library": studio.library, "catalog": studio.catalog, "out": blocked / "run"}, "flags"
        ).check()


def test_the_example_has_every_parameter_and_is_valid(studio: Studio) -> None:
    text = example_spec()
    for name in (set(Spec.model_fields) - {"recipe"}) | set(Recipe.model_fields):
        assert f"\n{name} = " in text or f"\n# {name} =" in text, name
    values = tomllib.loads(text)
    assert set(values) == {"library", "catalog", "out", "recipe"}
    uncommented = "\n".join(
        line.removeprefix("# ") if line.startswith("# ") and " = " in line[:24] else line for line in text.splitlines()
    )
    parsed = tomllib.loads("\n".join(line for line in uncommented.splitlines() if not line.startswith("#")))
    assert Recipe.model_validate(parsed["recipe"]) == PRESETS["good"]
    Spec.model_validate(parsed)


def test_the_shipped_example_is_the_generated_one() -> None:
    shipped = Path(__file__).parents[3] / "data/tonight.toml"
    assert shipped.read_text() == example_spec()


@examples(100)
@given(
    st.dictionaries(
        st.sampled_from([*Spec.model_fields]),
        st.one_of(st.none(), st.text(), st.integers(), st.lists(st.text())),
    )
)
def test_any_values_are_a_spec_or_one_sentence(values: dict[str, object]) -> None:
    try:
        Spec.from_values(values, "test")
    except SpecError as error:
        assert str(error).startswith("test: ")


def test_a_recipes_digest_is_stable_and_sees_every_field() -> None:
    base = Recipe()
    assert base.digest() == Recipe.model_validate(dict(reversed(base.model_dump().items()))).digest()
    changed = {
        base.changed(change).digest() for change in ({"size": 100}, {"steps": 7}, {"style_weight": 2.0}, {"quality": 1})
    }
    assert len(changed | {base.digest()}) == 5


def test_a_machine_may_say_where_specs_lead(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    inside = {"library": str(studio.library), "catalog": str(studio.catalog), "out": str(studio.out)}
    monkeypatch.setenv("NOCTURNE_ROOTS", f"/nowhere{os.pathsep}{studio.root}")
    Spec.from_values(inside, "test").check()
    (studio.root / "link").symlink_to("/tmp")
    outside = {
        "library": "/tmp",
        "catalog": str(studio.root / "link"),
        "out": str(studio.root / "../elsewhere"),
        "reuse": ["/"],
        "pairs": "/etc/pairs.csv",
        "recipe": {"weights": "/etc/weights.pth"},
    }
    for field, value in outside.items():
        with pytest.raises(SpecError, match="outside the folders that NOCTURNE_ROOTS allows"):
            Spec.from_values({**inside, field: value}, "test").check()
    monkeypatch.delenv("NOCTURNE_ROOTS")
    with pytest.raises(SpecError, match="is not a folder"):
        Spec.from_values({**inside, "library": "/nowhere"}, "test").check()
