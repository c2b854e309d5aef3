"""Recipes: what they hash to, what may be changed, what the presets promise."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from core.recipe import DEFAULT_PRESET, PRESETS, Recipe, RecipeOverrides


def test_equal_recipes_have_equal_digests_and_any_change_shows() -> None:
    assert Recipe(steps=7).digest() == Recipe(steps=7).digest()
    digests = {recipe.digest() for recipe in (Recipe(), Recipe(steps=7), Recipe(pooling="average"))}
    assert len(digests) == 3
    assert all(len(digest) == 16 for digest in digests)


def test_a_changed_recipe_is_checked() -> None:
    assert Recipe().changed({"steps": 3, "init": "noise"}) == Recipe(steps=3, init="noise")
    with pytest.raises(ValidationError, match="steps"):
        Recipe().changed({"steps": 0})
    with pytest.raises(ValidationError, match="colour"):
        Recipe().changed({"colour": 1})


def test_overrides_know_every_field_and_say_what_it_is() -> None:
    assert set(RecipeOverrides.model_fields) == set(Recipe.model_fields)
    for field in (*Recipe.model_fields.values(), *RecipeOverrides.model_fields.values()):
        assert field.title
        assert field.description
    assert RecipeOverrides().model_dump(exclude_none=True) == {}


def test_gatys_is_the_method_as_published() -> None:
    recipe = PRESETS["gatys"]
    assert recipe.content_layers == ("relu4_2",)
    assert recipe.style_layers == ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
    assert (recipe.content_weight, recipe.style_weight, recipe.style_statistic) == (1.0, 1e6, "gram")
    assert (recipe.steps, recipe.coarse_steps, recipe.low_frequencies) == (300, 0, 0.0)
    assert (recipe.precision, recipe.init, recipe.start_noise) == ("float32", "content", 0.0)


def test_presets_trade_time_for_quality() -> None:
    work = [PRESETS[name].passes(512, 512) * PRESETS[name].size ** 2 for name in ("draft", "good", "best")]
    assert work == sorted(work)
    assert DEFAULT_PRESET in PRESETS


@pytest.mark.parametrize("field", ["style_weight", "content_weight"])
@pytest.mark.parametrize("value", [float("inf"), float("nan"), -1.0])
def test_weights_are_finite_and_not_negative(field: str, value: float) -> None:
    with pytest.raises(ValidationError, match=field):
        Recipe().changed({field: value})
