import pytest
import torch
from torch import Tensor

from core.stylize.feedforward.instance_norm import EPSILON, normalised_by_reductions, restyled, styled


def plain(x: Tensor, factor: Tensor, shift: Tensor) -> Tensor:
    mean, variance = x.mean((2, 3), keepdim=True), x.var((2, 3), keepdim=True, unbiased=False)
    return (x - mean) / (variance + EPSILON).sqrt() * factor[..., None, None] + shift[..., None, None]


@pytest.fixture
def inputs() -> tuple[Tensor, Tensor, Tensor]:
    torch.manual_seed(0)
    return 3 * torch.randn(2, 3, 7, 5) + 1, 1 + torch.randn(2, 3), torch.randn(2, 3)


@pytest.mark.parametrize("learning", [True, False])
def test_values_are_those_of_the_formula(inputs: tuple[Tensor, Tensor, Tensor], learning: bool) -> None:
    with torch.set_grad_enabled(learning):
        y, mean, rstd = styled(*inputs)
    torch.testing.assert_close(y, plain(*inputs))
    torch.testing.assert_close(mean, inputs[0].mean((2, 3)))
    torch.testing.assert_close(rstd, (inputs[0].var((2, 3), unbiased=False) + EPSILON).rsqrt())


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_gradients_are_those_of_autograd(inputs: tuple[Tensor, Tensor, Tensor], layout: torch.memory_format) -> None:
    x, factor, shift = inputs
    leaves = [x.contiguous(memory_format=layout).requires_grad_(), factor.requires_grad_(), shift.requires_grad_()]
    of_y = torch.randn(2, 3, 7, 5)
    found = torch.autograd.grad((styled(*leaves)[0] * of_y).sum(), leaves)
    wanted = torch.autograd.grad((plain(*leaves) * of_y).sum(), leaves)
    for ours, theirs in zip(found, wanted, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


def test_bfloat16_gradients_stay_near_those_of_float32(inputs: tuple[Tensor, Tensor, Tensor]) -> None:
    x, factor, shift = inputs
    of_y = torch.randn(2, 3, 7, 5)
    single, half = x.clone().requires_grad_(), x.bfloat16().requires_grad_()
    (wanted,) = torch.autograd.grad((styled(single, factor, shift)[0] * of_y).sum(), single)
    (found,) = torch.autograd.grad((styled(half, factor, shift)[0] * of_y.bfloat16()).sum(), half)
    assert (found.float() - wanted).norm() < 0.02 * wanted.norm()


def test_by_its_own_statistics_a_picture_comes_out_the_same(inputs: tuple[Tensor, Tensor, Tensor]) -> None:
    y, mean, rstd = styled(*inputs)
    torch.testing.assert_close(restyled(*inputs, mean, rstd), y, rtol=1e-4, atol=1e-5)


def test_flat_channels_have_no_contrast_to_blow_up() -> None:
    y, _, _ = styled(torch.full((1, 2, 4, 4), 0.5), torch.ones(1, 2), torch.zeros(1, 2))
    assert y.abs().max() < 1e-3


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_painting_in_bfloat16_is_as_near_as_learning_and_keeps_the_layout(layout: torch.memory_format) -> None:
    torch.manual_seed(1)
    x, factor, shift = torch.randn(2, 8, 16, 16).contiguous(memory_format=layout), torch.rand(2, 8), torch.randn(2, 8)
    exact = plain(x, factor, shift)
    learnt = styled(x.bfloat16(), factor, shift)[0]
    with torch.no_grad():
        painted = styled(x.bfloat16(), factor, shift)[0]
        alone = styled(x[1:].bfloat16(), factor[1:], shift[1:])[0]
    assert (painted - exact).abs().max() <= (learnt - exact).abs().max()
    assert painted.is_contiguous(memory_format=layout)
    assert torch.equal(painted[1:], alone)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_reductions_normalise_as_group_norm_does_and_keep_the_layout(
    dtype: torch.dtype, layout: torch.memory_format
) -> None:
    x = (torch.randn(2, 8, 16, 24, generator=torch.Generator().manual_seed(1)) * 3 + 5).to(dtype, memory_format=layout)
    y, mean, rstd = normalised_by_reductions(x)
    wanted, wanted_mean, wanted_rstd = torch.native_group_norm(x.float(), None, None, 2, 8, 16 * 24, 8, EPSILON)
    assert y.is_contiguous(memory_format=layout)
    assert torch.allclose(y, wanted, atol=1e-5)
    assert torch.allclose(mean, wanted_mean, atol=1e-5)
    assert torch.allclose(rstd, wanted_rstd, rtol=1e-5)
