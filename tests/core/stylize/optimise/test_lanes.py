"""Lanes: a picture has the same pixels alone, beside others, and in a lane that another left."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from core.errors import NotFinite
from core.networks.backbone import Backbone
from core.stylize.optimise import lanes
from core.stylize.optimise.lanes import LossRequest, evaluate
from core.stylize.optimise.losses import total
from core.stylize.optimise.optimise import OptimisationRequest, Result, stylise_all
from core.stylize.optimise.targets import style_targets
from tests.core.stylize.conftest import QUICK, waves

RECIPE = QUICK.changed({"lanes": 3, "steps": 12, "patience": 3, "tolerance": 0.1, "start_noise": 0.02})


@pytest.fixture
def requests(backbone: Backbone) -> list[OptimisationRequest]:
    """Five pictures of two sizes in two styles, which need unequal numbers of steps."""
    styles = [style_targets([waves(30, 40, a, 1)], [1], RECIPE, backbone) for a in (6, 2)]
    sizes = ((24, 20), (24, 20), (16, 28), (24, 20), (24, 20))
    return [OptimisationRequest(waves(*size, i + 1, 2), styles[i % 2], i) for i, size in enumerate(sizes)]


def _made(requests: list[OptimisationRequest], backbone: Backbone) -> dict[int, Result]:
    return dict(stylise_all(requests, RECIPE, backbone))


def test_pixels_do_not_depend_on_neighbours_order_or_refilling(
    backbone: Backbone, requests: list[OptimisationRequest]
) -> None:
    together = _made(requests, backbone)
    assert sorted(together) == [0, 1, 2, 3, 4]
    assert len({len(result.losses) for result in together.values()}) > 1  # so lanes were left at different times
    backwards = _made(requests[::-1], backbone)
    for number, request in enumerate(requests):
        alone = _made([request], backbone)[0]
        for other in (together[number], backwards[4 - number]):
            assert torch.equal(alone.image, other.image)
            assert alone.losses == other.losses


def test_every_call_has_the_same_number_of_pictures_of_one_shape(
    backbone: Backbone, requests: list[OptimisationRequest], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[torch.Size] = []
    features = backbone.features

    def watched(x: torch.Tensor, layers: tuple[str, ...] | None = None) -> dict[str, torch.Tensor]:
        if layers is None:
            seen.append(x.shape)
        return features(x, layers)

    monkeypatch.setattr(backbone, "features", watched)
    results = _made(requests, backbone)
    assert {tuple(shape) for shape in seen} == {(3, 3, 24, 20), (3, 3, 16, 28)}
    assert len(seen) < sum(len(result.losses) for result in results.values())  # lanes were shared


def test_pictures_are_begun_only_when_a_lane_is_free(backbone: Backbone, requests: list[OptimisationRequest]) -> None:
    begun = 0

    def one_by_one() -> Iterator[OptimisationRequest]:
        nonlocal begun
        for request in requests:
            begun += 1
            yield request

    next(stylise_all(one_by_one(), RECIPE, backbone))
    assert begun == 3


def test_a_spare_lane_changes_nothing(backbone: Backbone, requests: list[OptimisationRequest]) -> None:
    question = LossRequest(requests[0].content, [])
    one, other = (LossRequest(each.content, [lambda f: f["relu2_1"].square().mean((1, 2, 3))]) for each in requests[:2])
    alone, beside = evaluate([one], backbone, 3)[0], evaluate([other, one], backbone, 3)[1]
    assert question.picture is one.picture
    assert alone.loss == beside.loss
    assert torch.equal(alone.gradient, beside.gradient)


def test_one_that_diverges_is_named_by_its_error(
    backbone: Backbone, requests: list[OptimisationRequest], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "total", lambda *given: total(*given) * float("nan"))
    with pytest.raises(NotFinite, match="became nan at step 1 of 12"):
        _made(requests, backbone)
