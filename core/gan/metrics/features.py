"""Feature networks of the GAN metrics: pictures are compared by their features, as sets and one by one.

Two networks, so that a figure can be had on one that took no part: EfficientNet-Lite0 chooses checkpoints and curates
samples, VGG-19 does neither. Both learned ImageNet's photographs, and neither needs a download. A figure is
comparable only between equal features and equal numbers of pictures, so a network's name says what it sees:
`efficientnet-lite0 pooled, 224 px`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch
from jaxtyping import Float, UInt8
from PIL import Image
from torch import Tensor

from core.gan.metrics.pairwise_distances import Features
from core.images.pixel_types import RgbPictures
from core.networks import efficientnet
from core.networks.backbone import Backbone
from core.networks.weights import load
from core.progress import ProgressCallback

LANES = 16
"""Pictures in one call of a network, always: short groups are padded, so that a picture's features do not depend on how
many others there are.
"""

EFFICIENTNET_SIDE = 224
"""Side in pixels to which EfficientNet's pictures are resized: the one that it learned on. Estimate on paintings of
64 px: resized to 224 rather than to 64, the features find the right original of a cropped copy in 95 of 100 cases
rather than in 82.
"""

VGG_SIDE = 128
"""The longest side to which VGG-19's pictures are resized: it takes six times EfficientNet's time at the same side."""

LEAST_SIDE = 64
"""The shortest: on smaller pictures too little is left at VGG-19's deepest layer."""

DIGIT_SIDE = 96
"""EfficientNet's side for pictures of at most 32 px: digits have nothing that a larger view would show."""

VGG_LAYERS = {"relu3_1": 4.1, "relu4_1": 17.0, "relu5_1": 2.4}
"""Layers of VGG-19 and what their means are divided by: their root mean square over paintings, so that each counts alike."""


class FeatureNetwork(Protocol):
    """What turns pictures into features to compare them by."""

    @property
    def name(self) -> str:
        """Network, layer and side: figures from networks of other names are not comparable."""

    @property
    def dims(self) -> int:
        """Length d of a picture's features."""

    def features(self, rgb: RgbPictures, tick: ProgressCallback | None = None) -> Features:
        """Features (n, d), float32, of pictures (n, h, w, 3). Raises ValueError if they are not 8-bit RGB."""


class EfficientNetFeatures:
    """The 1280 pooled features of EfficientNet-Lite0, before its classifier (Tan & Le 2019)."""

    dims = efficientnet.HEAD_CHANNELS

    def __init__(self, device: torch.device, side: int = EFFICIENTNET_SIDE) -> None:
        """Raises SpecError if the packaged weights are missing."""
        self.name = f"efficientnet-lite0 pooled, {side} px"
        self._network, self._device, self._side = efficientnet.load().to(device), device, side

    def features(self, rgb: RgbPictures, tick: ProgressCallback | None = None) -> Features:
        """Features (n, 1280) of pictures (n, h, w, 3), from 0 to 6."""
        return _in_lanes(self._call, rgb, self._side, self._device, tick)

    def _call(self, rgb: UInt8[Tensor, "n h w 3"]) -> Float[Tensor, "n 1280"]:
        pooled: Tensor = self._network(efficientnet.normalised(rgb)).pooled
        return pooled


class VggFeatures:
    """Channel means of VGG-19's relu3_1, relu4_1 and relu5_1, one after another, each of a mean square of about 1."""

    dims = 256 + 512 + 512

    def __init__(self, device: torch.device, side: int = VGG_SIDE) -> None:
        """Raises SpecError if the packaged weights are missing."""
        self.name = f"vgg19 means of {'+'.join(VGG_LAYERS)}, {side} px"
        self._network = Backbone(load("packaged"), VGG_LAYERS).to(device)
        self._device, self._side = device, side

    def features(self, rgb: RgbPictures, tick: ProgressCallback | None = None) -> Features:
        """Features (n, 1280) of pictures (n, h, w, 3), from 0."""
        return _in_lanes(self._call, rgb, self._side, self._device, tick)

    def _call(self, rgb: UInt8[Tensor, "n h w 3"]) -> Float[Tensor, "n 1280"]:
        found = self._network.features(rgb.permute(0, 3, 1, 2).float() / 255)
        return torch.cat([found[layer].mean((2, 3)) / size for layer, size in VGG_LAYERS.items()], 1)


def efficientnet_side(size: int) -> int:
    """The side at which EfficientNet looks at samples of `size` px."""
    return DIGIT_SIDE if size <= 32 else EFFICIENTNET_SIDE


def vgg_side(size: int) -> int:
    """The side at which VGG-19 looks at samples of `size` px: their own, within limits."""
    return min(VGG_SIDE, max(LEAST_SIDE, size))


def rgb_of(pictures: npt.NDArray[np.uint8]) -> RgbPictures:
    """Pictures (n, c, h, w), grey or colour, as a data set keeps them, as (n, h, w, 3)."""
    count, _, height, width = pictures.shape
    return np.ascontiguousarray(np.broadcast_to(pictures, (count, 3, height, width)).transpose(0, 2, 3, 1))


def resized(rgb: RgbPictures, side: int) -> RgbPictures:
    """Pictures (n, h, w, 3) as squares of `side` px: bicubic, with antialiasing when made smaller (Parmar et al. 2022)."""
    if rgb.shape[1:3] == (side, side):
        return rgb
    return np.stack([np.asarray(Image.fromarray(one).resize((side, side), Image.Resampling.BICUBIC)) for one in rgb])


@torch.inference_mode()
def _in_lanes(
    call: Callable[[Tensor], Tensor], rgb: RgbPictures, side: int, device: torch.device, tick: ProgressCallback | None
) -> Features:
    if rgb.dtype != np.uint8 or rgb.ndim != 4 or rgb.shape[3] != 3 or not rgb.size:
        raise ValueError(f"not 8-bit RGB pictures (n, h, w, 3): {rgb.dtype} {rgb.shape}")
    found = []
    for start in range(0, len(rgb), LANES):
        group = resized(rgb[start : start + LANES], side)
        lanes = np.zeros((LANES, side, side, 3), np.uint8)
        lanes[: len(group)] = group
        found.append(call(torch.from_numpy(lanes).to(device))[: len(group)].float().cpu().numpy())
        if tick is not None:
            tick(start + len(group), len(rgb))
    return np.concatenate(found)
