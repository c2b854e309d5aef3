"""Layers shared by the GAN networks: gated unit, class noise, projection, initial weights, box filter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from core.gan.networks.spectral_norm import spectral_norm

SLOPE = 0.2
"""LeakyReLU's slope for negative values (Radford et al. 2016, section 3)."""

Wrap = Callable[[nn.Module], nn.Module]
"""What a discriminator does to each of its layers with weights: nothing, or spectral norm."""


def wrapper(spectral: bool) -> Wrap:
    """Spectral norm (Miyato et al. 2018, arXiv 1802.05957) or nothing."""
    return spectral_norm if spectral else lambda module: module


class _Gate(torch.autograd.Function):
    """GLU whose gradient keeps the memory layout; torch's own falls back to the plain one, on which batch norm's backward
    pass takes five times as long.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        """a * sigmoid(b) of the first and second half of the channels."""
        kept, gate = x.chunk(2, dim=1)
        gate = torch.sigmoid(gate)
        ctx.save_for_backward(kept, gate)
        return kept * gate

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Tensor:
        """The gradient for both halves."""
        kept, gate = ctx.saved_tensors
        (grad,) = grads
        channels = kept.shape[1]
        layout = torch.channels_last if grad.ndim == 4 else torch.contiguous_format
        shape = (len(grad), 2 * channels, *grad.shape[2:])
        found = torch.empty(shape, dtype=grad.dtype, device=grad.device, memory_format=layout)
        torch.mul(grad, gate, out=found[:, :channels])
        if found.is_cuda:  # two kernels in place of five, which differ in last bits
            torch.ops.aten.sigmoid_backward.grad_input(grad * kept, gate, grad_input=found[:, channels:])
        else:
            found[:, channels:] = grad * kept * gate * (1 - gate)
        return found


class GatedLinearUnit(nn.Module):
    """(n, 2c, h, w) -> (n, c, h, w): the first half of the channels times the sigmoid of the second (Dauphin 2017)."""

    def forward(self, x: Float[Tensor, "n 2*c h w"]) -> Float[Tensor, "n c h w"]:
        """a * sigmoid(b)."""
        gated: Tensor = _Gate.apply(x)
        return gated


class ClassNoise(nn.Module):
    """z with the class beside it: (n, latent) and (n,) -> (n, latent + classes), the class as a one-hot vector
    (Mirza & Osindero 2014, arXiv 1411.1784). Without classes z passes through.
    """

    def __init__(self, latent: int, classes: int) -> None:
        super().__init__()
        self.classes = classes
        self.length = latent + classes

    def forward(self, z: Float[Tensor, "n latent"], label: Int[Tensor, " n"] | None) -> Float[Tensor, "n length"]:
        """Raises ValueError if a class is wanted and none is given."""
        if not self.classes:
            return z
        if label is None:
            raise ValueError(f"a network of {self.classes} classes needs a label for each picture")
        return torch.cat([z, F.one_hot(label, self.classes).to(z.dtype)], dim=1)


class Projection(nn.Module):
    """The class's part of a discriminator's logit, <embedding of the class, features> (Miyato & Koyama 2018,
    arXiv 1802.05637). Without classes it is 0.
    """

    def __init__(self, features: int, classes: int, wrap: Wrap) -> None:
        super().__init__()
        self.embedding = wrap(nn.Embedding(classes, features)) if classes else None

    def forward(self, features: Float[Tensor, "n d"], label: Int[Tensor, " n"] | None) -> Float[Tensor, "n 1"]:
        """What is to be added to the logits. Raises ValueError if a class is wanted and none is given."""
        if self.embedding is None:
            return features.new_zeros(len(features), 1)
        if label is None:
            raise ValueError("a discriminator with classes needs a label for each picture")
        known: Tensor = self.embedding(label).to(features.dtype)
        return (known * features).sum(1, keepdim=True)


def set_normal(module: nn.Module) -> None:
    """Weights of convolutions from N(0, 0.02), of norms from N(1, 0.02), biases 0 (Radford et al. 2016, section 3)."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
        nn.init.normal_(_weight(module), 0.0, 0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)
        nn.init.zeros_(module.bias)


def _weight(module: nn.Module) -> Tensor:
    """The tensor that is learned; under spectral norm `weight` itself is computed from it."""
    learned = dict(module.named_parameters())
    return learned["weight"] if "weight" in learned else learned["parametrizations.weight.original"]


def reduced(x: Float[Tensor, "n c h w"], side: int) -> Float[Tensor, "n c side side"]:
    """Pictures at a smaller side that divides theirs, by averaging."""
    return F.avg_pool2d(x, x.shape[-1] // side) if x.shape[-1] > side else x


def count_on_the_host(network: nn.Module) -> None:
    """Have batch norms count their batches, which decides nothing, on the CPU: it is a kernel a layer and pass elsewhere."""
    for part in network.modules():
        if isinstance(part, nn.BatchNorm2d) and part.num_batches_tracked is not None:
            part.num_batches_tracked = part.num_batches_tracked.cpu()
