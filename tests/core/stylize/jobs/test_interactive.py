"""Sittings: the picture is a run's, every step can be seen, and the best so far is at hand."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from core.errors import Missing, OutOfMemory
from core.images import image, provenance
from core.planning.jobs import Job
from core.runs.single_job import study
from core.storage.store import Store
from core.stylize.jobs.backend import StylizeMaker
from core.stylize.jobs.interactive import Sitting
from core.stylize.optimise.optimise import Step
from tests.conftest import Studio

RECIPE = {"size": 200, "steps": 3, "coarse_steps": 2, "precision": "float32", "style_layers": ["relu1_1", "relu2_1"]}


@pytest.fixture
def commission(studio: Studio) -> tuple[StylizeMaker, Job]:
    asset = studio.picture("library/big.png", 8, (200, 160))
    posed = study(asset, [str(studio.catalog / "wave.png")], {"recipe": RECIPE})
    wanted = posed.spec.base_recipe()
    maker = StylizeMaker("cpu", warm=False)
    maker.open(Store(studio.root), posed.context([wanted]))
    return maker, posed.job(wanted, "good", 0)


def test_the_picture_is_the_makers_and_every_step_is_shown(commission: tuple[StylizeMaker, Job]) -> None:
    maker, job = commission
    seen: list[tuple[int, torch.Size]] = []
    sitting = Sitting(maker, job)
    painted = sitting.seen(sitting.paint(lambda step, picture: seen.append((step.step, picture.shape))))
    made = maker.make(job, maker.decode(job), lambda *_: None).picture
    assert np.array_equal(painted.rgb, made.rgb)
    assert [step for step, _ in seen] == [1, 2, 3, 4, 5]
    assert [shape[2] for _, shape in seen] == [100, 100, 200, 200, 200]


def test_the_best_so_far_is_the_least_loss_of_the_last_size(commission: tuple[StylizeMaker, Job]) -> None:
    sitting = Sitting(*commission)
    losses: list[tuple[float, int]] = []

    def leave(step: Step, picture: Tensor) -> None:
        losses.append((step.loss, picture.shape[2]))
        if step.step == 4:
            raise KeyboardInterrupt

    assert sitting.best is None
    with pytest.raises(KeyboardInterrupt):
        sitting.paint(leave)
    assert sitting.best is not None
    assert sitting.best.picture.shape == (3, 160, 200)
    assert sitting.best.step.loss == min(loss for loss, width in losses if width == 200)
    assert sitting.best.step.step in (3, 4), "a coarse loss is no measure for a fine one"


def test_a_coarse_step_is_seen_at_the_size_of_the_result(commission: tuple[StylizeMaker, Job]) -> None:
    sitting = Sitting(*commission)
    seen = sitting.seen(torch.full((3, 80, 100), 0.5))
    assert seen.size == sitting.asset.size == (200, 160)
    assert set(np.unique(seen.rgb)) <= {127, 128}


def test_an_unfinished_picture_has_no_key_and_says_where_it_was_left(
    commission: tuple[StylizeMaker, Job], tmp_path: Path
) -> None:
    maker, job = commission
    picture = image.Picture(np.zeros((4, 4, 3), np.uint8))
    sitting = Sitting(maker, job)
    stamps = []
    for name, step in (("done.png", None), ("left.png", Step(2, 5, 1.0, lambda: torch.zeros(3, 4, 4)))):
        (tmp_path / name).write_bytes(sitting.encoded(picture, step))
        stamps.append(provenance.read_stamp(tmp_path / name))
    done, left = stamps
    assert done["key"] == job.key
    assert "step" not in done
    assert (left["step"], left["steps"]) == (2, 5)
    assert "key" not in left


def test_a_file_that_is_gone(commission: tuple[StylizeMaker, Job]) -> None:
    maker, job = commission
    with pytest.raises(Missing):
        Sitting(maker, replace(job, asset_file="/nowhere.png"))


def test_too_little_memory_is_one_sentence(commission: tuple[StylizeMaker, Job]) -> None:
    def full(step: Step, picture: Tensor) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")

    with pytest.raises(OutOfMemory, match=r"big\.png in wave needs more memory than there is; lower `size`"):
        Sitting(*commission).paint(full)


def test_what_is_delivered_is_what_a_run_would_write(commission: tuple[StylizeMaker, Job]) -> None:
    maker, job = commission
    sitting = Sitting(maker, job)
    result = sitting.paint(lambda step, picture: None)
    made = maker.make(job, maker.decode(job), lambda step, steps, loss: None)
    run = maker.encoded(job, maker.delivered(job, made.result, made.decoded), made.decoded)
    assert sitting.encoded(sitting.delivered(result)) == run
