"""Losses of a batch: those of each lane, whatever the others are."""

from __future__ import annotations

import torch

from core.networks import device as devices
from core.stylize.optimise.batched.stacked_losses import PerLaneLoss, form_of, stacked
from core.stylize.optimise.losses import PIXELS, ContentLoss, LaplacianLoss, Loss, RangeLoss, total
from core.stylize.optimise.style_loss import StyleTerm, style_loss


def _lane(seed: int, where: bool = False) -> list[Loss]:
    generator = devices.generator(seed)
    features = torch.rand(1, 4, 5, 6, generator=generator)
    positions = torch.rand(1, 5, 6, generator=generator) if where else None
    loss = style_loss("moments")
    return [
        ContentLoss("a", torch.rand(1, 4, 5, 6, generator=generator), 2.0),
        StyleTerm.against(loss, "a", 3.0, loss.target(features), positions),
        RangeLoss(7.0),
        LaplacianLoss(torch.rand(1, 1, 5, 6, generator=generator), 0.5),
    ]


def _features(lanes: int) -> dict[str, torch.Tensor]:
    generator = devices.generator(99)
    return {
        "a": torch.rand(lanes, 4, 5, 6, generator=generator),
        PIXELS: 2 * torch.rand(lanes, 3, 5, 6, generator=generator),
    }


def _alone(losses: list[Loss], features: dict[str, torch.Tensor], lane: int) -> torch.Tensor:
    return total(losses, {name: values[lane : lane + 1] for name, values in features.items()})[0]


def test_a_batchs_losses_are_those_of_its_lanes() -> None:
    lanes, features = [_lane(seed) for seed in range(3)], _features(3)
    terms = stacked(lanes)
    assert not any(isinstance(term, PerLaneLoss) for term in terms)
    for lane, losses in enumerate(lanes):
        assert torch.allclose(total(terms, features)[lane], _alone(losses, features, lane), rtol=1e-6)


def test_regions_look_at_their_own_lane() -> None:
    lanes, features = [_lane(seed, where=True) for seed in range(3)], _features(3)
    terms = stacked(lanes)
    assert [isinstance(term, PerLaneLoss) for term in terms] == [False, True, False, False]
    for lane, losses in enumerate(lanes):
        assert torch.allclose(total(terms, features)[lane], _alone(losses, features, lane), rtol=1e-6)


def test_forms_tell_what_cannot_be_stacked() -> None:
    plain = form_of(_lane(0))
    assert plain == form_of(_lane(1))
    assert plain != form_of(_lane(0, where=True))
    assert plain != form_of(_lane(0)[:-1])
    assert plain != form_of([ContentLoss("a", torch.zeros(1, 4, 5, 6), 2.5), *_lane(0)[1:]])
