"""Spectral norm: torch's own values one by one, and the same of all layers together."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations

from core.gan.networks import layers
from core.gan.networks.networks import build_discriminator
from core.gan.networks.recipe import GanRecipe
from core.gan.networks.spectral_norm import normalised_together, settle

RECIPE = GanRecipe(architecture="few_shot", size=64, width=4, channels=3, latent=32, spectral_norm=True)
SEEN = torch.linspace(-1, 1, 2 * 3 * 64 * 64).view(2, 3, 64, 64).sin()


def _network(conditional: bool = False) -> nn.Module:
    torch.manual_seed(3)
    return build_discriminator(RECIPE, 3 if conditional else 0)


def _gradients(network: nn.Module, judged: Tensor) -> dict[str, Tensor]:
    judged.square().sum().backward()  # type: ignore[no-untyped-call]
    return {name: each.grad for name, each in network.named_parameters() if each.grad is not None}


def test_values_states_and_gradients_are_those_of_torchs_own(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = _network()
    monkeypatch.setattr(layers, "spectral_norm", parametrizations.spectral_norm)
    torchs = _network()
    for _ in range(2):
        assert torch.equal(ours(SEEN), torchs(SEEN))
    state, wanted = ours.state_dict(), torchs.state_dict()
    assert state.keys() == wanted.keys()
    assert all(torch.equal(state[name], value) for name, value in wanted.items())
    found, wanted = _gradients(ours, ours(SEEN)), _gradients(torchs, torchs(SEEN))
    assert found.keys() == wanted.keys()
    assert all(torch.equal(found[name], value) for name, value in wanted.items())


def _settled(conditional: bool) -> nn.Module:
    """A network whose singular vectors are found, so that one more step changes next to nothing."""
    network = _network(conditional)
    with torch.no_grad():
        for _ in range(300):
            for module in network.modules():
                _ = getattr(module, "weight", None)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()
    return network


@pytest.mark.parametrize("conditional", [False, True])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_together_weights_and_gradients_are_those_one_by_one(conditional: bool, layout: torch.memory_format) -> None:
    alone = _settled(conditional)
    together = copy.deepcopy(alone).to(memory_format=layout)  # type: ignore[call-overload]
    label = torch.tensor([0, 2]) if conditional else None
    judged = alone(SEEN, label)
    with normalised_together(together, torch.float32) as scales:
        found = together(SEEN, label)
    assert scales is not None
    assert torch.allclose(found, judged, rtol=1e-4, atol=1e-5)
    wanted = _gradients(alone, judged)
    for name, gradient in _gradients(together, found).items():
        assert (gradient - wanted[name]).norm() <= 1e-3 * wanted[name].norm() + 1e-6, name
    settle(together)
    state = together.state_dict()
    for name, value in alone.state_dict().items():
        assert torch.allclose(state[name], value, atol=1e-3), name


def test_given_scales_take_no_step_and_no_gradient() -> None:
    network = _settled(False)
    with normalised_together(network, torch.float32) as scales:
        first = network(SEEN).detach()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    with normalised_together(network, torch.float32, scales) as again:
        second = network(SEEN)
    assert again is scales
    assert torch.allclose(first, second, rtol=1e-4, atol=1e-5)
    assert all(torch.equal(network.state_dict()[name], value) for name, value in before.items())
    assert not any("parametrizations" in name for name in _gradients(network, second))
    assert all(norm.together is None for norm in network.modules() if hasattr(norm, "together"))
