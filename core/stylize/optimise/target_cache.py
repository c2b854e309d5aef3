"""Disk cache of style targets, across runs: an artwork goes through each backbone once, at each size.

What is kept is named by the hash of the very pixels that were looked at, and of all else that its bits depend on, so a
changed file is never served, and a file here can be lost at any time. A folder that cannot be written or is full costs
time alone. Files are safetensors: data, never code.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from core.errors import NocturneError
from core.storage.cache_dir import cache_folder
from core.storage.store import Store

FOLDER = "targets"
BUDGET = 512 * 2**20
"""Bytes that are kept on the disk; those used longest ago go first."""
FORMAT = 1
"""Part of every name. Raise it when what is stored, or how it is computed, changes."""

Tensors = dict[str, Tensor]


class TargetCache:
    """Tensors by what they were made from, on the disk. Give none of it to another thread."""

    def __init__(self, folder: Path | None = None, budget: int = BUDGET) -> None:
        self._store = Store((folder or cache_folder()) / FOLDER)
        self._budget = budget

    def get(self, pixels: Tensor, about: Mapping[str, Any], make: Callable[[], Tensors]) -> Tensors:
        """What `make` returns for these pixels (3, h, w), made only if it is not here. `about`: all else it depends on."""
        name = _name(pixels, about)
        path = self._store.root / name
        if kept := _whole(path):
            with contextlib.suppress(OSError):
                os.utime(path)
            return {key: value.to(pixels.device) for key, value in kept.items()}
        made = make()
        self._keep(name, made)
        return made

    def _keep(self, name: str, made: Tensors) -> None:
        with contextlib.suppress(NocturneError, OSError):
            tensors = {key: value.detach().cpu().contiguous() for key, value in made.items()}
            data = save(tensors, {"sha256": _sum(tensors)})
            self._trim(len(data))
            self._store.put(name, data)

    def _trim(self, coming: int) -> None:
        """Make room for so many bytes."""
        if not self._store.root.is_dir():
            return
        found = []
        for path in self._store.root.glob("*.safetensors"):
            with contextlib.suppress(OSError):
                stat = path.stat()
                found.append((stat.st_mtime, stat.st_size, path))
        held = coming + sum(size for _, size, _ in found)
        for _, size, path in sorted(found):
            if held <= self._budget:
                return
            path.unlink(missing_ok=True)
            held -= size


def _whole(path: Path) -> Tensors | None:
    """The tensors of a file, if it is there and just as it was written."""
    try:
        with safe_open(path, "pt") as file:
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - not a mapping
            wanted = (file.metadata() or {}).get("sha256")
    except (OSError, SafetensorError):
        return None
    return tensors if tensors and wanted == _sum(tensors) else None


def _sum(tensors: Tensors) -> str:
    sha = hashlib.sha256()
    for key in sorted(tensors):
        sha.update(key.encode())
        sha.update(tensors[key].numpy().tobytes())
    return sha.hexdigest()


def _name(pixels: Tensor, about: Mapping[str, Any]) -> str:
    sha = hashlib.sha256(repr((FORMAT, tuple(pixels.shape), sorted(about.items()))).encode())
    sha.update(pixels.detach().cpu().contiguous().numpy().tobytes())
    return f"{sha.hexdigest()[:32]}.safetensors"
