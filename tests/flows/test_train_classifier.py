"""`nocturne train-classifier` as a user runs it: from labelled pictures to a file, and given rubbish."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from core.networks.classifier_file import read
from core.networks.features import FeatureExtractor
from tests.flows.command import here

Env = dict[str, str]


def labelled(folder: Path, count: int = 10) -> None:
    """Stripes that lie and stripes that stand, of many colours and widths."""
    rng = np.random.default_rng(0)
    for label in ("lying", "standing"):
        (folder / label).mkdir(parents=True)
        for number in range(count):
            wave = np.sin(np.arange(64) * rng.uniform(0.3, 1.2))[:, None, None] * np.ones((1, 64, 1))
            picture = 128 + wave * rng.uniform(40, 120, 3) + rng.normal(size=(64, 64, 3)) * 5
            turned = picture if label == "lying" else picture.swapaxes(0, 1)
            Image.fromarray(turned.clip(0, 255).astype(np.uint8)).save(folder / label / f"{number}.png")


def test_from_labelled_pictures_to_a_classifier(tmp_path: Path, prefect_env: Env) -> None:
    data, out = tmp_path / "data", tmp_path / "stripes"
    labelled(data)
    (data / "lying" / "broken.png").write_bytes(b"no picture")
    (data / "standing" / "copy.png").write_bytes((data / "standing" / "0.png").read_bytes())
    Image.new("RGB", (64, 64), (9, 99, 200)).save(data / "lying" / "flat.png")
    ended = here("train-classifier", data, "--out", out, "--json", env=prefect_env)
    assert ended.code == 0, ended.err
    assert " ".join(ended.err.split()).count("flat.png is of one colour all over") == 1
    record: dict[str, Any] = json.loads(ended.out)
    assert record["pictures"] == 21
    assert record["accuracy"] >= 0.9
    assert len(record["faults"]) == 3
    assert {path.name for path in out.iterdir()} >= {"card.md", "confusion.png", "reliability.png", "spec.toml"}
    classifier = read(out / "stripes.safetensors")
    assert classifier.classes == ("lying", "standing")
    seen = FeatureExtractor(torch.device("cpu")).wide(np.asarray(Image.open(data / "lying" / "3.png")))
    assert classifier.judge(seen).label == "lying"
    again = here("train-classifier", out / "spec.toml", env=prefect_env)  # nothing is seen twice
    assert again.code == 0, again.err
    assert read(out / "stripes.safetensors").digest == classifier.digest


def test_data_that_nothing_can_be_learnt_from_is_refused_before_anything_starts(tmp_path: Path) -> None:
    labelled(tmp_path / "data", count=3)
    ended = here("train-classifier", tmp_path / "data", "--out", tmp_path / "out")
    assert ended.code == 2, ended.err
    assert "10 are needed for 5 folds" in " ".join(ended.err.split())
