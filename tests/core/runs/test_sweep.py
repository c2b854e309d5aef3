"""Sweeps: a grid of recipes, and wrong values refused with what there is instead."""

from typing import Any

import pytest

from core.config.presets import PRESETS
from core.config.recipe import Recipe
from core.config.spec import Spec
from core.errors import SpecError
from core.runs.sweep import FILE_FIELDS, PARAMETERS, cells, parse_axis


def spec(**values: Any) -> Spec:
    return Spec.from_values({"library": "library", "catalog": "catalog", **values}, "test")


def test_a_grid_goes_right_by_x_and_down_by_y() -> None:
    made = cells(
        spec(recipe={"steps": 5}), parse_axis("--x", "style-weight=50, 250"), parse_axis("--y", "size=64,96,128")
    )
    assert [(cell.row, cell.column) for cell in made] == [(row, column) for row in range(3) for column in range(2)]
    assert [(cell.recipe.style_weight, cell.recipe.size) for cell in made[:3]] == [(50, 64), (250, 64), (50, 96)]
    assert {cell.recipe.steps for cell in made} == {5}
    assert made[1].name == "style_weight=250_size=64"


def test_a_preset_brings_its_recipe_and_flags_change_it() -> None:
    one, other = cells(spec(recipe={"size": 48}), None, parse_axis("--y", "preset=draft,gatys"))
    assert one.recipe == PRESETS["draft"].changed({"size": 48})
    assert other.recipe == PRESETS["gatys"].changed({"size": 48})
    assert (one.preset, other.preset, other.row, other.column) == ("draft", "gatys", 1, 0)


def test_seeds_and_layers_can_be_swept() -> None:
    made = cells(spec(), parse_axis("--x", "seed=3,4"), parse_axis("--y", "style_layers=relu1_1 relu2_1,relu3_1"))
    assert [cell.seed for cell in made] == [3, 4, 3, 4]
    assert made[0].recipe.style_layers == ("relu1_1", "relu2_1")


def test_a_cells_name_is_a_file_name_whatever_its_values() -> None:
    layers = " ".join(["relu1_1", "relu2_1", "relu3_1"] * 20)
    for axis in (f"style_layers={layers},relu1_1", "weights=a/b\\c.pth,packaged"):
        name = cells(spec(), parse_axis("--x", axis), None)[0].name
        assert len(name.encode()) <= 200
        assert not {"/", "\\"} & set(name)


def test_layers_are_those_of_the_backbone_on_the_other_axis() -> None:
    made = cells(
        spec(), parse_axis("--x", "style_layers=layer1_0,layer2_0"), parse_axis("--y", "backbone=resnet18,resnet50")
    )
    assert len(made) == 4


def test_every_field_that_changes_the_picture_is_a_parameter() -> None:
    assert PARAMETERS.keys() == ({"preset", "seed"} | Recipe.model_fields.keys()) - FILE_FIELDS


@pytest.mark.parametrize(
    ("x", "y", "words"),
    [
        ("size=64,8", None, r"--x size=8: size may be a whole number from 16 to 16,384"),
        ("style_weight=50", "size=big", r"--y size=big: size may be a whole number"),
        ("content_weight=-1", None, r"content_weight may be a number from 0\."),
        ("preset=nice", None, r"preset may be gatys, draft, good, best"),
        ("init=asset", None, r"init may be content, noise"),
        ("style_layers=relu1_1 relu9_9", None, r"no layer 'relu9_9' in VGG-19, which has relu1_1, "),
        ("layer_weights=1 2", None, r"--x layer_weights=1 2: layer_weights has 2 values for 5 style layers"),
        ("seed=-1", None, r"seed may be a whole number from 0"),
        ("size=64", "size=96", r"--x and --y both go over size"),
        (None, None, r"needs --x NAME=VALUE"),
        ("steps=" + ",".join(map(str, range(1, 402))), None, r"401 x 1 cells are over the 400"),
    ],
)
def test_a_wrong_grid_is_one_sentence(x: str | None, y: str | None, words: str) -> None:
    with pytest.raises(SpecError, match=words) as caught:
        cells(spec(), *(parse_axis(flag, text) if text else None for flag, text in (("--x", x), ("--y", y))))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("colour=red", "no parameter 'colour'; there are preset, seed, "),
        ("quality=80,90", "no parameter 'quality'"),
        ("size", "give values after the name, such as size=A,B,C"),
        ("size=64,,96", "give values"),
        ("size=64,64", "size has one of its values twice"),
    ],
)
def test_a_wrong_axis_is_one_sentence(text: str, words: str) -> None:
    with pytest.raises(SpecError, match=words):
        parse_axis("--x", text)


@pytest.mark.parametrize("values", [{"recipe": {"size": 64}}, {"preset": "draft"}])
def test_an_axis_and_a_flag_do_not_set_the_same(values: dict[str, Any]) -> None:
    name = "preset=good,best" if "preset" in values else "size=32,48"
    with pytest.raises(SpecError, match="which a flag sets too"):
        cells(spec(**values), parse_axis("--x", name), None)
