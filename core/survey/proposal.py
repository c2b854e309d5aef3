"""Recommended styles as files: pairs and a spec that `nocturne run` takes, and a table of reasons."""

from __future__ import annotations

import csv
import glob
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from core.assist.recommend import Fit, recommended, variety
from core.config.spec import Spec
from core.errors import SpecError
from core.planning.catalog import load_catalog
from core.progress import StageCallback
from core.safe_text import portable
from core.storage.store import Store
from core.survey.matching import Analyses, analyse_both

PAIRS, SPEC, REASONS, RUN = "pairs.csv", "spec.toml", "reasons.csv", "run"


@dataclass(frozen=True)
class Proposal:
    """Which styles each asset gets, best first, and the styles in an order of variety."""

    library: Path
    catalog: Path
    analyses: Analyses
    fits: dict[str, list[Fit]]
    variety: list[str]
    only: str | None
    """The one asset of the library that it is about, if it is about one."""


def propose(
    pictures: Path, catalog: Path, count: int, mood: str | None, tick: StageCallback = lambda *_: None
) -> Proposal:
    """Recommend `count` styles for each picture of a folder, or for one. Raises SpecError, RunBusy, NocturneError."""
    library, only = (pictures, None) if pictures.is_dir() else (pictures.parent, pictures.name)
    if only and not pictures.is_file():
        raise SpecError(f"{pictures} is neither a folder nor a picture", "give the path of one.")
    styles = [style for style in load_catalog(catalog) if not style.regions]
    found = analyse_both(library, catalog, styles, _pattern(only), tick=tick)
    if only:  # a pattern finds pictures of that name in subfolders, too
        found = replace(found, assets={name: row for name, row in found.assets.items() if name == portable(only)})
    if not found.assets or not found.styles:
        lost = pictures if not found.assets else catalog
        raise SpecError(f"{lost} has no picture that can be read", "`nocturne doctor` says more of a spec's pictures.")
    fits = {name: recommended(row, found.styles, count, mood) for name, row in found.assets.items()}
    return Proposal(library, catalog, found, fits, _variety(found, mood), only)


def write_proposal(proposal: Proposal, out: Path, preset: str) -> Path:
    """Write PAIRS, REASONS and SPEC into `out`. Returns the spec's path. Raises StorageFailed or StoreBroken."""
    store = Store(out)
    every = [(asset, rank, each) for asset, fits in proposal.fits.items() for rank, each in enumerate(fits, start=1)]
    store.put(PAIRS, _csv([("asset", "style"), *((asset, each.style) for asset, _, each in every)]))
    parts = list(every[0][2].parts)
    rows = [
        (asset, rank, each.style, f"{each.fit:.3f}", *_fit_texts(each, parts), each.reason)
        for asset, rank, each in every
    ]
    store.put(REASONS, _csv([("asset", "rank", "style", "fit", *parts, "reason"), *rows]))
    values = {
        "library": proposal.library.absolute(),
        "catalog": proposal.catalog.absolute(),
        "out": store.path(RUN),
        "pairs": str(store.path(PAIRS)),
        "preset": preset,
        "include": _pattern(proposal.only),
    }
    store.put(SPEC, Spec.model_validate(values).toml().encode())
    return store.path(SPEC)


def _pattern(only: str | None) -> list[str]:
    """What keeps the one asset alone, whatever its name."""
    return [glob.escape(portable(only))] if only else []


def _variety(found: Analyses, mood: str | None) -> list[str]:
    """Begun with the style that suits the library best."""
    totals: Mapping[str, float] = {
        name: sum(recommended(row, {name: style}, 1, mood)[0].fit for row in found.assets.values())
        for name, style in found.styles.items()
    }
    return variety(found.styles, max(sorted(totals), key=lambda name: totals[name]))


def _fit_texts(each: Fit, parts: Sequence[str]) -> list[str]:
    return [f"{each.parts[part]:.3f}" for part in parts]


def _csv(rows: Sequence[Sequence[object]]) -> bytes:
    sink = io.StringIO()
    csv.writer(sink, lineterminator="\n").writerows(rows)
    return sink.getvalue().encode()
