"""Postprocessing of a result into the picture that is written: colours, output size, bit depth, masks."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from core.images import image
from core.images.pixel_types import Pixels
from core.stylize.images import colour
from core.stylize.images.colour import KeepColor
from core.stylize.images.guided_upsample import upsampled
from core.stylize.images.pixels import tensor, unit
from core.stylize.images.region_composite import RegionComposite


def delivered(
    result: Tensor,
    asset: image.Picture,
    guide: image.Picture,
    keep: KeepColor,
    depth: int,
    composite: RegionComposite | None = None,
) -> image.Picture | image.DeepPicture:
    """The picture of a result (3, h, w), RGB in [0, 1], at the size of `guide`, with its alpha, at 8 or 16 bits a channel.

    `asset` has the result's size; `guide` is the asset at the output's, and where that is larger, its edges and its colours
    are those of the output. Where `composite` says so, the guide's own pixels are.
    """
    result = result.detach().cpu()
    deep = depth == 16
    rgb = np.empty((*guide.rgb.shape[:2], 3), dtype=np.uint16 if deep else np.uint8)
    if guide.size.width * guide.size.height > asset.size.width * asset.size.height:
        _lift_into(rgb, unit(result).clamp(0, 1), asset, guide, keep)
    elif guide.size == asset.size:
        put_coloured(rgb, result, asset, keep)
    else:
        _put(rgb, _shrunk(colour.kept(keep, unit(result).clamp(0, 1), tensor(asset)), guide.size))
    if composite is not None:
        composite.put_back(rgb, guide.rgb)
    alpha = guide.alpha
    if not deep:
        return image.Picture(rgb.astype(np.uint8, copy=False), alpha)
    return image.DeepPicture(
        rgb.astype(np.uint16, copy=False), None if alpha is None else alpha.astype(np.uint16) * 257
    )


def put_coloured(rgb: Pixels, result: Tensor, asset: image.Picture, keep: KeepColor) -> None:
    """Put a result (3, h, w), RGB in [0, 1] or uint8, of the asset's size into the picture (h, w, 3), in the colours that
    it is to have.
    """
    if keep == "none" and result.dtype == torch.uint8 and rgb.dtype == np.uint8:
        rgb[...] = result.permute(1, 2, 0).numpy()
        return
    for rows, strip in colour.kept_rows(keep, result, torch.from_numpy(asset.rgb).permute(2, 0, 1)):
        _put(rgb[rows], strip)


def _lift_into(rgb: Pixels, result: Tensor, asset: image.Picture, guide: image.Picture, keep: KeepColor) -> None:
    """With `luminance`, lightness alone is lifted: the colours are there at full size."""
    small, large = tensor(asset), torch.from_numpy(guide.rgb).permute(2, 0, 1)
    light = keep == "luminance"
    painted = colour.lightness_of(result)[:1] if light else colour.kept(keep, result, small)
    for rows, strip in upsampled(painted, small, large):
        colours = large[:, rows].float() / 255
        _put(rgb[rows], colour.recoloured(strip.expand_as(colours), colours) if light else strip)


def _put(rgb: Pixels, colours: Tensor) -> None:
    most = np.iinfo(rgb.dtype).max
    rgb[...] = (colours.clamp(0, 1) * most).round().permute(1, 2, 0).numpy()


def _shrunk(picture: Tensor, size: image.Size) -> Tensor:
    if picture.shape[1:] == (size.height, size.width):
        return picture
    shape = (size.height, size.width)
    return F.interpolate(picture.unsqueeze(0), size=shape, mode="bicubic", antialias=True)[0]
