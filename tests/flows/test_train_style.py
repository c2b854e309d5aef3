"""`nocturne train-style`, `export-style` and `learn-style` as a user runs them: to the end, gone on with, given rubbish."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core.stylize.feedforward.transfer_file import read_info
from tests.flows.command import here

Env = dict[str, str]
RECIPE = {"batch": 1, "crops": 32, "content-side": 48, "style-size": 32, "precision": "float32"}
SMALL = [word for name, value in RECIPE.items() for word in (f"--{name}", value)]
HERE = ("--threads", 1, "--device", "cpu")


def picture(path: Path, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    blocks = np.random.default_rng(seed).integers(0, 240, (8, 8, 3), dtype=np.uint8)
    Image.fromarray(blocks).resize((48, 48), Image.Resampling.NEAREST).save(path)


def test_from_a_catalog_to_a_network_that_learns_another_style(tmp_path: Path, prefect_env: Env) -> None:
    out = tmp_path / "run"
    for k, name in enumerate(("catalog/wave.png", "contents/a.png", "contents/b.png", "more/c.png")):
        picture(tmp_path / name, k)
    flags = ("--contents", tmp_path / "contents", "--contents", tmp_path / "more", *SMALL, *HERE, "--out", out)
    ended = here("train-style", tmp_path / "catalog", *flags, "--steps", 4, "--json", env=prefect_env)
    assert ended.code == 0, ended.err
    record: dict[str, Any] = json.loads(ended.out)
    assert (record["step"], record["steps"], record["over"], record["exit_code"]) == (4, 4, True, 0)
    assert record["best_held_out"] == pytest.approx(record["row"]["held_out"])
    again = here("train-style", out / "train.toml", env=prefect_env)
    assert again.code == 0, again.err
    assert "4 of 4" in again.out
    assert "network.safetensors" in again.out
    small = tmp_path / "small.safetensors"
    exported = here("export-style", out / "checkpoints/best.safetensors", small)
    assert exported.code == 0, exported.err
    assert read_info(small).digest in exported.out
    picture(tmp_path / "catalog/dots.png", 9)
    learnt = here(
        "learn-style",
        tmp_path / "catalog",
        "--network",
        small,
        "--contents",
        tmp_path / "contents",
        "--steps",
        2,
        *HERE,
    )
    assert learnt.code == 0, learnt.err
    assert "dots: step 2 of at most 2, loss" in learnt.out
    assert [style.name for style in read_info(tmp_path / "catalog/network.safetensors").styles] == ["wave", "dots"]


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["{catalog}"], "contents"),
        (["{catalog}", "--contents", "{absent}"], "is not a folder"),
        (["{empty}", "--contents", "{contents}"], "has no style to use"),
        (["{catalog}", "--contents", "{empty}"], "0 picture to learn from"),
        (["{catalog}", "--contents", "{contents}", "--crops", "8"], "crops"),
        (["{catalog}", "--contents", "{contents}", "--hours", "-1"], "hours"),
        (["{catalog}", "--contents", "{contents}", "--device", "cpu,cpu"], "one network is trained on one device"),
    ],
)
def test_wrong_trainings_are_refused_in_a_sentence(tmp_path: Path, flags: list[str], words: str) -> None:
    places = {name: tmp_path / name for name in ("catalog", "contents", "empty", "absent")}
    places["empty"].mkdir()
    for k, name in enumerate(("catalog/wave.png", "contents/a.png", "contents/b.png")):
        picture(tmp_path / name, k)
    given = [flag.format(**places) for flag in flags]
    ended = here("train-style", *given, "--out", tmp_path / "run")
    assert ended.code == 2, ended.err
    assert words in ended.err
    assert "Traceback" not in ended.err
    assert not list((tmp_path / "run").glob("checkpoints/*"))


def test_what_is_no_network_is_neither_exported_nor_taught(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.safetensors"
    wrong.write_bytes(b"no tensors at all")
    picture(tmp_path / "catalog/wave.png", 1)
    for command in (("export-style", wrong, tmp_path / "to.safetensors"),
                    ("learn-style", tmp_path / "catalog", "--network", wrong)):  # fmt: skip
        ended = here(*command)
        assert ended.code == 2, ended.err
        assert "wrong.safetensors" in ended.err
