"""A style training as a studio runs it: begun, stopped, killed, gone on with, fallen and got up again."""

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
from PIL import Image

from core.errors import SpecError
from core.stylize.feedforward.transfer_file import load, read_info, read_tensors
from core.stylize.train.train_spec import TrainStyleSpec
from core.stylize.train.trainer import TransferStepMetrics, TransferTrainer
from core.stylize.train.training import TransferTraining
from core.training import loop
from core.training.folder import BEST, NETWORK

ROOT = Path(__file__).resolve().parents[4]
RECIPE = {
    "batch": 2,
    "crops": [32, 48],
    "content_side": 64,
    "style_size": 48,
    "precision": "float32",
    "warm": 0,
    "ema": 4,
}


def picture(path: Path, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    blocks = np.random.default_rng(seed).integers(0, 240, (12, 12, 3), dtype=np.uint8)
    Image.fromarray(blocks).resize((72, 72), Image.Resampling.NEAREST).save(path)


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalog of a plain style, a blend and one of regions, and three contents."""
    root = tmp_path_factory.mktemp("studio")
    for k, name in enumerate(("catalog/wave.png", "catalog/a.png", "catalog/b.png")):
        picture(root / name, k)
    for k in range(3):
        picture(root / f"contents/{k}.png", 10 + k)
    (root / "catalog/catalog.toml").write_text(
        '[styles.blend]\nartworks = [{file = "a.png", weight = 2.0}, {file = "b.png"}]\nartist = "Nobody"\n'
        '[styles.map]\nregions = {"#ff0000" = "wave", "#00ff00" = "keep"}\n'
    )
    return root


def training(studio: Path, out: Path, steps: int = 6, **values: Any) -> TransferTraining:
    """A training whose marks come every few steps, however quick the machine."""
    spec = TrainStyleSpec.from_values(
        {"catalog": str(studio / "catalog"), "contents": [str(studio / "contents")], "out": str(out), "threads": 1,
         "device": "cpu", **values, "recipe": {**RECIPE, "steps": steps, **values.get("recipe", {})}},
        "test",
    )  # fmt: skip
    return TransferTraining(spec)


def mark(row: int = 1, checkpoint: int = 2, evaluate: int = 3) -> Any:
    """`new_plan`, with other numbers of steps."""
    new_plan = loop.new_plan

    def quick(*arguments: Any) -> Any:
        return replace(new_plan(*arguments), row_every=row, checkpoint_every=checkpoint, evaluate_every=evaluate)

    return quick


@pytest.fixture(autouse=True)
def marks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A row a step, a checkpoint every 2, an evaluation every 3."""
    monkeypatch.setattr(loop, "new_plan", mark())


def run_out(made: TransferTraining) -> TransferTraining:
    while not made.run().finished:
        pass
    return made


def state(out: Path) -> dict[str, torch.Tensor]:
    return read_tensors(max((out / "checkpoints").glob("step-*.safetensors")))


def assert_same(one: Path, other: Path) -> None:
    ours, theirs = state(one), state(other)
    assert ours.keys() == theirs.keys()
    assert [name for name in ours if not torch.equal(ours[name], theirs[name])] == []


def test_what_a_training_leaves(studio: Path, tmp_path: Path) -> None:
    made = run_out(training(studio, tmp_path / "run", keep=2))
    out = made.spec.out
    names = sorted(path.name for path in (out / "checkpoints").iterdir())
    assert names == ["best.safetensors", "step-000000004.safetensors", "step-000000006.safetensors"]
    rows = list(csv.DictReader(io.StringIO((out / "figures.csv").read_text())))
    assert [int(row["step"]) for row in rows] == [1, 2, 3, 4, 5, 6]
    assert [bool(row["held_out"]) for row in rows] == [False, False, True, False, False, True]
    losses = {int(row["step"]): float(row["held_out"]) for row in rows if row["held_out"]}
    best = read_info(out / BEST)
    assert best.step == min(losses, key=lambda step: losses[step])
    assert best.training["held_out"] == pytest.approx(losses[best.step], rel=1e-4)
    assert [(style.name, style.artist, len(style.artworks)) for style in best.styles] == [
        ("blend", "Nobody", 2),
        ("wave", "", 1),
    ]
    assert [weight for _, weight in best.styles[0].artworks] == [2.0, 1.0]
    with Image.open(out / "samples/step-000000006.png") as sheet:  # one held-out picture, two styles, all shown
        assert sheet.size[0] / sheet.size[1] == 3 / 2
    with Image.open(out / "figures.png") as plot:
        assert plot.format == "PNG"
    assert [note for note in made.notes if note.startswith("left out: style map has regions")]
    assert list((out / "targets").glob("*.safetensors"))
    small = load(out / NETWORK, torch.device("cpu"), "float32")
    assert small.info.step == best.step
    assert not small.info.whole


def test_stopped_and_gone_on_with_is_the_same_as_never_stopped(studio: Path, tmp_path: Path) -> None:
    run_out(training(studio, tmp_path / "straight"))
    stretch = training(studio, tmp_path / "broken").run(stop=lambda: True)  # after the first row
    assert (stretch.step, stretch.stopped, stretch.finished) == (1, True, False)
    again = run_out(training(studio, tmp_path / "broken"))
    assert_same(tmp_path / "broken", tmp_path / "straight")
    assert [row.pictures for row in again.rows] == [
        row.pictures for row in training(studio, tmp_path / "straight").rows
    ]


SCRIPT = """
import sys
from pathlib import Path
from tests.core.stylize.train.test_training import loop, mark, run_out, training
loop.new_plan = mark(3, 3, 12)
run_out(training(Path(sys.argv[1]), Path(sys.argv[2]), steps=12))
"""


def test_killed_and_gone_on_with_is_the_same_as_never_killed(
    studio: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", SCRIPT, str(studio), str(tmp_path / "killed")]
    killed = subprocess.Popen(command, env=env, cwd=ROOT)
    while not list((tmp_path / "killed").glob("checkpoints/step-*.safetensors")):
        assert killed.poll() is None
        time.sleep(0.01)
    killed.send_signal(signal.SIGKILL)
    assert killed.wait() == -signal.SIGKILL
    assert 0 < max(read_info(p).step for p in (tmp_path / "killed/checkpoints").glob("step-*.safetensors")) < 12
    monkeypatch.setattr(loop, "new_plan", mark(3, 3, 12))
    for name in ("killed", "straight"):
        run_out(training(studio, tmp_path / name, steps=12))
    assert_same(tmp_path / "killed", tmp_path / "straight")


def test_a_training_that_diverges_goes_back_and_lowers_the_rate(
    studio: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin_step = TransferTrainer.begin_step

    def diverge(self: TransferTrainer) -> Callable[[], TransferStepMetrics]:
        metrics = begin_step(self)
        if self.step == 5 and self.rate_factor > 0.6:
            self.model.identity.data.fill_(float("nan"))
            return lambda: replace(metrics(), loss=float("nan"))
        return metrics

    monkeypatch.setattr(TransferTrainer, "begin_step", diverge)
    made = run_out(training(studio, tmp_path / "run"))
    assert made.trainer.rate_factor == 0.5
    assert [note for note in made.notes if "went back to step 4 with 0.5" in note]
    assert all(bool(torch.isfinite(value).all()) for value in made.trainer.state().values())
    assert [row.step for row in made.rows] == [1, 2, 3, 4, 5, 6]


def test_hours_become_steps_once(studio: Path, tmp_path: Path) -> None:
    first = training(studio, tmp_path / "run", hours=0.001)
    assert first.recipe.steps == max(1, round(3.6 / first.plan.seconds_a_step))
    assert training(studio, tmp_path / "run", hours=5.0).recipe.steps == first.recipe.steps


def test_another_catalog_is_refused_and_more_steps_are_not(studio: Path, tmp_path: Path) -> None:
    run_out(training(studio, tmp_path / "run", steps=2))
    other = tmp_path / "other"
    picture(other / "wave.png", 99)
    with pytest.raises(SpecError, match=r"is not what the training in .* began with"):
        training(studio, tmp_path / "run", steps=2, catalog=str(other))
    with pytest.raises(SpecError, match=r"another recipe \(rate\)"):
        training(studio, tmp_path / "run", steps=2, recipe={"rate": 0.01})
    assert run_out(training(studio, tmp_path / "run", steps=3)).trainer.step == 3


def test_broken_contents_are_left_out_and_a_broken_style_is_refused(studio: Path, tmp_path: Path) -> None:
    for place in ("contents", "artworks"):
        for k in range(2):
            picture(tmp_path / place / f"{k}.png", 20 + k)
        (tmp_path / place / f"torn-{place}.png").write_bytes(b"\x89PNG\r\n\x1a\n torn")
    folders = {name: [str(tmp_path / name)] for name in ("contents", "artworks")}
    made = training(studio, tmp_path / "run", **folders)
    for place in folders:
        assert [note for note in made.notes if note.startswith("left out:") and f"torn-{place}.png" in note]
        assert f"torn-{place}.png" in (tmp_path / "run/log.jsonl").read_text()
    assert len(made.data.artworks) == 2
    picture(tmp_path / "catalog/good.png", 5)
    (tmp_path / "catalog/night.png").write_bytes(b"\x89PNG\r\n\x1a\n torn")
    with pytest.raises(SpecError, match=r"style 'night' cannot be learnt: .*night\.png"):
        training(studio, tmp_path / "refused", catalog=str(tmp_path / "catalog"))


def test_a_share_of_a_style_that_is_not_there_is_refused(studio: Path, tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"style_shares: catalog .* has no style 'nihgt' to learn; it has "):
        training(studio, tmp_path / "run", recipe={"style_shares": ["nihgt=0.5"]})
    made = training(studio, tmp_path / "run", recipe={"style_shares": ["blend=0.5"]})
    assert {palette.name: palette.share for palette in made.data.catalog.palettes if palette.share != 1} == {
        "blend": 0.5
    }


def test_artworks_with_frames_are_learnt_whole_and_cut(studio: Path, tmp_path: Path) -> None:
    plain = training(studio, tmp_path / "plain").data
    framed = training(studio, tmp_path / "framed", recipe={"frame": 0.1}).data
    assert [artwork.frame for artwork in framed.artworks] == [0.1] * len(plain.artworks) + [0.0] * len(plain.artworks)
    assert {palette.frame for palette in framed.catalog.palettes} == {0.0}


def test_a_training_can_begin_with_a_network(studio: Path, tmp_path: Path) -> None:
    """What it paints at first is what the network painted, in the styles that both know; another style is predicted."""
    first = run_out(training(studio, tmp_path / "first", steps=3))
    small = tmp_path / "first" / NETWORK
    catalog = tmp_path / "more"
    for name, seed in (("renamed.png", 0), ("new.png", 9)):
        picture(catalog / name, seed)
    begun = training(studio, tmp_path / "second", catalog=str(catalog), start=str(small))
    names = [style.name for style in begun.data.catalog.known]
    cpu, pixels = torch.device("cpu"), torch.rand(1, 3, 40, 40, generator=torch.Generator().manual_seed(1))
    transfer = load(small, cpu, "float32")
    wave = next(row for row, style in enumerate(transfer.info.styles) if style.name == "wave")
    for model in (begun.trainer.model, begun.trainer.average):
        known = model.known([names.index("renamed")])
        assert torch.allclose(known, transfer.embeddings[wave : wave + 1], atol=1e-5)
        with torch.no_grad():
            assert torch.allclose(model.network(pixels, known), transfer.network(pixels, known), atol=1e-4)
        new = names.index("new")
        assert torch.equal(model.known([new]), model.predictor(model.looks[[new]]))
        assert torch.equal(model.identity, transfer.identity)
    assert begun.trainer.step == 0
    digest = read_info(small).digest
    small.unlink()  # what it began with may go
    begun.run(2)
    run_out(training(studio, tmp_path / "second", catalog=str(catalog), start=str(small)))
    assert read_info(tmp_path / "second" / BEST).data["start"] == digest
    assert first.trainer.step == 3


def test_a_network_of_another_breadth_cannot_be_begun_with(studio: Path, tmp_path: Path) -> None:
    run_out(training(studio, tmp_path / "first", steps=3, recipe={"breadth": 0.5}))
    with pytest.raises(SpecError, match=r"breadth 0\.5, and this training is of one of breadth 1; give --breadth 0\.5"):
        training(studio, tmp_path / "second", start=str(tmp_path / "first" / NETWORK))
