"""Features with mirrored frames, written at once, are those of one operation after another."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from core.stylize.feedforward.reflect_padding import convolved, framed, mirror_padded, rectified, summed

SHAPES = [(1, 8, 6, 9), (2, 3, 3, 3), (1, 1, 5, 4), (2, 16, 8, 12)]
LAYOUTS = [torch.contiguous_format, torch.channels_last]


def values(shape: tuple[int, ...], seed: int, layout: torch.memory_format, dtype: torch.dtype) -> Tensor:
    drawn = torch.randn(shape, generator=torch.Generator().manual_seed(seed))
    return drawn.to(dtype).contiguous(memory_format=layout)


def test_frames_mirror_about_the_outermost_pixels() -> None:
    x = torch.arange(12.0).view(1, 1, 3, 4)
    assert framed(x, 1).whole[0, 0].tolist()[0] == [5, 4, 5, 6, 7, 6]
    assert framed(x, 2).whole.shape == (1, 1, 7, 8)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("width", [1, 2])
@torch.no_grad()
def test_at_once_is_one_after_another(shape: tuple[int, ...], layout: torch.memory_format, width: int) -> None:
    x, y = (values(shape, seed, layout, torch.bfloat16) for seed in (0, 1))
    for found, expected in ((summed(x, y, width), x + y), (rectified(x.clone(), width), F.relu(x))):
        assert torch.equal(found.inner, expected)
        assert torch.equal(found.whole, F.pad(expected, (width,) * 4, mode="reflect"))
        assert found.inner.data_ptr() != expected.data_ptr()


def test_what_is_learnt_from_has_a_gradient() -> None:
    x = values((1, 4, 5, 6), 0, torch.contiguous_format, torch.float32).requires_grad_()
    made = rectified(x * 1.0)
    (made.whole.square().sum() + summed(made.inner, x).whole.sum()).backward()  # type: ignore[no-untyped-call]
    other = x.detach().clone().requires_grad_()
    plain = F.relu(other)
    whole = F.pad(plain, (1,) * 4, mode="reflect").square().sum() + F.pad(plain + other, (1,) * 4, mode="reflect").sum()
    whole.backward()  # type: ignore[no-untyped-call]
    assert other.grad is not None
    assert x.grad is not None
    assert torch.allclose(x.grad, other.grad)


@pytest.mark.parametrize("size", [(12, 20), (7, 24), (9, 21), (6, 10)])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("inputs", "outputs", "kernel"), [(16, 3, 5), (4, 2, 3), (3, 3, 1)])
@torch.no_grad()
def test_columns_together_are_the_same_sums(
    size: tuple[int, int], layout: torch.memory_format, inputs: int, outputs: int, kernel: int
) -> None:
    x = values((2, inputs, *size), 0, layout, torch.float32)
    weight = values((outputs, inputs, kernel, kernel), 1, layout, torch.float32)
    for bias in (None, torch.arange(float(outputs))):
        found, expected = convolved(x, weight, bias), F.conv2d(x, weight, bias)
        assert found.shape == expected.shape
        assert torch.allclose(found, expected, atol=1e-4)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize(("shape", "width"), [((2, 3, 5, 4), 1), ((1, 2, 6, 7), 2), ((1, 2, 2, 3), 1)])
def test_the_pad_for_cuda_has_the_values_and_gradients_of_a_reflecting_one(
    shape: tuple[int, ...], width: int, layout: torch.memory_format
) -> None:
    generator = torch.Generator().manual_seed(2)
    x = torch.randn(shape, generator=generator).to(memory_format=layout).requires_grad_()
    padded, wanted = mirror_padded(x, width), F.pad(x, (width,) * 4, mode="reflect")
    assert torch.equal(padded, wanted)
    slope = torch.randn(padded.shape, generator=generator)
    found, expected = (torch.autograd.grad(each, x, slope)[0] for each in (padded, wanted))
    assert torch.allclose(found, expected, atol=1e-6)
    assert padded.is_contiguous(memory_format=layout)
