"""Opening a file of tensors without trusting it: data is read, code is never run."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

from core.errors import SpecError


def read(path: Path) -> dict[str, Any]:
    """The tensors of a file by name, on the CPU; never runs code that a file carries. Raises SpecError."""
    if not path.is_file():
        raise absent(path)
    try:
        raw = _read_safetensors(path) if path.suffix == ".safetensors" else _read_pickle(path)
    except pickle.UnpicklingError as error:
        raise SpecError(
            f"{path} was refused: it is damaged or holds more than tensors, and loading it could run code. "
            "Save a plain state dict, or a .safetensors file."
        ) from error
    except (OSError, RuntimeError, ValueError, EOFError, KeyError) as error:
        raise SpecError(f"{path} could not be read as weights ({type(error).__name__}); use another copy.") from error
    if not isinstance(raw, dict):
        raise SpecError(f"{path} holds a {type(raw).__name__}, not a state dict; save `network.state_dict()`.")
    return raw


def _read_pickle(path: Path) -> Any:
    import torch

    return torch.load(path, map_location="cpu", weights_only=True)


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


def absent(path: Path) -> SpecError:
    """What to raise when there is no such file."""
    return SpecError(f"There is no weights file {path}; give a .pth or .safetensors file, 'packaged' or 'torchvision'.")
