"""What trainings and scores do on CUDA, counted on a pretended GPU: launches, waits, and no refused operation."""

from __future__ import annotations

import pytest

from tests.fake_cuda.process import run
from tests.fake_cuda.refused import refused
from tests.needs import needs_fake_cuda

pytestmark = needs_fake_cuda

MOST = {
    ("count_gan", "few_shot"): (900, 0),
    ("count_gan", "few_shot", "size=128"): (1_060, 0),
    ("count_gan", "digits", "r1_every=1"): (440, 0),
    ("count_gan", "mlp"): (190, 0),
    ("count_train_style",): (1_240, 0),
    ("count_score", "384", "512"): (460, 3),
}
"""Launches and waits of a step, or of a score, that are not to grow."""


@pytest.mark.parametrize("counted", MOST, ids=" ".join)
def test_a_step_is_within_its_launches_and_waits_and_uses_no_operation_that_is_refused(
    counted: tuple[str, ...],
) -> None:
    found, (launches, waits) = run(f"tests.fake_cuda.{counted[0]}", *counted[1:]), MOST[counted]
    assert 0 < found["launches"] <= launches
    assert 0 <= found["waits"] <= waits
    assert not refused() & set(found["seen"])
