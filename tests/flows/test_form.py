"""What Prefect's dashboard makes its form from."""

from typing import Any

import pytest

from core.config.presets import PRESETS, QUALITIES
from core.config.recipe import Recipe
from core.config.spec import Spec
from core.gan.jobs.sample_spec import SampleSpec
from core.gan.networks.recipe import SampleRecipe
from core.stylize.feedforward.train_recipe import TransferRecipe
from core.stylize.train.train_spec import TrainStyleSpec
from core.survey.spec import AnalyseSpec, AppraiseSpec, SurveySpec
from flows.analyse import analyse
from flows.appraise import appraise
from flows.batch import batch
from flows.sample import sample
from flows.train_style import train_style


@pytest.fixture(scope="module")
def definitions() -> dict[str, Any]:
    schema = batch.parameters.model_dump()
    assert set(schema["properties"]) == {"spec", "retry", "replan"}
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
    assert shown["preset"]["anyOf"][0]["enum"] == list(PRESETS)
    assert shown["quality"]["anyOf"][0]["enum"] == list(QUALITIES)
    assert shown["seconds_per_picture"]["anyOf"][0]["exclusiveMinimum"] == 0
    assert (shown["variants"]["minimum"], shown["seed"]["minimum"]) == (1, 0)


def test_the_form_of_samples_has_a_title_and_a_description_for_every_field() -> None:
    schema = sample.parameters.model_dump()
    assert set(schema["properties"]) == {"spec", "retry"}
    for model in (SampleSpec, SampleRecipe):
        shown = schema["definitions"][model.__name__]["properties"]
        assert set(shown) == set(model.model_fields)
        for name, field in model.model_fields.items():
            assert (shown[name].get("title"), shown[name].get("description")) == (field.title, field.description)
            assert field.title
            assert field.description


def test_the_form_of_style_trainings_begins_with_what_is_learnt() -> None:
    schema = train_style.parameters.model_dump()
    assert set(schema["properties"]) == {"spec"}
    shown = schema["definitions"]["TrainStyleSpec"]["properties"]
    assert list(shown)[:3] == ["catalog", "contents", "artworks"]
    for model, fields in ((TrainStyleSpec, shown), (TransferRecipe, _overrides(schema))):
        assert set(fields) == set(model.model_fields)
        for name, field in model.model_fields.items():
            assert (fields[name].get("title"), fields[name].get("description")) == (field.title, field.description)
            assert field.title
            assert field.description


@pytest.mark.parametrize(("flow", "model"), [(appraise, AppraiseSpec), (analyse, AnalyseSpec)])
def test_the_forms_of_surveys_have_a_title_and_a_description_for_every_field(
    flow: Any, model: type[SurveySpec]
) -> None:
    shown = flow.parameters.model_dump()["definitions"][model.__name__]["properties"]
    assert set(shown) == set(model.model_fields)
    assert all(field.title and field.description for field in model.model_fields.values())


def _overrides(schema: dict[str, Any]) -> dict[str, Any]:
    return schema["definitions"]["TransferRecipeOverrides"]["properties"]  # type: ignore[no-any-return]
