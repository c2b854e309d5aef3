"""Operations that raise on CUDA when algorithms have to be deterministic, read from torch's own documentation."""

from __future__ import annotations

import re

import torch

_BEGIN, _END = "operations will throw a", "In addition"
_RESIZING = ("upsample_linear1d", "upsample_bilinear2d", "upsample_bicubic2d", "upsample_trilinear3d")


def refused() -> frozenset[str]:
    """Names of aten operations, such as `reflection_pad2d_backward`."""
    text = torch.use_deterministic_algorithms.__doc__ or ""
    listed = text[text.index(_BEGIN) :].partition(_END)[0]
    found: set[str] = set()
    for entry in re.split(r"\n\s+\* ", listed)[1:]:
        path = re.search(r":(?:class|func):`([\w.]+)`", entry)
        assert path is not None, entry
        name = path[1].rpartition(".")[2]
        backward = "_backward" if "differentiate" in entry else ""
        if name == "interpolate":
            found |= {f"{each}{more}_backward" for each in _RESIZING for more in ("", "_aa", "_vec")}
        else:
            found |= {f"{prefix}{_snake(name)}{backward}" for prefix in ("", "_")}
    return frozenset(found)


def _snake(name: str) -> str:
    """`ReflectionPad2d` as `reflection_pad2d`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
