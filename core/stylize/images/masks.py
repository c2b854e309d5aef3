"""Masks: levels, soft edges, resizing, and blending the asset back under them.

A mask is grey: white is stylised, black stays the asset, grey is so much of the one and the rest of the other.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from core.errors import Unsupported
from core.images.image import Picture
from core.images.pixel_types import U8, Pixels

STRIP = 256
"""Rows that are blended at once."""
BLACK = 4
"""Grey levels from the end that count as black or white: what JPEG makes of them."""
COLOURED = 48
"""Difference of a pixel's channels from which it is no grey."""
MOST_COLOURED = 0.005
"""Share of coloured pixels that a mask may have."""


def levels(mask: Picture, name: str) -> Tensor:
    """How white a mask is, (h, w) in [0, 1]; transparent is black. Raises Unsupported, calling it `name`, if it has
    colours.
    """
    rgb = torch.from_numpy(mask.rgb.copy())
    spread = rgb.amax(2).int() - rgb.amin(2).int()
    if (spread >= COLOURED).float().mean() > MOST_COLOURED:
        raise Unsupported(
            f"mask {name} has colours",
            "paint it in black, grey and white. A map of colours goes into the folder `regions`.",
        )
    grey = rgb.float().mean(2)
    if mask.alpha is not None:  # what is seen on white, less the white that shines through
        grey = grey + torch.from_numpy(mask.alpha.copy()).float() - 255
    return ((grey - BLACK) / (255 - 2 * BLACK)).clamp(0, 1)


def fitted(planes: Tensor, height: int, width: int) -> Tensor:
    """Planes (n, h, w) at another size: areas are averaged where they shrink, and grow in straight lines."""
    if planes.shape[1:] == (height, width):
        return planes
    shrinks = planes.shape[1] >= height and planes.shape[2] >= width
    if shrinks:
        return F.interpolate(planes.unsqueeze(0), size=(height, width), mode="area")[0]
    return F.interpolate(planes.unsqueeze(0), size=(height, width), mode="bilinear", antialias=True)[0]


def feathered(amount: Tensor, pixels: int) -> Tensor:
    """Amounts (h, w) with edges that rise within so many pixels, and are nowhere more than before: inwards alone, so
    that black stays black. A line thinner than its edges gets fainter, and does not vanish. The picture's border is no
    edge.
    """
    found, eroded = amount.clone(), amount[None, None]
    for step in range(pixels):
        eroded = _eroded(eroded, corners=step % 2 == 1)
        found += eroded[0, 0]
    return (found / (pixels + 1)).minimum(amount)


def softened(planes: Tensor, pixels: int) -> Tensor:
    """Planes (n, h, w) with edges that are so many pixels wide to both sides; what sums to 1 over them still does."""
    if not pixels:
        return planes
    side = 2 * pixels + 1
    return F.avg_pool2d(planes.unsqueeze(0), side, 1, pixels, count_include_pad=False)[0]


def keep_under(made: Pixels, asset: U8, amount: Tensor) -> None:
    """Leave so much of the picture `made`, (h, w, 3) of 8 or 16 bits, and put the rest of the asset (h, w, 3) into it;
    where `amount` (h, w) is 0, its very pixels, and where it is 1, nothing.
    """
    shares, white = amount.unsqueeze(2).numpy(), np.iinfo(made.dtype).max // 255
    for start in range(0, len(made), STRIP):
        rows = slice(start, start + STRIP)
        under = asset[rows].astype(np.float32) * white
        made[rows] = np.rint(under + shares[rows] * (made[rows] - under))


def _eroded(planes: Tensor, corners: bool) -> Tensor:
    """Each value the least of its neighbours' and its own; by turns of four and of eight neighbours, a step is about as
    long in every direction.
    """
    if corners:
        return -F.max_pool2d(-planes, 3, 1, 1)
    across, down = -F.max_pool2d(-planes, (1, 3), 1, (0, 1)), -F.max_pool2d(-planes, (3, 1), 1, (1, 0))
    return across.minimum(down)
