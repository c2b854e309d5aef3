"""`nocturne evaluate-gan` as a user runs it."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.gan.checkpoints.checkpoint import read_info
from core.gan.data.dataset import load
from flows.commands.evaluation_report import notes
from tests.core.gan.samples import TINY, checkpoint
from tests.flows.command import here


def folder(path: Path, count: int, seed: int) -> Path:
    """Small pictures of soft noise."""
    path.mkdir()
    for number in range(count):
        coarse = np.random.default_rng((seed, number)).integers(0, 256, (5, 5), dtype=np.uint8)
        Image.fromarray(coarse).resize((24, 24), Image.Resampling.BICUBIC).save(path / f"{number}.png")
    return path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return checkpoint(tmp_path / "digits.safetensors")


def test_figures_and_pairs_are_written_and_printed(tmp_path: Path, file: Path) -> None:
    training, held_out = folder(tmp_path / "training", 12, 1), folder(tmp_path / "held out", 8, 2)
    (training / "broken.jpg").write_bytes(b"no picture")
    (training / "7.png").write_bytes((held_out / "7.png").read_bytes())
    ended = here("evaluate-gan", file, "--data", training, "--held-out", held_out, "--samples", 9)
    assert ended.code == 0, ended.err
    assert "Against 8 held-out pictures" in ended.out
    assert "1 file of the data could not be read" in ended.out
    assert "1 of 8 held-out pictures are in the data too:" in " ".join(ended.out.split())
    report = tmp_path / "digits-evaluation"
    assert sorted(path.name for path in report.iterdir()) == ["evaluation.json", "evaluation.md", "nearest.html"]
    told = json.loads((report / "evaluation.json").read_text())
    assert [one["features"].split()[0] for one in told["metrics"]] == ["efficientnet-lite0", "vgg19"]
    assert (told["metrics"][0]["real"], told["metrics"][0]["fake"], told["near_copies"]["samples"]) == (8, 9, 9)
    assert told["training_as_samples"][1]["fake"] == 9
    assert [one["seed"] for one in told["near_copies"]["nearest"]] == list(range(9))
    assert (report / "nearest.html").read_text().count("data:image/jpeg") == 18
    assert "| KID |" in (report / "evaluation.md").read_text()


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--data", "nowhere"], "is not a folder"),
        (["--data", "training", "--psi", "7"], "less than or equal to 2"),
        (["--data", "few"], "3 training pictures are too few"),
    ],
)
def test_what_cannot_be_measured_is_one_sentence(tmp_path: Path, file: Path, flags: list[str], words: str) -> None:
    folder(tmp_path / "training", 6, 1)
    folder(tmp_path / "few", 3, 1)
    ended = here("evaluate-gan", file, *flags, "--samples", 6, cwd=tmp_path)
    assert ended.code == 2
    assert words in ended.err
    assert len(ended.err.strip().splitlines()) == 1
    assert not (tmp_path / "digits-evaluation").exists()


def test_a_reader_is_told_what_the_figures_rest_on(tmp_path: Path, file: Path) -> None:
    training = load(folder(tmp_path / "training", 6, 1), TINY)
    info = dataclasses.replace(read_info(file), data={"digest": training.digest})
    assert not any("not the pictures" in note for note in notes(info, training, training))
    assert any("no held-out pictures" in note for note in notes(info, training, None))
    other = dataclasses.replace(info, data={"digest": "0" * 16})
    assert any(
        "not the pictures that the checkpoint was trained on" in note for note in notes(other, training, training)
    )
    held_out = dataclasses.replace(training, notes=("all are one.",), skipped=("a.png", "b.png"))
    said = notes(info, training, held_out)
    assert "held-out: all are one." in said
    assert "2 files of the held-out pictures could not be read: left out." in said
