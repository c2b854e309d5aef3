"""A training as a studio runs it: begun, stopped, killed, gone on with, fallen and got up again."""

from __future__ import annotations

import csv
import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from core.errors import NotFinite, SpecError, StoreBroken
from core.gan.checkpoints.checkpoint import exported, read_info, read_tensors
from core.gan.train.train_spec import TrainSpec
from core.gan.train.trainer import GanStepMetrics, GanTrainer
from core.gan.train.training import GanTraining
from core.training import loop
from core.training.folder import BEST
from core.training.loop import MAX_ROLLBACKS
from tests.core.gan.train.test_trainer import assert_same

ROOT = Path(__file__).resolve().parents[4]


class Greys:
    """A feature network that tells pictures apart by their quarters' grey levels."""

    name, dims = "greys", 4

    def features(self, rgb: NDArray[np.uint8], tick: Any = None) -> NDArray[np.float32]:
        half = rgb.shape[1] // 2
        parts = [rgb[:, y : y + half, x : x + half].mean((1, 2, 3)) for y in (0, half) for x in (0, half)]
        return (np.stack(parts, 1) / 255).astype(np.float32)


def training(out: Path, steps: int = 12, **values: Any) -> GanTraining:
    """A training on scikit-learn's digits whose marks come every few steps, however quick the machine."""
    recipe = {"size": 16, "width": 4, "batch": 4, "latent": 8, "steps": steps, **values.pop("recipe", {})}
    spec = TrainSpec.from_values(
        {"data": "digits", "out": str(out), "preset": "digits", "recipe": recipe, "threads": 1, "device": "cpu",
         "evaluate_pictures": 64, **values},
        "test",
    )  # fmt: skip
    return GanTraining(spec, lambda size: Greys())


@pytest.fixture(autouse=True)
def marks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A row every 2 steps, a checkpoint every 4, an evaluation every 6."""
    new_plan = loop.new_plan

    def quick(*arguments: Any) -> Any:
        return replace(new_plan(*arguments), row_every=2, checkpoint_every=4, evaluate_every=6)

    monkeypatch.setattr(loop, "new_plan", quick)


def run_out(made: GanTraining) -> GanTraining:
    while not made.run().finished:
        pass
    return made


def state(out: Path) -> dict[str, torch.Tensor]:
    newest = max((out / "checkpoints").glob("step-*.safetensors"))
    return read_tensors(newest)


def test_what_a_training_leaves(tmp_path: Path) -> None:
    made = run_out(training(tmp_path / "run", keep=2))
    out = made.spec.out
    names = sorted(path.name for path in (out / "checkpoints").iterdir())
    assert names == ["best.safetensors", "step-000000008.safetensors", "step-000000012.safetensors"]
    rows = list(csv.DictReader(io.StringIO((out / "figures.csv").read_text())))
    assert [int(row["step"]) for row in rows] == [2, 4, 6, 8, 10, 12]
    assert [bool(row["kid"]) for row in rows] == [False, False, True, False, False, True]
    assert [int(row["pictures"]) for row in rows] == [8, 16, 24, 32, 40, 48]
    for name, size in (("figures.png", None), ("samples/step-000000012.png", (1024, 1024))):
        with Image.open(out / name) as picture:
            assert size in (None, picture.size)
    with Image.open(out / "timelapse.webp") as timelapse:
        assert timelapse.size == (1024, 1024)
    best = read_info(out / BEST)
    kids = {int(row["step"]): float(row["kid"]) for row in rows if row["kid"]}
    assert best.step == min(kids, key=lambda step: kids[step])
    assert best.training["kid"] == pytest.approx(kids[best.step], rel=1e-4)
    assert best.data["pictures"] == 1797


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
from tests.core.gan.train.test_training import run_out, training, marks_of
marks_of()
print("begun", flush=True)
run_out(training(Path(sys.argv[1]), steps=70))
"""


def marks_of() -> None:
    """The marks of the fixture, for a process of its own."""
    new_plan = loop.new_plan
    loop.new_plan = lambda *arguments: replace(  # type: ignore[assignment]
        new_plan(*arguments), row_every=5, checkpoint_every=10, evaluate_every=70
    )


def test_killed_and_gone_on_with_is_the_same_as_never_killed(tmp_path: Path) -> None:
    def started(name: str) -> subprocess.Popen[str]:
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-c", SCRIPT, str(tmp_path / name)]
        return subprocess.Popen(command, env=env, cwd=ROOT, text=True)

    killed = started("killed")
    while len(list((tmp_path / "killed").glob("checkpoints/step-*.safetensors"))) < 2:
        assert killed.poll() is None
        time.sleep(0.01)
    killed.send_signal(signal.SIGKILL)
    assert killed.wait() == -signal.SIGKILL
    assert 0 < max(read_info(p).step for p in (tmp_path / "killed/checkpoints").glob("step-*.safetensors")) < 70
    both = [started("killed"), started("straight")]
    assert [process.wait() for process in both] == [0, 0]
    assert_same(state(tmp_path / "killed"), state(tmp_path / "straight"))


def _diverging(at: set[int]) -> Callable[[GanTrainer], GanStepMetrics]:
    advance = GanTrainer.advance

    def diverge(self: GanTrainer) -> GanStepMetrics:
        found = advance(self)
        if found.step in at and self.rate_factor > 0.3:
            self.generator.layers[0].weight.data.fill_(float("nan"))  # type: ignore[operator,union-attr,index]
            return replace(found, g_loss=float("nan"))
        return found

    return diverge


def test_a_training_that_diverges_goes_back_and_lowers_the_rate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(GanTrainer, "advance", _diverging({7}))
    made = run_out(training(tmp_path / "run"))
    assert made.trainer.rate_factor == 0.25  # twice it fell, at 1 and at 0.5
    assert [note for note in made.notes if "went back to step 6 with 0.5" in note]
    assert [note for note in made.notes if "went back to step 6 with 0.25" in note]
    assert read_info(max((tmp_path / "run/checkpoints").glob("step-*"))).training["rate_factor"] == 0.25
    assert all(torch.isfinite(value).all() for value in made.trainer.state().values() if value.is_floating_point())
    assert [row.step for row in made.rows] == [2, 4, 6, 8, 10, 12]


def test_a_training_that_cannot_be_helped_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def diverge(self: GanTrainer) -> GanStepMetrics:
        return GanStepMetrics(self.step + 1, float("inf"), 0.0, 0.5, 0.5, 0.0, 1e-4)

    monkeypatch.setattr(GanTrainer, "advance", diverge)
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


def test_broken_pictures_are_told_of(tmp_path: Path) -> None:
    for index in range(3):
        path = tmp_path / f"pictures/{index}.png"
        path.parent.mkdir(exist_ok=True)
        Image.new("L", (16, 16), index * 60).save(path)
    (tmp_path / "pictures/torn.png").write_bytes(b"\x89PNG\r\n\x1a\n torn")
    made = training(tmp_path / "run", data=str(tmp_path / "pictures"))
    assert [note for note in made.notes if note.startswith("left out:") and "torn.png" in note]
    assert "torn.png" in (tmp_path / "run/log.jsonl").read_text()


def test_a_training_may_begin_with_the_networks_of_another(tmp_path: Path) -> None:
    run_out(training(tmp_path / "first", steps=4))
    start = str(max((tmp_path / "first/checkpoints").glob("step-*")))
    second = training(tmp_path / "second", start=start, recipe={"rate": 1e-5})
    assert second.trainer.step == 0
    assert_same(second.trainer.state(), state(tmp_path / "first"))
    run_out(second)
    info = read_info(max((tmp_path / "second/checkpoints").glob("step-*")))
    assert info.data["start"] == read_info(Path(start)).digest
    with pytest.raises(SpecError, match="another architecture, size, width"):
        training(tmp_path / "third", start=start, recipe={"width": 8})
    small = tmp_path / "small.safetensors"
    small.write_bytes(exported(Path(start)))
    with pytest.raises(SpecError, match="can draw, but not begin a training"):
        training(tmp_path / "fourth", start=str(small))
