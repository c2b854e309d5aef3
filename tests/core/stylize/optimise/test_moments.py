"""Moments: values worked out by hand, the gradient that autograd finds, every type, layout and number of blocks."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor

from core.networks import device
from core.stylize.optimise.moments import covariance, moments


def _features(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(shape, generator=device.generator(seed))


def _assert_alike(found: Sequence[Tensor], wanted: Sequence[Tensor], features: Tensor) -> None:
    """Both have the same values, and the same gradient in the features that they were made of."""
    assert all(torch.allclose(a, b) for a, b in zip(found, wanted, strict=True))
    weights = [_features(*value.shape, seed=7).double() for value in wanted]
    (ours,), (theirs,) = (
        torch.autograd.grad(sum((w * v).sum() for w, v in zip(weights, values, strict=True)), features)  # type: ignore[arg-type]
        for values in (found, wanted)
    )
    assert torch.allclose(ours, theirs)


def test_gram_by_hand() -> None:
    features = torch.tensor([[1.0, 2.0, 3.0], [0.0, 1.0, 4.0]]).view(1, 2, 1, 3)
    by_hand = torch.tensor([[[14.0, 14.0], [14.0, 17.0]]]) / (2 * 1 * 3)
    assert torch.allclose(moments(features)[1], by_hand)


def test_mean_and_covariance_by_hand() -> None:
    mean, gram = moments(torch.tensor([[1.0, 3.0], [2.0, 8.0]]).view(1, 2, 1, 2))
    assert mean.tolist() == [[2.0, 5.0]]
    assert torch.allclose(covariance(mean, gram), torch.tensor([[[1.0, 3.0], [3.0, 9.0]]]) / 2)


def test_they_do_not_care_where_features_lie_nor_how_large_the_picture_is() -> None:
    features = _features(1, 3, 4, 6)
    for other in (features.flip(3), torch.cat([features, features], 2)):
        assert all(torch.allclose(a, b, atol=1e-6) for a, b in zip(moments(features), moments(other), strict=True))


@pytest.mark.parametrize("size", [(2, 3), (25, 41), (64, 520), (190, 180)])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_values_and_gradient_are_those_of_the_formula(size: tuple[int, int], layout: torch.memory_format) -> None:
    features = _features(2, 5, *size).double().contiguous(memory_format=layout).requires_grad_()
    flat = features.flatten(2)
    plain = flat.mean(2), flat @ flat.transpose(1, 2) / (5 * size[0] * size[1])
    _assert_alike(moments(features), plain, features)


def test_bfloat16_loses_little_and_gives_its_gradient_in_its_own_type() -> None:
    features = torch.randn((1, 32, 96, 96), generator=device.generator(1)).relu().bfloat16().requires_grad_()
    mean, gram = moments(features)
    exact = moments(features.detach().double())
    assert mean.dtype == gram.dtype == torch.float32
    assert (mean - exact[0]).abs().max() < 3e-3 * exact[0].max()
    assert (gram - exact[1]).abs().max() < 3e-3 * exact[1].max()
    (gradient,) = torch.autograd.grad(gram.sum() + mean.sum(), features)
    assert gradient.dtype == torch.bfloat16


def test_items_of_a_batch_have_the_moments_that_they_have_elsewhere_in_it() -> None:
    one, other = _features(1, 8, 40, 40, seed=1).bfloat16(), _features(1, 8, 40, 40, seed=2).bfloat16()
    for found, swapped in zip(moments(torch.cat([one, other])), moments(torch.cat([other, one])), strict=True):
        assert torch.equal(found[0], swapped[1])


def test_weighted_moments_by_hand() -> None:
    features = torch.tensor([[1.0, 3.0, 7.0], [2.0, 8.0, 5.0]]).view(1, 2, 1, 3)
    mean, gram = moments(features, torch.tensor([[[1.0, 3.0, 0.0]]]))
    assert torch.allclose(mean, torch.tensor([[2.5, 6.5]]))  # (1 + 3 x 3) / 4, (2 + 3 x 8) / 4
    assert torch.allclose(gram, torch.tensor([[[28.0, 74.0], [74.0, 196.0]]]) / (2 * 4))


@pytest.mark.parametrize("size", [(2, 3), (25, 41), (190, 180)])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_weighted_values_and_gradient_are_those_of_the_formula(
    size: tuple[int, int], layout: torch.memory_format
) -> None:
    features = _features(2, 5, *size).double().contiguous(memory_format=layout).requires_grad_()
    shares = _features(2, *size, seed=3).double()
    flat, share = features.flatten(2), shares.flatten(1).unsqueeze(1)
    total = share.sum(2)
    plain = (flat * share).sum(2) / total, (flat * share) @ flat.transpose(1, 2) / (5 * total.unsqueeze(2))
    _assert_alike(moments(features, shares), plain, features)


def test_the_gradient_of_weighted_moments_is_that_of_differences() -> None:
    features = _features(1, 3, 4, 5).double().requires_grad_()
    shares = _features(1, 4, 5, seed=5).double()
    shares[:, 1] = 0
    assert torch.autograd.gradcheck(lambda x: moments(x, shares), (features,))


def test_equal_weights_are_none_and_no_weights_have_no_moments() -> None:
    features = _features(1, 6, 30, 40)
    for found, plain in zip(moments(features, torch.full((1, 30, 40), 0.25)), moments(features), strict=True):
        assert torch.allclose(found, plain, rtol=1e-5)
    features.requires_grad_()
    nothing = moments(features, torch.zeros(1, 30, 40))
    (gradient,) = torch.autograd.grad(sum(value.sum() for value in nothing), features)  # type: ignore[arg-type]
    assert not any(value.any() for value in (*nothing, gradient))


def test_weighted_moments_of_bfloat16_lose_little() -> None:
    features = torch.randn((1, 32, 96, 96), generator=device.generator(1)).relu().bfloat16()
    shares = _features(1, 96, 96, seed=4)
    found, exact = moments(features, shares), moments(features.double(), shares.bfloat16().double())
    assert all((a - b).abs().max() < 3e-3 * b.max() for a, b in zip(found, exact, strict=True))
