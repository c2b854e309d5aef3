"""Inputs of a job: the asset and the artworks, verified, decoded, resized, recoloured and cached."""

from __future__ import annotations

import itertools
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from core.config.output_options import longest_side
from core.config.recipe import Recipe
from core.errors import TooLarge
from core.images import image
from core.images.border_crop import artwork_cropped
from core.images.decoding import may_be_reduced
from core.images.verified_read import VerifiedPicture, read_verified
from core.planning.inputs import StyleFiles
from core.planning.jobs import Job, fitted
from core.stylize.images import colour
from core.stylize.images.lru_cache import LruCache
from core.stylize.images.pixels import brushed, picture_of, tensor
from core.stylize.images.region_composite import RegionComposite, RegionComposites

KEPT_ASSETS = 4
"""Assets that are kept decoded: jobs come asset by asset, so more would only fill memory."""

ARTWORK_BUDGET = 256 * 2**20
"""Bytes of decoded artworks that are kept; the last one always is."""


@dataclass(frozen=True)
class PredictorViews:
    """Artworks that an embedding is predicted from: their numbers, their longest side in pixels, and whether white
    margins are cut off first.
    """

    numbers: tuple[int, ...]
    size: int
    trim: bool


@dataclass(frozen=True)
class Decoded:
    """The inputs of a job at working size: the asset, and the artworks with their weights.

    `content` and `seen` are the same as an optimisation is to see them: other pictures where the recipe keeps colours.
    """

    asset: image.Picture
    artworks: tuple[image.Picture, ...]
    weights: tuple[float, ...]
    content: image.Picture
    seen: tuple[image.Picture, ...]
    keep_color: colour.KeepColor
    file: VerifiedPicture
    """What the asset's file says of itself; its picture is the asset."""
    groups: tuple[slice, ...]
    """The artworks of each style: one, or one for each area of the composite."""
    composite: RegionComposite | None = None
    """Where each style is wanted; None: all of the asset gets the one."""
    sha256: tuple[str, ...] = ()
    """Of the artworks."""
    looks: Mapping[int, image.Picture] = field(default_factory=dict)
    """Artworks, by number, as what predicts an embedding is to see them."""

    @property
    def nbytes(self) -> int:
        """Memory that it takes for itself, bytes: artworks are other jobs' too."""
        return self.asset.rgb.nbytes + (0 if self.content is self.asset else self.content.rgb.nbytes)


class Sources:
    """Reads and caches the pictures of one run. For several threads."""

    def __init__(
        self, library: Path, styles: Mapping[str, StyleFiles], max_pixels: int, composites: RegionComposites
    ) -> None:
        self._library, self._styles, self._max_pixels, self._composites = library, styles, max_pixels, composites
        self._assets: LruCache[tuple[str, int, int | None], VerifiedPicture] = LruCache(KEPT_ASSETS)
        self._guides: LruCache[tuple[str, int], image.Picture] = LruCache(1)
        self._contents: LruCache[tuple[str, int, int | None], image.Picture] = LruCache(KEPT_ASSETS)
        self._artworks: LruCache[tuple[Any, ...], image.Picture] = LruCache(
            ARTWORK_BUDGET, lambda kept: kept.rgb.nbytes
        )
        self._looks: LruCache[tuple[Any, ...], image.Picture] = LruCache(ARTWORK_BUDGET, lambda kept: kept.rgb.nbytes)
        self._seen: LruCache[tuple[Any, ...], tuple[image.Picture, ...]] = LruCache(ARTWORK_BUDGET, _bytes)

    def decoded(self, job: Job, recipe: Recipe, views: PredictorViews | None = None) -> Decoded:
        """The job's inputs. Raises Missing, Changed, Unreadable, TooLarge ..."""
        size, keep, style = recipe.size, recipe.keep_color, self._styles[job.style]
        artworks = tuple(
            self._artwork(file, sha256, recipe) for file, sha256 in zip(style.files, style.sha256, strict=True)
        )
        longest = size if recipe.decoding == "reduced" and may_be_reduced(job.asset_file) else None
        file = self._assets.get((job.asset_sha256, size, longest), lambda: self._asset(job, longest).resized(size))
        _check_deliverable(job, file, recipe)
        asset = file.picture
        content, seen = asset, artworks
        if keep == "luminance":
            content = self._contents.get(
                (job.asset_sha256, size, longest), lambda: picture_of(colour.lightness_of(tensor(asset)))
            )
        if keep != "none":
            # An artwork that takes the asset's colours is another one for every asset.
            known = (job.style_sha256, job.asset_sha256, size, longest, recipe.brush, keep)
            seen = self._seen.get(known, lambda: _as_seen(keep, artworks, asset))
        regions = style.regions
        composite = self._composites.of(job, regions, (asset.size.height, asset.size.width), recipe)
        counts = [count for _, count in regions if count] or [len(artworks)]
        return Decoded(
            asset,
            artworks,
            style.weights,
            content,
            seen,
            keep,
            file,
            _slices(counts),
            composite,
            style.sha256,
            self._looked_at(style, views, keep, asset) if views else {},
        )

    def guide(self, job: Job, decoded: Decoded, recipe: Recipe) -> image.Picture:
        """The asset at the size of the output, read again if that is not the working size. For another thread than
        `decoded`. Raises as that does.
        """
        longest = longest_side(recipe.output_size, max(decoded.asset.size), max(decoded.file.size))
        if longest <= max(decoded.asset.size):
            return image.resized(decoded.asset, longest)
        return self._guides.get((job.asset_sha256, longest), lambda: self._asset(job).resized(longest).picture)

    def _asset(self, job: Job, longest: int | None = None) -> VerifiedPicture:
        return read_verified(os.path.join(self._library, job.asset_file), job.asset_sha256, self._max_pixels, longest)

    def _artwork(self, path: str, sha256: str, recipe: Recipe) -> image.Picture:
        known = (sha256, recipe.size, recipe.brush)
        return self._artworks.get(known, lambda: brushed(self._read(path, sha256), recipe.size, recipe.brush))

    def _looked_at(
        self, style: StyleFiles, views: PredictorViews, keep: colour.KeepColor, asset: image.Picture
    ) -> dict[int, image.Picture]:
        """Artworks as a network that paints in one pass looks at them; they take the asset's palette if they are to."""
        found = {number: self._look(style.files[number], style.sha256[number], views) for number in views.numbers}
        if keep != "match":
            return found
        return dict(zip(found, _as_seen(keep, tuple(found.values()), asset), strict=True))

    def _look(self, path: str, sha256: str, views: PredictorViews) -> image.Picture:
        def made() -> image.Picture:
            picture = self._read(path, sha256)
            seen = image.Picture(artwork_cropped(picture.rgb)) if views.trim else picture
            return brushed(seen, views.size, 1.0)

        return self._looks.get((sha256, views.size, views.trim), made)

    def _read(self, path: str, sha256: str) -> image.Picture:
        return read_verified(path, sha256, self._max_pixels).picture


def _slices(counts: Sequence[int]) -> tuple[slice, ...]:
    """One after another, slices of these lengths."""
    ends = list(itertools.accumulate(counts))
    return tuple(slice(end - count, end) for end, count in zip(ends, counts, strict=True))


def _check_deliverable(job: Job, file: VerifiedPicture, recipe: Recipe) -> None:
    """Raises TooLarge or Unsupported for an output that could not be written or read, before it is computed."""
    working = max(file.picture.size)
    size = image.Size(*fitted(*file.size, longest_side(recipe.output_size, working, max(file.size))))
    if size.width * size.height > image.MAX_PIXELS:
        raise TooLarge(
            f"{job.asset} would be delivered at {size.width}x{size.height}, over the limit of {image.MAX_PIXELS:,} pixels "
            "for outputs",
            "set output_size to a number of pixels.",
        )
    image.check_format(recipe.format, size)


def _as_seen(
    keep: colour.KeepColor, artworks: Sequence[image.Picture], asset: image.Picture
) -> tuple[image.Picture, ...]:
    alpha = None if asset.alpha is None else torch.from_numpy(asset.alpha).float() / 255
    return tuple(map(picture_of, colour.style(keep, [tensor(artwork) for artwork in artworks], tensor(asset), alpha)))


def _bytes(pictures: Sequence[image.Picture]) -> int:
    return sum(picture.rgb.nbytes for picture in pictures)
