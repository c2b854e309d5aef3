"""The survey `features`: what pictures are found again and grouped by."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from core.images.image import Picture
from core.manifest.schema import Column
from core.survey.kind import Kind, Looked

LENGTH = 1280
FEATURES = Kind(
    "features",
    1,
    "core.survey.features:Seer",
    (Column("features", pa.list_(pa.float16(), LENGTH), "Features as in core.networks.features, 0 to 6."),),
)


class Seer:
    """Sees features; the network is loaded when the first picture comes."""

    def __init__(self, name: str) -> None:
        """name: of the features, which the survey's options hold: rows of others are made again."""
        self.name = name
        self._network: Any = None

    def look(self, picture: Picture, name: str) -> Looked:  # noqa: ARG002 - another kind writes files by it
        """The picture's features."""
        if self._network is None:
            import torch

            from core.networks.features import FeatureExtractor

            self._network = FeatureExtractor(torch.device("cpu"))
        return Looked({"features": self._network.of(picture.rgb).astype(np.float16)})
