"""Kinds of survey: the columns of each, its annotator, and the registry by the kind of a spec.

What annotates is loaded in the workers alone, by name, and with it torch.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from core.assist import measures
from core.manifest.schema import Column
from core.scoring import appraisal

COMMON: tuple[Column, ...] = (
    Column("asset", pa.string(), "Path of the picture below the folder; the row's identity."),
    Column("asset_sha256", pa.string(), "SHA-256 of the picture's bytes; null where they cannot be read."),
    Column("status", pa.string(), "`done`, or `failed`."),
    Column("reason", pa.string(), "Why not, in one word, as in a run's manifest; null when done."),
    Column("message", pa.string(), "Why not, in a sentence that names the file and a remedy."),
    Column("width", pa.int32(), "Width of the picture, pixels."),
    Column("height", pa.int32(), "Height of the picture, pixels."),
)
LAST: tuple[Column, ...] = (
    Column("seconds", pa.float32(), "Time to read the picture and look at it, seconds."),
    Column("look", pa.string(), "Hash of how it was looked at: rows of another look are made again."),
)
TIMES = frozenset({"seconds"})
"""Columns that may differ between two undisturbed surveys of one folder."""

LABELS: tuple[Column, ...] = (
    Column("label", pa.string(), "Likeliest class by the scorer; null without one, and of transparent pictures."),
    Column("probability", pa.float32(), "Probability of the label, calibrated, 0 to 1."),
    Column("known", pa.bool_(), "Whether the scorer knows: the label is probable enough, and the picture no outlier."),
    Column("outlier", pa.bool_(), "Whether the picture is unlike all that the scorer was trained on."),
    Column("verdict", pa.string(), "The scorer's verdict in words."),
    Column("focus", pa.float32(), "Share of the picture that half of what speaks for the label lies in; by `explain`."),
    Column("scorer", pa.string(), "Classifier that gave the label, as name@digest."),
)
FEATURE_LENGTH = 1280


@dataclass(frozen=True)
class SurveyKind:
    """A kind of survey. `annotator` names a class, `module:Class`; `version` is raised when its values change."""

    name: str
    version: int
    annotator: str
    columns: tuple[Column, ...]

    @property
    def schema(self) -> pa.Schema:
        """The table's columns: those of every survey around those of this kind."""
        every = (*COMMON, *self.columns, *LAST)
        return pa.schema([pa.field(each.name, each.type, metadata={"meaning": each.meaning}) for each in every])

    def digest(self, options: dict[str, Any]) -> str:
        """12 hex digits over how pictures are annotated: the column `look`."""
        text = json.dumps([self.name, self.version, options], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]


APPRAISE = SurveyKind("appraise", 2, "core.survey.appraisal:AppraisalAnnotator", (*LABELS, *appraisal.COLUMNS))
ANALYSE = SurveyKind("analyse", 1, "core.survey.analysis:AnalysisAnnotator", measures.COLUMNS)
FEATURES = SurveyKind(
    "features",
    1,
    "core.survey.features:FeatureAnnotator",
    (Column("features", pa.list_(pa.float16(), FEATURE_LENGTH), "Features as in core.networks.features, 0 to 6."),),
)
KINDS: dict[str, SurveyKind] = {kind.name: kind for kind in (APPRAISE, ANALYSE)}
"""The kinds that a command of their own surveys, by the kind of their spec."""
