"""The survey `appraise`."""

from __future__ import annotations

import pyarrow as pa

from core.manifest.schema import Column
from core.scoring.appraisal import COLUMNS
from core.survey.kind import Kind

LABELS: tuple[Column, ...] = (
    Column("label", pa.string(), "Likeliest class by the scorer; null without one, and of transparent pictures."),
    Column("probability", pa.float32(), "Probability of the label, calibrated, 0 to 1."),
    Column("known", pa.bool_(), "Whether the scorer knows: the label is probable enough, and the picture no outlier."),
    Column("outlier", pa.bool_(), "Whether the picture is unlike all that the scorer was trained on."),
    Column("verdict", pa.string(), "The scorer's verdict in words."),
    Column("focus", pa.float32(), "Share of the picture that half of what speaks for the label lies in; by `explain`."),
    Column("scorer", pa.string(), "Classifier that gave the label, as name@digest."),
)
APPRAISE = Kind("appraise", 2, "core.survey.appraiser:Appraiser", (*LABELS, *COLUMNS))
