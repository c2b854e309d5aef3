"""Annotator of the survey `appraise`: a classifier's label, technical measures, and what speaks for the label."""

from __future__ import annotations

from typing import Any

import torch

from core.classifier.explanation import Explanation, explain, overlay
from core.images import image
from core.images.image import Picture
from core.images.lab_view import OPAQUE
from core.networks import classifier_file
from core.scoring.appraisal import appraise
from core.scoring.labeller import Labeller
from core.survey.annotator import Annotation

EXPLAINED = "explained"
"""Folder of the pictures that show what speaks for a label."""
LONGEST = 512
"""Longest side in pixels at which they are shown."""


class AppraisalAnnotator:
    """Labels pictures, and measures how they are made and composed."""

    def __init__(self, scorer: str | None, version: str | None, explain: bool) -> None:  # noqa: ARG002 - part of the kind's digest
        """Raises SpecError for a scorer that is no whole classifier."""
        torch.set_num_threads(1)  # there is a process a core
        device = torch.device("cpu")
        self._labeller = None if scorer is None else Labeller(classifier_file.read(scorer), device)
        self._explains = explain

    def annotate(self, picture: Picture, name: str) -> Annotation:
        """The picture's label and measures, and what speaks for the label as a file if that is wanted."""
        measures = appraise(picture)
        blank = picture.alpha is not None and bool((picture.alpha < OPAQUE).all())
        if self._labeller is None or blank:
            return Annotation(measures)
        verdict = self._labeller.verdict(picture.rgb)
        columns: dict[str, Any] = {
            "label": verdict.label,
            "probability": verdict.probability,
            "known": verdict.known,
            "outlier": verdict.outlier,
            "verdict": verdict.sentence(),
            "scorer": self._labeller.classifier.version,
        }
        if not self._explains:
            return Annotation({**columns, **measures})
        small = image.resized(picture, LONGEST).rgb
        found = explain(small, self._labeller.classifier, self._labeller.features, verdict.label)
        columns["focus"] = found.focus
        return Annotation({**columns, **measures}, {f"{EXPLAINED}/{name}.png": _shown(small, found)})


def _shown(rgb: image.U8, found: Explanation) -> bytes:
    return image.encode(Picture(overlay(rgb, found)), "png")
