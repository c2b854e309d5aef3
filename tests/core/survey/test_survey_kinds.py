"""The surveys that there are, on pictures that a table must survive."""

from __future__ import annotations

import io
import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.assist.measures import COLUMNS as ANALYSED
from core.images.image import Picture
from core.images.lab_view import LabView
from core.scoring.appraisal import COLUMNS as APPRAISED
from core.scoring.appraisal import appraise
from core.survey.analysis import AnalysisAnnotator
from core.survey.spec import AnalyseSpec, AppraiseSpec
from core.survey.survey import Survey
from core.survey.survey_kinds import ANALYSE, APPRAISE, FEATURES, SurveyKind
from tests.core.assist.pictures import ODD
from tests.golden import golden


@pytest.mark.parametrize("kind", [APPRAISE, ANALYSE, FEATURES], ids=lambda kind: kind.name)
def test_columns_of_the_first_version_keep_their_types_and_order(kind: SurveyKind) -> None:
    first = [tuple(column) for column in golden("columns.json")[kind.name]]
    now = [(field.name, str(field.type)) for field in kind.schema]
    assert [column for column in now if column in first] == first


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD.keys())
def test_odd_pictures_have_defined_values_or_none(odd: LabView) -> None:
    looked = AnalysisAnnotator().annotate(odd.picture, "odd.png")
    judged = appraise(odd.picture)
    assert list(judged) == [column.name for column in APPRAISED]
    assert list(looked.values) == [column.name for column in ANALYSED]
    for value in (*judged.values(), *looked.values.values()):
        assert value is None or isinstance(value, str) or math.isfinite(value)
    for name, data in looked.files.items():
        if name.endswith((".jpg", ".png")):
            assert Image.open(io.BytesIO(data)).size[0] > 0
    invisible = odd.is_blank
    assert (looked.values["mood"] is None) == invisible
    assert len(looked.files) == (1 if invisible else 11)


def test_measures_are_as_the_picture_is() -> None:
    rgb = np.full((60, 90, 3), (40, 60, 160), np.uint8)
    rgb[20:30, 58:68] = (230, 140, 40)
    looked = AnalysisAnnotator().annotate(Picture(rgb), "blue.png")
    assert looked.values["colours"].startswith("dark blue")
    assert looked.values["warmth"] < -0.3
    assert appraise(Picture(rgb))["thirds"] > 0.6  # type: ignore[operator]
    assert looked.files["palettes/blue.png.css"].startswith(b"/* blue.png */")


def test_a_folder_is_appraised_and_analysed(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    noise = np.random.default_rng(0).integers(0, 255, (40, 40, 3), dtype=np.uint8)
    Image.fromarray(noise).save(folder / "noise.png")
    Image.new("RGBA", (20, 20), (0, 0, 0, 0)).save(folder / "nothing.png")
    with Survey(AppraiseSpec(pictures=folder, out=tmp_path / "a", processes=1), APPRAISE) as survey:
        rows = survey.complete().to_pylist()
    assert [row["status"] for row in rows] == ["done", "done"]
    assert rows[0]["noise"] > 20
    assert rows[1]["noise"] is None
    with Survey(AnalyseSpec(pictures=folder, out=tmp_path / "b", processes=1), ANALYSE) as survey:
        rows = survey.complete().to_pylist()
    assert rows[0]["mood"]
    assert (tmp_path / "b/overlays/noise.png.grid.jpg").is_file()
    assert not (tmp_path / "b/overlays/nothing.png.grid.jpg").exists()
