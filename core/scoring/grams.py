"""Gram matrices of feature maps: how far a picture's statistics are from a style's, in all of it and quarter by quarter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from core.images.pixel_types import Plane

"""How much each pixel of a picture counts for its style, (h, w) in [0, 1]."""

SAME_STYLE = 0.02
"""Gram distance below which asset and style count as alike, so that the ratio to it stays finite."""

LEAST_SHARE = 0.03
"""Share of what counts of a picture that a quarter must hold to be looked at by itself."""

EVEN = 0.2
"""Style reached that is added to the mean before unevenness is a share of it: little is not called uneven."""


@dataclass(frozen=True)
class Grams:
    """Gram matrices of some maps, in all of a picture and in its quarters."""

    whole: tuple[Float[Tensor, "c c"], ...]
    quarters: tuple[Float[Tensor, "4 c c"], ...]
    shares: tuple[float, ...]
    """How much of what counts lies in each quarter, of sum 1."""

    @property
    def nbytes(self) -> int:
        """Memory that the tensors take, bytes."""
        return sum(tensor.nbytes for tensor in (*self.whole, *self.quarters))


def grams(maps: Sequence[Float[Tensor, "c h w"]], area: Plane | None = None) -> Grams:
    """The matrices of maps of one picture, within an area if there is one with anything in it."""
    planes = [_plane(features, area) for features in maps]
    counted = (
        planes[0] if area is not None and area.any() else torch.ones(maps[0].shape[1:])
    )  # known without asking a GPU
    quarters = [
        torch.stack([_gram(features[:, down, across], plane[down, across]) for down, across in _quarters(features)])
        for features, plane in zip(maps, planes, strict=True)
    ]
    amounts = [float(counted[down, across].sum()) for down, across in _quarters(maps[0])]
    whole = tuple(_gram(features, plane) for features, plane in zip(maps, planes, strict=True))
    return Grams(whole, tuple(quarters), tuple(amount / sum(amounts) for amount in amounts))


def gram(features: Float[Tensor, "c h w"], area: Plane | None = None) -> Float[Tensor, "c c"]:
    """Gram matrix F F^T / (h w) (Gatys et al. 2016, equation 3), free of the picture's size; of the positions within an
    area, if there is one with anything in it.
    """
    return _gram(features, _plane(features, area))


def mean_grams(artworks: Sequence[tuple[Sequence[Tensor], float]]) -> list[Tensor]:
    """The weighted mean of the artworks' Gram matrices, map by map. Raises ValueError without artworks."""
    total = sum(weight for _, weight in artworks)
    if not artworks or not total > 0:
        raise ValueError("a style needs an artwork with a positive weight")
    maps = zip(*(matrices for matrices, _ in artworks), strict=True)
    shares = [weight / total for _, weight in artworks]
    return [torch.stack([g * share for g, share in zip(same, shares, strict=True)]).sum(0) for same in maps]


def gram_distance(matrices: Sequence[Tensor], style: Sequence[Tensor]) -> float:
    """Mean over maps of |G - S| / |S| in Frobenius norm, from 0: how far Gram matrices are from a style's."""
    maps = zip(matrices, style, strict=True)
    return sum(float((g - s).norm() / s.norm().clamp_min(1e-12)) for g, s in maps) / len(style)


def style_distance(made: Sequence[Tensor], asset: Sequence[Tensor], style: Sequence[Tensor]) -> float:
    """The distance of what was made from the style over that of the asset: 0 equal, 1 no nearer than the asset."""
    return relative_distance(gram_distance(made, style), gram_distance(asset, style))


def relative_distance(made: float, asset: float) -> float:
    """The Gram distance of what was made over that of the asset."""
    return made / max(asset, SAME_STYLE)


def coherence(made: Grams, asset: Grams, style: Sequence[Tensor]) -> float:
    """How evenly a picture's quarters reach the style, 0 to 1: 1 - mean |p - m| / (m + EVEN).

    p is the style reached in a quarter, next to the asset's same quarter, 0 to 1, and m their mean, quarters counting by
    what they hold; 1 where no style is reached at all.
    """
    distances: list[float | None] = [None] * len(asset.shares)
    for quarter, share in enumerate(asset.shares):
        if share >= LEAST_SHARE:
            own, before = ([found[quarter] for found in each.quarters] for each in (made, asset))
            distances[quarter] = style_distance(own, before, style)
    return evenness(distances, asset.shares)


def evenness(distances: Sequence[float | None], shares: Sequence[float]) -> float:
    """How evenly quarters reach the style, 0 to 1, by their style distances and what they hold: see `coherence`."""
    held = [(each, share) for each, share in zip(distances, shares, strict=True) if share >= LEAST_SHARE]
    reached = [min(1.0, max(0.0, 1 - each)) for each, _ in held if each is not None]
    weights = [share for _, share in held]
    mean = float(np.average(reached, weights=weights))
    spread = float(np.average([abs(each - mean) for each in reached], weights=weights))
    return max(0.0, 1 - spread / (mean + EVEN))


def gram_distances(matrices: Sequence[Float[Tensor, "n k c c"]], style: Sequence[Float[Tensor, "n c c"]]) -> Tensor:
    """`gram_distance` of k sets of matrices of each of n pictures, each from its own style: (n, k)."""
    maps = [
        (g - s.unsqueeze(1)).norm(dim=(2, 3)) / s.norm(dim=(1, 2)).clamp_min(1e-12).unsqueeze(1)
        for g, s in zip(matrices, style, strict=True)
    ]
    return torch.stack(maps).mean(0)


def grams_by_part(features: Float[Tensor, "n c h w"]) -> Float[Tensor, "n 5 c c"]:
    """The Gram matrices of all of each picture's map and of its quarters."""
    whole = (slice(None), slice(None))
    flat = [features[..., down, across].flatten(2) for down, across in (whole, *_quarters(features[0]))]
    return torch.stack([torch.bmm(part, part.transpose(1, 2)) / part.shape[2] for part in flat], 1)


def _gram(features: Float[Tensor, "c h w"], plane: Float[Tensor, "h w"]) -> Float[Tensor, "c c"]:
    flat = features.flatten(1)
    return (flat * plane.flatten()) @ flat.T / plane.sum().clamp_min(1e-12)


def _plane(features: Float[Tensor, "c h w"], area: Plane | None) -> Float[Tensor, "h w"]:
    """How much each position counts."""
    if area is None or not area.any():
        return features.new_ones(features.shape[1:])
    plane = torch.from_numpy(np.ascontiguousarray(area)).to(features)[None, None]
    return F.interpolate(plane, size=features.shape[1:], mode="area")[0, 0]


def _quarters(features: Tensor) -> list[tuple[slice, slice]]:
    height, width = features.shape[1] // 2, features.shape[2] // 2
    return [(down, across) for down in _halves(height) for across in _halves(width)]


def _halves(middle: int) -> tuple[slice, slice]:
    return slice(0, middle), slice(middle, None)
