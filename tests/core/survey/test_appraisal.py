"""Labels in a survey: every picture that can be seen has one, with its doubts, and with what speaks for it."""

from __future__ import annotations

import io
import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError
from skimage import data as pictures

from core.errors import SpecError
from core.images.image import Picture
from core.images.lab_view import LabView
from core.networks.classifier_file import read
from core.survey.appraisal import AppraisalAnnotator
from core.survey.spec import AppraiseSpec
from core.survey.survey_kinds import APPRAISE
from tests.core.assist.pictures import ODD


@pytest.fixture(scope="module")
def appraiser() -> AppraisalAnnotator:
    return AppraisalAnnotator("genres", None, explain=True)


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD.keys())
def test_odd_pictures_have_a_label_or_none(appraiser: AppraisalAnnotator, odd: LabView) -> None:
    looked = appraiser.annotate(odd.picture, "odd.png")
    columns = [column.name for column in APPRAISE.columns]
    assert set(looked.values) <= set(columns)
    assert ("label" in looked.values) == bool(looked.files) == (not odd.is_blank)
    for value in looked.values.values():
        assert not isinstance(value, float) or math.isfinite(value)
    for data in looked.files.values():
        assert Image.open(io.BytesIO(data)).size == odd.picture.size


def test_a_face_makes_a_portrait_and_a_photograph_is_strange_to_a_classifier_of_paintings(
    appraiser: AppraisalAnnotator,
) -> None:
    face = pictures.astronaut()
    looked = appraiser.annotate(Picture(face), "face.png")
    assert looked.values["label"] == "Portrait"
    assert looked.values["outlier"]
    assert not looked.values["known"]
    assert looked.values["verdict"].startswith("unlike the pictures that the classifier was trained on")
    assert looked.values["scorer"] == read("genres").version
    assert 0 < looked.values["focus"] < 0.4


def test_without_a_scorer_there_are_measures_alone() -> None:
    looked = AppraisalAnnotator(None, None, explain=False).annotate(
        Picture(np.zeros((40, 40, 3), np.uint8)), "black.png"
    )
    assert "label" not in looked.values
    assert looked.values["clipping"] == 1


def test_what_is_asked_for_must_be_there(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    places = {"pictures": tmp_path / "in", "out": tmp_path / "out"}
    AppraiseSpec(**places).check()
    with pytest.raises(SpecError, match="nothing to explain"):
        AppraiseSpec(**places, scorer="none", explain=True).check()
    with pytest.raises(SpecError, match="There is no classifier 'genre'"):
        AppraiseSpec(**places, scorer="genre").check()
    with pytest.raises(ValidationError):
        AppraiseSpec(**places, scorer="../genres")


def test_another_version_of_the_classifier_looks_anew(tmp_path: Path) -> None:
    spec = AppraiseSpec(pictures=tmp_path, out=tmp_path / "out")
    assert spec.options["version"] == read("genres").version
    assert APPRAISE.digest(spec.options) != APPRAISE.digest(spec.model_copy(update={"scorer": "none"}).options)
