"""Style targets and looks of a training, by number: computed once an artwork, cached in memory and on disk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from core.config.recipe import Recipe
from core.images import image
from core.images.border_crop import artwork_cropped, edges_cropped
from core.networks.backbone import Backbone
from core.networks.pinned_upload import uploaded
from core.progress import ProgressCallback
from core.stylize.feedforward.predictor import Look, look_of
from core.stylize.images.lru_cache import LruCache
from core.stylize.images.pixels import brushed, tensor
from core.stylize.optimise.style_loss import Target
from core.stylize.optimise.target_cache import TargetCache
from core.stylize.optimise.targets import style_targets

DISK = 16 * 2**30
"""Bytes of targets that a training keeps on the disk: 2.4 MB an artwork."""
MEMORY = 1 * 2**30
"""Bytes of them in memory."""

Targets = Mapping[str, Target]
"""A style's targets by layer."""


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
    """Style target of one picture: by layer, and what the weight of its loss is multiplied by."""

    targets: Targets
    share: float = 1.0


@dataclass(frozen=True)
class _Measured:
    """What is computed of a style's artworks: its targets, and its look, (1, look)."""

    targets: Targets
    look: Look

    @property
    def nbytes(self) -> int:
        """Bytes of the targets."""
        return sum(part.nbytes for target in self.targets.values() for part in target.values())


class StyleBank:
    """Style targets by number, from a cache in memory and one on disk."""

    def __init__(
        self, styles: Sequence[StyleArtworks], recipe: Recipe, backbone: Backbone, folder: Path, trim: bool = False
    ) -> None:
        self._styles, self._recipe, self._backbone, self._trim = styles, recipe, backbone, trim
        self._disk = TargetCache(folder, DISK)
        self._kept: LruCache[int, _Measured] = LruCache(MEMORY, lambda kept: kept.nbytes)

    def __len__(self) -> int:
        return len(self._styles)

    def targets(self, number: int) -> Targets:
        """The targets of a style by layer. Raises what reading its artworks can raise."""
        return self._measured(number).targets

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
        return self._measured(number).look

    def _seen(self, path: Path, frame: float) -> image.Picture:
        picture = image.read(path)
        whole = image.Picture(artwork_cropped(picture.rgb)) if self._trim else picture
        whole = image.Picture(edges_cropped(whole.rgb, frame)) if frame else whole
        return brushed(whole, self._recipe.size, self._recipe.brush)

    def _measured(self, number: int) -> _Measured:
        return self._kept.get(number, lambda: self._measure(self._styles[number]))

    def _measure(self, style: StyleArtworks) -> _Measured:
        device = self._backbone.mean.device
        artworks = [tensor(self._seen(path, style.frame)).to(device) for path in style.artworks]
        asked = artworks, style.weights, self._recipe, self._backbone, self._disk
        targets = style_targets(*asked).scales[0]
        exact = {layer: {name: part.float() for name, part in each.items()} for layer, each in targets.items()}
        return _Measured(exact, look_of(*asked))


def stacked(wanted: Sequence[TrainingTarget]) -> tuple[Targets, Tensor]:
    """The targets of several styles, one an item of a batch, and their shares (n,)."""
    targets = [each.targets for each in wanted]
    together = {
        layer: {name: torch.cat([each[layer][name] for each in targets]) for name in target}
        for layer, target in targets[0].items()
    }
    device = next(part.device for target in together.values() for part in target.values())
    return together, uploaded(torch.tensor([each.share for each in wanted]), device)
