"""Recipes: what they hash to, what may be changed, what the presets promise."""

from __future__ import annotations

from typing import get_args

import pytest
from pydantic import ValidationError

from core.config.presets import DEFAULT_PRESET, PRESETS
from core.config.recipe import Recipe, RecipeOverrides, check_overrides
from core.networks.architecture import BACKBONES, Name


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


@pytest.mark.parametrize("name", list(BACKBONES))
def test_another_backbone_alone_brings_its_own_layers_weights_and_smoothing(name: Name) -> None:
    known = BACKBONES[name]
    for recipe in (Recipe(backbone=name), *(preset.changed({"backbone": name}) for preset in PRESETS.values())):
        assert recipe.content_layers == known.content_layers
        assert recipe.style_layers == known.style_layers
        assert (recipe.weights, recipe.feature_smoothing) == (known.weights, known.feature_smoothing)
        assert set(recipe.content_layers + recipe.style_layers) <= set(known.layers)
    assert PRESETS["gatys"].changed({"backbone": name}).changed({"backbone": "vgg19"}) == PRESETS["gatys"]


def test_what_is_given_for_a_backbone_stays_until_it_changes() -> None:
    recipe = Recipe().changed({"backbone": "resnet50", "content_layers": ["layer2_0"], "weights": "net.pth"})
    assert (recipe.content_layers, recipe.weights, recipe.style_layers[0]) == (("layer2_0",), "net.pth", "stem")
    assert recipe.changed({"steps": 3, "backbone": "resnet50"}).content_layers == ("layer2_0",)
    assert recipe.changed({"backbone": "resnet18"}).content_layers == ("layer3_1",)
    weighed = recipe.changed({"layer_weights": [1, 2, 3, 4, 5], "feature_temperature": 9.0})
    moved = weighed.changed({"backbone": "vgg16"})
    assert (moved.layer_weights, moved.feature_temperature) == ((), 1.0)


def test_a_softmax_over_a_layer_is_never_done_in_tiles() -> None:
    recipe = Recipe(whole_megapixels=0.5)
    assert recipe.in_tiles(1000, 1000)
    assert not recipe.changed({"feature_smoothing": "softmax"}).in_tiles(1000, 1000)
    assert recipe.changed({"feature_smoothing": "scale"}).in_tiles(1000, 1000)


def test_every_backbone_can_be_named() -> None:
    assert get_args(Name) == tuple(BACKBONES)
    with pytest.raises(ValidationError, match="resnet9"):
        Recipe(backbone="resnet9")
    with pytest.raises(ValidationError, match="backbone"):
        Recipe.model_validate({"backbone": []})


def test_a_wrong_layer_is_refused_with_those_of_the_backbone() -> None:
    with pytest.raises(ValidationError, match=r"no layer 'stem' in VGG-19, which has relu1_1, .*relu5_4"):
        Recipe(content_layers=("stem",))
    with pytest.raises(ValidationError, match=r"no layer 'layer1_2' in ResNet-18, which has stem, .*layer4_1"):
        Recipe(backbone="resnet18", style_layers=("layer1_2",))


def test_overrides_may_name_layers_of_a_backbone_that_is_not_named_yet() -> None:
    check_overrides({"style_layers": ("layer3_5",)})
    for wrong in ({"style_layers": ("layer9_9",)}, {"style_layers": ("layer3_5",), "backbone": "vgg16"}, {"steps": 0}):
        with pytest.raises(ValidationError):
            check_overrides(wrong)


def test_presets_trade_time_for_quality() -> None:
    work = [PRESETS[name].passes(512, 512) * PRESETS[name].size ** 2 for name in ("draft", "good", "best")]
    assert work == sorted(work)
    assert DEFAULT_PRESET in PRESETS


@pytest.mark.parametrize("field", ["style_weight", "content_weight"])
@pytest.mark.parametrize("value", [float("inf"), float("nan"), -1.0])
def test_weights_are_finite_and_not_negative(field: str, value: float) -> None:
    with pytest.raises(ValidationError, match=field):
        Recipe().changed({field: value})
