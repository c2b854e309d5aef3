"""The checks of torch, the devices and the weights files."""

import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from core.doctor import networks
from core.doctor.check_result import CheckResult
from core.doctor.networks import BACKBONE_OF, PACKAGED
from core.networks import device, device_checks
from core.networks.device_checks import DeviceMemory
from core.networks.weights import SOURCES
from tests.core.doctor.test_machine import PYPROJECT


def only(findings: Iterable[CheckResult]) -> CheckResult:
    (finding,) = findings
    return finding


def test_a_torch_that_cannot_be_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    finding = only(networks.torch_itself())
    assert finding.state == "problem"
    assert "cannot be imported" in finding.found


def test_a_device_that_cannot_compute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(networks, "SIDE", 1)
    assert networks.compute_error("cpu") == ""
    monkeypatch.setattr(networks, "compute_error", lambda kind: "RuntimeError: no kernel" if kind == "cpu" else "")
    monkeypatch.setattr(device, "_count", lambda kind: int(kind == "cpu"))
    finding = only(networks.devices())
    assert (finding.state, finding.found) == ("problem", "auto is cpu, which cannot compute: RuntimeError: no kernel")


def test_a_device_that_computes_wrongly_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.ones", lambda *shape, device: __import__("torch").zeros(*shape))
    assert "came out as 0" in networks.compute_error("cpu")


def test_another_device_that_cannot_compute_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "_count", lambda kind: int(kind in ("cuda", "cpu")))
    monkeypatch.setattr(device, "engine_name", lambda chosen: f"{chosen} engine")
    monkeypatch.setattr(networks, "compute_error", lambda kind: "" if kind == "cuda" else "broken")
    chosen, other = networks.devices()
    assert (chosen.state, chosen.found) == ("ok", "auto is cuda:0 engine, no mps")
    assert (other.state, other.found) == ("warning", "cpu cannot compute: broken")


def test_a_gpu_that_is_nearly_full_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "_count", lambda kind: int(kind in ("cuda", "cpu")))
    monkeypatch.setattr(device, "engine_name", lambda chosen: f"{chosen} engine")
    monkeypatch.setattr(networks, "compute_error", lambda kind: "")
    monkeypatch.setattr(device_checks, "device_memory", lambda _: DeviceMemory(int(0.6e9), int(24e9)))
    chosen, full = networks.devices()
    assert chosen.found == "auto is cuda:0 engine, no mps, 0.6 of 24.0 GB free"
    assert (full.state, full.found) == ("warning", "cuda:0 has 0.6 of 24.0 GB free, as other programs hold the rest")
    assert "nvidia-smi" in full.remedy
    monkeypatch.setattr(device_checks, "device_memory", lambda _: DeviceMemory(int(23e9), int(24e9)))
    assert only(networks.devices()).state == "ok"


def test_a_gpu_that_cannot_be_used_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "_count", lambda kind: int(kind == "cpu"))
    monkeypatch.setattr(device, "gpu_faults", lambda: ["The NVIDIA driver on your system is too old"])
    chosen, unused = networks.devices()
    assert chosen.state == "ok"
    assert (unused.state, unused.remedy) == ("warning", networks.UNUSED_GPU)
    assert unused.found == "a GPU cannot be used: The NVIDIA driver on your system is too old"


def test_every_known_weights_file_has_a_place() -> None:
    from core.networks.efficientnet import PACKAGE

    assert set(SOURCES) == {*PACKAGED, *BACKBONE_OF}
    assert PACKAGED["efficientnet-lite0"][0] == PACKAGE
    for _, _, requirement in PACKAGED.values():
        assert requirement in PYPROJECT["dependencies"]


@pytest.mark.parametrize("name", PACKAGED)
def test_packaged_weights_must_be_there_and_right(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good = only(networks.known_weights(name))
    assert good.state == "ok"
    assert SOURCES[name].licence in good.found
    monkeypatch.setitem(SOURCES, name, replace(SOURCES[name], sha256="0" * 64))
    wrong = only(networks.known_weights(name))
    assert wrong.state == "problem"
    assert "instead of 0000000000000000" in wrong.found
    assert PACKAGED[name][2] in wrong.remedy
    monkeypatch.setitem(SOURCES, name, replace(SOURCES[name], file="nothing.bin"))
    absent = only(networks.known_weights(name))
    assert absent.state == "problem"
    assert "nothing.bin is not in the package" in absent.found


@pytest.mark.parametrize("name", BACKBONE_OF)
def test_torchvisions_weights_are_optional(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    assert only(networks.known_weights(name)).state == "ok"
    path = tmp_path / "hub/checkpoints" / SOURCES[name].file
    path.parent.mkdir(parents=True)
    path.write_bytes(b"weights")
    assert only(networks.known_weights(name)).state == "warning"
    monkeypatch.setitem(SOURCES, name, replace(SOURCES[name], sha256=networks._sha256(path)[:8]))
    assert only(networks.known_weights(name)).state == "ok"
