"""Read and write files of tensors; of an untrusted one data is read, code is never run."""

from __future__ import annotations

import json
import pickle
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from core.errors import SpecError
from core.safe_text import path_text
from core.storage.safetensors_header import SUFFIX, FileKind, wrong_kind_error

if TYPE_CHECKING:
    from torch import Tensor


def read(path: Path) -> dict[str, Any]:
    """The tensors of a file by name, on the CPU; never runs code that a file carries. Raises SpecError."""
    name = path_text(path)
    if not _is_file(path):
        raise missing_file_error(path)
    try:
        raw = _read_safetensors(path) if path.suffix == SUFFIX else _read_pickle(path)
    except SpecError:
        raise
    except pickle.UnpicklingError as error:
        raise SpecError(
            f"{name} was refused: it is damaged or holds more than tensors, and loading it could run code. "
            "Save a plain state dict, or a .safetensors file."
        ) from error
    except Exception as error:  # a hostile file can make a reader raise anything
        raise SpecError(f"{name} could not be read as weights ({type(error).__name__})", "use another copy.") from error
    if not isinstance(raw, dict):
        raise SpecError(f"{name} holds a {type(raw).__name__}, not a state dict", "save `network.state_dict()`.")
    return raw


def read_network(path: Path, kind: FileKind) -> dict[str, Tensor]:
    """Every tensor of a safetensors file of this kind, on the CPU. Raises SpecError."""
    if path.suffix != SUFFIX:
        raise wrong_kind_error(path, kind)
    return read(path)


def checkpoint_bytes(
    tensors: dict[str, Tensor],
    kind: FileKind,
    recipe: BaseModel,
    step: int,
    more: dict[str, str],
    data: dict[str, Any],
    training: dict[str, Any] | None,
) -> bytes:
    """Serialise tensors with the metadata that `training_notes` reads; `more` are those of one kind alone.

    Put it with `Store.put`, so that an old one stays until it is whole.
    """
    from safetensors.torch import save

    meta = {"format": kind.format, "recipe": recipe.model_dump_json(), "step": str(step), **more}
    return save(tensors, {**meta, "data": json.dumps(data), "training": json.dumps(training or {})})


def _read_pickle(path: Path) -> Any:
    import torch

    _check_zip(path)
    return torch.load(path, map_location="cpu", weights_only=True)


def _check_zip(path: Path) -> None:
    """Raises SpecError for an archive that is longer inside than outside: torch never squeezes tensors."""
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        inside = sum(entry.file_size for entry in archive.infolist())
    if inside > path.stat().st_size:
        raise SpecError(
            f"{path_text(path)} was refused: it would inflate to {inside:,} bytes. Save a plain state dict."
        )


def _read_safetensors(path: Path) -> Any:
    try:
        from safetensors import SafetensorError
        from safetensors.torch import load_file
    except ImportError as error:
        raise SpecError(f"{path} needs the package safetensors: `pip install safetensors`.") from error
    try:
        return load_file(path)
    except SafetensorError as error:
        raise ValueError(str(error)) from error


def missing_file_error(path: Path) -> SpecError:
    """What to raise when there is no such file."""
    return SpecError(
        f"There is no weights file {path_text(path)}", "give a .pth or .safetensors file, 'packaged' or 'torchvision'."
    )


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that no file can have
        return False
