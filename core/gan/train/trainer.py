"""Trainer of a GAN: two networks, their optimisers, the average of the generator, and the step that moves them all.

Adam with the betas of Radford et al. 2016; the generator that draws samples is an exponential moving average of the one
that learns (Karras et al. 2018, arXiv 1710.10196, section 4.1). All that a step draws is a function of (seed, step), see
core.networks.seeded_random, so the state here, and nothing else, decides how a training goes on.
"""

from __future__ import annotations

import contextlib
import copy
import functools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from core.gan.data.batches import Batches
from core.gan.data.dataset import Dataset
from core.gan.networks.few_shot import FewShotDiscriminator
from core.gan.networks.layers import count_on_the_host
from core.gan.networks.networks import build_discriminator, build_generator
from core.gan.networks.recipe import GanRecipe
from core.gan.networks.spectral_norm import normalised_together, settle
from core.gan.train.augment import Augmentation, Strength
from core.gan.train.losses import D_LOSSES, G_LOSSES, r1_penalty, realest
from core.networks import seeded_random
from core.networks.delayed_read import DelayedRead
from core.networks.pinned_upload import uploaded
from core.training.trainer import Trainer, average_share

Labels = Int[Tensor, " batch"] | None
Pictures = Float[Tensor, "batch c size size"]


@dataclass(frozen=True)
class GanStepMetrics:
    """Metrics of one step: losses, the shares of pictures that D judged rightly, the strength of augmentation."""

    step: int
    d_loss: float
    g_loss: float
    real_right: float
    fake_right: float
    augment: float
    rate: float

    @property
    def finite(self) -> bool:
        """Whether both losses are."""
        return math.isfinite(self.d_loss + self.g_loss)


class GanTrainer(Trainer[GanStepMetrics]):
    """The state of a GAN's training, and its step."""

    recipe: GanRecipe
    network_names: ClassVar[Mapping[str, str]] = {
        f"{name}.": name for name in ("generator", "discriminator", "average")
    }

    def __init__(self, recipe: GanRecipe, data: Dataset, device: torch.device) -> None:
        super().__init__(recipe, device)
        self.classes = len(data.classes) if recipe.conditional else 0
        layout = torch.channels_last if recipe.architecture != "mlp" else torch.contiguous_format
        generator, discriminator = build_generator(recipe, self.classes), build_discriminator(recipe, self.classes)
        self.generator = generator.to(device, memory_format=layout)  # type: ignore[call-overload]
        self.discriminator = discriminator.to(device, memory_format=layout)  # type: ignore[call-overload]
        self.average = copy.deepcopy(self.generator).requires_grad_(False).eval()
        self.optimisers = {"adam_g.": self._adam(self.generator), "adam_d.": self._adam(self.discriminator)}
        self.strength = Strength.of(recipe, len(data))
        self._batches = Batches(data, recipe)
        self._augment = Augmentation(recipe.policy)
        self._layout = layout
        self._scales: Tensor | None = None
        if device.type == "cuda":
            for network in (self.generator, self.discriminator, self.average):
                count_on_the_host(network)

    def _adam(self, network: nn.Module) -> torch.optim.Adam:
        recipe = self.recipe
        return torch.optim.Adam(
            network.parameters(), recipe.rate, (recipe.beta1, recipe.beta2), fused=self.device.type != "mps"
        )

    def begin_step(self) -> Callable[[], GanStepMetrics]:
        """See Trainer."""
        rate = self.set_rate()
        parts = range(self.recipe.accumulate)
        made = [self._made(part) for part in parts] if self.recipe.accumulate == 1 else []
        judged, deceived = list[Tensor](), list[Tensor]()
        self.discriminator.requires_grad_(True)
        for part in parts:
            judged.append(self._judge(part, made[part] if made else self._made(part, learn=False)))
        self.optimisers["adam_d."].step()
        self.optimisers["adam_d."].zero_grad(set_to_none=True)
        self.discriminator.requires_grad_(False)
        for part in parts:
            deceived.append(self._deceive(part, made[part] if made else self._made(part)))
        self.optimisers["adam_g."].step()
        self.optimisers["adam_g."].zero_grad(set_to_none=True)
        sums = [functools.reduce(torch.add, each) for each in (judged, deceived)]
        figures = DelayedRead(torch.cat(sums) / self.recipe.accumulate)
        if self.recipe.augment == "signal":
            self.strength.update(2 * figures.take()[1].item() - 1, self.recipe)
        self.step += 1
        self._follow()
        step, strength = self.step, self.strength.p

        def metrics() -> GanStepMetrics:
            d_loss, real, fake, loss = figures.take().tolist()
            return GanStepMetrics(step, d_loss, loss, real, fake, strength, rate)

        return metrics

    def _made(self, part: int, learn: bool = True) -> tuple[Pictures, Labels]:
        seed, count = self.recipe.seed, self.recipe.batch
        z = uploaded(seeded_random.noise(seed, self.step, part, count, self.recipe.latent), self.device)
        label = seeded_random.labels(seed, self.step, part, count, self._batches.labels)
        label = None if label is None else uploaded(label, self.device)
        with self.precision(), torch.set_grad_enabled(learn):
            return self.generator(z, label).float(), label

    def _judge(self, part: int, made: tuple[Pictures, Labels]) -> Tensor:
        """Gradients of D from one pass. Returns its loss and the shares judged rightly."""
        recipe = self.recipe
        real, label = self._batches.real(self.step, part)
        real = uploaded(real, self.device, self._layout)
        label = None if label is None else uploaded(label, self.device)
        penalised = recipe.r1 > 0 and self.step % recipe.r1_every == 0
        real.requires_grad_(penalised)
        fake, fake_label = made[0].detach(), made[1]
        with self._normalised() as self._scales, self.precision():
            shown = self._changed(real, part, 0)
            real_logits, extra = self._real_logits(shown, label)
            fake_logits = self.discriminator(self._changed(fake, part, 1), fake_label).float()
        loss = D_LOSSES[recipe.loss](real_logits, fake_logits)
        if penalised:
            extra = extra + recipe.r1 / 2 * recipe.r1_every * r1_penalty(real_logits, real)
        self._backward(loss + extra)
        shares = [(found.detach() > 0).mean(dtype=torch.float32) for found in (real_logits, -fake_logits.detach())]
        return torch.stack([loss.detach(), *shares])

    def _real_logits(self, real: Pictures, label: Labels) -> tuple[Tensor, Tensor]:
        """D's logits of real pictures, and what else it is to learn from them."""
        network = self.discriminator
        if not isinstance(network, FewShotDiscriminator) or not self.recipe.reconstruction:
            return network(real, label).float(), torch.zeros((), device=self.device)
        logits, sixteen, eight = network.judged(real, label)
        draw = seeded_random.generator(self.recipe.seed, "quadrant", self.step)
        quadrant = int(torch.randint(4, (), generator=draw))
        redrawn = network.reconstruction(real.detach(), sixteen, eight, quadrant)
        return logits.float(), self.recipe.reconstruction * redrawn

    def _deceive(self, part: int, made: tuple[Pictures, Labels]) -> Tensor:
        """Gradients of G from one pass. Returns its loss, (1,)."""
        with self._normalised(self._scales), self.precision():
            logits = self.discriminator(self._changed(made[0], part, 2), made[1]).float()
        loss = G_LOSSES[self.recipe.loss](realest(logits, self.recipe.top))
        self._backward(loss)
        return loss.detach().view(1)

    def _backward(self, loss: Tensor) -> None:
        """Gradients of one of the passes that a step has."""
        share = loss / self.recipe.accumulate if self.recipe.accumulate > 1 else loss
        share.backward()  # type: ignore[no-untyped-call]

    def _normalised(self, scales: Tensor | None = None) -> contextlib.AbstractContextManager[Tensor | None]:
        """D with its weights normalised; on CUDA those of all layers together, once for all that is seen within, and for G
        by the scales (n,) from before D's step, which moves singular values by less than a thousandth.
        """
        if self.device.type != "cuda":
            return contextlib.nullcontext()
        return normalised_together(self.discriminator, torch.bfloat16 if self._bfloat16 else torch.float32, scales)

    def _changed(self, pictures: Pictures, part: int, view: int) -> Pictures:
        draw = seeded_random.generator(self.recipe.seed, "augment", self.step, 3 * part + view)
        exact = torch.autocast("cuda", enabled=False) if self.device.type == "cuda" else contextlib.nullcontext()
        with exact:  # there the casts take longer than the products that they make shorter
            return self._augment(pictures, self.strength.p, draw).contiguous(memory_format=self._layout)

    @torch.no_grad()
    def _follow(self) -> None:
        """The average moves towards the generator; whole numbers, such as counters, are taken over."""
        seen = self.step * self.recipe.pictures_a_step
        share = average_share(self.recipe.pictures_a_step, seen, self.recipe.ema)
        pairs = list(zip(self.average.state_dict().values(), self.generator.state_dict().values(), strict=True))
        floats = [(ours, theirs) for ours, theirs in pairs if ours.is_floating_point()]
        others = [(ours, theirs) for ours, theirs in pairs if not ours.is_floating_point()]
        torch._foreach_lerp_([ours for ours, _ in floats], [theirs for _, theirs in floats], share)
        if others:
            torch._foreach_copy_([ours for ours, _ in others], [theirs for _, theirs in others])

    def state(self) -> dict[str, Tensor]:
        """Networks, optimisers, and the state of torch's generator."""
        if self.device.type == "cuda":
            settle(self.discriminator)
        return {**super().state(), "rng.torch": torch.get_rng_state()}

    def restore(self, tensors: dict[str, Tensor], step: int, rate_factor: float) -> None:
        """Go on from a `state`; the strength of augmentation is set apart from it."""
        super().restore(tensors, step, rate_factor)
        torch.set_rng_state(tensors["rng.torch"])
