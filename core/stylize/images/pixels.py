"""Pictures as tensors and back: colours (3, h, w) in [0, 1], 8-bit arrays, bicubic resizing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from core.images import image


def brushed(artwork: image.Picture, size: int, brush: float) -> image.Picture:
    """An artwork as it is looked at: at most `size` pixels at its longest, times `brush`, enlarged if it must be."""
    longest = max(1, round(min(size, max(artwork.size)) * brush))
    if longest <= max(artwork.size):
        return image.resized(artwork, longest)
    scale = longest / max(artwork.size)
    sides = round(artwork.size.height * scale), round(artwork.size.width * scale)
    return picture_of(resized(tensor(artwork), sides))


def tensor(picture: image.Picture) -> Tensor:
    """The colours of a picture as (3, h, w), RGB in [0, 1], on the CPU."""
    return torch.from_numpy(np.ascontiguousarray(picture.rgb)).permute(2, 0, 1).float() / 255


def tensors(pictures: Sequence[image.Picture], count: int, device: torch.device) -> Tensor:
    """The colours of pictures of one size on a device, (count, 3, h, w), RGB in [0, 1]; the first one repeated if they are
    fewer. CUDA gets 8 bits by pinned memory, behind which the host does not wait.
    """
    if device.type != "cuda":
        colours = [tensor(picture) for picture in pictures]
        return torch.stack([*colours, *colours[:1] * (count - len(colours))]).to(device)
    rows = torch.stack([torch.from_numpy(np.ascontiguousarray(picture.rgb)) for picture in pictures]).pin_memory()
    there = rows.to(device, non_blocking=True).permute(0, 3, 1, 2).float() / 255
    return torch.cat([there, there[:1].expand(count - len(pictures), -1, -1, -1)])


def unit(picture: Tensor) -> Tensor:
    """Colours of 8 bits as float in [0, 1]; others as they are."""
    return picture.float() / 255 if picture.dtype == torch.uint8 else picture


def eight_bit(picture: Tensor) -> image.U8:
    """Colours (3, h, w) as (h, w, 3) uint8; values outside [0, 1] are cut off."""
    return (picture.clamp(0, 1) * 255).round().to(torch.uint8).permute(1, 2, 0).contiguous().cpu().numpy()


def picture_of(colours: Tensor) -> image.Picture:
    """Colours (3, h, w), RGB in [0, 1], as a picture of 8 bits."""
    return image.Picture(eight_bit(colours))


def resized(picture: Tensor, size: tuple[int, int] | torch.Size) -> Tensor:
    """The picture (3, h, w) at `size` (height, width), bicubic, smoothed when it shrinks; may leave [0,
    1].
    """
    return F.interpolate(picture.unsqueeze(0), size=tuple(size), mode="bicubic", antialias=True)[0]
