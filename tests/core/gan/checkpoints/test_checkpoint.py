"""Checkpoints: what they say of themselves, what is refused, and digests that follow the tensors."""

from __future__ import annotations

import json
import pickle
import struct
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save

from core.errors import SpecError
from core.gan.checkpoints.checkpoint import KIND, checkpoint_bytes, exported, load_generator, read_info
from core.gan.networks.recipe import GanRecipe, SampleRecipe
from core.gan.sampling.sampler import Sampler
from core.gan.train.trainer import GanTrainer
from tests.core.gan.train.test_trainer import SMALL, data_for

CPU = torch.device("cpu")
DATA = {"kind": "folder", "pictures": 12, "digest": "ab", "sha256": ["00" * 32]}


def _trained(recipe: GanRecipe = SMALL, steps: int = 2) -> GanTrainer:
    trainer = GanTrainer(recipe, data_for(recipe), CPU)
    for _ in range(steps):
        trainer.advance()
    return trainer


@pytest.fixture(scope="module")
def whole() -> bytes:
    trainer = _trained()
    return checkpoint_bytes(trainer.state(), SMALL, trainer.step, ("a", "b", "c"), DATA, {"kid": 0.5})


@pytest.fixture
def path(tmp_path: Path, whole: bytes) -> Path:
    file = tmp_path / "step-2.safetensors"
    file.write_bytes(whole)
    return file


def test_a_checkpoint_says_what_it_is(path: Path) -> None:
    info = read_info(path)
    assert (info.name, info.step, info.recipe, info.classes) == ("step-2", 2, SMALL, ("a", "b", "c"))
    assert (info.data, info.training, info.whole) == (DATA, {"kid": 0.5}, True)
    assert len(info.digest) == 16


def test_the_digest_is_of_the_generator_not_of_the_file(path: Path, tmp_path: Path) -> None:
    trainer = _trained()
    elsewhere = tmp_path / "renamed.safetensors"
    elsewhere.write_bytes(checkpoint_bytes(trainer.state(), SMALL.changed({"rate": 0.1}), 7, ("a", "b", "c"), {}))
    assert read_info(elsewhere).digest == read_info(path).digest
    longer = _trained(steps=3)
    elsewhere.write_bytes(checkpoint_bytes(longer.state(), SMALL, 3, ("a", "b", "c"), DATA))
    assert read_info(elsewhere).digest != read_info(path).digest


def test_an_export_is_small_and_draws_the_same_pictures_up_to_rounding(path: Path, tmp_path: Path) -> None:
    small = tmp_path / "small.safetensors"
    small.write_bytes(exported(path))
    info = read_info(small)
    assert small.stat().st_size < path.stat().st_size / 4
    assert (info.whole, info.data, info.step) == (False, DATA, 2)
    recipe = SampleRecipe()
    drawn = [Sampler(file, CPU, recipe).sample([0, 1]).astype(int) for file in (path, small)]
    assert abs(drawn[0] - drawn[1]).max() <= 1


def test_the_average_is_what_draws(path: Path) -> None:
    trainer = _trained()
    z = torch.randn(2, SMALL.latent)
    with torch.no_grad():
        expected = trainer.average(z)
    assert torch.equal(load_generator(path, CPU)(z), expected)


def _refused(path: Path, words: str) -> None:
    for read in (read_info, lambda file: load_generator(file, CPU)):
        with pytest.raises(SpecError, match=words) as caught:
            read(path)
        assert path.name in str(caught.value)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.9, 0.999999])
def test_a_truncated_file_is_refused(tmp_path: Path, whole: bytes, share: float) -> None:
    path = tmp_path / "cut.safetensors"
    path.write_bytes(whole[: int(len(whole) * share)])
    _refused(path, "no whole checkpoint")


class _Trap:
    def __init__(self, sprung: Path) -> None:
        self.sprung = sprung

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.sprung,))


@pytest.mark.parametrize("suffix", [".pt", ".pth", ".pkl", ".safetensors"])
def test_a_pickle_is_refused_and_its_code_never_runs(tmp_path: Path, suffix: str) -> None:
    trap, sprung = tmp_path / f"net{suffix}", tmp_path / "sprung"
    trap.write_bytes(pickle.dumps({"generator": _Trap(sprung)}))
    _refused(trap, "refused|no whole checkpoint")
    assert not sprung.exists()


def test_tensors_that_are_no_gan_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "vgg.safetensors"
    path.write_bytes(save({"features.0.weight": torch.zeros(1)}))
    _refused(path, "no checkpoint of a GAN")


def test_tensors_of_another_architecture_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    path.write_bytes(checkpoint_bytes(_trained().state(), GanRecipe(architecture="mlp", size=16, latent=8), 1, (), {}))
    with pytest.raises(SpecError, match="holds the tensors of another network"):
        load_generator(path, CPU)


def test_values_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    state = _trained().state()
    state["average.layers.0.weight"][0, 0] = float("nan")
    path = tmp_path / "nan.safetensors"
    path.write_bytes(checkpoint_bytes(state, SMALL, 1, (), {}))
    with pytest.raises(SpecError, match="not finite"):
        load_generator(path, CPU)


@pytest.mark.parametrize(
    "meta",
    [
        {"recipe": "{}x"},
        {"recipe": '{"architecture": "dcgan", "size": 27}'},
        {"step": "many"},
        {"classes": "3"},
        {"data": "[]"},
        {"training": "[" * 100_000},
    ],
)
def test_headers_that_cannot_be_understood_are_refused(tmp_path: Path, whole: bytes, meta: dict[str, str]) -> None:
    path = tmp_path / "odd.safetensors"
    path.write_bytes(_with_metadata(whole, meta))
    _refused(path, "header cannot be understood")


def _with_metadata(data: bytes, meta: dict[str, str]) -> bytes:
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + length])
    assert header["__metadata__"]["format"] == KIND
    header["__metadata__"].update(meta)
    packed = json.dumps(header).encode()
    return struct.pack("<Q", len(packed)) + packed + data[8 + length :]


def test_a_header_that_points_outside_the_file_is_refused(tmp_path: Path, whole: bytes) -> None:
    length = struct.unpack("<Q", whole[:8])[0]
    header = json.loads(whole[8 : 8 + length])
    name = next(key for key in header if key.startswith("average."))
    header[name]["data_offsets"] = [0, 1 << 40]
    packed = json.dumps(header).encode()
    path = tmp_path / "far.safetensors"
    path.write_bytes(struct.pack("<Q", len(packed)) + packed + whole[8 + length :])
    _refused(path, "no whole checkpoint")


def test_there_is_no_file(tmp_path: Path) -> None:
    _refused(tmp_path / "absent.safetensors", "There is no checkpoint")
