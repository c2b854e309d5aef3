"""Region maps: label each pixel of a picture in a few colours, each of which stands for a style."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from core.errors import Unsupported
from core.images.image import Picture

NEAR = 40
"""Difference in any channel up to which a colour is the named one, as JPEG and colour profiles change it."""
FLAT = 8
"""Difference between neighbours up to which they are of one colour: edges, smoothed ones too, are not flat."""
MOST_UNKNOWN = 1e-4
"""Share of a map that may be flat and of no named colour."""


def labels(region_map: Picture, colours: Sequence[str], name: str) -> Tensor:
    """Which of the colours (`#rrggbb`) each pixel has: (h, w), int64.

    Between colours, where an edge was smoothed, it is the nearest one. An area in a colour that is none of them is no
    edge: Unsupported is raised, which calls the map `name` and says which colour and where. What is transparent is white.
    """
    pixels = torch.from_numpy(region_map.rgb.copy()).permute(2, 0, 1).int()
    found = torch.zeros(pixels.shape[1:], dtype=torch.long)
    least = torch.full(pixels.shape[1:], 1 << 30)
    near = torch.zeros(pixels.shape[1:], dtype=torch.bool)
    for number, colour in enumerate(colours):
        apart = pixels - _rgb(colour).view(3, 1, 1)
        near |= apart.abs().amax(0) <= NEAR
        distance = apart.square().sum(0)
        closer = distance < least
        found[closer], least[closer] = number, distance[closer].long()
    _refuse_unknown(pixels, _flat(pixels) & ~near, colours, name)
    return found


def _refuse_unknown(pixels: Tensor, unknown: Tensor, colours: Sequence[str], name: str) -> None:
    """Raises Unsupported if too many pixels of a map (3, h, w) are `unknown` (h, w); it names their most frequent colour."""
    if float(unknown.float().mean()) <= MOST_UNKNOWN:
        return
    rows, columns = unknown.nonzero(as_tuple=True)
    seen, counts = torch.unique(pixels[:, rows, columns], dim=1, return_counts=True)
    colour = seen[:, counts.argmax()]
    at = int((pixels[:, rows, columns] == colour.unsqueeze(1)).all(0).nonzero()[0])
    shown = "#" + "".join(f"{int(channel):02x}" for channel in colour)
    raise Unsupported(
        f"region map {name} has an area of {shown} (about x {int(columns[at])}, y {int(rows[at])}), and the style knows "
        f"{', '.join(colours[:8])}{', ...' if len(colours) > 8 else ''}",
        "repaint it, or give the colour a style in catalog.toml.",
    )


def _flat(pixels: Tensor) -> Tensor:
    """Whether all eight neighbours of a pixel have its colour, (h, w); of a map (3, h, w)."""
    framed = F.pad(pixels.float().unsqueeze(0), (1, 1, 1, 1), mode="replicate")
    spread = F.max_pool2d(framed, 3, 1) + F.max_pool2d(-framed, 3, 1)
    return spread[0].amax(0) <= FLAT


def _rgb(colour: str) -> Tensor:
    return torch.tensor(list(bytes.fromhex(colour[1:])), dtype=torch.int)
