"""Scores of outputs: content kept, style reached, coherence, from EfficientNet's features; and technical faults.

An optimiser can please the network whose loss it follows without pleasing anyone else; so outputs are
judged by EfficientNet-Lite0. `docs/score.md` says what each value can and cannot tell, and how well it
orders pictures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from core.config.score_weights import ScoreWeights, overall
from core.images.image import Picture
from core.images.pixel_types import Plane
from core.networks import efficientnet
from core.networks.delayed_read import DelayedRead
from core.scoring.batched_figures import TOP, MapComparison, OutputFigures, figures
from core.scoring.combined_calls import CombinedCalls
from core.scoring.feature_projection import traits_of
from core.scoring.grams import Grams, coherence, evenness, grams, mean_grams, style_distance
from core.scoring.image_quality import QualityMeasures, measure_quality
from core.scoring.technical_score import SIDE, technical_score

Rgb = npt.NDArray[np.uint8]
"""A picture (h, w, 3), 8-bit sRGB."""

LONGEST, SHORTEST, MULTIPLE = 256, 64, 16
"""Pictures are looked at with this longest side, aspect kept, the other side rounded to a multiple of 16
from 64 up: so the strides divide it, and the network's padding lies evenly around."""

CONTENT_MAPS = ("block2", "block4")
"""Strides 4 and 8: outlines and parts."""

STYLE_MAPS = ("stem", "block0", "block4")
"""Strides 2, 2 and 8: colour, strokes and patterns."""

TOGETHER = 16
"""Outputs in one call of the network, where several threads share a GPU."""

UNRELATED = 0.96
"""Content distance at which nothing of the asset is left; 98 of 100 unrelated pairs lie beyond."""


@dataclass(frozen=True)
class Outlines:
    """One feature map as content: what stands out from the picture's mean, where, and how strongly."""

    directions: Float[Tensor, "c h w"]
    """Features minus their mean over the picture, scaled to unit length at each position; float16."""
    weights: Float[Tensor, "h w"]
    """Squared length of each before scaling, of sum 1 (0 if nothing stands out)."""


@dataclass(frozen=True)
class Reference:
    """What is remembered of an asset or an artwork to score against it."""

    frame: tuple[int, int]
    """Height and width at which it is looked at, pixels."""
    content: tuple[Outlines, ...]
    """Of the CONTENT_MAPS."""
    grams: Grams
    """Of the STYLE_MAPS."""
    quality: QualityMeasures
    top_classes: tuple[int, ...]
    """The five most likely ImageNet classes, most likely first."""
    traits: tuple[float, ...]

    @property
    def nbytes(self) -> int:
        """Memory that its tensors take, bytes."""
        maps = (tensor for outlines in self.content for tensor in (outlines.directions, outlines.weights))
        return sum(tensor.nbytes for tensor in maps) + self.grams.nbytes


@dataclass(frozen=True)
class Scores:
    """The manifest's columns of the same names; always finite."""

    content_distance: float
    style_distance: float
    class_kept: bool
    score_quality: float = 1.0
    score_coherence: float = 1.0
    flaw: str | None = None
    traits: tuple[float, ...] = ()

    @property
    def score_content(self) -> float:
        """Content kept, 0 to 1."""
        return min(max(1 - self.content_distance / UNRELATED, 0.0), 1.0)

    @property
    def score_style(self) -> float:
        """Style reached, 0 to 1."""
        return min(max(1 - self.style_distance, 0.0), 1.0)

    @property
    def score(self) -> float:
        """The overall score as its weights are by default."""
        return self.overall(ScoreWeights())

    def overall(self, weights: ScoreWeights) -> float:
        """The overall score, 0 to 1: the formula is in `docs/score.md`."""
        return overall(self.parts, weights)

    @property
    def parts(self) -> dict[str, float]:
        """What the score is made of, each 0 to 1."""
        return {
            "content": self.score_content,
            "style": self.score_style,
            "quality": self.score_quality,
            "coherence": self.score_coherence,
        }

    @property
    def columns(self) -> dict[str, Any]:
        """The columns of the manifest but for `score`."""
        parts = {f"score_{name}": value for name, value in self.parts.items()}
        return {**parts, **{field.name: getattr(self, field.name) for field in fields(self)}}


_Comparison = tuple[Rgb, Reference, Sequence[tuple[Reference, float]]]
"""An output at the frame of its asset, the asset, and the weighted artworks."""


class Scorer:
    """Scores outputs on one device by forward passes of EfficientNet-Lite0: on CUDA those that several threads want scored
    at the time in one, else one each.

    A score depends on the pictures alone; between engines its last digits differ. Making a Scorer raises
    SpecError if the network's weights are missing.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._network = efficientnet.load().to(device)
        self._stream = _stream_of(device)
        self._compare = CombinedCalls(self._compared, TOGETHER)

    def reference(self, rgb: Rgb, area: Plane | None = None) -> Reference:
        """What to remember of an asset or an artwork, its style within an area. Raises ValueError if it is not 8-bit
        (h, w, 3).
        """
        return self._measure(rgb, frame_of(*checked(rgb).shape[:2]), area)

    def score(
        self, output: Rgb, asset: Reference, style: Sequence[tuple[Reference, float]], area: Plane | None = None
    ) -> Scores:
        """How well `output` shows the asset in the style, whose artworks have positive weights of any sum.

        The output is looked at in the asset's frame, so it should have the asset's aspect; its size is free. Style is
        judged within `area`, which is then that of the asset's reference too.
        Raises ValueError if `output` is not an 8-bit picture or the style has no artwork.
        """
        checked(output)
        if area is None and self._stream is not None:
            return self.score_together(output, asset, style)
        with torch.cuda.stream(self._stream):
            return self._score_alone(output, asset, style, area)

    def score_together(self, output: Rgb, asset: Reference, style: Sequence[tuple[Reference, float]]) -> Scores:
        """The same of all of a picture, by a pass that it may share with what other threads want scored in this frame."""
        quality = measure_quality(Picture(checked(output)), SIDE)
        fault = technical_score(quality, [asset.quality, *(reference.quality for reference, _ in style)])
        found = self._compare(asset.frame, (resized(output, asset.frame), asset, style))
        return Scores(
            found.content_distance,
            found.style_distance,
            asset.top_classes[0] in found.top_classes,
            fault.score,
            evenness(found.quarters, asset.grams.shares),
            fault.flaw,
            traits_of(found.pooled),
        )

    def _score_alone(
        self, output: Rgb, asset: Reference, style: Sequence[tuple[Reference, float]], area: Plane | None
    ) -> Scores:
        made = self._measure(output, asset.frame, area)
        target = mean_grams([(reference.grams.whole, weight) for reference, weight in style])
        fault = technical_score(made.quality, [asset.quality, *(reference.quality for reference, _ in style)])
        return Scores(
            content_distance(asset.content, made.content),
            style_distance(made.grams.whole, asset.grams.whole, target),
            asset.top_classes[0] in made.top_classes,
            fault.score,
            coherence(made.grams, asset.grams, target),
            fault.flaw,
            made.traits,
        )

    @torch.inference_mode()
    def _compared(self, asked: Sequence[_Comparison]) -> list[OutputFigures]:
        """The figures of outputs of one frame; calls of the network have TOGETHER, always."""
        with torch.cuda.stream(self._stream):
            seen = [rgb for rgb, _, _ in asked]
            found = self._network(self._on_device([*seen, *seen[:1] * (TOGETHER - len(seen))]))
            maps = {name: found.maps[name][: len(seen)] for name in (*CONTENT_MAPS, *STYLE_MAPS)}
            own = found._replace(logits=found.logits[: len(seen)], pooled=found.pooled[: len(seen)], maps=maps)
            compared = [
                MapComparison(
                    [(outlines.directions, outlines.weights) for outlines in asset.content],
                    asset.grams,
                    mean_grams([(reference.grams.whole, weight) for reference, weight in style]),
                )
                for _, asset, style in asked
            ]
            return figures(own, CONTENT_MAPS, STYLE_MAPS, compared)

    @torch.inference_mode()
    def _measure(self, rgb: Rgb, frame: tuple[int, int], area: Plane | None) -> Reference:
        with torch.cuda.stream(self._stream):
            found = self._network(self._on_device([resized(rgb, frame)]))
            read = DelayedRead(torch.cat([found.logits[0].topk(TOP).indices.float(), found.pooled[0].float()]))
            content = tuple(outlines(found.maps[name][0]) for name in CONTENT_MAPS)
            matrices = grams([found.maps[name][0] for name in STYLE_MAPS], area)
        quality = measure_quality(Picture(rgb), SIDE)
        classes, pooled = torch.split(read.take(), [TOP, len(found.pooled[0])])
        return Reference(
            frame, content, matrices, quality, tuple(int(each) for each in classes.tolist()), traits_of(pooled)
        )

    def _on_device(self, rgb: Sequence[Rgb]) -> Float[Tensor, "n 3 h w"]:
        """Pictures of one size as the network sees them."""
        rows = torch.from_numpy(np.stack(rgb))
        if self._stream is not None:
            rows = rows.pin_memory()
        return efficientnet.normalised(rows.to(self._device, non_blocking=True))


def _stream_of(device: torch.device) -> torch.cuda.Stream | None:
    """A queue of a GPU of its own: else a score would wait for all the painting that is queued there."""
    return torch.cuda.Stream(device) if device.type == "cuda" else None  # type: ignore[no-untyped-call]


def mean_of(parts: Sequence[tuple[Scores, float]]) -> Scores:
    """The scores of a picture whose parts have styles of their own: what is said of their styles counts by the weights,
    which may all be 0; content is the picture's own, and its worst fault too.
    """
    first, total = parts[0][0], sum(weight for _, weight in parts)
    if not total > 0:
        return first
    worst = min((each for each, _ in parts), key=lambda each: each.score_quality)
    return replace(
        first,
        style_distance=sum(each.style_distance * weight for each, weight in parts) / total,
        score_coherence=sum(each.score_coherence * weight for each, weight in parts) / total,
        score_quality=worst.score_quality,
        flaw=worst.flaw,
    )


def frame_of(height: int, width: int) -> tuple[int, int]:
    """Height and width at which a picture of this size is looked at."""
    scale = LONGEST / max(height, width) / MULTIPLE
    tall, wide = (max(SHORTEST, MULTIPLE * round(side * scale)) for side in (height, width))
    return tall, wide


def checked(rgb: Rgb) -> Rgb:
    """`rgb` itself. Raises ValueError if it is not an 8-bit (h, w, 3) picture with a pixel."""
    if rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3 or not rgb.size:
        raise ValueError(f"not an 8-bit RGB picture (h, w, 3): {rgb.dtype} {rgb.shape}")
    return rgb


def resized(rgb: Rgb, frame: tuple[int, int]) -> Rgb:
    """The picture at (height, width) `frame`."""
    height, width = frame
    small = Image.fromarray(rgb).resize((width, height), Image.Resampling.BICUBIC, reducing_gap=3.0)
    return np.array(small)


def outlines(features: Float[Tensor, "c h w"]) -> Outlines:
    """What stands out in a feature map.

    The outermost positions are left out: they show the network's zero padding, alike in all pictures.
    """
    inner = features[:, 1:-1, 1:-1]
    centred = inner - inner.mean((1, 2), keepdim=True)
    energy = centred.square().sum(0)
    return Outlines(F.normalize(centred, dim=0).half(), energy / energy.sum().clamp_min(1e-12))


def content_distance(asset: Sequence[Outlines], output: Sequence[Outlines]) -> float:
    """1 - the mean cosine between features of asset and output, positions weighted by the asset's energy.

    The mean over maps, 0 to 2: 0 is equal, 1 unrelated. What the output adds where the asset is plain counts
    little. Of unit vectors a and b, 1 - a.b = a.(a - b), which is exactly 0 when they are equal.
    """
    maps = zip(asset, output, strict=True)
    return sum(max(0.0, float(_cosine_distance(a, b.directions))) for a, b in maps) / len(asset)


def _cosine_distance(asset: Outlines, directions: Float[Tensor, "c h w"]) -> Tensor:
    a = asset.directions.float()
    return (asset.weights * (a * (a - directions.float())).sum(0)).sum()
