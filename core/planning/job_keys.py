"""Key of a job: the hash of everything that decides its pixels."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from core.config.methods import ALGORITHM
from core.config.recipe import Recipe
from core.images.decoding import TIMES, may_be_reduced
from core.planning.file_digests import MeasuredFile, pixel_digest


def asset_digest(found: MeasuredFile, file: str, recipe: Recipe) -> str:
    """What stands in keys for an asset's pixels as the recipe has them decoded; empty if the file could not be read."""
    is_large = max(found.width, found.height) >= TIMES * recipe.size
    if recipe.decoding == "full" or not (is_large and may_be_reduced(file)):
        return found.pixel_digest
    return pixel_digest(found.sha256, f"{found.revision} reduced-1".strip())


class KeyMaker:
    """Keys of many assets in one style and recipe: hashes of everything that decides a job's pixels, 64 hex digits.

    Of the digest of the asset's pixels, the ordered (digest of an artwork's pixels, weight) pairs, the recipe's digest,
    the seed, the digest of the network tensors, and the method's `algorithm` number. What the keys share is written once.
    """

    def __init__(
        self,
        style: Sequence[tuple[str, float]],
        recipe: Recipe,
        weights: str,
        regions: Sequence[tuple[str, int]] = (),
    ) -> None:
        """`regions`: of a style of regions, each colour and how many of the pairs are its own."""
        shared: dict[str, Any] = {
            "kind": "stylize",
            "style": [[sha, float(weight)] for sha, weight in style],
            "recipe": recipe.pixels_digest(),
            "weights": weights,
            "algorithm": ALGORITHM[recipe.method],
        }
        if regions:
            shared["regions"] = [list(region) for region in regions]
        self.weights = weights
        self._shared = json.dumps(shared, sort_keys=True)

    def key(self, asset: str, seed: int, mask: str | None = None, regions: str | None = None) -> str:
        """The key of the job with this asset, seed, mask and region map (each by `MeasuredFile.pixel_digest`; None where
        there is none to be; a job whose mask is lost is another one than that without).
        """
        text = f"{self._shared}\n{asset}\n{seed}"
        text += "".join(f"\n{what} {sha}" for what, sha in (("mask", mask), ("regions", regions)) if sha is not None)
        return hashlib.sha256(text.encode()).hexdigest()
