"""Network files: one safetensors file of a transfer network, its style predictor and embeddings of learnt styles.

A shipped file has `network.*`, `predictor.*`, `embeddings`, one row a style, and `identity`, in half precision. A
training's checkpoint is *whole*: `stylist.*`, `average.*` and `adam.*`, from which training goes on; its average paints.
Never a pickle: a file from a stranger is tensors and text. Reading what it says of itself needs no torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, TypeAdapter

from core.errors import SpecError
from core.networks import tensor_file
from core.safe_text import path_text
from core.storage.safetensors_header import FileKind, SafetensorsHeader, read_header, training_notes
from core.stylize.feedforward.train_recipe import TransferRecipe
from core.stylize.feedforward.transfer_info import KnownStyle, TransferInfo

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from core.networks.architecture import Precision
    from core.stylize.feedforward.trainable_model import TrainableModel
    from core.stylize.feedforward.transfer_model import TransferModel

KIND = "nocturne transfer 1"
FILE_KIND = FileKind("network file", "nocturne train-style", KIND, "network that paints")
AVERAGE = "average."
SEEN_BY = ("style_size", "trim", "precision")
"""Fields of the training that the look of an artwork depends on, and so what is predicted from it."""
MOST_STYLES = 10_000


_STYLES = TypeAdapter(Annotated[tuple[KnownStyle, ...], Field(max_length=MOST_STYLES)])


def read_info(path: Path) -> TransferInfo:
    """Metadata and digests of the network file `path`, without loading its tensors; needs no torch.

    Raises SpecError, naming the file, if it is absent, cut off, a pickle, or no network that paints.
    """
    header = read_header(path, FILE_KIND)
    with header.parsing() as meta:
        recipe = TransferRecipe.model_validate_json(meta["recipe"])
        styles = _STYLES.validate_json(meta["styles"])
        step, data, training = training_notes(meta)
    whole = any(name.startswith("stylist.") for name in header.tensors)
    network, embeddings, predictor = _digests(header, AVERAGE if whole else "", recipe)
    if len(embeddings) != len(styles):
        raise header.damaged(f"it names {len(styles)} styles and has embeddings of {len(embeddings)}")
    return TransferInfo(path, path.stem, recipe, step, styles, network, embeddings, predictor, data, training, whole)


def load(path: Path, device: torch.device, precision: Precision) -> TransferModel:
    """Load the network of a file for inference, with gradients off. Raises SpecError as `read_info` does, and if its
    tensors are not those of such a network.
    """
    from core.networks import device as devices
    from core.stylize.feedforward.transfer_model import TransferModel

    info = read_info(path)
    model, embeddings = _trainable_model(info)
    dtype = devices.dtype(precision, device)
    network = devices.laid_out(model.network.to(dtype), device)
    return TransferModel(info, network, model.predictor.to(device), embeddings.to(device), model.identity.to(device))


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Every tensor of a network file, on the CPU. Raises SpecError."""
    return tensor_file.read_network(path, FILE_KIND)


def checkpoint_bytes(
    tensors: dict[str, Tensor],
    recipe: TransferRecipe,
    step: int,
    styles: Sequence[KnownStyle],
    data: dict[str, Any],
    training: dict[str, Any] | None = None,
) -> bytes:
    """Serialise a network file; put it with `Store.put`, so that an old one stays until it is whole."""
    more = {"styles": _STYLES.dump_json(tuple(styles)).decode()}
    return tensor_file.checkpoint_bytes(tensors, FILE_KIND, recipe, step, more, data, training)


def exported(path: Path) -> bytes:
    """Export a small file that paints the same pictures up to rounding: the average alone, in half precision.

    Raises SpecError.
    """
    info = read_info(path)
    model, embeddings = _trainable_model(info)
    tensors = {f"network.{name}": value for name, value in model.network.state_dict().items()}
    tensors |= {f"predictor.{name}": value for name, value in model.predictor.named_parameters()}
    tensors |= {"embeddings": embeddings, "identity": model.identity}
    small = {name: value.detach().half().contiguous() for name, value in tensors.items()}
    small |= {f"predictor.{name}": value for name, value in model.predictor.named_buffers()}  # they are subtracted
    return checkpoint_bytes(small, info.recipe, info.step, info.styles, info.data)


def _digests(header: SafetensorsHeader, prefix: str, recipe: TransferRecipe) -> tuple[str, tuple[str, ...], str]:
    """Of the network, of each embedding, and of the predictor."""
    seen = {name: getattr(recipe, name) for name in SEEN_BY}
    header.check_floats(header.below(prefix))
    predicting = header.below(f"{prefix}predictor.")
    network = header.digest(KIND, [*header.below(f"{prefix}network."), *header.below(f"{prefix}identity")])
    predictor = header.digest([KIND, seen], predicting)
    if not prefix:
        return network, header.row_digests(KIND, ["embeddings"]), predictor
    rows = [f"{prefix}looks", f"{prefix}offsets"]
    return network, header.row_digests([KIND, header.digest(KIND, predicting)], rows), predictor


def _trainable_model(info: TransferInfo) -> tuple[TrainableModel, Tensor]:
    """The network and the predictor of a file, float32 on the CPU, and the embeddings of its styles. Raises SpecError."""
    import torch

    from core.stylize.feedforward.trainable_model import TrainableModel

    header = read_header(info.path, FILE_KIND)
    prefix = AVERAGE if info.whole else ""
    tensors = {
        name.removeprefix(prefix): value.float() if value.is_floating_point() else value
        for name, value in read_tensors(info.path).items()
        if name.startswith(prefix)
    }
    if not all(bool(torch.isfinite(value).all()) for value in tensors.values()):
        raise header.damaged("it has values that are not finite")
    embeddings = tensors.pop("embeddings", None)
    try:
        looks = tensors["looks"] if info.whole else torch.zeros(0, len(tensors["predictor.middle"]))
        model = TrainableModel(looks, info.recipe.breadth).eval().requires_grad_(False)
        if not info.whole:
            tensors |= {"looks": looks, "offsets": model.offsets}
        model.load_state_dict(tensors)
        known = model.known(range(len(info.styles))) if embeddings is None else embeddings
        if known.shape != (len(info.styles), model.network.embedding_size):
            raise RuntimeError("embeddings of another network")
    except (RuntimeError, KeyError, TypeError, IndexError) as error:
        raise SpecError(
            f"{path_text(info.path)} holds the tensors of another network than Nocturne paints with",
            f"train one with `{FILE_KIND.command}`, or use another copy of the file.",
        ) from error
    return model, known
