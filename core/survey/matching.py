"""Analyses of a library and a catalog, by asset and by style, for recommending styles; rows are kept in the cache."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.assist.emotion import Emotion
from core.assist.recommend import SPREAD
from core.planning.catalog import Style
from core.progress import ProgressCallback, StageCallback
from core.safe_text import portable
from core.survey.survey import done_rows
from core.survey.survey_cache import cached_survey
from core.survey.survey_kinds import ANALYSE
from core.survey.table import SurveyRow

OPTIONS = {"files": False}


@dataclass(frozen=True)
class Analyses:
    """Measures by asset, and by style; what cannot be read is in neither. `problems`: sentences on folders that were not
    entered.
    """

    assets: dict[str, SurveyRow]
    styles: dict[str, SurveyRow]
    problems: tuple[str, ...] = ()


def analyse_both(
    library: Path,
    catalog: Path,
    styles: Sequence[Style],
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    tick: StageCallback = lambda *_: None,
    *,
    system_folders: bool = False,
) -> Analyses:
    """Measure the pictures of a library and these styles of a catalog. Raises SpecError, RunBusy, NocturneError."""
    assets, problems = _analysed(
        library, lambda d, t: tick("look at assets", d, t), include, exclude, system_folders=system_folders
    )
    artworks, more = _analysed(catalog, lambda d, t: tick("look at artworks", d, t), system_folders=system_folders)
    by_style = {style.name: _style_measures(style, artworks) for style in styles}
    known = {name: row for name, row in by_style.items() if row is not None}
    return Analyses(assets, known, tuple(dict.fromkeys([*problems, *more])))


def _analysed(
    folder: Path,
    tick: ProgressCallback,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    *,
    system_folders: bool,
) -> tuple[dict[str, SurveyRow], list[str]]:
    """Measures of a folder's pictures by their names, and sentences on folders that were not entered."""
    with cached_survey(folder, ANALYSE, OPTIONS, tick, include, exclude, system_folders=system_folders) as survey:
        return {row["asset"]: row for row in done_rows(survey.complete())}, survey.problems


def _style_measures(style: Style, artworks: Mapping[str, SurveyRow]) -> SurveyRow | None:
    """A style's measures: those of its artworks, by weight."""
    found = [(artworks.get(portable(artwork.file)), artwork.weight) for artwork in style.artworks]
    known = [(row, weight) for row, weight in found if row is not None]
    if not known:
        return None
    if len(known) == 1:
        return known[0][0]
    mixed = {name: _mean([(row[name], weight) for row, weight in known]) for name in (*SPREAD, "dominance")}
    felt = [value for name in ("pleasure", "arousal", "dominance") if (value := mixed[name]) is not None]
    words = ", ".join(Emotion(*felt).words()) if len(felt) == 3 else None
    return {**mixed, "mood": words, "palette": known[0][0]["palette"]}


def _mean(values: Sequence[tuple[float | None, float]]) -> float | None:
    known = [(value, weight) for value, weight in values if value is not None]
    total = sum(weight for _, weight in known)
    return sum(value * weight for value, weight in known) / total if total else None
