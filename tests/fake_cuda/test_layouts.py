"""What style transfer does on CUDA, counted on a pretended GPU: layouts, launches, and no refused operation."""

from __future__ import annotations

import pytest

from tests.fake_cuda.process import run
from tests.fake_cuda.refused import refused
from tests.needs import needs_fake_cuda

pytestmark = needs_fake_cuda
NCHW_AT_THE_ENDS = 6
"""Results of pixels, before they are put into the network's layout and after they left it."""


def test_torch_names_what_it_refuses() -> None:
    assert {"reflection_pad2d_backward", "upsample_bicubic2d_aa_backward", "histc", "put_"} <= refused()


@pytest.mark.parametrize(
    ("arguments", "most"), [(("8", "512", "512"), 240), (("1", "270", "512"), 240), (("4", "128", "128", "train"), 600)]
)
def test_the_one_pass_network_stays_nhwc_and_within_its_launches(arguments: tuple[str, ...], most: int) -> None:
    found = run("tests.fake_cuda.count_one_pass", *arguments)
    assert found["layouts"]["NHWC"] > 100
    assert found["layouts"].get("NCHW", 0) <= NCHW_AT_THE_ENDS
    assert found["waits"] == found["transfers"] == 0
    assert found["launches"] <= most
    assert "native_group_norm" not in found["seen"]  # raises on CUDA for NHWC with torch 2.11, and copies later
    assert not refused() & set(found["seen"])


@pytest.mark.parametrize("lanes", ["1", "8", "16"])
def test_a_step_of_all_lanes_is_within_its_launches_and_waits_for_nothing(lanes: str) -> None:
    found = run("tests.fake_cuda.count_optimise", "good", lanes, "128")
    assert found["lanes"] == int(lanes)
    assert found["launches"] <= 650
    assert found["waits"] == found["uploads"] == found["downloads"] == 0
    assert found["reads"] <= 0.25


@pytest.mark.parametrize("preset", ["good", "best", "gatys"])
def test_optimising_uses_no_operation_that_is_refused(preset: str) -> None:
    assert not refused() & set(
        run("tests.fake_cuda.count_optimise", preset, "2", "64", "detail=0.5", "smooth=0.5")["seen"]
    )


def test_wasserstein_losses_use_no_operation_that_is_refused() -> None:
    found = run("tests.fake_cuda.count_optimise", "good", "2", "64", 'style_statistic="wasserstein"')
    assert not refused() & set(found["seen"])
