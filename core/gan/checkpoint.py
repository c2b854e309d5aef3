"""Checkpoints: one safetensors file with all that is needed to go on training, or with what draws samples alone.

Never a pickle: a file from a stranger is tensors and text. The header's metadata holds the recipe, the step, the classes
and what it was trained on. Tensors are named `generator.*`, `discriminator.*`, `average.*`, `adam_g.*`, `adam_d.*` and
`rng.*`; an exported file has `average.*` alone.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from core import tensor_file
from core.errors import SpecError
from core.gan.recipe import GanRecipe
from core.layout import printable, shortly

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

KIND = "nocturne gan 1"
"""Value of the metadata's `format`; its number rises when the layout changes."""

AVERAGE = "average."
BUILT_BY = ("architecture", "size", "channels", "latent", "width", "conditional")
"""Recipe fields that the generator's function hangs on besides its tensors."""

LONGEST_HEADER = 32 << 20
"""Bytes; a header lists tensors, pictures' hashes and the recipe."""

MOST_CLASSES = 10_000


@dataclass(frozen=True)
class CheckpointInfo:
    """What a checkpoint says of itself, and the digest of its generator."""

    path: Path
    name: str
    recipe: GanRecipe
    step: int
    classes: tuple[str, ...]
    digest: str
    """16 hex digits over the averaged generator's tensors, how it is built, and its classes; whatever file they are in."""
    data: dict[str, Any] = field(default_factory=dict)
    """What it was trained on: `kind`, `pictures`, `digest`, and `sha256`, a list over the files."""
    whole: bool = False
    """Whether training can go on from it."""
    training: dict[str, Any] = field(default_factory=dict)
    """State of a training that is no tensor: augmentation, rate, figures."""

    @property
    def conditional_classes(self) -> tuple[str, ...]:
        """The classes that can be asked for; none if the network does not tell them apart."""
        return self.classes if self.recipe.conditional else ()


def read_info(path: Path) -> CheckpointInfo:
    """What the checkpoint `path` is, without loading it; needs no torch.

    Raises SpecError, naming the file, if it is absent, truncated, a pickle, or no checkpoint of a GAN.
    """
    header, start = _header(path)
    meta = header.get("__metadata__")
    if not isinstance(meta, dict) or meta.get("format") != KIND:
        raise SpecError(
            f"{_name(path)} is a file of tensors, but no checkpoint of a GAN; give one that `nocturne train-gan` wrote."
        )
    try:
        recipe = GanRecipe.model_validate_json(meta["recipe"])
        classes = tuple(str(name) for name in json.loads(meta["classes"]))[:MOST_CLASSES]
        data, training = json.loads(meta["data"]), json.loads(meta["training"])
        step = int(meta["step"])
        if not isinstance(data, dict) or not isinstance(training, dict):
            raise TypeError("its notes are no tables")
    except (KeyError, TypeError, ValueError, ValidationError, RecursionError) as error:
        words = shortly(printable(" ".join(str(error).split())))
        raise _damaged(path, f"its header cannot be understood ({words})") from error
    digest = _digest(path, header, start, recipe, classes)
    whole = any(name.startswith("discriminator.") for name in header)
    return CheckpointInfo(path, path.stem, recipe, step, classes, digest, data, whole, training)


def load_generator(path: Path, device: torch.device) -> nn.Module:
    """The averaged generator, ready to draw: float32, gradients off. Raises SpecError as `read_info` does, and if its
    tensors are not those of its recipe.
    """
    import torch

    from core.gan.networks import build_generator

    info = read_info(path)
    tensors = {
        name.removeprefix(AVERAGE): value for name, value in read_tensors(path).items() if name.startswith(AVERAGE)
    }
    network = build_generator(info.recipe, len(info.classes))
    try:
        network.load_state_dict({name: _single(value) for name, value in tensors.items()})
    except RuntimeError as error:
        raise SpecError(
            f"{_name(path)} holds the tensors of another network than its recipe ({info.recipe.architecture}, "
            f"{info.recipe.size} px) says; use another copy of the file."
        ) from error
    if not all(bool(torch.isfinite(value).all()) for value in tensors.values()):
        raise _damaged(path, "it has values that are not finite")
    layout = torch.channels_last if info.recipe.architecture != "mlp" else torch.contiguous_format
    return network.requires_grad_(False).eval().to(device, memory_format=layout)  # type: ignore[call-overload,no-any-return]


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Every tensor of a checkpoint, on the CPU. Raises SpecError."""
    if path.suffix != ".safetensors":
        raise _not_one(path)
    return tensor_file.read(path)


def checkpoint_bytes(
    tensors: dict[str, Tensor],
    recipe: GanRecipe,
    step: int,
    classes: Iterable[str],
    data: dict[str, Any],
    training: dict[str, Any] | None = None,
) -> bytes:
    """A checkpoint as the bytes of its file; put it with `Store.put`, so that an old one stays until it is whole."""
    from safetensors.torch import save

    meta = {
        "format": KIND,
        "recipe": recipe.model_dump_json(),
        "step": str(step),
        "classes": json.dumps(list(classes)),
        "data": json.dumps(data),
        "training": json.dumps(training or {}),
    }
    return save(tensors, meta)


def exported(path: Path) -> bytes:
    """The bytes of a small file that draws the same samples up to rounding: the average alone, in half precision.

    Raises SpecError.
    """
    import torch

    info = read_info(path)
    kept = {
        name: value.half() if value.dtype == torch.float32 else value
        for name, value in read_tensors(path).items()
        if name.startswith(AVERAGE)
    }
    return checkpoint_bytes(kept, info.recipe, info.step, info.classes, info.data)


def _single(value: Tensor) -> Tensor:
    import torch

    return value.float() if value.dtype in (torch.float16, torch.bfloat16) else value


def _header(path: Path) -> tuple[dict[str, Any], int]:
    """A safetensors file's header, and where its tensors begin. Raises SpecError."""
    if path.suffix != ".safetensors":
        raise _not_one(path)
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            length = struct.unpack("<Q", file.read(8))[0]
            if length > min(LONGEST_HEADER, size):
                raise _damaged(path, "it is cut off, or its header is not one")
            header = json.loads(file.read(length))
    except FileNotFoundError as error:
        raise SpecError(f"There is no checkpoint {_name(path)}; give the path of a .safetensors file.") from error
    except OSError as error:
        raise SpecError(
            f"{_name(path)} cannot be read ({error.strerror}); look at its path and permissions."
        ) from error
    except (struct.error, ValueError, RecursionError) as error:
        raise _damaged(path, "its header cannot be read") from error
    if not isinstance(header, dict):
        raise _damaged(path, "its header is no table")
    _check_complete(path, header, 8 + length, size)
    return header, 8 + length


def _check_complete(path: Path, header: dict[str, Any], start: int, size: int) -> None:
    try:
        spans = [_span(entry) for name, entry in header.items() if name != "__metadata__"]
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(path, "its list of tensors cannot be understood") from error
    if not spans or max(end for _, end in spans) != size - start or min(begin for begin, _ in spans) < 0:
        raise _damaged(path, "it is cut off: its header promises more than the file holds")


def _span(entry: dict[str, Any]) -> tuple[int, int]:
    begin, end = (int(value) for value in entry["data_offsets"])
    return begin, end


def _digest(path: Path, header: dict[str, Any], start: int, recipe: GanRecipe, classes: tuple[str, ...]) -> str:
    built = {name: getattr(recipe, name) for name in BUILT_BY}
    sha = hashlib.sha256(json.dumps([built, list(classes)], sort_keys=True).encode())
    names = sorted(name for name in header if name.startswith(AVERAGE))
    if not names:
        raise _damaged(path, "it has no generator")
    try:
        with path.open("rb") as file:
            for name in names:
                entry = header[name]
                begin, end = _span(entry)
                sha.update(f"{name}{entry['dtype']}{entry['shape']}".encode())
                file.seek(start + begin)
                sha.update(file.read(end - begin))
    except (OSError, KeyError, ValueError) as error:
        raise _damaged(path, "its tensors cannot be read") from error
    return sha.hexdigest()[:16]


def _name(path: Path) -> str:
    return tensor_file.shown(path)


def _damaged(path: Path, what: str) -> SpecError:
    return SpecError(f"{_name(path)} is no whole checkpoint: {what}; use another copy of the file.")


def _not_one(path: Path) -> SpecError:
    return SpecError(
        f"{_name(path)} is refused: checkpoints are .safetensors files, which hold tensors and no code; give one that "
        "`nocturne train-gan` wrote."
    )
