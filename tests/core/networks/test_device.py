"""Devices are looked for at run time, and chance is the same on all of them."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from types import SimpleNamespace

import pytest
import torch

from core.errors import NocturneError, SpecError
from core.networks import device

CPU = torch.device("cpu")


def test_auto_finds_a_device_that_is_there() -> None:
    chosen = device.choose()
    assert torch.zeros(1, device=chosen).device.type == chosen.type


def test_the_best_device_is_chosen_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "_count", lambda kind: {"cuda": 2, "mps": 0, "cpu": 1}[kind])
    assert device.choose() == device.choose("cuda") == torch.device("cuda:0")
    assert device.choose("cuda:1") == torch.device("cuda:1")


def test_a_gpu_is_one_lock_under_every_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "_count", lambda kind: {"cuda": 2, "mps": 0, "cpu": 1}[kind])
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda chosen: SimpleNamespace(uuid=f"GPU-{chosen.index}"))
    names = [device.identity(device.choose(name)) for name in ("auto", "cuda", "cuda:0", "cuda:1", "cpu")]
    assert names == ["cuda-GPU-0", "cuda-GPU-0", "cuda-GPU-0", "cuda-GPU-1", "cpu"]


def test_choosing_a_gpu_is_enough_for_full_float32_and_determinism(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "_count", lambda kind: 1)
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.benchmark = True
    torch.set_deterministic_debug_mode("default")
    device.choose("cuda")
    assert not torch.backends.cudnn.allow_tf32
    assert not torch.backends.cuda.matmul.allow_tf32
    assert not torch.backends.cudnn.benchmark
    assert torch.are_deterministic_algorithms_enabled()


def test_the_workspace_of_cublas_is_set_before_its_first_product() -> None:
    code = "import os, core.networks.device; print(os.environ['CUBLAS_WORKSPACE_CONFIG'])"
    env = {name: value for name, value in os.environ.items() if name != "CUBLAS_WORKSPACE_CONFIG"}
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=env)
    assert said.stdout == ":4096:8\n"


def test_of_several_gpus_the_numbers_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "_count", lambda kind: {"cuda": 2, "mps": 0, "cpu": 1}[kind])
    with pytest.raises(SpecError, match=r"'cuda:7' is not .* which has 2 cuda \(numbers 0 to 1\), cpu; use"):
        device.choose("cuda:7")


@pytest.mark.parametrize(
    "said",
    [
        "Found no NVIDIA driver on your system. Please check that you have an NVIDIA GPU",
        "The NVIDIA driver on your system is too old (found version 11040).\nPlease update your GPU driver",
    ],
)
def test_what_the_driver_says_is_said_in_one_line(said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def init() -> None:
        raise RuntimeError(said)

    monkeypatch.setattr(torch.cuda, "init", init)
    monkeypatch.setattr(torch.version, "cuda", "13.0")
    monkeypatch.setattr(device, "_count", lambda kind: int(kind == "cpu"))
    with pytest.raises(SpecError) as caught:
        device.choose("cuda")
    assert said[:40] in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_gpu_that_this_torch_was_not_built_for_is_refused_and_auto_takes_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    machine(monkeypatch, [("Tesla K80", (3, 7)), ("H200", (9, 0))])
    assert device.choose() == torch.device("cuda:1")
    assert device.choose_all("auto") == [torch.device("cuda:1")]
    with pytest.raises(SpecError) as caught:
        device.choose("cuda")
    assert str(caught.value).startswith(
        "The device 'cuda' cannot compute: Tesla K80 is of architecture sm_37, and this torch was built for sm_75, sm_90, "
        "compute_90; install a torch that was built for it"
    )
    assert device.gpu_faults() == [
        "Tesla K80 is of architecture sm_37, and this torch was built for sm_75, sm_90, compute_90"
    ]


def test_auto_is_the_cpu_where_no_gpu_can_compute(monkeypatch: pytest.MonkeyPatch) -> None:
    machine(monkeypatch, [("Tesla K80", (3, 7))])
    assert device.choose() == CPU


def machine(monkeypatch: pytest.MonkeyPatch, gpus: list[tuple[str, tuple[int, int]]]) -> None:
    """A machine with GPUs of a name and a capability, and a torch for sm_75, sm_90 and later ones."""
    monkeypatch.setattr(device, "_count", lambda kind: {"cuda": len(gpus), "mps": 0, "cpu": 1}[kind])
    monkeypatch.setattr(torch.version, "cuda", "13.0")
    monkeypatch.setattr(torch.cuda, "get_arch_list", lambda: ["sm_75", "sm_90", "compute_90"])
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda index: gpus[index][1])
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda index: gpus[index][0])


@pytest.mark.parametrize(
    ("said", "faults"),
    [
        ("Found no NVIDIA driver on your system.", 0),
        ("No CUDA GPUs are available", 0),
        ("The NVIDIA driver on your system is too old (found version 11040).", 1),
    ],
)
def test_an_old_driver_is_a_fault_and_a_machine_without_gpus_is_none(
    monkeypatch: pytest.MonkeyPatch, said: str, faults: int
) -> None:
    def init() -> None:
        raise RuntimeError(said)

    monkeypatch.setattr(torch.cuda, "init", init)
    monkeypatch.setattr(torch.version, "cuda", "13.0")
    monkeypatch.setattr(device, "_count", lambda kind: int(kind == "cpu"))
    assert device.gpu_faults() == [said.rstrip(".")] * faults


def test_a_gpu_that_does_not_answer_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(_: torch.device) -> None:
        raise torch.AcceleratorError("CUDA error: GPU is lost\nCUDA kernel errors might be asynchronously reported")

    monkeypatch.setattr(torch.cuda, "get_device_properties", lost)
    with pytest.raises(NocturneError) as caught:
        device.identity(torch.device("cuda:1"))
    assert str(caught.value).startswith("The device 'cuda:1' cannot be used: CUDA error: GPU is lost; see whether")


@pytest.mark.parametrize("absent", ["cuda:7", "mps", "cuda"])
def test_an_absent_device_is_refused_with_what_is_there(absent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "_count", lambda kind: int(kind == "cpu"))
    with pytest.raises(SpecError, match=f"{absent}.* has cpu; use device = 'auto'"):
        device.choose(absent)


@pytest.mark.parametrize("wrong", ["gpu", "cuda:x", "cpu:", ""])
def test_a_device_that_cannot_be_is_refused(wrong: str) -> None:
    if wrong == "cpu:":
        assert device.choose(wrong[:-1]) == CPU
        return
    with pytest.raises(SpecError, match="no kind of device"):
        device.choose(wrong)


def test_the_engine_names_all_that_changes_bits() -> None:
    name = device.engine_name(CPU)
    assert name.startswith(f"cpu torch-{torch.__version__} {torch.backends.cpu.get_cpu_capability()}")
    assert name.endswith(f"threads-{torch.get_num_threads()}")
    assert ("bf16" in name.split()) == device.computes_bfloat16(CPU)


def test_one_seed_is_one_noise_and_leaves_the_global_generator_alone() -> None:
    before = torch.get_rng_state()
    first, again, other = (torch.randn(5, generator=device.generator(seed)) for seed in (3, 3, 4))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(before, torch.get_rng_state())


def test_auto_precision_follows_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    for native, expected in ((True, torch.bfloat16), (False, torch.float32)):
        monkeypatch.setattr(device, "computes_bfloat16", lambda _, native=native: native)
        assert device.dtype("auto", CPU) == expected
        assert device.dtype("float32", CPU) == torch.float32
        assert device.dtype("bfloat16", CPU) == torch.bfloat16


def test_memory_layout_hangs_on_device_type_and_size() -> None:
    plain, last = torch.contiguous_format, torch.channels_last
    assert device.memory_format(CPU, torch.float32, 256, 256) == plain
    assert device.memory_format(CPU, torch.float32, 512, 512) == last
    assert device.memory_format(CPU, torch.bfloat16, 16, 16) == last
    assert device.memory_format(torch.device("cuda"), torch.float32, 16, 16) == last


def test_make_deterministic_fixes_threads_and_algorithms() -> None:
    threads = torch.get_num_threads()
    try:
        device.make_deterministic(1)
        assert torch.get_num_threads() == 1
        assert torch.are_deterministic_algorithms_enabled()
        assert not torch.backends.cudnn.allow_tf32
    finally:
        device.make_deterministic(threads)


def test_one_thread_is_one_here_and_nowhere_else() -> None:
    before, seen = torch.get_num_threads(), list[int]()
    try:
        torch.set_num_threads(3)

        @device.one_thread()
        def stage() -> None:
            seen.append(torch.get_num_threads())
            meanwhile.set()
            done.wait(10)

        meanwhile, done = threading.Event(), threading.Event()
        other = threading.Thread(target=stage)
        other.start()
        assert meanwhile.wait(10)
        here = torch.get_num_threads()
        done.set()
        other.join()
        with pytest.raises(ValueError, match="in vain"), device.one_thread():
            raise ValueError("in vain")
        assert (seen, here, torch.get_num_threads()) == ([1], 3, 3)
    finally:
        torch.set_num_threads(before)


def test_auto_means_every_gpu_and_a_number_means_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "_count", lambda kind: {"cuda": 2, "mps": 0, "cpu": 1}[kind])
    assert [str(each) for each in device.choose_all("auto")] == ["cuda:0", "cuda:1"]
    assert [str(each) for each in device.choose_all("cuda:1")] == ["cuda:1"]
    monkeypatch.setattr(device, "_count", lambda kind: int(kind == "cpu"))
    assert [str(each) for each in device.choose_all("auto")] == ["cpu"]
