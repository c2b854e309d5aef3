"""Digests of recipes: a field that is added later changes none while it is neutral."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Annotated, Any

import pytest
from pydantic import Field

from core.config.base_recipe import ADDED_LATER, RecipeModel
from core.config.presets import PRESETS
from core.config.recipe import Recipe
from core.gan.networks.recipe import GAN_PRESETS, SampleRecipe
from tests.golden import golden

for module in ("core.classifier.recipe", "core.stylize.feedforward.train_recipe"):
    importlib.import_module(module)

FIRST: dict[str, list[str]] = golden("recipe_fields.json")
"""The fields of each recipe when its digest was first written into files."""

DIGESTS = {
    "gatys": ("04ffa84d1fe300db", "04ffa84d1fe300db"),
    "draft": ("acd37db946cfd5c9", "454304d6b7e0d26f"),
    "good": ("bf8e9c776b06787a", "bf8e9c776b06787a"),
    "best": ("065edff07ef326de", "065edff07ef326de"),
    "fast": ("eceb14e68af38f1f", "61ee93d0b2c0d029"),
    "polish": ("b72fb876febd93b2", "92c486fbac418cc7"),
}
"""Of the presets: digest, and digest of what decides pixels. `draft` and `fast` decode at a reduced size since 0.2.0, which
is no part of the second.
"""


def recipes(base: type[RecipeModel] = RecipeModel) -> Iterator[type[RecipeModel]]:
    """The recipes of the product that no other one extends."""
    for kind in base.__subclasses__():
        own = [each for each in kind.__subclasses__() if each.__module__.startswith("core.")]
        if own:
            yield from recipes(kind)
        elif kind.__module__.startswith("core."):
            yield kind


@pytest.mark.parametrize("kind", list(recipes()), ids=lambda kind: kind.__name__)
def test_a_field_is_of_the_first_digest_or_added_later(kind: type[RecipeModel]) -> None:
    assert kind.__name__ in FIRST, (
        f"put the fields of the new {kind.__name__} into tests/data/recipe_fields.json, for good"
    )
    later = {name for name, field in kind.model_fields.items() if ADDED_LATER in field.metadata}
    first = set(FIRST[kind.__name__])
    for name in set(kind.model_fields) - first - later:
        raise AssertionError(
            f"{kind.__name__}.{name} would change every key, so that every picture is made again: declare it as "
            "Annotated[TYPE, ADDED_LATER] with a default at which nothing is made differently, and leave "
            "tests/data/recipe_fields.json as it is"
        )
    assert not later & first, "a field of the first digest is always part of it"
    assert first <= set(kind.model_fields), (
        "a field that goes changes every key; keep it, or raise the algorithm's number"
    )


@pytest.mark.parametrize("name", list(DIGESTS))
def test_digest_of_a_preset_is_that_of_the_first_version(name: str) -> None:
    assert (PRESETS[name].digest(), PRESETS[name].pixels_digest()) == DIGESTS[name]


@pytest.mark.parametrize(
    ("changes", "digest", "of_pixels"),
    [
        ({}, "b3509d7e716107a1", "b3509d7e716107a1"),
        ({"steps": 61}, "381fdbe5d940bd96", "381fdbe5d940bd96"),
        ({"backbone": "resnet50"}, "e5f0f2cc681323a1", "e5f0f2cc681323a1"),
        ({"format": "jpg"}, "8a5ee87842fd1111", "8a5ee87842fd1111"),
        ({"method": "fast", "network": "a.safetensors"}, "ead169e9dcda8962", "61ee93d0b2c0d029"),
    ],
)
def test_digest_of_overrides_is_that_of_the_first_version(changes: dict[str, Any], digest: str, of_pixels: str) -> None:
    recipe = Recipe(**changes)
    assert (recipe.digest(), recipe.pixels_digest()) == (digest, of_pixels)


def test_digests_of_gan_presets_are_those_of_the_first_version() -> None:
    assert {name: recipe.digest() for name, recipe in GAN_PRESETS.items()} == {
        "digits": "8b76f1916d727c70",
        "mlp": "bfdba39c524f2c28",
        "few_shot": "60f33a6ee7faaf7e",
    }
    assert SampleRecipe().digest() == "d4defc702212d48f"


class Grown(Recipe):
    hue: Annotated[float, ADDED_LATER] = Field(default=0.0, ge=0, title="Hue", description="Turn of the hues, degrees.")


@pytest.mark.parametrize("name", list(PRESETS))
def test_a_field_added_later_changes_no_digest_while_it_is_neutral(name: str) -> None:
    grown = Grown.model_validate(PRESETS[name].model_dump())
    assert (grown.digest(), grown.pixels_digest()) == DIGESTS[name]
    turned = grown.model_copy(update={"hue": 30.0})
    assert turned.digest() != grown.digest()
    assert turned.digest() != grown.model_copy(update={"hue": 31.0}).digest()
