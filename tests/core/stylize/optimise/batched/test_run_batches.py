"""Pictures walked in batches: those of the walk alone, the same beside others, with lanes refilled and memory short."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from core.config.recipe import Recipe
from core.errors import NotFinite
from core.networks.backbone import Backbone
from core.stylize.optimise.batched import lane_batch
from core.stylize.optimise.batched.lane_count import LANE_BYTES, MEMORY_SHARE, LaneCount
from core.stylize.optimise.batched.run_batches import BatchedRun, WalkStart
from core.stylize.optimise.losses import total
from core.stylize.optimise.optimise import (
    OptimisationRequest,
    OptimisationStep,
    Result,
    batched,
    stylise_all,
)
from core.stylize.optimise.regions import Region
from core.stylize.optimise.targets import InRegions, style_targets
from tests.core.stylize.conftest import QUICK, waves

RECIPE = QUICK.changed({"steps": 12, "patience": 3, "tolerance": 0.1, "start_noise": 0.02, "precision": "float32"})
CPU = torch.device("cpu")


def lanes(number: int) -> LaneCount:
    """So many lanes for small pictures."""
    return LaneCount(CPU, number * LANE_BYTES * 0.25 / MEMORY_SHARE)


@pytest.fixture
def requests(backbone: Backbone) -> list[OptimisationRequest]:
    """Seven pictures of two sizes in two styles, which need unequal numbers of steps."""
    styles = [style_targets([waves(30, 40, a, 1)], [1], RECIPE, backbone) for a in (6, 2)]
    sizes = ((24, 20), (24, 20), (16, 28), (24, 20), (24, 20), (16, 28), (24, 20))
    return [OptimisationRequest(waves(*size, i + 1, 2), styles[i % 2], i) for i, size in enumerate(sizes)]


def _made(
    requests: list[OptimisationRequest], backbone: Backbone, count: int = 2, recipe: Recipe = RECIPE
) -> dict[int, Result]:
    return dict(stylise_all(requests, recipe, backbone, lanes(count)))


@pytest.mark.parametrize("statistic", ["gram", "moments", "wasserstein"])
def test_pictures_are_those_of_the_walk_alone(backbone: Backbone, statistic: str) -> None:
    recipe = RECIPE.changed({"style_statistic": statistic, "patience": 0, "detail": 0.3, "smooth": 0.3})
    style = style_targets([waves(30, 40, 6, 1)], [1], recipe, backbone)
    asked = [OptimisationRequest(waves(24, 20, i + 1, 2), style, i) for i in range(3)]
    alone, together = dict(stylise_all(asked, recipe, backbone)), _made(asked, backbone, recipe=recipe)
    for number, result in alone.items():
        found = together[number]
        assert len(found.losses) == len(result.losses)
        assert min(found.losses) == pytest.approx(min(result.losses), rel=0.04)  # tiny pictures, other roundings
        assert (found.image - result.image).abs().mean() < 0.03
        assert (found.lanes, result.lanes) == (2, None)


def test_pixels_do_not_depend_on_neighbours_order_or_refilling(
    backbone: Backbone, requests: list[OptimisationRequest]
) -> None:
    together, backwards = _made(requests, backbone), _made(requests[::-1], backbone)
    assert sorted(together) == list(range(7))
    assert len({len(result.losses) for result in together.values()}) > 1  # so lanes were left at different times
    for number, request in enumerate(requests):
        alone = _made([request], backbone)[0]
        for other in (together[number], backwards[6 - number]):
            assert torch.equal(alone.image, other.image)
            assert alone.losses == other.losses


@pytest.mark.parametrize("every", [1, 3, 50])
def test_pixels_do_not_depend_on_when_the_host_looks(
    backbone: Backbone, requests: list[OptimisationRequest], monkeypatch: pytest.MonkeyPatch, every: int
) -> None:
    wanted = _made(requests, backbone)
    monkeypatch.setattr(lane_batch, "LOOK_EVERY", every)
    for number, found in _made(requests, backbone).items():
        assert torch.equal(found.image, wanted[number].image)
        assert found.losses == wanted[number].losses


def test_regions_are_walked_beside_plain_styles(backbone: Backbone) -> None:
    plain, other = (style_targets([waves(30, 40, a, 1)], [1], RECIPE, backbone) for a in (6, 2))
    left = torch.zeros(24, 20)
    left[:, :10] = 1
    regions = InRegions(((plain, Region(left)), (other, Region(1 - left))))
    asked = [OptimisationRequest(waves(24, 20, 2, 2), style, 1) for style in (plain, regions, other)]
    together = _made(asked, backbone, 4)
    assert not torch.equal(together[0].image, together[1].image)
    for number, request in enumerate(asked):
        assert torch.equal(together[number].image, _made([request], backbone, 4)[0].image)


def test_each_step_is_told_with_its_own_picture(backbone: Backbone, requests: list[OptimisationRequest]) -> None:
    def told(count: int | None) -> list[tuple[int, int, float, float]]:
        found = []

        def on_step(step: OptimisationStep) -> None:
            found.append((step.step, step.steps, step.loss, float(step.picture().mean())))

        one = requests[0]
        request = OptimisationRequest(one.content, one.style, one.seed, on_step, each_step=True)
        recipe = RECIPE.changed({"patience": 0})
        list(stylise_all([request], recipe, backbone, lanes(count) if count else None))
        return found

    alone, together = told(None), told(4)
    assert [step[:2] for step in together] == [step[:2] for step in alone]
    for wanted, found in zip(alone, together, strict=True):
        assert found[2:] == pytest.approx(wanted[2:], rel=0.02)


def test_one_that_diverges_is_named_and_leaves_the_others_alone(
    backbone: Backbone, requests: list[OptimisationRequest], monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = _made(requests, backbone, 4)
    spoilt = torch.full((3, 24, 20), float("nan"))
    asked = [*requests, OptimisationRequest(requests[0].content, requests[0].style, 9, start=spoilt)]
    found = dict(_run(asked, backbone, lanes(4)).results())
    assert isinstance(found[7], NotFinite)
    assert "became nan at step 1 of 12" in str(found[7])
    for number, result in wanted.items():
        other = found[number]
        assert isinstance(other, Result)
        assert torch.equal(other.image, result.image)


def test_the_first_error_is_raised_where_all_are_wanted(
    backbone: Backbone, requests: list[OptimisationRequest], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lane_batch, "total", lambda *given: total(*given) * float("nan"))
    with pytest.raises(NotFinite, match="became nan at step 1 of 12"):
        _made(requests, backbone)


@pytest.mark.parametrize("room", [1, 2])
def test_where_memory_runs_short_lanes_are_halved_and_pictures_begun_again(
    backbone: Backbone, requests: list[OptimisationRequest], monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    wanted = _made(requests, backbone, room)
    _limit(backbone, monkeypatch, room)
    count = lanes(4)
    found = dict(stylise_all(requests, RECIPE, backbone, count))
    assert count.most == room
    for number, result in wanted.items():
        assert torch.equal(found[number].image, result.image)
        assert found[number].losses == result.losses
        assert found[number].lanes == room


def test_a_picture_that_has_no_room_alone_is_out_of_memory(
    backbone: Backbone, requests: list[OptimisationRequest], monkeypatch: pytest.MonkeyPatch
) -> None:
    _limit(backbone, monkeypatch, 0)
    with pytest.raises(RuntimeError, match="out of memory"):
        _made(requests, backbone)


def test_lanes_are_full_where_shapes_are_mixed(backbone: Backbone) -> None:
    """As photographs come: two cameras upright and across, squares, and their coarser sizes, with ends that differ."""
    recipe = RECIPE.changed({"steps": 20, "coarse_steps": 20, "scale_ratio": 2.0})
    styles = [style_targets([waves(30, 40, a, 1)], [1], recipe, backbone) for a in (6, 2, 3)]
    sizes = ((20, 16), (20, 16), (20, 16), (16, 20), (16, 20), (20, 14), (18, 18))
    asked = [OptimisationRequest(waves(*sizes[i * 3 % 7], i % 11 + 1, 2), styles[i % 3], i) for i in range(160)]
    run = _run(asked, backbone, lanes(4), recipe)
    assert sum(isinstance(end, Result) for _, end in run.results()) == 160
    assert run.passes / run.calls >= 0.85


def _run(
    requests: list[OptimisationRequest], backbone: Backbone, count: LaneCount, recipe: Recipe = RECIPE
) -> BatchedRun[Result]:
    waiting = iter(requests)

    def take(_wait: bool) -> WalkStart[Result] | None:
        request = next(waiting, None)
        return None if request is None else batched(request, recipe, backbone, count)

    return BatchedRun(take, count)


def _limit(backbone: Backbone, monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    """Have the backbone run out of memory at more pictures with a gradient than `most`."""
    features: Callable[..., dict[str, torch.Tensor]] = backbone.features

    def limited(x: torch.Tensor, layers: tuple[str, ...] | None = None) -> dict[str, torch.Tensor]:
        if x.requires_grad and len(x) > most:
            raise RuntimeError("CUDA error: out of memory")
        return features(x, layers)

    monkeypatch.setattr(backbone, "features", limited)
