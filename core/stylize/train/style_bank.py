"""Style targets and looks of a training, by number: computed once an artwork, cached in memory and on disk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from core.config.recipe import Recipe
from core.images import image
from core.images.border_crop import artwork_cropped, edges_cropped
from core.networks.backbone import Backbone
from core.progress import ProgressCallback
from core.stylize.feedforward.predictor import Look, look
from core.stylize.images.lru_cache import LruCache
from core.stylize.images.pixels import brushed, tensor
from core.stylize.optimise.target_cache import TargetCache
from core.stylize.optimise.targets import FeatureMoments, style_targets

DISK = 16 * 2**30
"""Bytes of targets that a training keeps on the disk: 2.4 MB an artwork."""
MEMORY = 1 * 2**30
"""Bytes of them in memory."""

Targets = dict[str, FeatureMoments]
"""A style's statistics by layer."""


@dataclass(frozen=True)
class StyleArtworks:
    """One style to learn: its artworks with weights."""

    name: str
    artworks: tuple[Path, ...]
    weights: tuple[float, ...] = (1.0,)
    share: float = 1.0
    """What the weight of its loss is multiplied by."""
    frame: float = 0.0
    """Share of a side that is cut off all four sides of its artworks."""


@dataclass(frozen=True)
class TrainingTarget:
    """Style target of one picture: its statistics, and what the weight of its loss is multiplied by."""

    targets: Targets
    share: float = 1.0


class StyleBank:
    """Style targets by number, from a cache in memory and one on disk."""

    def __init__(
        self, styles: Sequence[StyleArtworks], recipe: Recipe, backbone: Backbone, folder: Path, trim: bool = False
    ) -> None:
        self._styles, self._recipe, self._backbone, self._trim = styles, recipe, backbone, trim
        self._disk = TargetCache(folder, DISK)
        self._kept: LruCache[int, Targets] = LruCache(MEMORY, _bytes)

    def __len__(self) -> int:
        return len(self._styles)

    def targets(self, number: int) -> Targets:
        """The statistics of a style. Raises what reading its artworks can raise."""
        return self._kept.get(number, lambda: self._made(self._styles[number]))

    def training_target(self, number: int) -> TrainingTarget:
        """A style as it is learnt. Raises what reading its artworks can raise."""
        return TrainingTarget(self.targets(number), self._styles[number].share)

    def looks(self, numbers: Sequence[int], tick: ProgressCallback | None = None) -> Look:
        """What styles look like to the predictor, (n, look)."""
        found = []
        for done, number in enumerate(numbers, start=1):
            found.append(self.look(number))
            if tick is not None:
                tick(done, len(numbers))
        return torch.cat(found)

    def look(self, number: int) -> Look:
        """What a style looks like, (1, look)."""
        targets = self.targets(number)
        return look([targets[layer] for layer in self._recipe.style_layers])

    def _seen(self, path: Path, frame: float) -> image.Picture:
        picture = image.read(path)
        whole = image.Picture(artwork_cropped(picture.rgb)) if self._trim else picture
        whole = image.Picture(edges_cropped(whole.rgb, frame)) if frame else whole
        return brushed(whole, self._recipe.size, self._recipe.brush)

    def _made(self, style: StyleArtworks) -> Targets:
        device = self._backbone.mean.device
        artworks = [tensor(self._seen(path, style.frame)).to(device) for path in style.artworks]
        found = style_targets(artworks, style.weights, self._recipe, self._backbone, self._disk)
        return {layer: FeatureMoments(each.mean.float(), each.gram.float()) for layer, each in found.scales[0].items()}


def stacked(wanted: Sequence[TrainingTarget]) -> tuple[Targets, Tensor]:
    """The statistics of several styles, one an item of a batch, and their shares (n,)."""
    targets = [each.targets for each in wanted]
    together = {
        layer: FeatureMoments(
            torch.cat([each[layer].mean for each in targets]), torch.cat([each[layer].gram for each in targets])
        )
        for layer in targets[0]
    }
    device = next(iter(together.values())).mean.device
    return together, torch.tensor([each.share for each in wanted], device=device)


def _bytes(targets: Targets) -> int:
    tensors: list[Tensor] = [part for each in targets.values() for part in (each.mean, each.gram)]
    return sum(part.nbytes for part in tensors)
