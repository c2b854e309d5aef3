"""Networks whose values are of another type are refused when the plan is made, from their headers."""

from __future__ import annotations

import json
import lzma
import struct
from pathlib import Path

import pytest

from core.errors import SpecError
from core.gan.checkpoints.checkpoint import read_info as read_checkpoint
from core.stylize.feedforward.transfer_file import read_info as read_transfer
from tests.conftest import Studio
from tests.core.runs.test_stylize_plan import planned

NETWORK = Path(__file__).resolve().parents[2] / "data/networks/catalog.safetensors"
GAN = Path(__file__).resolve().parents[1] / "compatibility/data/v0.1/gan.safetensors.xz"
SIZES = {"I8": 1, "U8": 1, "X9": 4, "F4": 4}


def with_dtype(data: bytes, dtype: str, to: Path) -> Path:
    """The same file, its last tensor said to be of another type, of a shape that fits its bytes."""
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + length])
    floats = [name for name, value in header.items() if str(value.get("dtype")).startswith("F")]
    averages = [name for name in floats if name.startswith("average.")]
    name = max(averages or floats, key=lambda name: header[name]["data_offsets"][1])
    begin, end = header[name]["data_offsets"]
    header[name] = {"dtype": dtype, "shape": [(end - begin) // SIZES[dtype]], "data_offsets": [begin, end]}
    new = json.dumps(header).encode()
    to.write_bytes(struct.pack("<Q", len(new)) + new + data[8 + length :])
    return to


@pytest.mark.parametrize("dtype", SIZES)
def test_a_transfer_network_is_refused_by_the_plan(dtype: str, studio: Studio) -> None:
    path = with_dtype(NETWORK.read_bytes(), dtype, studio.root / "net.safetensors")
    with pytest.raises(SpecError, match=r"net\.safetensors is no whole"):
        read_transfer(path)
    with pytest.raises(SpecError, match=r"net\.safetensors is no whole"):
        planned(studio, preset="fast", recipe={"network": str(path)})


@pytest.mark.parametrize("dtype", SIZES)
def test_a_checkpoint_of_a_gan_is_refused_by_its_header(dtype: str, tmp_path: Path) -> None:
    path = with_dtype(lzma.decompress(GAN.read_bytes()), dtype, tmp_path / "gan.safetensors")
    with pytest.raises(SpecError, match=r"gan\.safetensors is no whole"):
        read_checkpoint(path)


def test_whole_networks_are_read(tmp_path: Path) -> None:
    assert read_transfer(NETWORK).styles
    (tmp_path / "gan.safetensors").write_bytes(lzma.decompress(GAN.read_bytes()))
    assert read_checkpoint(tmp_path / "gan.safetensors").recipe
