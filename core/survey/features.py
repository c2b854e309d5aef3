"""Annotator of the survey `features`: the network features that pictures are searched and grouped by."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.images.image import Picture
from core.survey.annotator import Annotation


class FeatureAnnotator:
    """Computes features; the network is loaded when the first picture comes."""

    def __init__(self, name: str) -> None:
        """name: of the features, which the survey's options hold: rows of others are made again."""
        self.name = name
        self._network: Any = None

    def annotate(self, picture: Picture, name: str) -> Annotation:  # noqa: ARG002 - another kind writes files by it
        """The picture's features."""
        if self._network is None:
            import torch

            from core.networks.features import FeatureExtractor

            self._network = FeatureExtractor(torch.device("cpu"))
        return Annotation({"features": self._network.of(picture.rgb).astype(np.float16)})
