"""Annotators that do what a survey must survive."""

from __future__ import annotations

import os

import pyarrow as pa

from core.images.image import Picture
from core.manifest.schema import Column
from core.survey.annotator import Annotation
from core.survey.survey_kinds import SurveyKind


class Mean:
    """The mean of red; pictures that are all red end the process, all green ones raise, all blue ones give NaN."""

    def annotate(self, picture: Picture, name: str) -> Annotation:
        red, green, blue = (float(value) for value in picture.rgb.reshape(-1, 3).mean(0))
        if (red, green, blue) == (255, 0, 0):
            os._exit(9)
        if (red, green, blue) == (0, 255, 0):
            raise ValueError("green\x1b[31m")
        value = float("nan") if (red, green, blue) == (0, 0, 255) else red
        return Annotation({"red": value}, {f"seen/{name}.txt": b"seen"})


class CannotStart:
    """Cannot be made."""

    def __init__(self) -> None:
        os._exit(7)


MEAN = SurveyKind("mean", 1, "tests.core.survey.annotators:Mean", (Column("red", pa.float32(), "Mean red."),))
CANNOT_START = SurveyKind("cannot-start", 1, "tests.core.survey.annotators:CannotStart", ())
