"""Training of a GAN: what it leaves, pictures that it skips, and a start from another network."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from PIL import Image

from core.errors import SpecError
from core.gan.checkpoints.checkpoint import exported, read_info
from core.training import loop
from core.training.folder import BEST
from tests.core.gan.train.small_training import mark_every, run_out, state, training
from tests.core.gan.train.test_trainer import assert_same


@pytest.fixture(autouse=True)
def marks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A row every 2 steps, a checkpoint every 4, an evaluation every 6."""
    monkeypatch.setattr(loop, "new_plan", mark_every(2, 4, 6))


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


def test_broken_pictures_are_told_of(tmp_path: Path) -> None:
    for index in range(3):
        path = tmp_path / f"pictures/{index}.png"
        path.parent.mkdir(exist_ok=True)
        Image.new("L", (16, 16), index * 60).save(path)
    (tmp_path / "pictures/torn.png").write_bytes(b"\x89PNG\r\n\x1a\n torn")
    made = training(tmp_path / "run", data=str(tmp_path / "pictures"))
    assert [note for note in made.notes if note.startswith("left out:") and "torn.png" in note]
    assert "torn.png" in (tmp_path / "run/log.jsonl").read_text()


@pytest.mark.parametrize(("data", "held_out"), [("all", "all/some"), ("all/some", "all"), ("all", "all")])
def test_held_out_pictures_that_are_trained_on_are_told_of(data: str, held_out: str, tmp_path: Path) -> None:
    for index in range(6):
        path = tmp_path / f"all/{'some/' if index % 2 else ''}{index}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (16, 16), index * 40).save(path)
    made = training(tmp_path / "run", data=str(tmp_path / data), held_out=str(tmp_path / held_out))
    assert [note for note in made.notes if "held-out pictures are in the data too" in note]
    assert [note for note in made.notes if note.startswith("held-out:") and "of one colour" in note]


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
