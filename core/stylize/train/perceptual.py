"""Perceptual loss of the transfer network (Johnson et al. 2016): content, style and pixel terms, per picture of a batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from core.config.recipe import Recipe
from core.networks.backbone import Backbone
from core.stylize.feedforward.network import PictureBatch
from core.stylize.optimise.losses import ContentLoss
from core.stylize.optimise.style_loss import style_loss
from core.stylize.optimise.targets import picture_losses, style_losses
from core.stylize.train.style_bank import Targets, TrainingTarget, stacked

SAME = 400.0
"""Weight of the mean squared difference of pixels where a picture is to stay as it is."""


@dataclass(frozen=True)
class PerceptualLosses:
    """Losses by picture, (n,) each."""

    content: Tensor
    style: Tensor
    pixels: Tensor

    @property
    def loss(self) -> Tensor:
        """What is minimised, (n,)."""
        return self.content + self.style + self.pixels


class PerceptualLoss:
    """Content, style and pixel losses of painted pictures against their targets."""

    def __init__(self, losses: Recipe, backbone: Backbone) -> None:
        self.recipe, self.backbone = losses, backbone

    @torch.no_grad()
    def content(self, pictures: PictureBatch) -> dict[str, Tensor]:
        """Features of the content layers of pictures, RGB in [0, 1]: (n, channels, h, w) each, by layer."""
        return {
            layer: found.float()
            for layer, found in self.backbone.features(pictures, self.recipe.content_layers).items()
        }

    @torch.no_grad()
    def own(self, picture: PictureBatch) -> Targets:
        """The style targets of one picture (1, 3, h, w), RGB in [0, 1], by layer."""
        features = self.backbone.features(picture, self.recipe.style_layers)
        loss = style_loss(self.recipe.style_statistic)
        return {layer: loss.target(found) for layer, found in features.items()}

    def __call__(
        self,
        painted: PictureBatch,
        pictures: PictureBatch,
        content: dict[str, Tensor],
        targets: Sequence[TrainingTarget],
        same: Tensor | None = None,
    ) -> PerceptualLosses:
        """The losses of pictures that were painted, each in a style. same: 1 where one is to stay as it is, else 0, (n,)."""
        style, shares = stacked(targets)
        recipe, features = self.recipe, {**self.backbone.features(painted), "pixels": painted}
        kept = [ContentLoss(layer, target, recipe.content_weight) for layer, target in content.items()]
        of_pixels = [loss(features) for loss in picture_losses(pictures[0], recipe)]
        if same is not None:
            of_pixels.append(SAME * same * (painted - pictures).square().flatten(1).mean(1))
        return PerceptualLosses(
            torch.stack([loss(features) for loss in kept]).sum(0),
            shares * torch.stack([loss(features) for loss in style_losses(style, recipe)]).sum(0),
            torch.stack(of_pixels).sum(0),
        )
