"""What Prefect's dashboard makes its form from."""

from typing import Any

import pytest

from core.recipe import PRESETS, Recipe
from core.spec import Spec
from flows.batch import batch


@pytest.fixture(scope="module")
def definitions() -> dict[str, Any]:
    schema = batch.parameters.model_dump()
    assert set(schema["properties"]) == {"spec", "retry"}
    assert schema["required"] == ["spec"]
    return schema["definitions"]  # type: ignore[no-any-return]


@pytest.mark.parametrize("model", [Spec, Recipe])
def test_every_field_has_a_title_and_a_description(definitions: dict[str, Any], model: type[Spec | Recipe]) -> None:
    shown = definitions["Spec" if model is Spec else "RecipeOverrides"]["properties"]
    assert set(shown) == set(model.model_fields)
    for name, field in model.model_fields.items():
        assert (shown[name].get("title"), shown[name].get("description")) == (field.title, field.description)
        assert field.title
        assert field.description


def test_choices_and_bounds_are_in_the_schema(definitions: dict[str, Any]) -> None:
    shown = definitions["Spec"]["properties"]
    assert shown["preset"]["enum"] == list(PRESETS)
    assert (shown["variants"]["minimum"], shown["seed"]["minimum"]) == (1, 0)
