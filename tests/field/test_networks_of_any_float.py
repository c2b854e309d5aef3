"""Networks that a tool has saved in another type: each is used or refused in one sentence when the night is planned."""

from __future__ import annotations

import lzma
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from core.errors import SpecError
from core.gan.checkpoints.checkpoint import load_generator
from core.gan.checkpoints.checkpoint import read_info as read_checkpoint
from core.networks import classifier_file, weights
from core.stylize.feedforward import transfer_file
from tests.conftest import Studio
from tests.core.networks.seeded_weights import seeded_state
from tests.core.runs.test_stylize_plan import planned

ROOT = Path(__file__).resolve().parents[2]
GAN = ROOT / "tests/compatibility/data/v0.1/gan.safetensors.xz"
CPU = torch.device("cpu")
USED = {"F16": torch.float16, "BF16": torch.bfloat16, "F64": torch.float64}
REFUSED = {"F8_E4M3": torch.float8_e4m3fn, "F8_E5M2": torch.float8_e5m2, "I64": torch.int64}
ANY = {**USED, **REFUSED}


def saved_as(source: Path, dtype: torch.dtype, to: Path) -> Path:
    """The network of a file with all its values of a type."""
    with safe_open(source, "pt") as file:
        metadata = file.metadata()
    tensors = {
        name: value.to(dtype) if value.is_floating_point() else value for name, value in load_file(source).items()
    }
    save_file(tensors, to, metadata)
    return to


@pytest.fixture
def gan(tmp_path: Path) -> Path:
    (tmp_path / "plain.safetensors").write_bytes(lzma.decompress(GAN.read_bytes()))
    return tmp_path / "plain.safetensors"


@pytest.mark.parametrize("dtype", ANY)
def test_a_classifier_of_another_type_is_refused_by_its_header(dtype: str, studio: Studio) -> None:
    path = saved_as(ROOT / "data/networks/genres.safetensors", ANY[dtype], studio.root / "genres.safetensors")
    with pytest.raises(SpecError, match=rf"genres\.safetensors is no whole classifier file: .* of the type {dtype}"):
        classifier_file.read(path)
    with pytest.raises(SpecError, match=f"of the type {dtype}"):
        planned(studio, scorer=str(path))


@pytest.mark.parametrize("dtype", USED)
def test_networks_of_other_floats_are_used(dtype: str, gan: Path, tmp_path: Path) -> None:
    path = saved_as(gan, USED[dtype], tmp_path / "gan.safetensors")
    assert {value.dtype for value in load_generator(path, CPU).state_dict().values()} <= {torch.float32, torch.int64}
    path = saved_as(ROOT / "data/networks/catalog.safetensors", USED[dtype], tmp_path / "net.safetensors")
    loaded = transfer_file.load(path, CPU, "float32")
    assert {value.dtype for value in loaded.network.state_dict().values()} == {torch.float32}


@pytest.mark.parametrize("dtype", REFUSED)
def test_networks_of_no_usable_floats_are_refused_by_the_header(dtype: str, gan: Path, studio: Studio) -> None:
    path = saved_as(gan, REFUSED[dtype], studio.root / "gan.safetensors")
    with pytest.raises(SpecError, match=f"of the type {dtype}"):
        read_checkpoint(path)
    path = saved_as(ROOT / "data/networks/catalog.safetensors", REFUSED[dtype], studio.root / "net.safetensors")
    with pytest.raises(SpecError, match=f"of the type {dtype}"):
        planned(studio, preset="fast", recipe={"network": str(path)})


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
@pytest.mark.parametrize("dtype", [*USED, "F8_E4M3"])
def test_weights_of_other_floats_are_used(dtype: str, suffix: str, tmp_path: Path) -> None:
    state = {name: value.to(ANY[dtype]) for name, value in seeded_state("vgg16").items()}
    path = tmp_path / f"vgg16{suffix}"
    if suffix == ".pth":
        torch.save(state, path)
    else:
        save_file(state, path)
    loaded = weights.load(str(path), "vgg16")
    assert {value.dtype for value in loaded.state.values()} == {torch.float32}


@pytest.mark.parametrize("dtype", [torch.int64, torch.complex64], ids=str)
def test_weights_that_are_no_floats_are_refused_by_their_type(dtype: torch.dtype, tmp_path: Path) -> None:
    path = tmp_path / "vgg16.pth"
    torch.save({name: value.to(dtype) for name, value in seeded_state("vgg16").items()}, path)
    with pytest.raises(SpecError, match=rf"vgg16\.pth .* has values of the type {str(dtype).removeprefix('torch.')}"):
        weights.digest(str(path), "vgg16")
