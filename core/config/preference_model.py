"""Preference model (a taste): logistic regression from score parts and traits to the probability that a picture is kept.

It is a small JSON file, read as data. `core.scoring.preference_fit` makes one.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from core.config.score_weights import PARTS
from core.errors import SpecError
from core.storage.text_file import read_text

TRAITS = 32
MEASURES = tuple(f"score_{part}" for part in PARTS)
FEATURES = (*MEASURES, *(f"trait {number}" for number in range(TRAITS)))
"""What a taste reads of a manifest row: the parts of its score, and its traits."""

MOST_BYTES = 1 << 20


class PreferenceModel(BaseModel):
    """Logistic regression over FEATURES: how likely a person keeps a picture. `kept` and `rejected` are how many picks it
    was learnt from, `rank` its ROC AUC on pictures left out.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    format: Literal["nocturne taste 1"] = "nocturne taste 1"
    mean: tuple[float, ...] = Field(min_length=len(FEATURES), max_length=len(FEATURES))
    scale: tuple[float, ...] = Field(min_length=len(FEATURES), max_length=len(FEATURES))
    weights: tuple[float, ...] = Field(min_length=len(FEATURES), max_length=len(FEATURES))
    bias: float
    kept: int = Field(ge=0)
    rejected: int = Field(ge=0)
    rank: float | None = Field(ge=0, le=1)

    @model_validator(mode="after")
    def _scales_positive(self) -> PreferenceModel:
        if min(self.scale) <= 0:
            raise ValueError("scales must be above 0")
        return self

    def score(self, row: Mapping[str, Any]) -> float | None:
        """How likely a picture is kept, 0 to 1; None for a row without what a taste reads."""
        shares = self.shares(row)
        return None if shares is None else 1 / (1 + math.exp(-max(-50.0, min(50.0, self.bias + sum(shares.values())))))

    def shares(self, row: Mapping[str, Any]) -> dict[str, float] | None:
        """What each measure of a row adds to the odds (logarithm) of its being kept, and its traits together."""
        values = feature_values(row)
        if values is None:
            return None
        each = [
            weight * (value - mean) / scale
            for weight, value, mean, scale in zip(self.weights, values, self.mean, self.scale, strict=True)
        ]
        count = len(MEASURES)
        return {**dict(zip(MEASURES, each, strict=False)), "traits": sum(each[count:])}


def feature_values(row: Mapping[str, Any]) -> list[float] | None:
    """The values of FEATURES in a manifest row; None if it lacks any."""
    measures, traits = [row.get(name) for name in MEASURES], row.get("traits")
    if traits is None or len(traits) != TRAITS or None in measures:
        return None
    return [float(value) for value in (*measures, *traits)]


def load_preference_model(path: Path) -> PreferenceModel:
    """The taste in a file. Raises SpecError naming it."""
    remedy = "give a file that `nocturne learn-taste` wrote."
    try:
        return PreferenceModel.model_validate(json.loads(read_text(path, MOST_BYTES, "taste", remedy)))
    except (ValueError, RecursionError, ValidationError) as error:
        raise SpecError(f"taste {path} is no taste", remedy) from error
