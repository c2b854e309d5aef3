"""Losses of GANs, on logits: sigmoid and logarithm are never taken apart."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

DiscriminatorLogits = Float[Tensor, "..."]


def non_saturating_d(real: DiscriminatorLogits, fake: DiscriminatorLogits) -> Float[Tensor, ""]:
    """-log sigmoid(D(x)) - log(1 - sigmoid(D(G(z)))), the mean of each (Goodfellow et al. 2014, equation 1)."""
    return F.softplus(-real).mean() + F.softplus(fake).mean()


def non_saturating_g(fake: DiscriminatorLogits) -> Float[Tensor, ""]:
    """-log sigmoid(D(G(z))): its gradient is strong where D is sure (Goodfellow et al. 2014, section 3)."""
    return F.softplus(-fake).mean()


def hinge_d(real: DiscriminatorLogits, fake: DiscriminatorLogits) -> Float[Tensor, ""]:
    """max(0, 1 - D(x)) + max(0, 1 + D(G(z))), the mean of each (Lim & Ye 2017, arXiv 1705.02894)."""
    return F.relu(1 - real).mean() + F.relu(1 + fake).mean()


def hinge_g(fake: DiscriminatorLogits) -> Float[Tensor, ""]:
    """-D(G(z)), the mean."""
    return -fake.mean()


D_LOSSES = {"non_saturating": non_saturating_d, "hinge": hinge_d}
G_LOSSES = {"non_saturating": non_saturating_g, "hinge": hinge_g}


def realest(logits: Float[Tensor, "n ..."], share: float) -> Float[Tensor, "k ..."]:
    """The logits of that share of the pictures, at least one, that D takes for the realest (Sinha et al. 2020, arXiv
    2002.06224, equation 4): what lies between two kinds of picture then stops pulling G about.
    """
    kept = max(1, round(share * len(logits)))
    return logits[logits.flatten(1).mean(1).topk(kept).indices] if kept < len(logits) else logits


def r1_penalty(logits: DiscriminatorLogits, pictures: Float[Tensor, "n c h w"]) -> Float[Tensor, ""]:
    """The mean over pictures of |dD/dx|^2, for real pictures (Mescheder et al. 2018, arXiv 1801.04406, equation 9).

    logits: what D said of `pictures`, which require a gradient. Multiply by gamma / 2, and, if it is taken every k
    steps only, by k (lazy regularisation, Karras et al. 2020, arXiv 1912.04958, appendix B).
    """
    (gradient,) = torch.autograd.grad(logits.float().sum(), pictures, create_graph=True)
    return gradient.float().square().sum((1, 2, 3)).mean()
