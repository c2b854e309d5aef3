"""Frequency scaling is the symmetric linear map that it says it is."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from core.networks import device
from core.stylize.optimise.frequency_scaling import FrequencyScaling

CPU = torch.device("cpu")


def _noise(height: int, width: int, seed: int = 0) -> Tensor:
    return torch.randn(3, height, width, generator=device.generator(seed))


def test_no_exponent_is_no_change() -> None:
    picture = _noise(5, 6)
    assert FrequencyScaling(5, 6, 0.0, CPU)(picture) is picture


@pytest.mark.parametrize("size", [(1, 1), (1, 8), (7, 5), (16, 12)])
def test_the_map_is_linear_and_symmetric(size: tuple[int, int]) -> None:
    scaling = FrequencyScaling(*size, 0.5, CPU)
    a, b = _noise(*size), _noise(*size, seed=1)
    assert scaling(a).shape == a.shape
    assert torch.allclose(scaling(2 * a + b), 2 * scaling(a) + scaling(b), atol=1e-5)
    assert torch.allclose((scaling(a) * b).sum(), (a * scaling(b)).sum(), rtol=1e-4, atol=1e-4)


def test_each_wave_is_scaled_by_its_frequency() -> None:
    x = torch.arange(64) * (2 * torch.pi / 64)
    scaling = FrequencyScaling(64, 64, 0.5, CPU)
    slow, fast = (torch.cos(cycles * x).expand(3, 64, 64) for cycles in (2, 32))
    gains = [(scaling(wave) / wave)[0, 0, 0].item() for wave in (slow, fast)]
    assert gains[0] / gains[1] == pytest.approx((32 / 2) ** 0.5, rel=1e-3)
