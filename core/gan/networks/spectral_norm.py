"""Spectral norm of weights (Miyato et al. 2018, arXiv 1802.05957): each weight over its largest singular value.

The value comes from one step of the power method a pass, which goes on where the last one ended (section 2.1). `weight` of a
layer computes it when it is asked for, as torch's own does, with the very same values. On CUDA that is some 25 small kernels
a layer and pass, which take longer than the pass: `normalised_together` computes those of all layers at once.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parametrize

EPSILON = 1e-12
"""Length below which a vector is divided by this instead."""
FIRST_STEPS = 15
"""Steps of the power method on the first weights."""


class SpectralNorm(nn.Module):
    """weight (outputs, ...) -> weight / sigma, sigma = u^T W v of the matrix W (outputs, values) that the weight is.

    The state has the names of torch.nn.utils.parametrizations.spectral_norm, whose checkpoints it reads.
    """

    _u: Tensor
    _v: Tensor

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        rows = weight.detach().flatten(1)
        u, v = (rows.new_empty(length).normal_(0, 1) for length in rows.shape)
        self.register_buffer("_u", F.normalize(u, dim=0, eps=EPSILON))
        self.register_buffer("_v", F.normalize(v, dim=0, eps=EPSILON))
        for _ in range(FIRST_STEPS):
            self._step(rows)
        self.together: Tensor | None = None
        """The weight as `normalised_together` has it, within that."""

    def forward(self, weight: Tensor) -> Tensor:
        """The normalised weight; in training, a step of the power method is taken before."""
        if self.together is not None:
            return self.together
        rows = weight.flatten(1)
        if self.training:
            self._step(rows)
        u, v = self._u.clone(), self._v.clone()  # a later pass changes them before this one goes backward
        return weight / torch.vdot(u, torch.mv(rows, v))

    def right_inverse(self, value: Tensor) -> Tensor:
        """A weight that is assigned is taken as it is."""
        return value

    @torch.no_grad()
    def _step(self, rows: Tensor) -> None:
        F.normalize(torch.mv(rows, self._v), dim=0, eps=EPSILON, out=self._u)
        F.normalize(torch.mv(rows.T, self._u), dim=0, eps=EPSILON, out=self._v)


def spectral_norm(module: nn.Module) -> nn.Module:
    """The module, whose `weight` is normalised from now on."""
    weight = module.weight
    assert isinstance(weight, Tensor), "a layer with a weight"
    parametrize.register_parametrization(module, "weight", SpectralNorm(weight))
    return module


@contextlib.contextmanager
def normalised_together(
    network: nn.Module, dtype: torch.dtype, scales: Tensor | None = None
) -> Iterator[Tensor | None]:
    """Within it, the layers of a network have weights that were normalised together as it began, in `dtype`.

    By `scales`, 1 / sigma of each layer, or by those that a step of the power method finds, which are given; the right
    vectors of layers are left behind: see `settle`. No gradient goes to weights that are normalised by given scales.
    """
    layers = [norm for norm, _ in _normalised(network)]
    if layers:
        weights = [weight for _, weight in _normalised(network)]
        if scales is None:
            *made, scales = _Together.apply([norm._u for norm in layers], dtype, *weights)
        else:
            with torch.no_grad():
                made = _scaled([_rows(weight) for weight in weights], weights, scales, dtype)
        for norm, weight in zip(layers, made, strict=True):
            norm.together = weight
    try:
        yield scales
    finally:
        for norm in layers:
            norm.together = None


@torch.no_grad()
def settle(network: nn.Module) -> None:
    """Bring the right vectors up to the left ones, as a state should have them."""
    for norm, weight in _normalised(network):
        F.normalize(torch.mv(weight.flatten(1).T, norm._u), dim=0, eps=EPSILON, out=norm._v)


class _Together(torch.autograd.Function):
    """Weights over their largest singular values, all at once. A step of the power method goes from the left vectors:
    v = W^T u and u = W v, each over its length, of which the second is sigma. Rows of a matrix are as they lie in memory.
    """

    @staticmethod
    def forward(ctx: Any, us: Sequence[Tensor], dtype: torch.dtype, *weights: Tensor) -> Any:
        """The weights in `dtype`, in their own layout, and 1 / sigma of each, (n,); us are moved on."""
        rows = [_rows(weight) for weight in weights]
        right, _ = _unit([torch.mv(each.T, u) for each, u in zip(rows, us, strict=True)])
        left, scales = _unit([torch.mv(each, v) for each, v in zip(rows, right, strict=True)])
        torch._foreach_copy_(list(us), left)
        ctx.save_for_backward(*weights, *left, *right, scales)
        ctx.mark_non_differentiable(scales)
        return (*_scaled(rows, weights, scales, dtype), scales)

    @staticmethod
    def backward(ctx: Any, *all_grads: Tensor) -> Any:
        """(G - (G . W / sigma) u v^T) / sigma for the gradient G of each (Miyato et al. 2018, equation 12)."""
        *grads, _ = all_grads
        count, saved = len(grads), ctx.saved_tensors
        weights, left, right, scales = saved[:count], saved[count : 2 * count], saved[2 * count : -1], saved[-1]
        scaled = _scaled([_rows(g, w) for g, w in zip(grads, weights, strict=True)], weights, scales, torch.float32)
        dots = [torch.dot(_rows(g).flatten(), _rows(w).flatten()) for g, w in zip(scaled, weights, strict=True)]
        pulled = _times(list(left), torch.stack(dots) * scales)
        for g, u, v in zip(scaled, pulled, right, strict=True):
            _rows(g).addr_(u, v, alpha=-1)
        return (None, None, *scaled)


def _normalised(network: nn.Module) -> Iterator[tuple[SpectralNorm, Tensor]]:
    """The layers of a network that have a spectral norm, and the weights that they learn."""
    for part in network.modules():
        if parametrize.is_parametrized(part, "weight"):
            found: Any = part.parametrizations["weight"]  # type: ignore[index]
            if isinstance(found[0], SpectralNorm):
                yield found[0], found.original


def _unit(vectors: Sequence[Tensor]) -> tuple[list[Tensor], Tensor]:
    """Vectors over their lengths, and 1 over the lengths (n,)."""
    scales = 1 / torch.stack(torch._foreach_norm(list(vectors))).clamp(min=EPSILON)
    return _times(vectors, scales), scales


def _times(vectors: Sequence[Tensor], factors: Tensor) -> list[Tensor]:
    """Vectors, each times its factor of (n,): parts of one, which is made by one product."""
    sizes = tuple(len(vector) for vector in vectors)
    product = torch.cat(list(vectors)) * factors.index_select(0, _owners(sizes, factors.device))
    return list(product.split(sizes))  # type: ignore[no-untyped-call]


def _scaled(rows: Sequence[Tensor], like: Sequence[Tensor], factors: Tensor, dtype: torch.dtype) -> list[Tensor]:
    """Matrices, each times its factor of (n,), as weights of the layouts of `like`."""
    sizes = tuple(each.numel() for each in rows)
    flat = torch.cat([each.flatten() for each in rows]).float()
    product = (flat * factors.index_select(0, _owners(sizes, factors.device))).to(dtype)
    parts = product.split(sizes)  # type: ignore[no-untyped-call]
    return [_as_weight(part, weight) for part, weight in zip(parts, like, strict=True)]


@functools.lru_cache(maxsize=16)
def _owners(sizes: tuple[int, ...], device: torch.device) -> Tensor:
    """The number of the vector that each value of several in a row belongs to."""
    return torch.cat([torch.full((size,), number) for number, size in enumerate(sizes)]).to(device)


def _is_by_channel(weight: Tensor) -> bool:
    return weight.dim() == 4 and weight.is_contiguous(memory_format=torch.channels_last)


def _rows(weight: Tensor, like: Tensor | None = None) -> Tensor:
    """The matrix of a weight (outputs, ...), its values in the order in which those of `like`, or its own, lie in memory."""
    if _is_by_channel(weight if like is None else like):
        return weight.permute(0, 2, 3, 1).reshape(len(weight), -1)
    return weight.reshape(len(weight), -1)


def _as_weight(values: Tensor, like: Tensor) -> Tensor:
    """Values in the order in which those of a weight lie in memory, as such a weight."""
    if _is_by_channel(like):
        outputs, channels, height, width = like.shape
        return values.view(outputs, height, width, channels).permute(0, 3, 1, 2)
    return values.view(like.shape)
