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
from core.runs.single_job import single_job
from core.storage.store import Store
from core.stylize.jobs.backend import StylizeBackend
from core.stylize.jobs.interactive import InteractiveSession
from core.stylize.optimise.optimise import OptimisationStep
from tests.conftest import Studio
from tests.core.stylize.conftest import finished

RECIPE = {"size": 200, "steps": 3, "coarse_steps": 2, "precision": "float32", "style_layers": ["relu1_1", "relu2_1"]}


@pytest.fixture
def opened(studio: Studio) -> tuple[StylizeBackend, Job]:
    asset = studio.picture("library/big.png", 8, (200, 160))
    posed = single_job(asset, [str(studio.catalog / "wave.png")], {"recipe": RECIPE})
    wanted = posed.spec.base_recipe()
    backend = StylizeBackend("cpu", warm=False)
    backend.open(Store(studio.root), posed.context([wanted]))
    return backend, posed.job(wanted, "good", 0)


def test_the_picture_is_the_backends_and_every_step_is_shown(opened: tuple[StylizeBackend, Job]) -> None:
    backend, job = opened
    seen: list[tuple[int, torch.Size]] = []
    session = InteractiveSession(backend, job)
    painted = session.preview(session.paint(lambda step, picture: seen.append((step.step, picture.shape))))
    made = finished(backend, job).picture
    assert np.array_equal(painted.rgb, made.rgb)
    assert [step for step, _ in seen] == [1, 2, 3, 4, 5]
    assert [shape[2] for _, shape in seen] == [100, 100, 200, 200, 200]


def test_the_best_so_far_is_the_least_loss_of_the_last_size(opened: tuple[StylizeBackend, Job]) -> None:
    session = InteractiveSession(*opened)
    losses: list[tuple[float, int]] = []

    def leave(step: OptimisationStep, picture: Tensor) -> None:
        losses.append((step.loss, picture.shape[2]))
        if step.step == 4:
            raise KeyboardInterrupt

    assert session.best is None
    with pytest.raises(KeyboardInterrupt):
        session.paint(leave)
    assert session.best is not None
    assert session.best.picture.shape == (3, 160, 200)
    assert session.best.step.loss == min(loss for loss, width in losses if width == 200)
    assert session.best.step.step in (3, 4), "a coarse loss is no measure for a fine one"


def test_a_coarse_step_is_seen_at_the_size_of_the_result(opened: tuple[StylizeBackend, Job]) -> None:
    session = InteractiveSession(*opened)
    seen = session.preview(torch.full((3, 80, 100), 0.5))
    assert seen.size == session.asset.size == (200, 160)
    assert set(np.unique(seen.rgb)) <= {127, 128}


def test_an_unfinished_picture_has_no_key_and_says_where_it_was_left(
    opened: tuple[StylizeBackend, Job], tmp_path: Path
) -> None:
    backend, job = opened
    picture = image.Picture(np.zeros((4, 4, 3), np.uint8))
    session = InteractiveSession(backend, job)
    stamps = []
    for name, step in (("done.png", None), ("left.png", OptimisationStep(2, 5, 1.0, lambda: torch.zeros(3, 4, 4)))):
        (tmp_path / name).write_bytes(session.encoded(picture, step))
        stamps.append(provenance.read_stamp(tmp_path / name))
    done, left = stamps
    assert done["key"] == job.key
    assert "step" not in done
    assert (left["step"], left["steps"]) == (2, 5)
    assert "key" not in left


def test_a_file_that_is_gone(opened: tuple[StylizeBackend, Job]) -> None:
    backend, job = opened
    with pytest.raises(Missing):
        InteractiveSession(backend, replace(job, asset_file="/nowhere.png"))


def test_too_little_memory_is_one_sentence(opened: tuple[StylizeBackend, Job]) -> None:
    def full(step: OptimisationStep, picture: Tensor) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")

    with pytest.raises(OutOfMemory, match=r"big\.png in wave needs more memory than there is; lower `size`"):
        InteractiveSession(*opened).paint(full)


def test_what_is_delivered_is_what_a_run_would_write(opened: tuple[StylizeBackend, Job]) -> None:
    backend, job = opened
    session = InteractiveSession(backend, job)
    result = session.paint(lambda step, picture: None)
    made = finished(backend, job)
    run = backend.encoded(job, backend.delivered(job, made.colours, made.decoded), made.decoded)
    assert session.encoded(session.delivered(result)) == run
