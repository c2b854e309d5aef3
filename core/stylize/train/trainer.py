"""Trainer of a network that stylises in one pass: networks, optimiser, perceptual losses, and the step.

The perceptual losses of Johnson et al. 2016 with the backbone, the layers and the weights of the optimiser's own recipe;
styles are drawn as in Dumoulin et al. 2017, and artworks for the predictor as in Ghiasi et al. 2017. All that a step draws
is a function of (seed, step), see core.networks.seeded_random.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from core.networks import seeded_random
from core.networks.backbone import Backbone
from core.networks.delayed_read import DelayedRead
from core.networks.pinned_upload import uploaded
from core.progress import ProgressCallback
from core.stylize.feedforward.network import PictureBatch
from core.stylize.feedforward.train_recipe import TransferRecipe
from core.stylize.feedforward.trainable_model import TrainableModel
from core.stylize.feedforward.transfer_model import TransferModel
from core.stylize.train.contents import Contents, CropSampler
from core.stylize.train.perceptual import PerceptualLoss
from core.stylize.train.style_bank import StyleBank, TrainingTarget
from core.training.trainer import Trainer, average_share

IDENTITY = -1
"""Stands for a style: the picture's own look."""
MEASURED = 200
"""Styles, the first of the bank, that the predictor takes the middle and the spread of looks from."""
LOUDEST = 20.0
"""Longest gradient, in lengths: what is longer is shortened. Without it a rare artwork throws the network back."""


@dataclass(frozen=True)
class TransferStepMetrics:
    """Metrics of one step: the loss of its pictures, and the shares of content and style in it."""

    step: int
    loss: float
    content: float
    style: float
    rate: float
    pictures: int

    @property
    def finite(self) -> bool:
        """Whether the loss is."""
        return math.isfinite(self.loss)


class TransferTrainer(Trainer[TransferStepMetrics]):
    """The state of a style training, and its step. Styles 0 to n - 1 of the bank are the catalog's, the others artworks to
    learn prediction from.
    """

    recipe: TransferRecipe
    average: TrainableModel
    network_names: ClassVar[Mapping[str, str]] = {"stylist.": "model", "average.": "average"}

    def __init__(
        self,
        recipe: TransferRecipe,
        contents: Contents,
        bank: StyleBank,
        catalog: int,
        backbone: Backbone,
        tick: ProgressCallback | None = None,
    ) -> None:
        """tick: called while the first styles are looked at, some tenths of a second each."""
        super().__init__(recipe, backbone.mean.device)
        self.bank, self.catalog = bank, catalog
        self.perceptual = PerceptualLoss(recipe.losses(), backbone)
        self.sampler = CropSampler(contents, recipe)
        self.model = self._new_model(tick)
        self.average = copy.deepcopy(self.model).requires_grad_(False).eval()
        self.optimiser = torch.optim.Adam(self.model.parameters(), recipe.rate, fused=self.device.type != "mps")
        self.optimisers = {"adam.": self.optimiser}

    def _new_model(self, tick: ProgressCallback | None) -> TrainableModel:
        torch.manual_seed(seeded_random.generator(self.recipe.seed, "weights").initial_seed())
        model = TrainableModel(self.bank.looks(range(self.catalog)).cpu(), self.recipe.breadth)
        model.predictor.measure(self.bank.looks(range(min(len(self.bank), MEASURED)), tick).cpu())
        return model.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]

    @torch.no_grad()
    def begin_with(self, trained: TransferModel, rows: Sequence[int | None]) -> None:
        """Take over a trained network. rows: for each style of the catalog the row of what the network has learnt of it,
        or None where it is to begin as predicted. Raises RuntimeError if the network is of another breadth.
        """
        model = self.model
        model.network.load_state_dict(trained.network.state_dict())
        model.predictor.load_state_dict(trained.predictor.state_dict())
        model.identity.copy_(trained.identity)
        predicted = model.predictor(model.looks)
        for number, row in enumerate(rows):
            if row is not None:
                model.offsets[number] = trained.embeddings[row] - predicted[number]
        self.average.load_state_dict(model.state_dict())

    def begin_step(self) -> Callable[[], TransferStepMetrics]:
        """See Trainer."""
        recipe, rate = self.recipe, self.set_rate(self.recipe.warm)
        count = recipe.batch_of(self.sampler.side(self.step))
        pictures = uploaded(self.sampler.crops(self.step, count), self.device)
        styles = self.styles(self.step, count)
        content = self.perceptual.content(pictures)
        with self.precision():
            painted = self.model.network(pictures, self.embeddings(styles))
        same = uploaded(torch.tensor([float(style == IDENTITY) for style in styles]), self.device)
        losses = self.perceptual(painted, pictures, content, self._targets(styles, pictures), same)
        losses.loss.mean().backward()  # type: ignore[no-untyped-call]
        self._learn()
        self.step += 1
        self._follow(count)
        parts = [each.detach().mean() for each in (losses.loss, losses.content, losses.style)]
        step, figures = self.step, DelayedRead(torch.stack(parts))

        def metrics() -> TransferStepMetrics:
            loss, kept, styled = figures.take().tolist()
            return TransferStepMetrics(step, loss, kept, styled, rate, count)

        return metrics

    def _learn(self) -> None:
        """Move the network along its gradient, unless that is not finite: a crop of one colour may have such a one, as
        normalisation after normalisation divides by nearly nothing.
        """
        cuda = self.device.type == "cuda"
        length = torch.nn.utils.clip_grad_norm_(self.model.parameters(), LOUDEST, foreach=True if cuda else None)
        if cuda:
            # By which a fused Adam on CUDA leaves all as it is, without the host being asked; GradScaler has it so.
            self.optimiser.found_inf = (~length.isfinite()).float()  # type: ignore[attr-defined]
            self.optimiser.step()
        elif length.isfinite():
            self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)

    @torch.no_grad()
    def painted(self, pictures: PictureBatch, embeddings: Tensor) -> PictureBatch:
        """Pictures as the average paints them, each by its embedding."""
        with self.precision():
            return self.average.network(pictures, embeddings)  # type: ignore[no-any-return]

    def styles(self, step: int, count: int) -> list[int]:
        """The style of each picture of a step: a number of the bank's, or IDENTITY."""
        recipe, others = self.recipe, len(self.bank) - self.catalog
        draw = seeded_random.generator(recipe.seed, "style", step)
        kinds, chosen = torch.rand(count, generator=draw), torch.randint(self.catalog, (count,), generator=draw)
        of_artworks = seeded_random.indices(recipe.seed + 1, step * recipe.batch, count, others) if others else chosen
        share = recipe.catalog_share if others else 1.0
        found = []
        for kind, known, other in zip(kinds.tolist(), chosen.tolist(), of_artworks.tolist(), strict=True):
            styled = (
                known if kind < recipe.identity_share + (1 - recipe.identity_share) * share else self.catalog + other
            )
            found.append(IDENTITY if kind < recipe.identity_share else styled)
        return found

    def embeddings(self, styles: Sequence[int]) -> Tensor:
        """Embeddings (n, embedding) of styles as they stand now."""
        if self.device.type == "cuda":
            return self._embeddings_together(styles)
        model, found = self.model, list[Tensor]()
        for style in styles:
            if style == IDENTITY:
                found.append(model.identity)
            elif style < self.catalog:
                found.append(model.known([style]))
            else:
                found.append(model.predictor(self.bank.look(style)))
        return torch.cat(found)

    def _embeddings_together(self, styles: Sequence[int]) -> Tensor:
        """The same, predicted by one call: rows are taken by numbers that the device is not asked for."""
        model, predicted = self.model, [style for style in styles if style != IDENTITY]
        looks = [
            model.looks[style : style + 1] if style < self.catalog else self.bank.look(style) for style in predicted
        ]
        rows = iter(model.predictor(torch.cat(looks)).split(1) if looks else ())
        found = []
        for style in styles:
            row = model.identity if style == IDENTITY else next(rows)
            found.append(row + model.offsets[style : style + 1] if 0 <= style < self.catalog else row)
        return torch.cat(found)

    def _targets(self, styles: Sequence[int], pictures: PictureBatch) -> list[TrainingTarget]:
        return [
            TrainingTarget(self.perceptual.own(picture.unsqueeze(0)))
            if style == IDENTITY
            else self.bank.training_target(style)
            for style, picture in zip(styles, pictures, strict=True)
        ]

    @torch.no_grad()
    def _follow(self, count: int) -> None:
        """The average moves towards the network."""
        share = average_share(count, self.step * self.recipe.batch, self.recipe.ema)
        ours: list[Tensor] = list(self.average.parameters())
        torch._foreach_lerp_(ours, list[Tensor](self.model.parameters()), share)
