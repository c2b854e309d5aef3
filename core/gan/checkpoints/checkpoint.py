"""Checkpoint of a GAN: one safetensors file with all that is needed to go on training, or with what draws samples alone.

Never a pickle: a file from a stranger is tensors and text. The header's metadata holds the recipe, the step, the classes
and what it was trained on. Tensors are named `generator.*`, `discriminator.*`, `average.*`, `adam_g.*`, `adam_d.*` and
`rng.*`; an exported file has `average.*` alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import SpecError
from core.gan.networks.recipe import GanRecipe
from core.networks import tensor_file
from core.safe_text import path_text
from core.storage.safetensors_header import FileKind, read_header, training_notes

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

KIND = "nocturne gan 1"

AVERAGE = "average."
BUILT_BY = ("architecture", "size", "channels", "latent", "width", "conditional")
"""Recipe fields that the generator's function hangs on besides its tensors."""

FILE_KIND = FileKind("checkpoint", "nocturne train-gan", KIND, "checkpoint of a GAN")

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
    header = read_header(path, FILE_KIND)
    with header.parsing() as meta:
        recipe = GanRecipe.model_validate_json(meta["recipe"])
        classes = tuple(str(name) for name in json.loads(meta["classes"]))[:MOST_CLASSES]
        step, data, training = training_notes(meta)
    header.check_floats(header.below(AVERAGE))
    built = {name: getattr(recipe, name) for name in BUILT_BY}
    digest = header.digest([built, list(classes)], header.below(AVERAGE))
    whole = any(name.startswith("discriminator.") for name in header.tensors)
    return CheckpointInfo(path, path.stem, recipe, step, classes, digest, data, whole, training)


def load_generator(path: Path, device: torch.device) -> nn.Module:
    """The averaged generator, ready to draw: float32, gradients off. Raises SpecError as `read_info` does, and if its
    tensors are not those of its recipe.
    """
    import torch

    from core.gan.networks.networks import build_generator

    info = read_info(path)
    tensors = {
        name.removeprefix(AVERAGE): value for name, value in read_tensors(path).items() if name.startswith(AVERAGE)
    }
    network = build_generator(info.recipe, len(info.classes))
    try:
        network.load_state_dict({name: _single(value) for name, value in tensors.items()})
    except RuntimeError as error:
        raise SpecError(
            f"{path_text(path)} holds the tensors of another network than its recipe ({info.recipe.architecture}, "
            f"{info.recipe.size} px) says",
            "use another copy of the file.",
        ) from error
    if not all(bool(torch.isfinite(value).all()) for value in tensors.values()):
        raise read_header(path, FILE_KIND).damaged("it has values that are not finite")
    layout = torch.channels_last if info.recipe.architecture != "mlp" else torch.contiguous_format
    return network.requires_grad_(False).eval().to(device, memory_format=layout)  # type: ignore[call-overload,no-any-return]


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Every tensor of a checkpoint, on the CPU. Raises SpecError."""
    return tensor_file.read_network(path, FILE_KIND)


def checkpoint_bytes(
    tensors: dict[str, Tensor],
    recipe: GanRecipe,
    step: int,
    classes: Iterable[str],
    data: dict[str, Any],
    training: dict[str, Any] | None = None,
) -> bytes:
    """A checkpoint as the bytes of its file; put it with `Store.put`, so that an old one stays until it is whole."""
    more = {"classes": json.dumps(list(classes))}
    return tensor_file.checkpoint_bytes(tensors, FILE_KIND, recipe, step, more, data, training)


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
