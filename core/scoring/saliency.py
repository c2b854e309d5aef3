"""Saliency map: distance in colour of each pixel from its surroundings, at three scales."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from core.images.lab_view import LabView

SURROUNDINGS = (0.08, 0.2, 0.5)
"""Widths of the Gaussians that a pixel is held against, in longest sides."""

SMALL = 64
"""Longest side in pixels at which surroundings are averaged: they are wide, so that nothing is lost."""

Planes = Float[NDArray[np.float32], "h w 3"]


def saliency(view: LabView) -> Float[NDArray[np.float32], "h w"]:
    """Where the eye is drawn, 0..1: distance in CIELAB of the blurred picture from its surroundings, at three scales.

    Frequency-tuned saliency (Achanta et al. 2009, equation 1), with surroundings of three sizes in place of the whole
    (Achanta & Süsstrunk 2010). A flat picture is 0 everywhere.
    """
    lab = np.where(view.shown[..., None], view.lab, view.colours.mean(0)).astype(np.float32)
    fine = ndimage.gaussian_filter(lab, (1.5, 1.5, 0))
    height, width = lab.shape[:2]
    scale = min(1.0, SMALL / max(height, width))
    small = _resized(lab, max(1, round(height * scale)), max(1, round(width * scale)), Image.Resampling.BOX)
    total = np.zeros((height, width), np.float32)
    for share in SURROUNDINGS:
        sigma = share * max(small.shape[:2])
        around = ndimage.gaussian_filter(small, (sigma, sigma, 0), truncate=2.0)
        away = fine - _resized(around, height, width, Image.Resampling.BILINEAR)
        total += np.sqrt(np.einsum("hwc,hwc->hw", away, away))
    total[~view.shown] = 0
    top = float(np.percentile(total, 99.5))
    return np.clip(total / top, 0, 1) if top > 1.5 else np.zeros_like(total)


def _resized(planes: Planes, height: int, width: int, by: Image.Resampling) -> Planes:
    each = (Image.fromarray(np.ascontiguousarray(planes[..., channel])) for channel in range(3))
    return np.stack([np.asarray(plane.resize((width, height), by)) for plane in each], axis=2)
