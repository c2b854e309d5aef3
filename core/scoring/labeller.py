"""Labels of finished pictures by the classifier that a spec names as its scorer, as manifest columns."""

from __future__ import annotations

from typing import Any

import torch

from core.images.image import U8
from core.networks.classifier import Classifier, Verdict
from core.networks.features import FeatureExtractor

COLUMNS = ("label", "probability", "known", "outlier", "scorer")
"""Columns of the manifest that a labeller fills."""


class Labeller:
    """Labels pictures on one device. A verdict depends on the picture alone; between engines its last digits differ."""

    def __init__(self, classifier: Classifier, device: torch.device) -> None:
        """Raises SpecError if the feature network's weights are missing."""
        self.classifier = classifier
        self.features = FeatureExtractor(device)

    def verdict(self, rgb: U8) -> Verdict:
        """What the classifier says of a picture (h, w, 3). Raises ValueError if it is not 8-bit."""
        return self.classifier.judge(self.features.wide(rgb))

    def columns(self, rgb: U8) -> dict[str, Any]:
        """The verdict as COLUMNS."""
        return verdict_columns(self.verdict(rgb), self.classifier.version)


def verdict_columns(verdict: Verdict, version: str) -> dict[str, Any]:
    """A verdict as COLUMNS."""
    values = (verdict.label, verdict.probability, verdict.known, verdict.outlier, version)
    return dict(zip(COLUMNS, values, strict=True))
