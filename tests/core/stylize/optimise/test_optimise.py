"""The optimisation: reaches the style, repeats itself, takes any picture, and says what goes wrong."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from core.config.recipe import Recipe
from core.errors import NotFinite
from core.networks.backbone import Backbone
from core.stylize.optimise import lanes
from core.stylize.optimise.losses import PIXELS, LaplacianLoss, TotalVariationLoss, laplacian, total
from core.stylize.optimise.optimise import OptimisationStep, Result, stylise
from core.stylize.optimise.targets import content_losses, losses_at, style_losses, style_targets
from tests.core.stylize.conftest import QUICK, waves
from tests.core.stylize.golden import fingerprint

STYLE = waves(30, 40, 6, 1).flip(0)


def _made(backbone: Backbone, content: Tensor, recipe: Recipe = QUICK, seed: int = 0) -> Result:
    return stylise(content, style_targets([STYLE], [1], recipe, backbone), recipe, seed, backbone)


def test_loss_falls_and_the_picture_is_the_best_on_the_way(backbone: Backbone) -> None:
    content = waves(40, 32)
    result = _made(backbone, content, QUICK.changed({"steps": 12}))
    assert result.image.shape == content.shape
    assert result.image.min() >= 0
    assert result.image.max() <= 1
    assert len(result.losses) == 12
    assert min(result.losses) < result.losses[0] / 3


@pytest.mark.parametrize("statistic", ["gram", "moments", "wasserstein"])
def test_the_style_is_nearer_and_the_content_is_kept(backbone: Backbone, statistic: str) -> None:
    weight = {"gram": 1e6, "moments": 2000.0, "wasserstein": 2000.0}[statistic]
    recipe = QUICK.changed({"steps": 15, "style_statistic": statistic, "style_weight": weight})
    content = waves(40, 32)
    painted = backbone.features(_made(backbone, content, recipe).image.unsqueeze(0))
    untouched = backbone.features(content.unsqueeze(0))
    style = style_losses(style_targets([STYLE], [1], recipe, backbone).scales[0], recipe)
    assert total(style, painted) < total(style, untouched) / 3
    (kept,) = content_losses(content, recipe, backbone)
    assert kept(painted) < kept(backbone.features(STYLE[:, :30, :32].unsqueeze(0).repeat(1, 1, 2, 1)[:, :, :40]))


def test_content_weight_holds_the_picture(backbone: Backbone) -> None:
    content = waves(32, 32)
    free, held = (_made(backbone, content, QUICK.changed({"content_weight": w})).image for w in (0.0, 1e4))
    assert (held - content).abs().mean() < (free - content).abs().mean() / 2


def test_a_job_does_not_depend_on_what_was_made_before(backbone: Backbone) -> None:
    first = _made(backbone, waves(40, 32))
    _made(backbone, waves(24, 17, 1, 7), QUICK.changed({"init": "noise"}), seed=9)
    again = _made(backbone, waves(40, 32))
    assert torch.equal(first.image, again.image)
    assert first.losses == again.losses


@pytest.fixture
def two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("two_threads")
def test_bytes_are_the_same_in_another_process() -> None:
    script = (
        "from core.networks import device; device.make_deterministic(2);"
        "from tests.core.stylize.golden import fingerprint; print(fingerprint())"
    )
    other = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout
    assert other.strip() == fingerprint()


def test_a_noise_start_depends_on_the_seed_alone(backbone: Backbone) -> None:
    recipe = QUICK.changed({"init": "noise", "content_weight": 0.0, "steps": 1})
    here, again, other = (
        _made(backbone, content, recipe, seed).image
        for content, seed in ((waves(20, 16), 5), (waves(20, 16, 1, 1), 5), (waves(20, 16), 6))
    )
    assert torch.equal(here, again)
    assert not torch.equal(here, other)


def test_seeds_vary_a_content_start_only_by_its_noise(backbone: Backbone) -> None:
    content = waves(24, 24)
    plain = [_made(backbone, content, seed=seed).image for seed in (1, 2)]
    noisy = [_made(backbone, content, QUICK.changed({"start_noise": 0.05}), seed).image for seed in (1, 2)]
    assert torch.equal(plain[0], plain[1])
    assert not torch.equal(noisy[0], noisy[1])


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (37, 3), (16, 16)])
@pytest.mark.parametrize("content", ["constant", "grey", "black"])
def test_any_picture_can_be_made(backbone: Backbone, size: tuple[int, int], content: str) -> None:
    pictures = {
        "constant": torch.tensor([0.9, 0.2, 0.4]).view(3, 1, 1).expand(3, *size),
        "grey": waves(*size).mean(0, keepdim=True).expand(3, *size),
        "black": torch.zeros(3, *size),
    }
    image = _made(backbone, pictures[content], QUICK.changed({"steps": 3})).image
    assert image.shape == (3, *size)
    assert torch.isfinite(image).all()


def test_a_constant_artwork_is_a_style_too(backbone: Backbone) -> None:
    targets = style_targets([torch.full((3, 9, 9), 0.8)], [1], QUICK, backbone)
    losses = stylise(waves(24, 24), targets, QUICK, 0, backbone).losses
    assert min(losses) < losses[0] / 2


@pytest.mark.parametrize("value", [float("inf"), float("nan")])
def test_a_loss_that_is_not_finite_is_refused_with_a_remedy(
    backbone: Backbone, monkeypatch: pytest.MonkeyPatch, value: float
) -> None:
    scales = iter([1.0, 1.0, value])
    monkeypatch.setattr(lanes, "total", lambda *given: total(*given) * next(scales))
    with pytest.raises(NotFinite, match=rf"became {value} at step 3 of 6; lower style_weight"):
        _made(backbone, waves(20, 20))


def test_every_pass_is_told(backbone: Backbone) -> None:
    heard: list[OptimisationStep] = []
    recipe = QUICK.changed({"size": 192, "coarse_steps": 2, "steps": 3})
    targets = style_targets([STYLE], [1], recipe, backbone)
    result = stylise(waves(20, 192), targets, recipe, 0, backbone, heard.append)
    assert [(step.step, step.steps) for step in heard] == [(i, 5) for i in range(1, 6)]
    assert [step.loss for step in heard] == result.losses


class EnoughError(Exception):
    """What a listener raises."""


def test_a_listener_can_abandon_the_picture(backbone: Backbone) -> None:
    def stop(step: OptimisationStep) -> None:
        if step.step == 2:
            raise EnoughError

    targets = style_targets([STYLE], [1], QUICK, backbone)
    with pytest.raises(EnoughError):
        stylise(waves(20, 20), targets, QUICK, 0, backbone, stop)


def test_coarse_sizes_are_made_first_and_change_the_picture(backbone: Backbone) -> None:
    content = waves(20, 192)
    recipe = QUICK.changed({"size": 192, "steps": 2, "coarse_steps": 4})
    result = _made(backbone, content, recipe)
    assert len(result.losses) == 6
    assert result.image.shape == content.shape
    plain = _made(backbone, content, recipe.changed({"coarse_steps": 0}))
    assert not torch.allclose(result.image, plain.image, atol=0.01)
    assert result.losses[-1] < plain.losses[-1]


def test_asset_and_style_are_left_as_they_were(backbone: Backbone) -> None:
    content = waves(20, 20)
    kept = content.clone()
    _made(backbone, content)
    assert torch.equal(content, kept)


def test_adam_gets_there_too(backbone: Backbone) -> None:
    recipe = QUICK.changed({"optimiser": "adam", "steps": 40, "low_frequencies": 0.0})
    content = waves(40, 32)
    result = _made(backbone, content, recipe)
    assert result.losses[-1] < result.losses[0] / 4
    style = style_losses(style_targets([STYLE], [1], recipe, backbone).scales[0], recipe)
    before, after = (total(style, backbone.features(x.unsqueeze(0))) for x in (content, result.image))
    assert after < before / 2


def test_a_plateau_ends_a_size_and_progress_does_not(backbone: Backbone) -> None:
    recipe = QUICK.changed({"steps": 60, "patience": 5, "tolerance": 0.1})
    losses = _made(backbone, waves(24, 24), recipe).losses
    assert 10 < len(losses) < 60
    assert min(losses) > 0.9 * min(losses[:-5])
    assert len(_made(backbone, waves(24, 24), recipe.changed({"tolerance": 0.0})).losses) == 60


def test_a_picture_cut_off_at_black_and_white_keeps_its_loss(backbone: Backbone) -> None:
    recipe, content, black_and_white = QUICK.changed({"steps": 20}), waves(40, 32), (STYLE > 0.5).float()
    targets = style_targets([black_and_white], [1], recipe, backbone)
    made = stylise(content, targets, recipe, 0, backbone)
    x = made.image.unsqueeze(0)
    saved = total(losses_at(targets, recipe, backbone)(0, content), {**backbone.features(x), PIXELS: x})
    assert float(saved) < 1.05 * min(made.losses)


def test_strength_goes_from_the_asset_to_the_style(backbone: Backbone) -> None:
    content = waves(40, 32)
    images = [_made(backbone, content, QUICK.changed({"strength": s})).image for s in (0.0, 0.3, 0.6, 1.0)]
    changes = [float((image - content).abs().mean()) for image in images]
    assert changes[0] < 1e-3
    assert changes == sorted(changes)
    assert torch.equal(images[3], _made(backbone, content).image)


def test_smooth_takes_grain_away_and_detail_keeps_lines(backbone: Backbone) -> None:
    content = waves(40, 32, 6, 5)
    plain, smooth, detailed = (
        _made(backbone, content, QUICK.changed({"style_weight": 250.0, **change})).image
        for change in ({}, {"smooth": 1.0}, {"detail": 1.0})
    )
    grain = TotalVariationLoss(1.0)
    assert grain({PIXELS: smooth.unsqueeze(0)}) < 0.7 * grain({PIXELS: plain.unsqueeze(0)})
    lines = LaplacianLoss(laplacian(content.unsqueeze(0)), 1.0)
    assert lines({PIXELS: detailed.unsqueeze(0)}) < 0.5 * lines({PIXELS: plain.unsqueeze(0)})


def test_layer_weights_leave_layers_out(backbone: Backbone) -> None:
    content = waves(24, 24)
    shallow = QUICK.changed({"layer_weights": (1.0, 0.0, 0.0)})
    alone = QUICK.changed({"style_layers": ("relu1_1",)})
    assert torch.allclose(_made(backbone, content, shallow).image, _made(backbone, content, alone).image, atol=1e-3)
