"""Guided upsampling: a small result at the size of the asset, with the asset's edges.

By local affine models (He, Sun & Tang 2013; the fast form of He & Sun 2015, arXiv 1505.00996): around every
pixel the small result is explained by the colours of the small asset, result = A asset + b. What A says is
used for the difference alone that a larger asset makes,

    large result = enlarged result + enlarged A (large asset - enlarged small asset),

so that strokes that the asset does not explain stay as they are (a plain guided filter would wipe them
away), and where the asset is flat, nothing is added. Done in strips of rows, whose memory does not grow with
the height of the picture.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

RADIUS = 4
"""Pixels of the small pictures to each side of the one that a model is made for."""

LEAST_VARIANCE = 1e-3
"""Variance of the asset, colours in [0, 1], below which a model says little: epsilon of the papers."""

STRIP = 1 << 20
"""Pixels of the large picture that are made at once."""


def upsampled(result: Tensor, small: Tensor, large: Tensor) -> Iterator[tuple[slice, Tensor]]:
    """Upsample the result to the size of `large`, guided by its edges: strips (c, rows, W) in [0, 1], each with its rows.

    result: (c, h, w); small: (3, h, w), the asset at that size; large: (3, H, W), the asset at the wanted size, not smaller.
    Each is float in [0, 1], or uint8.
    """
    height, width = large.shape[1:]
    rows = max(1, STRIP // width)
    for top in range(0, height, rows):
        bottom = min(height, top + rows)
        here, taps = _neighbours(small.shape[1], height, top, bottom)
        strip = _strip(_unit(result[:, here]), _unit(small[:, here]), _unit(large[:, top:bottom]), taps, width)
        yield slice(top, bottom), strip


def _strip(result: Tensor, small: Tensor, large: Tensor, taps: tuple[Tensor, Tensor], width: int) -> Tensor:
    """The rows of the large picture that `large` (3, rows, W) has, from the small rows about them."""
    count = len(result)
    enlarged = _enlarged(torch.cat([result, small, _gains(result, small)]), taps, width)
    detail = large - enlarged[count : count + 3]
    gains = enlarged[count + 3 :].view(count, 3, *detail.shape[1:])
    return (enlarged[:count] + (gains * detail).sum(1)).clamp(0, 1)


def _gains(result: Tensor, small: Tensor) -> Tensor:
    """How much each colour of the asset moves each channel of the result around each pixel: (3 c, h, w).

    Ridge regression in a window, A = (Sigma + epsilon)^-1 cov(asset, result) (He et al., equations 14 to 16), and the
    mean of the models of all windows that hold the pixel.
    """
    size = small.shape[1:]
    mean, mean_result = _windowed(small), _windowed(result)
    products = _windowed((small.unsqueeze(0) * small.unsqueeze(1)).reshape(9, *size)).view(3, 3, *size)
    crossed = _windowed((result.unsqueeze(1) * small.unsqueeze(0)).reshape(-1, *size)).view(-1, 3, *size)
    sigma = products - mean.unsqueeze(0) * mean.unsqueeze(1) + LEAST_VARIANCE * torch.eye(3).view(3, 3, 1, 1)
    together = crossed - mean_result.unsqueeze(1) * mean.unsqueeze(0)
    solved: Tensor = torch.linalg.solve(sigma.permute(2, 3, 0, 1), together.permute(2, 3, 1, 0))  # (h, w, 3, c)
    return _windowed(solved.permute(3, 2, 0, 1).reshape(-1, *size))


def _windowed(x: Tensor) -> Tensor:
    """Means of (n, h, w) over the window around every pixel, of what lies inside the picture."""
    return F.avg_pool2d(x.unsqueeze(0), 2 * RADIUS + 1, 1, RADIUS, count_include_pad=False)[0]


def _neighbours(count: int, wanted: int, first: int, last: int) -> tuple[slice, tuple[Tensor, Tensor]]:
    """The rows of `count` that rows `first` to `last` of `wanted` depend on, and the taps, counted from them."""
    index, weight = _taps(count, wanted, first, last)
    top, bottom = max(0, int(index.min()) - 2 * RADIUS), min(count, int(index.max()) + 1 + 2 * RADIUS)
    return slice(top, bottom), (index - top, weight)


def _taps(count: int, wanted: int, first: int, last: int) -> tuple[Tensor, Tensor]:
    """For places `first` to `last` of `wanted`, which lie over `count` pixels: the four pixels about each, and their
    weights in Keys' bicubic interpolation (1981, a = -1/2), which at the border is of fewer pixels.
    """
    at = (torch.arange(first, last, dtype=torch.float64) + 0.5) * (count / wanted) - 0.5
    base = at.floor()
    t = (at - base).unsqueeze(0)
    weight = torch.cat(
        [
            ((-0.5 * t + 1) * t - 0.5) * t,
            (1.5 * t - 2.5) * t * t + 1,
            ((-1.5 * t + 2) * t + 0.5) * t,
            (0.5 * t - 0.5) * t * t,
        ]
    )
    index = base.long() + torch.arange(-1, 3).unsqueeze(1)
    weight[(index < 0) | (index >= count)] = 0
    return index.clamp(0, count - 1), (weight / weight.sum(0)).float()


def _enlarged(x: Tensor, taps: tuple[Tensor, Tensor], width: int) -> Tensor:
    """x (n, h, w) interpolated to the rows that the taps give, and to `width`, by the same weights."""
    parts = [x.index_select(1, index) * weight.view(1, -1, 1) for index, weight in zip(*taps, strict=True)]
    tall = parts[0] + parts[1] + parts[2] + parts[3]
    size = (tall.shape[1], width)
    return F.interpolate(tall.unsqueeze(0), size=size, mode="bicubic", antialias=True)[0]


def _unit(picture: Tensor) -> Tensor:
    return picture.float() / 255 if picture.dtype == torch.uint8 else picture
