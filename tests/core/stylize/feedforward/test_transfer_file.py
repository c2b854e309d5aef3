"""Network files: what they say of themselves, what is refused, and digests that follow the tensors."""

from __future__ import annotations

import json
import pickle
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save, save_file

from core.errors import SpecError
from core.stylize.feedforward.transfer_file import KIND, checkpoint_bytes, exported, load, read_info, read_tensors
from tests.core.stylize.networks import RECIPE, known, seeded_model, whole_bytes

CPU = torch.device("cpu")
STYLES = (known("wave", ("a" * 64, 1.0)), known("blend", ("b" * 64, 2.0), ("c" * 64, 1.0)))


@pytest.fixture(scope="module")
def whole() -> bytes:
    return whole_bytes(seeded_model(2), STYLES)


@pytest.fixture
def checkpoint(tmp_path: Path, whole: bytes) -> Path:
    path = tmp_path / "checkpoint.safetensors"
    path.write_bytes(whole)
    return path


@pytest.fixture
def shipped(tmp_path: Path, checkpoint: Path) -> Path:
    path = tmp_path / "net.safetensors"
    path.write_bytes(exported(checkpoint))
    return path


def _changed(path: Path, change: Any) -> Path:
    """A copy of a shipped file whose tensors were changed."""
    info, tensors = read_info(path), read_tensors(path)
    change(tensors)
    copy = path.with_name("changed.safetensors")
    styles = info.styles[: len(tensors["embeddings"])]
    copy.write_bytes(checkpoint_bytes(tensors, info.recipe, info.step, styles, info.data))
    return copy


def test_a_checkpoint_says_what_it_is(checkpoint: Path) -> None:
    info = read_info(checkpoint)
    assert (info.name, info.step, info.recipe, info.styles, info.whole) == ("checkpoint", 3, RECIPE, STYLES, True)
    assert (info.data, info.training) == ({"pictures": 5}, {"best": 0.5})


def test_an_export_is_small_and_paints_the_same_up_to_rounding(checkpoint: Path, shipped: Path) -> None:
    info = read_info(shipped)
    assert (info.whole, info.styles, info.step, len(info.embeddings)) == (False, STYLES, 3, 2)
    assert shipped.stat().st_size < 8e6
    names = set(load_file(shipped))
    assert {"embeddings", "identity"} <= names
    assert not any(name.startswith(("stylist", "average", "adam", "offsets", "looks")) for name in names)
    x, painted = torch.rand(1, 3, 24, 40), []
    for path in (checkpoint, shipped):
        model = load(path, CPU, "float32")
        assert model.embeddings.shape == (2, model.network.embedding_size)
        painted.append(model.network(x, model.embeddings[1:]))
    assert (painted[0] - painted[1]).abs().max() < 0.02
    assert painted[0].std() > 0.02


def test_reading_a_header_needs_no_torch(shipped: Path) -> None:
    program = (
        "import sys, pathlib; from core.stylize.feedforward.transfer_file import read_info; "
        f"read_info(pathlib.Path({str(shipped)!r})); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_digests_are_of_tensors_not_of_the_file(shipped: Path, tmp_path: Path) -> None:
    info = read_info(shipped)
    other = tmp_path / "elsewhere.safetensors"
    other.write_bytes(
        checkpoint_bytes(read_tensors(shipped), info.recipe.model_copy(update={"rate": 0.5}), 9, info.styles, {})
    )
    there = read_info(other)
    assert (there.digest, there.embeddings, there.predictor) == (info.digest, info.embeddings, info.predictor)


def test_refining_a_style_changes_its_own_digest_alone(shipped: Path) -> None:
    def refine(tensors: dict[str, torch.Tensor]) -> None:
        tensors["embeddings"][1, 7] += 1

    before, after = read_info(shipped), read_info(_changed(shipped, refine))
    assert (after.digest, after.predictor, after.embeddings[0]) == (
        before.digest,
        before.predictor,
        before.embeddings[0],
    )
    assert after.embeddings[1] != before.embeddings[1]


@pytest.mark.parametrize(
    ("name", "moved"),
    [("network.enter.conv.weight", "digest"), ("identity", "digest"), ("predictor.narrow.bias", "predictor")],
)
def test_what_several_styles_share_has_a_digest_of_its_own(shipped: Path, name: str, moved: str) -> None:
    def change(tensors: dict[str, torch.Tensor]) -> None:
        tensors[name].view(-1)[0] += 1

    before, after = read_info(shipped), read_info(_changed(shipped, change))
    assert before.embeddings == after.embeddings
    assert {each for each in ("digest", "predictor") if getattr(before, each) != getattr(after, each)} == {moved}


def test_how_artworks_are_looked_at_is_of_the_predictor(shipped: Path) -> None:
    info = read_info(shipped)
    larger = info.recipe.model_copy(update={"style_size": 128})
    other = shipped.with_name("larger.safetensors")
    other.write_bytes(checkpoint_bytes(read_tensors(shipped), larger, 3, info.styles, {}))
    assert read_info(other).predictor != info.predictor


def _refused(path: Path, words: str) -> None:
    for read in (read_info, lambda file: load(file, CPU, "float32")):
        with pytest.raises(SpecError, match=words) as caught:
            read(path)
        assert path.name in str(caught.value)


def test_an_absent_file_is_named(tmp_path: Path) -> None:
    _refused(tmp_path / "none.safetensors", "There is no network file")


@pytest.mark.parametrize("share", [0.0, 0.0001, 0.3, 0.999999])
def test_a_truncated_file_is_refused(tmp_path: Path, whole: bytes, share: float) -> None:
    path = tmp_path / "cut.safetensors"
    path.write_bytes(whole[: int(len(whole) * share)])
    _refused(path, "no whole network file")


class _Trap:
    def __init__(self, sprung: Path) -> None:
        self.sprung = sprung

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.sprung,))


@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
def test_a_pickle_is_refused_and_its_code_never_runs(tmp_path: Path, suffix: str) -> None:
    trap, sprung = tmp_path / f"net{suffix}", tmp_path / "sprung"
    trap.write_bytes(pickle.dumps({"network": _Trap(sprung)}))
    _refused(trap, "refused|no whole network file")
    assert not sprung.exists()


def test_tensors_of_something_else_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "vgg.safetensors"
    path.write_bytes(save({"features.0.weight": torch.zeros(1)}))
    _refused(path, "no network that paints")


@pytest.mark.parametrize(
    "meta",
    [
        {"recipe": "{}x"},
        {"recipe": '{"crops": [1]}'},
        {"step": "many"},
        {"styles": "3"},
        {"styles": '[{"name": "wave", "artworks": [["../../etc", 1.0]]}]'},
        {"styles": '[{"name": "wave", "artworks": []}]'},
        {"data": "[]"},
        {"training": "[" * 100_000},
    ],
)
def test_headers_that_cannot_be_understood_are_refused(shipped: Path, meta: dict[str, str]) -> None:
    _with_header(shipped, lambda header: header["__metadata__"].update(meta))
    _refused(shipped, "header cannot be understood")


def test_styles_without_embeddings_are_refused(shipped: Path) -> None:
    info = read_info(shipped)
    shipped.write_bytes(checkpoint_bytes(read_tensors(shipped), info.recipe, 3, info.styles[:1], {}))
    _refused(shipped, "names 1 styles and has embeddings of 2")


@pytest.mark.parametrize("entry", [{"shape": [0, 3]}, {"shape": [10**9, 10**9]}, {"shape": [7]}, {"shape": "x"}])
def test_a_table_that_is_none_is_refused(shipped: Path, entry: dict[str, Any]) -> None:
    _with_header(shipped, lambda header: header["embeddings"].update(entry))
    _refused(shipped, "no whole network file")


def test_tensors_of_another_network_are_refused(shipped: Path) -> None:
    def change(tensors: dict[str, torch.Tensor]) -> None:
        tensors["network.enter.conv.weight"] = torch.zeros(4, 4)

    with pytest.raises(SpecError, match="another network than Nocturne paints with"):
        load(_changed(shipped, change), CPU, "float32")


def test_values_that_are_not_finite_are_refused(shipped: Path) -> None:
    def change(tensors: dict[str, torch.Tensor]) -> None:
        tensors["embeddings"][0, 0] = float("nan")

    with pytest.raises(SpecError, match="not finite"):
        load(_changed(shipped, change), CPU, "float32")


def test_the_format_is_named_in_the_file(shipped: Path, tmp_path: Path) -> None:
    plain = tmp_path / "plain.safetensors"
    save_file(load_file(shipped), plain, {"format": KIND.replace("1", "0")})
    _refused(plain, "no network that paints")


def _with_header(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the header of a safetensors file, and nothing behind it."""
    data = path.read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + length])
    change(header)
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data[8 + length :])
