"""Compositing by masks and region maps: where each style is wanted, and the asset put back elsewhere."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from core.config.recipe import Recipe
from core.images import image
from core.images.pixel_types import Pixels
from core.images.verified_read import read_verified
from core.planning.jobs import Job
from core.safe_text import printable
from core.stylize.images import masks, region_map
from core.stylize.images.lru_cache import LruCache
from core.stylize.images.masks import feathered, fitted, keep_under, softened

KEPT_COMPOSITES = 4
"""Composites that are kept: jobs come asset by asset."""

LARGEST = 2048
"""Longest side in pixels at which soft edges are worked out; they are enlarged for larger pictures."""

Size = tuple[int, int]
"""Height and width."""


@dataclass(frozen=True)
class RegionComposite:
    """Mask and region planes of one asset: where the result is seen, and where each style is wanted.

    `planes` (h, w), uint8, of any sizes: multiplied, how much of the stylised picture is seen, 255 being all, with hard
    edges. `areas` (h, w), at the asset's working size, in [0, 1]: where each style of the job is wanted. `feather`: how
    wide soft edges are, in longest sides of the picture.
    """

    planes: tuple[Tensor, ...]
    areas: tuple[Tensor, ...]
    feather: float

    def put_back(self, made: Pixels, asset: image.U8) -> None:
        """Put the asset into the picture `made`, both (h, w, 3) of any one size, as far as that is not to be seen; where
        the mask is black, its very pixels.
        """
        keep_under(made, asset, self.amount_at((asset.shape[0], asset.shape[1])))

    def amount_at(self, size: Size) -> Tensor:
        """How much of the stylised picture is seen, (h, w) in [0, 1], with soft edges."""
        hard = _amount(self.planes, size)
        shrink = max(1.0, max(size) / LARGEST)
        small = fitted(hard.unsqueeze(0), *(max(1, round(side / shrink)) for side in size))[0]
        return fitted(feathered(small, _reach(self.feather, small)).unsqueeze(0), *size)[0].minimum(hard)


def composite_of(size: Size, feather: float, mask: Tensor | None, parts: Tensor | None) -> RegionComposite:
    """Combine the mask and the region parts of an asset whose working size is `size`.

    `mask`: levels (h, w) in [0, 1]. `parts`: where each style of a region map is, (n, h, w) of 0 and 1; the rest is kept.
    None: everywhere. A style is wanted wherever anything of it will be seen: grey is a blend of a finished picture and
    the asset, and not half a style. At the edge between two styles both are wanted.
    """
    planes = tuple(
        (plane * 255).round().byte() for plane in (mask, None if parts is None else parts.sum(0)) if plane is not None
    )
    seen = (_amount(planes, size) > 0).float()
    if parts is None:
        return RegionComposite(planes, (seen,), feather)
    areas = softened(fitted(parts, *size), _reach(feather, seen)) * seen
    return RegionComposite(planes, tuple(areas), feather)


class RegionComposites:
    """Reads and caches the masks and region maps of one run. For several threads."""

    def __init__(self, masks: Path | None, regions: Path | None, max_pixels: int) -> None:
        """The folders, None where the run has none of the kind."""
        self._masks, self._regions, self._max_pixels = masks, regions, max_pixels
        self._kept: LruCache[tuple[object, ...], RegionComposite] = LruCache(KEPT_COMPOSITES)

    def of(self, job: Job, regions: Sequence[tuple[str, int]], size: Size, recipe: Recipe) -> RegionComposite | None:
        """The composite of a job's asset at working size; None if all of it gets one style. `regions`: each colour of the
        style, and how many artworks it has. Raises Changed, Missing, Unreadable, Unsupported ...
        """
        if not job.mask_sha256 and not job.regions_sha256:
            return None
        known = (job.mask_sha256, job.regions_sha256, tuple(map(tuple, regions)), size, recipe.feather)
        return self._kept.get(
            known, lambda: composite_of(size, recipe.feather, self._mask(job), self._parts(job, regions))
        )

    def _mask(self, job: Job) -> Tensor | None:
        if self._masks is None or not job.mask_sha256:
            return None
        path = os.path.join(self._masks, job.mask_file)
        return masks.levels(self._read(path, job.mask_sha256), printable(path))

    def _parts(self, job: Job, regions: Sequence[tuple[str, int]]) -> Tensor | None:
        if self._regions is None or not job.regions_sha256:
            return None
        path = os.path.join(self._regions, job.regions_file)
        picture = self._read(path, job.regions_sha256)
        labels = region_map.labels(picture, [colour for colour, _ in regions], printable(path))
        return torch.stack([(labels == number).float() for number, (_, count) in enumerate(regions) if count])

    def _read(self, path: str, sha256: str) -> image.Picture:
        return read_verified(path, sha256, self._max_pixels).picture


def _amount(planes: Sequence[Tensor], size: Size) -> Tensor:
    """The product of planes (h, w), 255 being 1, at one size."""
    return torch.stack([fitted(plane.float().unsqueeze(0) / 255, *size)[0] for plane in planes]).prod(0)


def _reach(feather: float, plane: Tensor) -> int:
    """How far an edge reaches to either side, in pixels."""
    return math.ceil(feather * max(plane.shape) / 2)
