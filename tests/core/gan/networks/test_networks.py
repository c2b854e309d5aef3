"""The networks: shapes of every calling form, what the papers say of them, and first weights that follow from the seed."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from core.gan.networks.dcgan import channels, sides
from core.gan.networks.few_shot import FewShotDiscriminator, FewShotGenerator
from core.gan.networks.layers import GatedLinearUnit
from core.gan.networks.networks import build_discriminator, build_generator
from core.gan.networks.recipe import GanRecipe

CLASSES = 3
RECIPES = [
    GanRecipe(architecture="mlp", size=28),
    GanRecipe(architecture="dcgan", size=28, width=8),
    GanRecipe(architecture="dcgan", size=16, width=8),
    GanRecipe(architecture="dcgan", size=64, width=8, channels=3, spectral_norm=True),
    GanRecipe(architecture="few_shot", size=64, width=4, channels=3, latent=32),
    GanRecipe(architecture="few_shot", size=128, width=4, channels=1, latent=32, spectral_norm=True),
]


def _named(recipe: GanRecipe) -> str:
    return f"{recipe.architecture}-{recipe.size}"


@pytest.mark.parametrize("conditional", [False, True])
@pytest.mark.parametrize("recipe", RECIPES, ids=_named)
def test_shapes_of_every_architecture(recipe: GanRecipe, conditional: bool) -> None:
    recipe = recipe.changed({"conditional": conditional})
    generator, discriminator = build_generator(recipe, CLASSES), build_discriminator(recipe, CLASSES)
    label = torch.tensor([0, 2]) if conditional else None
    made = generator(torch.randn(2, recipe.latent), label)
    assert made.shape == (2, recipe.channels, recipe.size, recipe.size)
    assert made.abs().max() <= 1
    logits = discriminator(made, label)
    assert logits.shape == (2, 50 if recipe.architecture == "few_shot" else 1)


@pytest.mark.parametrize("recipe", RECIPES[1::3], ids=_named)
def test_a_class_changes_the_picture_and_the_judgement(recipe: GanRecipe) -> None:
    recipe = recipe.changed({"conditional": True})
    generator, discriminator = build_generator(recipe, CLASSES).eval(), build_discriminator(recipe, CLASSES).eval()
    z = torch.randn(1, recipe.latent)
    zero, one = torch.tensor([0]), torch.tensor([1])
    assert not torch.equal(generator(z, zero), generator(z, one))
    picture = generator(z, zero)
    assert not torch.equal(discriminator(picture, zero), discriminator(picture, one))
    with pytest.raises(ValueError, match="label"):
        generator(z)


def test_the_fully_connected_sketch_has_the_missions_widths() -> None:
    recipe = GanRecipe(architecture="mlp", size=28)
    made = [layer for layer in build_generator(recipe).modules() if isinstance(layer, nn.Linear)]
    judged = [layer for layer in build_discriminator(recipe).modules() if isinstance(layer, nn.Linear)]
    assert [layer.in_features for layer in made] + [made[-1].out_features] == [100, 256, 512, 1024, 784]
    assert [layer.in_features for layer in judged] + [judged[-1].out_features] == [784, 1024, 512, 256, 1]
    slopes = {
        layer.negative_slope for layer in build_discriminator(recipe).modules() if isinstance(layer, nn.LeakyReLU)
    }
    assert slopes == {0.2}


def test_dcgan_is_the_papers() -> None:
    recipe = GanRecipe(architecture="dcgan", size=64, channels=3)
    assert (sides(64), channels(64, 64)) == ([4, 8, 16, 32], [512, 256, 128, 64])
    generator, discriminator = build_generator(recipe), build_discriminator(recipe)
    up = [layer for layer in generator.modules() if isinstance(layer, nn.ConvTranspose2d)]
    down = [layer for layer in discriminator.modules() if isinstance(layer, nn.Conv2d)]
    assert [(layer.in_channels, layer.out_channels) for layer in up] == [
        (100, 512), (512, 256), (256, 128), (128, 64), (64, 3),
    ]  # fmt: skip
    assert [(layer.in_channels, layer.out_channels) for layer in down] == [
        (3, 64), (64, 128), (128, 256), (256, 512), (512, 1),
    ]  # fmt: skip
    # batch norm everywhere but in the generator's last layer and the discriminator's first
    assert sum(isinstance(layer, nn.BatchNorm2d) for layer in generator.modules()) == 4
    assert sum(isinstance(layer, nn.BatchNorm2d) for layer in discriminator.modules()) == 3
    weights = torch.cat([layer.weight.flatten() for layer in (*up, *down)])
    assert weights.std().item() == pytest.approx(0.02, rel=0.01)
    assert weights.mean().item() == pytest.approx(0, abs=1e-4)


def test_first_weights_follow_from_the_seed_and_leave_the_global_generator_alone() -> None:
    recipe = GanRecipe(width=8)
    torch.manual_seed(5)
    before = torch.get_rng_state()
    first, again = build_generator(recipe), build_generator(recipe)
    other = build_generator(recipe.changed({"seed": 1}))
    assert torch.equal(torch.get_rng_state(), before)
    weight = next(first.parameters())
    assert torch.equal(weight, next(again.parameters()))
    assert not torch.equal(weight, next(other.parameters()))


def test_spectral_norm_bounds_every_layer_of_the_discriminator() -> None:
    network = build_discriminator(GanRecipe(width=8, spectral_norm=True))
    layers = [layer for layer in network.modules() if isinstance(layer, nn.Conv2d)]
    for _ in range(30):  # power iteration goes on with every pass in training
        network(torch.randn(4, 1, 28, 28))
    network.eval()
    for layer in layers:
        largest = torch.linalg.svdvals(layer.weight.flatten(1))[0].item()
        assert largest == pytest.approx(1.0, abs=0.05)


def test_skip_layer_excitation_gates_large_maps_by_small_ones() -> None:
    recipe = GanRecipe(architecture="few_shot", size=128, width=4, channels=3, latent=32)
    network = build_generator(recipe)
    assert isinstance(network, FewShotGenerator)
    assert list(network.excitations) == ["32", "64", "128"]
    large, small = torch.ones(1, 4, 128, 128), torch.randn(1, network.excitations["128"].gates[1].in_channels, 8, 8)
    gated = network.excitations["128"](small, large)
    assert ((gated > 0) & (gated < 1)).all()
    assert torch.equal(gated, gated[:, :, :1, :1].expand_as(gated))  # one gate a channel


def test_the_discriminator_redraws_real_pictures_and_learns_from_it() -> None:
    recipe = GanRecipe(architecture="few_shot", size=64, width=4, channels=3, latent=32)
    network = build_discriminator(recipe)
    assert isinstance(network, FewShotDiscriminator)
    x = torch.rand(2, 3, 64, 64) * 2 - 1
    _, sixteen, eight = network.judged(x)
    losses = [network.reconstruction(x, sixteen, eight, quadrant) for quadrant in range(4)]
    assert len({loss.item() for loss in losses}) == 4  # each quarter is another task
    losses[0].backward()
    assert network.stem[0].weight.grad.abs().sum() > 0


def test_the_gated_linear_unit_is_torchs_and_keeps_the_memory_layout() -> None:
    x = torch.randn(2, 8, 4, 4, dtype=torch.double).contiguous(memory_format=torch.channels_last).requires_grad_()
    gate = GatedLinearUnit()
    assert torch.allclose(gate(x), torch.nn.functional.glu(x, 1))
    assert torch.autograd.gradcheck(gate, (x,))
    gate(x).sum().backward()
    assert x.grad is not None
    assert x.grad.is_contiguous(memory_format=torch.channels_last)
