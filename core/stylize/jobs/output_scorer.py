"""Scores of stylised pictures: style and content distances, perceptual hash and labels, as manifest columns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from core.config.recipe import Recipe
from core.images import image
from core.images.pixel_types import Plane
from core.networks import classifier_file
from core.planning.jobs import Job
from core.scoring import perceptual_hash
from core.scoring.labeller import Labeller
from core.scoring.score import Reference, Scorer, Scores, mean_of
from core.stylize.images import colour
from core.stylize.images.lru_cache import LruCache
from core.stylize.images.pixels import eight_bit, tensor
from core.stylize.jobs.context import StylizeContext
from core.stylize.jobs.job_inputs import KEPT_ASSETS, Decoded

REFERENCE_BUDGET = 64 * 2**20
"""Bytes of what the scorer remembers of artworks."""


@dataclass(frozen=True)
class OutputScores:
    """Scores, perceptual hash and labels of one picture."""

    scores: Scores
    fingerprint: str
    labels: dict[str, Any]
    """What the spec's scorer says of it, if there is one."""


class OutputScorer:
    """Scores pictures on one device, for several threads once its network is there: that is loaded at the first
    score, or by `warm`.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._asset_references: LruCache[tuple[Any, ...], Reference] = LruCache(KEPT_ASSETS)
        self._references: LruCache[tuple[Any, ...], Reference] = LruCache(REFERENCE_BUDGET, lambda kept: kept.nbytes)
        self._scorer: Scorer | None = None

    def warm(self) -> Scorer:
        """The scorer, loaded. Raises SpecError if its weights are missing."""
        self._scorer = self._scorer or Scorer(self._device)
        return self._scorer

    def open(self, context: StylizeContext) -> None:
        """Take up a run: its styles, the weights of its scores and its classifier."""
        self._styles = context.styles
        self._weights = context.score_weights
        scorer = context.scorer
        self._labeller = Labeller(classifier_file.read(scorer), self._device) if scorer else None

    def score(self, job: Job, picture: image.Picture, decoded: Decoded, recipe: Recipe) -> OutputScores:
        """What is said of a job's picture, in the size in which its asset was decoded."""
        scores = self._scores(job, picture, decoded, recipe)
        labels = self._labeller.columns(picture.rgb) if self._labeller else {}
        return OutputScores(scores, perceptual_hash.hex_hash(picture.rgb), labels)

    def columns(self, scored: OutputScores) -> dict[str, Any]:
        """The manifest's columns of scores, the overall one by the run's weights."""
        scores = scored.scores
        score = scores.overall(self._weights)
        return {"fingerprint": scored.fingerprint, "score": score, **scores.columns, **scored.labels}

    def _scores(self, job: Job, made: image.Picture, decoded: Decoded, recipe: Recipe) -> Scores:
        """Scores against what the optimisation saw: a style in other colours than its own is not judged by those, and none
        where it is not wanted.
        """
        grey = recipe.keep_color == "luminance"
        rgb = eight_bit(colour.lightness_of(tensor(made))) if grey else made.rgb
        artworks, found = self._artworks(job, decoded, recipe), list[tuple[Scores, float]]()
        for number, group in enumerate(decoded.groups):
            area = decoded.composite.areas[number].numpy() if decoded.composite else None
            known = (job.asset_sha256, recipe.decoding, recipe.size, grey)
            within = (job.mask_sha256, job.regions_sha256, job.style_sha256, recipe.feather, number)
            asset = self._asset_references.get(
                (*known, *(within if decoded.composite else ())), self._reference_of(decoded.content, area)
            )
            scores = self.warm().score(rgb, asset, artworks[group], area)
            found.append((scores, 1.0 if area is None else float(area.sum())))
        return mean_of(found)

    def _artworks(self, job: Job, decoded: Decoded, recipe: Recipe) -> list[tuple[Reference, float]]:
        """The artworks of a job's style as the scorer sees them, with their weights."""
        shas = self._styles[job.style].sha256
        seen = (recipe.size, recipe.brush, recipe.keep_color, *seen_with(job, recipe))
        artworks = zip(shas, decoded.seen, decoded.weights, strict=True)
        return [
            (self._references.get((sha, *seen), self._reference_of(picture)), weight)
            for sha, picture, weight in artworks
        ]

    def _reference_of(self, picture: image.Picture, area: Plane | None = None) -> Callable[[], Reference]:
        return lambda: self.warm().reference(picture.rgb, area)


def seen_with(job: Job, recipe: Recipe) -> tuple[str, ...]:
    """What a style depends on besides itself: the asset, where it takes that one's colours."""
    return () if recipe.keep_color == "none" else (job.asset_sha256, recipe.decoding)
