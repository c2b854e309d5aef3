"""Training loop, by a small GAN: stopped, killed, resumed, rolled back, and refused."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image

from core.errors import NotFinite, SpecError, StoreBroken
from core.gan.checkpoints.checkpoint import read_info
from core.gan.train.trainer import GanStepMetrics, GanTrainer
from core.training import loop
from core.training.loop import MAX_ROLLBACKS
from tests.core.gan.train.small_training import mark_every, run_out, state, training
from tests.core.gan.train.test_trainer import assert_same

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def marks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A row every 2 steps, a checkpoint every 4, an evaluation every 6."""
    monkeypatch.setattr(loop, "new_plan", mark_every(2, 4, 6))


def test_stopped_and_gone_on_with_is_the_same_as_never_stopped(tmp_path: Path) -> None:
    run_out(training(tmp_path / "straight"))
    broken = training(tmp_path / "broken")
    stretch = broken.run(stop=lambda: True)  # after the first row
    assert (stretch.step, stretch.stopped, stretch.finished) == (2, True, False)
    again = run_out(training(tmp_path / "broken"))
    assert again.trainer.step == 12
    assert_same(state(tmp_path / "broken"), state(tmp_path / "straight"))
    rows = [(tmp_path / name / "figures.csv").read_text().splitlines() for name in ("broken", "straight")]
    speed = 8  # the one column that time decides
    assert [[v for i, v in enumerate(line.split(",")) if i != speed] for line in rows[0]] == [
        [v for i, v in enumerate(line.split(",")) if i != speed] for line in rows[1]
    ]


SCRIPT = """
import sys
from pathlib import Path
from core.training import loop
from tests.core.gan.train.small_training import mark_every, run_out, training
loop.new_plan = mark_every(5, 10, 70)
run_out(training(Path(sys.argv[1]), steps=70))
"""


def test_killed_and_gone_on_with_is_the_same_as_never_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    killed = subprocess.Popen([sys.executable, "-c", SCRIPT, str(tmp_path / "killed")], env=env, cwd=ROOT)
    while len(list((tmp_path / "killed").glob("checkpoints/step-*.safetensors"))) < 2:
        assert killed.poll() is None
        time.sleep(0.01)
    killed.send_signal(signal.SIGKILL)
    assert killed.wait() == -signal.SIGKILL
    assert 0 < max(read_info(p).step for p in (tmp_path / "killed/checkpoints").glob("step-*.safetensors")) < 70
    monkeypatch.setattr(loop, "new_plan", mark_every(5, 10, 70))
    for name in ("killed", "straight"):
        run_out(training(tmp_path / name, steps=70))
    assert_same(state(tmp_path / "killed"), state(tmp_path / "straight"))


def _diverging(at: set[int]) -> Callable[[GanTrainer], Callable[[], GanStepMetrics]]:
    begin_step = GanTrainer.begin_step

    def diverge(self: GanTrainer) -> Callable[[], GanStepMetrics]:
        metrics = begin_step(self)
        if self.step in at and self.rate_factor > 0.3:
            self.generator.layers[0].weight.data.fill_(float("nan"))  # type: ignore[operator,union-attr,index]
            return lambda: replace(metrics(), g_loss=float("nan"))
        return metrics

    return diverge


def test_a_training_that_diverges_goes_back_and_lowers_the_rate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(GanTrainer, "begin_step", _diverging({7}))
    made = run_out(training(tmp_path / "run"))
    assert made.trainer.rate_factor == 0.25  # twice it fell, at 1 and at 0.5
    assert [note for note in made.notes if "went back to step 6 with 0.5" in note]
    assert [note for note in made.notes if "went back to step 6 with 0.25" in note]
    assert read_info(max((tmp_path / "run/checkpoints").glob("step-*"))).training["rate_factor"] == 0.25
    assert all(torch.isfinite(value).all() for value in made.trainer.state().values() if value.is_floating_point())
    assert [row.step for row in made.rows] == [2, 4, 6, 8, 10, 12]


def test_a_training_that_cannot_be_helped_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def diverge(self: GanTrainer) -> Callable[[], GanStepMetrics]:
        return lambda: GanStepMetrics(self.step + 1, float("inf"), 0.0, 0.5, 0.5, 0.0, 1e-4)

    monkeypatch.setattr(GanTrainer, "begin_step", diverge)
    with pytest.raises(NotFinite, match=f"after {MAX_ROLLBACKS} returns .* lower --rate"):
        training(tmp_path / "run").run()


def test_a_full_disk_leaves_the_old_checkpoint_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = training(tmp_path / "run")
    made.run(4)
    before = {path: path.read_bytes() for path in (tmp_path / "run/checkpoints").iterdir()}

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreBroken, match="free space on the disk"):
        made.run(4)
    monkeypatch.undo()
    assert {path: path.read_bytes() for path in (tmp_path / "run/checkpoints").iterdir()} == before
    assert training(tmp_path / "run").trainer.step == 4


def test_a_damaged_checkpoint_is_passed_over_for_an_older_one(tmp_path: Path) -> None:
    made = training(tmp_path / "run")
    made.run(8)
    newest = max((tmp_path / "run/checkpoints").glob("step-*"))
    newest.write_bytes(newest.read_bytes()[:-1000])
    assert training(tmp_path / "run").trainer.step == 4
    assert "cut off" in (tmp_path / "run/log.jsonl").read_text()


def test_another_recipe_or_other_data_is_refused_and_more_steps_are_not(tmp_path: Path) -> None:
    run_out(training(tmp_path / "run", steps=2))
    with pytest.raises(SpecError, match=r"another recipe \(rate\)"):
        training(tmp_path / "run", steps=2, recipe={"rate": 0.01})
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for index in range(3):
        Image.new("L", (16, 16), index * 60).save(pictures / f"{index}.png")
    with pytest.raises(SpecError, match=r"is not what the training in .* began with"):
        training(tmp_path / "run", steps=2, data=str(pictures))
    assert run_out(training(tmp_path / "run", steps=4)).trainer.step == 4


def test_hours_become_steps_once(tmp_path: Path) -> None:
    first = training(tmp_path / "run", hours=0.001)
    assert first.recipe.steps == max(1, round(3.6 / first.plan.seconds_a_step))
    again = training(tmp_path / "run", hours=5.0)
    assert again.recipe.steps == first.recipe.steps
