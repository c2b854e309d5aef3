"""Keeping the asset's colours: luminance-only transfer, and styles brought to the asset's palette.

Gatys et al. 2017 (arXiv 1611.07865), section 5.1, in Oklab (Ottosson 2020), whose L is lightness as it is
seen and whose a and b leave hues where they are when they shrink. Colours outside sRGB lose chroma, never
lightness or hue. Everything here is done before and after an optimisation, on the CPU, a strip at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

KeepColor = Literal["none", "luminance", "match"]

GREY = 1e-5
"""Chroma below which a colour is grey; one step of 16 bits off grey has about as much, one of 8 bits 200 times it."""

LEAST_VARIANCE = 1 / 255**2
"""Floor of a style's variance along any axis: about one grey level, less is rounding and must not be amplified."""

STRIP = 1 << 20
"""Pixels that are converted at once."""

_TO_LMS = torch.tensor(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ],
    dtype=torch.float64,
)
_TO_LAB = torch.tensor(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ],
    dtype=torch.float64,
)
_EDGE = 1e-6
"""Linear light outside 0 to 1 that is rounding, not colour."""
_HALVINGS = 14


@dataclass(frozen=True)
class Palette:
    """Mean (3,) and covariance (3, 3) of a picture's colours in Oklab, float64."""

    mean: Tensor
    covariance: Tensor


def style(keep: KeepColor, artworks: Sequence[Tensor], asset: Tensor, alpha: Tensor | None = None) -> list[Tensor]:
    """Artworks brought to the asset's lightness or colours before an optimisation; each (3, h, w), RGB in [0, 1].

    `luminance`: grey pictures of their lightness, at the mean and deviation of the asset's. `match`: the
    artworks at the asset's mean colour and covariance. `alpha`, (h, w) in [0, 1], weighs the asset's pixels:
    what cannot be seen has no say. A flat asset has no contrast to give: its artworks become flat as well.
    """
    if keep == "none":
        return list(artworks)
    wanted = palette(asset, alpha)
    bring = matched if keep == "match" else _at_lightness
    return [bring(artwork, wanted) for artwork in artworks]


def kept(keep: KeepColor, result: Tensor, asset: Tensor) -> Tensor:
    """Restore the asset's colours in the result of an optimisation; both (3, h, w), RGB in [0, 1].

    `luminance`: the result's lightness in the asset's colours. `match`: the result as it is; of a grey
    asset, grey.
    """
    if keep == "luminance":
        return recoloured(result, asset)
    return lightness_of(result) if keep == "match" and is_grey(asset) else result


def kept_rows(keep: KeepColor, result: Tensor, asset: Tensor) -> Iterator[tuple[slice, Tensor]]:
    """The same strip by strip, each with its rows, for pictures that are much to hold as float; uint8 may come in."""
    by_rows: KeepColor = "none" if keep == "match" and not is_grey(asset) else keep
    count = max(1, STRIP // result.shape[2])
    for start in range(0, result.shape[1], count):
        rows = slice(start, min(result.shape[1], start + count))
        parts = [
            each[:, rows].float() / 255 if each.dtype == torch.uint8 else each[:, rows] for each in (result, asset)
        ]
        yield rows, kept(by_rows, *parts)


def recoloured(light: Tensor, asset: Tensor) -> Tensor:
    """The lightness of one picture with the hue and chroma of another, less chroma where sRGB ends; (3, h, w)."""
    return _by_rows(lambda a, b: from_oklab(torch.cat([to_oklab(a)[:1], to_oklab(b)[1:]])), light, asset)


def lightness_of(picture: Tensor) -> Tensor:
    """The grey picture of the same lightness: (3, h, w), its channels equal."""

    def grey(part: Tensor) -> Tensor:
        light = _encoded(to_oklab(part)[:1].clamp(0, 1) ** 3)
        return light.expand(3, *light.shape[1:])

    return _by_rows(grey, picture)


def matched(artwork: Tensor, wanted: Palette) -> Tensor:
    """The artwork (3, h, w) with its colours moved linearly to this mean and covariance.

    Of all linear maps that do it, the symmetric one, which moves colours least: A = S^-1/2 (S^1/2 C S^1/2)^1/2
    S^-1/2 (Pitié & Kokaram 2007, "The linear Monge-Kantorovitch linear colour mapping"), S the artwork's
    covariance, C the wanted one.
    """
    found = palette(artwork)
    root = square_root(found.covariance, LEAST_VARIANCE)
    back = torch.linalg.inv(root)
    a = back @ square_root(root @ wanted.covariance @ root) @ back
    shift = wanted.mean - a @ found.mean
    return _by_rows(lambda part: from_oklab(_mixed(a, to_oklab(part)) + shift.view(3, 1, 1).float()), artwork)


def palette(picture: Tensor, alpha: Tensor | None = None) -> Palette:
    """Mean and covariance of the colours of (3, h, w), RGB in [0, 1], weighted by alpha (h, w) if there is one.

    A picture that is transparent everywhere counts as opaque.
    """
    weights = alpha if alpha is not None and alpha.any() else torch.ones(picture.shape[1:])
    count, first, second = torch.zeros(3, 1, 1, dtype=torch.float64).unbind()
    for part, weight in zip(*(_strips(each) for each in (picture, weights.unsqueeze(0))), strict=True):
        colours, shares = to_oklab(part).double().flatten(1), weight.double().flatten()
        count = count + shares.sum()
        first = first + colours @ shares
        second = second + (colours * shares) @ colours.T
    mean = first.flatten() / count.flatten()
    return Palette(mean, second / count - mean.outer(mean))


def square_root(matrix: Tensor, least: float = 0.0) -> Tensor:
    """The symmetric square root of a symmetric matrix (n, n), its eigenvalues taken as at least `least`."""
    values, vectors = torch.linalg.eigh((matrix + matrix.T) / 2)
    root: Tensor = (vectors * values.clamp(min=least).sqrt()) @ vectors.T
    return root


def is_grey(picture: Tensor) -> bool:
    """Whether every pixel of (3, h, w) has three equal channels."""
    return torch.equal(picture, picture[:1].expand_as(picture))


def to_oklab(rgb: Tensor) -> Tensor:
    """Oklab of sRGB colours (3, h, w) in [0, 1]: L in [0, 1], a and b about -0.4 to 0.4."""
    rgb = rgb.clamp(0, 1)
    linear = torch.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return _mixed(_TO_LAB, _mixed(_TO_LMS, linear).clamp(min=0) ** (1 / 3))


def from_oklab(lab: Tensor) -> Tensor:
    """sRGB in [0, 1] of Oklab colours (3, h, w). Colours that sRGB lacks keep lightness and hue, and have the
    most chroma that it knows there. Greys have three equal channels exactly.
    """
    light = lab[:1].clamp(0, 1)
    chroma = torch.where(lab[1:].square().sum(0, keepdim=True) < GREY**2, torch.zeros(()), lab[1:])
    linear = _linear(torch.cat([light, chroma]))
    outside = ~_inside(linear)
    if outside.any():
        linear[:, outside] = _least_reduced(torch.cat([light, chroma])[:, outside])
    grey = (chroma == 0).all(0, keepdim=True)
    return _encoded(torch.where(grey, light**3, linear.clamp(0, 1)))


def _least_reduced(lab: Tensor) -> Tensor:
    """Linear light of Oklab colours (3, n), each with the largest share of its chroma that sRGB holds."""
    low, high = torch.zeros(lab.shape[1]), torch.ones(lab.shape[1])
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        fits = _inside(_linear(torch.cat([lab[:1], lab[1:] * middle])))
        low, high = torch.where(fits, middle, low), torch.where(fits, high, middle)
    return _linear(torch.cat([lab[:1], lab[1:] * low]))


def _at_lightness(artwork: Tensor, wanted: Palette) -> Tensor:
    """The artwork as a grey picture whose lightness has the wanted mean and deviation; (3, h, w)."""
    found = palette(artwork)
    variance = found.covariance[0, 0].clamp(min=LEAST_VARIANCE)
    gain = (wanted.covariance[0, 0].clamp(min=0) / variance).sqrt()

    def moved(part: Tensor) -> Tensor:
        light = to_oklab(part)[:1].double()
        grey = _encoded(((light - found.mean[0]) * gain + wanted.mean[0]).clamp(0, 1).float() ** 3)
        return grey.expand(3, *grey.shape[1:])

    return _by_rows(moved, artwork)


def _linear(lab: Tensor) -> Tensor:
    return _mixed(torch.linalg.inv(_TO_LMS), _mixed(torch.linalg.inv(_TO_LAB), lab) ** 3)


def _inside(linear: Tensor) -> Tensor:
    return ((linear >= -_EDGE) & (linear <= 1 + _EDGE)).all(0)


def _encoded(linear: Tensor) -> Tensor:
    """sRGB values of linear light in [0, 1] (IEC 61966-2-1)."""
    return torch.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear.clamp(min=0.0031308) ** (1 / 2.4) - 0.055)


def _mixed(matrix: Tensor, colours: Tensor) -> Tensor:
    """`matrix` (3, 3) applied to colours (3, ...), whose type it takes."""
    rows = matrix.to(colours.dtype)
    return torch.stack([sum(rows[i, j] * colours[j] for j in range(3)) for i in range(3)])  # type: ignore[misc]


def _strips(picture: Tensor) -> Sequence[Tensor]:
    return torch.split(picture, max(1, STRIP // picture.shape[2]), dim=1)


def _by_rows(convert: Callable[..., Tensor], *pictures: Tensor) -> Tensor:
    """Convert pictures (3, h, w) of one size strip by strip, so that what lies between takes little memory."""
    return torch.cat([convert(*parts) for parts in zip(*map(_strips, pictures), strict=True)], dim=1)
