"""Refining one style's embedding by gradient descent; the network and all other embeddings stay as they are.

The losses, the crops and the backbone are those that the network was trained with. Dumoulin et al. 2017 (arXiv
1610.07629, section 3.3) learn new styles so, from an embedding by chance; here it begins with what is predicted.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from core.errors import NotFinite
from core.networks import device as devices
from core.stylize.feedforward.network import PictureBatch, TransferNetwork
from core.stylize.feedforward.train_recipe import TransferRecipe
from core.stylize.train.contents import Contents, CropSampler
from core.stylize.train.perceptual import PerceptualLoss
from core.stylize.train.style_bank import TrainingTarget
from core.stylize.train.validation import ValidationSet

CHECK = 25
"""Steps from one look at the loss of the judged pictures to the next."""
LOUDEST = 1e6
"""Longest gradient, in lengths, that is followed; usual ones are a few hundred. Those of crops of one colour have no end:
normalisation after normalisation divides by nearly nothing.
"""
PATIENCE, BETTER = 3, 0.005
"""Looks within which the loss must fall by this share, else it has ended on a plateau."""
JUDGED = 4
"""Pictures that are judged."""

OnLoss = Callable[[int, float], None]
"""Called with the step and the loss of the judged pictures."""


@dataclass(frozen=True)
class Refined:
    """An embedding (1, embedding), float32, and its loss, before and after so many steps."""

    embedding: Tensor
    before: float
    after: float
    steps: int


class EmbeddingRefiner:
    """Refines embeddings of one network, on one set of contents."""

    def __init__(
        self, network: TransferNetwork, recipe: TransferRecipe, contents: Contents, perceptual: PerceptualLoss
    ) -> None:
        """network: float32, its gradients off. recipe: the one that it was trained with."""
        self._network, self._recipe, self._perceptual = network, recipe, perceptual
        self._device = perceptual.backbone.mean.device
        self._sampler = CropSampler(contents, recipe)
        few = len(contents.held_out) < JUDGED  # then those that are learnt from do: a style is a few numbers
        shown = replace(contents, held_out=contents.pictures) if few else contents
        self._held_out = ValidationSet(shown, recipe, 1, JUDGED, perceptual)
        self._bfloat16 = devices.dtype(recipe.precision, self._device) == torch.bfloat16

    def loss(self, embedding: Tensor, target: TrainingTarget) -> float:
        """The perceptual loss of the judged pictures, painted by an embedding (1, embedding)."""

        def paint(pictures: PictureBatch, _: Sequence[int]) -> PictureBatch:
            return self._painted(pictures, embedding)

        return self._held_out.loss(paint, lambda _: target).loss

    def refined(
        self, start: Tensor, target: TrainingTarget, steps: int, rate: float, on_loss: OnLoss | None = None
    ) -> Refined:
        """The best embedding that is met on the way from `start` in at most so many steps; it ends on a plateau.

        Raises NotFinite.
        """
        embedding = start.detach().clone().to(self._device).requires_grad_(True)
        optimiser = torch.optim.Adam([embedding], rate)
        losses, best = [self.loss(start, target)], start.detach()
        step = 0
        while step < steps and not flat(losses):
            if on_loss is not None:
                on_loss(step, losses[-1])
            for _ in range(min(CHECK, steps - step)):
                optimiser.param_groups[0]["lr"] = rate * min(1.0, 2 * (1 - step / steps))
                self._step(embedding, target, optimiser, step)
                step += 1
            losses.append(self.loss(embedding.detach(), target))
            if not losses[-1] < float("inf"):
                raise NotFinite(f"the losses were not finite at step {step}", "learn with a lower --rate.")
            if losses[-1] <= min(losses):
                best = embedding.detach().clone()
        if on_loss is not None:
            on_loss(step, min(losses))
        return Refined(best, losses[0], min(losses), step)

    def _step(self, embedding: Tensor, target: TrainingTarget, optimiser: torch.optim.Adam, step: int) -> None:
        count = self._recipe.batch_of(self._sampler.side(step))
        pictures = self._sampler.crops(step, count).to(self._device)
        content = self._perceptual.content(pictures)
        painted = self._painted(pictures, embedding.expand(count, -1))
        judged = self._perceptual(painted, pictures, content, [target] * count)
        judged.loss.mean().backward()  # type: ignore[no-untyped-call]
        if embedding.grad is not None and embedding.grad.norm() < LOUDEST:
            optimiser.step()
        optimiser.zero_grad(set_to_none=True)

    def _painted(self, pictures: PictureBatch, embedding: Tensor) -> PictureBatch:
        with self._precision():
            return self._network(pictures, embedding)  # type: ignore[no-any-return]

    def _precision(self) -> contextlib.AbstractContextManager[Any]:
        return torch.autocast(self._device.type, torch.bfloat16, enabled=self._bfloat16)


def flat(losses: Sequence[float]) -> bool:
    """Whether the last PATIENCE losses are hardly better than the best before them.

    >>> flat([9, 5, 4.99, 5.01, 4.985]), flat([9, 5, 4.9, 4.8, 4.7]), flat([9, 9])
    (True, False, False)
    """
    if len(losses) <= PATIENCE:
        return False
    return min(losses[-PATIENCE:]) > (1 - BETTER) * min(losses[:-PATIENCE])
