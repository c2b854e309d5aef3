"""Preconditioning in Fourier space: steps that are larger at low frequencies.

Pictures have spectra that fall with frequency, the gradient of a style loss has not. Optimising u, with the
picture x = x0 + T u and T scaling each frequency f by f^-exponent, brings colours and forms along with the
texture (compare Olah et al., "Feature Visualization", 2017). T is symmetric, so the gradient in u is T times
the gradient in x.
"""

from __future__ import annotations

import torch
from torch import Tensor


class FrequencyScaling:
    """The linear map T on pictures of one size; the identity when the exponent is 0."""

    def __init__(self, height: int, width: int, exponent: float, device: torch.device) -> None:
        self.size = (height, width)
        self.scale = None if exponent == 0 else _scale(height, width, exponent).to(device)

    def __call__(self, picture: Tensor) -> Tensor:
        """T applied to each channel of (3, h, w)."""
        if self.scale is None:
            return picture
        scaled: Tensor = torch.fft.irfft2(torch.fft.rfft2(picture) * self.scale, s=self.size)
        return scaled


def _scale(height: int, width: int, exponent: float) -> Tensor:
    """f^-exponent on the half plane of `rfft2`, (h, w // 2 + 1), root mean square 1; f is at least one cycle
    a picture.
    """
    down, across = torch.fft.fftfreq(height).unsqueeze(1), torch.fft.rfftfreq(width)
    frequency = (down.square() + across.square()).sqrt().clamp(min=1 / max(height, width))
    scale: Tensor = frequency**-exponent
    return scale.div(scale.square().mean().sqrt())
