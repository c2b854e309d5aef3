"""Validation of a style training: perceptual loss of held-out pictures in the catalog's styles, and a sheet of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from core.images import image
from core.images.border_crop import margins_cropped
from core.stylize.feedforward.network import PictureBatch
from core.stylize.feedforward.train_recipe import TransferRecipe
from core.stylize.train.contents import Contents, middle
from core.stylize.train.perceptual import PerceptualLoss
from core.stylize.train.style_bank import StyleArtworks, TrainingTarget
from core.training.image_grid import grid_png

MOST_PAIRS = 96
"""Pictures in a style that are judged; of more, some spread evenly: a measurement stays under a minute on two cores."""
ROWS, COLUMNS = 4, 8
"""Pictures and styles in the sheet, at most."""

Paint = Callable[[PictureBatch, Sequence[int]], PictureBatch]
"""Paints pictures, each in a style of the catalog."""


@dataclass(frozen=True)
class ValidationLoss:
    """Mean perceptual loss over all pairs of picture and style."""

    loss: float
    content: float
    style: float


def spread(count: int, most: int) -> list[int]:
    """At most so many of the numbers under `count`, spread evenly.

    >>> spread(3, 5), spread(7, 3)
    ([0, 1, 2], [0, 2, 4])
    """
    return [k * count // min(count, most) for k in range(min(count, most))]


class ValidationSet:
    """Squares of held-out pictures, of the largest side that is trained with, and the styles that each is painted in."""

    def __init__(
        self, contents: Contents, recipe: TransferRecipe, styles: int, most: int, perceptual: PerceptualLoss
    ) -> None:
        """most: pictures. styles: of the catalog."""
        pictures = [contents.held_out[k] for k in spread(len(contents.held_out), most)]
        squares = [middle(picture, max(recipe.crops), recipe.zoom) for picture in pictures]
        self.pictures = torch.stack([_tensor(square) for square in squares])
        pairs = [divmod(k, styles) for k in spread(len(squares) * styles, MOST_PAIRS)]
        self._styles = [[style for picture, style in pairs if picture == k] for k in range(len(squares))]
        self._perceptual, self._all, self._trim = perceptual, styles, recipe.trim

    @torch.no_grad()
    def loss(self, paint: Paint, target: Callable[[int], TrainingTarget]) -> ValidationLoss:
        """The perceptual loss of all pairs, painted one at a time."""
        perceptual, found = self._perceptual, list[list[float]]()
        device = perceptual.backbone.mean.device
        for k, styles in enumerate(self._styles):
            picture = self.pictures[k : k + 1].to(device)
            content = perceptual.content(picture) if styles else {}
            for style in styles:
                painted = paint(picture, [style])
                losses = perceptual(painted, picture, content, [target(style)])
                found.append([float(each) for each in (losses.loss, losses.content, losses.style)])
        return ValidationLoss(*np.mean(found, 0).tolist())

    @torch.no_grad()
    def sheet(self, paint: Paint, palettes: Sequence[StyleArtworks]) -> bytes:
        """Artworks across, pictures down, and each picture in each style, as PNG."""
        styles, rows = spread(self._all, COLUMNS), spread(len(self.pictures), ROWS)
        side = self.pictures.shape[-1]
        blank = np.full((side, side, 3), 255, np.uint8)
        cells = [blank, *(_thumb(palettes[style], side, self._trim) for style in styles)]
        device = self._perceptual.backbone.mean.device
        for row in rows:
            picture = self.pictures[row : row + 1]
            cells += [_cell(picture), *(_cell(paint(picture.to(device), [style])) for style in styles)]
        return grid_png(np.stack(cells), len(styles) + 1)


def _thumb(palette: StyleArtworks, side: int, trim: bool) -> image.U8:
    """The square about the middle of a style's first artwork, without its margins if they are trimmed."""
    rgb = image.read(palette.artworks[0]).rgb
    whole = Image.fromarray(np.ascontiguousarray(margins_cropped(rgb) if trim else rgb))
    least = min(whole.size)
    left, top = (whole.width - least) // 2, (whole.height - least) // 2
    square = whole.crop((left, top, left + least, top + least))
    return np.asarray(square.resize((side, side), Image.Resampling.LANCZOS))


def _tensor(square: image.U8) -> Tensor:
    return torch.from_numpy(square.copy()).permute(2, 0, 1).float() / 255


def _cell(picture: PictureBatch) -> image.U8:
    rgb: image.U8 = (picture[0].float().clamp(0, 1) * 255).round().byte().permute(1, 2, 0).cpu().numpy()
    return rgb
