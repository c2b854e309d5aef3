"""`nocturne train-gan` and `export-gan` as a user runs them: to the end, stopped, gone on with, and given rubbish."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from core.gan.checkpoints.checkpoint import read_info
from tests.flows.command import here, started

Env = dict[str, str]
SMALL = (
    "--preset",
    "digits",
    "--size",
    16,
    "--width",
    4,
    "--latent",
    8,
    "--batch",
    4,
    "--threads",
    1,
    "--device",
    "cpu",
)


def newest(out: Path) -> int:
    return max(read_info(path).step for path in (out / "checkpoints").glob("step-*.safetensors"))


def test_a_training_from_the_command_to_samples(tmp_path: Path, prefect_env: Env) -> None:
    out = tmp_path / "run"
    flags = ("digits", *SMALL, "--out", out, "--evaluate-pictures", 50)
    ended = here("train-gan", *flags, "--steps", 30, "--json", env=prefect_env)
    assert ended.code == 0, ended.err
    record: dict[str, Any] = json.loads(ended.out)
    assert (record["step"], record["steps"], record["over"], record["exit_code"]) == (30, 30, True, 0)
    assert record["best_kid"] == pytest.approx(record["row"]["kid"])
    assert newest(out) == 30
    again = here("train-gan", out / "train.toml", env=prefect_env)
    assert again.code == 0, again.err
    assert "30 of 30" in again.out
    small = tmp_path / "small.safetensors"
    exported = here("export-gan", out / "checkpoints/best.safetensors", small)
    assert exported.code == 0, exported.err
    assert read_info(small).digest in exported.out


def test_ctrl_c_saves_and_says_how_to_go_on(tmp_path: Path, prefect_env: Env) -> None:
    out = tmp_path / "run"
    flags = ("digits", *SMALL, "--out", out, "--steps", 1_000_000, "--checkpoint-minutes", 0.005)
    running = started("train-gan", *flags, env=prefect_env)
    while not list(out.glob("checkpoints/step-*.safetensors")):
        assert running.poll() is None, running.stdout and running.stdout.read()
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    text, _ = running.communicate(timeout=60)
    assert running.returncode == 3, text
    assert "Saving after the steps in hand" in text
    assert "The training is saved. The same command" in text
    assert newest(out) > 0


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["{empty}"], "has 0 picture to learn from"),
        (["{one}"], "has 1 picture to learn from"),
        (["{absent}"], "is not a folder"),
        (["digits", "--size", "27"], "size"),
        (["digits", "--preset", "few_shot", "--size", "28"], "few_shot makes pictures of 64, 128, 256 px"),
        (["digits", "--hours", "-1"], "hours"),
        (["digits", "--device", "cpu,cpu"], "one network is trained on one device"),
        (["{one}", "--conditional", "--held-out", "{absent}"], "is not a folder"),
        ([], "data"),
    ],
)
def test_wrong_trainings_are_refused_in_a_sentence(tmp_path: Path, flags: list[str], words: str) -> None:
    places = {name: tmp_path / name for name in ("empty", "one", "absent")}
    places["empty"].mkdir()
    places["one"].mkdir()
    Image.new("RGB", (64, 64)).save(places["one"] / "a.png")
    given = [flag.format(**places) for flag in flags]
    ended = here("train-gan", *given, "--out", tmp_path / "run")
    assert ended.code == 2, ended.err
    assert words in ended.err
    assert "Traceback" not in ended.err
    assert not list((tmp_path / "run").glob("checkpoints/*"))


def test_what_is_no_checkpoint_is_not_exported(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.safetensors"
    wrong.write_bytes(b"no tensors at all")
    ended = here("export-gan", wrong, tmp_path / "small.safetensors")
    assert ended.code == 2
    assert "wrong.safetensors" in ended.err
