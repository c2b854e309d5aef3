"""Automatic pairs: for each asset the styles that suit it best, chosen by a plan and frozen in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pyarrow.parquet as pq

from core.config.spec import AUTO, Spec
from core.errors import NocturneError, SpecError, StoreBroken
from core.planning.catalog import Style
from core.planning.library import Asset
from core.planning.pairs import Pair
from core.planning.plan_file import read_context
from core.progress import StageCallback
from core.storage.run_paths import PLAN
from core.storage.store import Store

KEY = "auto"
"""Where the plan's context holds what was asked."""


@dataclass(frozen=True)
class AutoPairs:
    """The styles of each asset, by name, and a sentence on how they were chosen."""

    styles: Mapping[str, tuple[str, ...]]
    explanation: str

    def pairs(self, assets: Sequence[Asset], styles: Sequence[Style]) -> Iterator[Pair]:
        """Asset by asset, in the catalog's order."""
        place = {style.name: s for s, style in enumerate(styles)}
        for a, asset in enumerate(assets):
            yield from (Pair(a, s) for s in sorted(place[name] for name in self.styles[asset.name]))


def auto_pairs(
    spec: Spec,
    assets: Sequence[Asset],
    styles: Sequence[Style],
    replan: bool,
    tick: StageCallback,
    *,
    some_hidden: bool = False,
) -> AutoPairs | None:
    """The styles that suit each asset; those that the run's last plan chose stand unless `replan`. None if the spec pairs
    otherwise. some_hidden: a folder of the catalog cannot be entered, so that a choice whose style is absent gets no other.

    Raises SpecError for an unknown mood, or a catalog without a style to choose from.
    """
    asked = re.fullmatch(AUTO, spec.pairs)
    if asked is None:
        return None
    count, mood = int(asked["count"] or 1), asked["mood"]
    usable = [style for style in styles if not style.regions]
    if not usable:
        raise SpecError(f"pairs = {spec.pairs!r}: catalog {spec.catalog} has styles of regions alone", "add artworks.")
    count = min(count, len(usable))
    names = {style.name for style in usable}
    before = {} if replan else _frozen(spec)
    chosen = {asset.name: tuple(name for name in before.get(asset.name, ()) if name in names) for asset in assets}
    lacking = [name for name, had in chosen.items() if len(had) < count and not (some_hidden and name in before)]
    if lacking:
        best = _chosen(spec, usable, lacking, mood, tick)
        chosen |= {name: _filled(chosen[name], best[name], count) for name in lacking}
    told = f"{spec.pairs}: styles chosen for {len(lacking):,} of {len(chosen):,} assets"
    kept = len(chosen) - len(lacking)
    return AutoPairs(chosen, f"{told}; those of {kept:,} are kept until `run --replan`." if kept else f"{told}.")


def _filled(had: tuple[str, ...], best: Sequence[str], count: int) -> tuple[str, ...]:
    """What an asset had, and the best of the others in the place of what it lacks."""
    return (*had, *(name for name in best if name not in had))[:count]


def _chosen(
    spec: Spec, styles: Sequence[Style], assets: Sequence[str], mood: str | None, tick: StageCallback
) -> dict[str, list[str]]:
    """Every style's name for each of these assets, the best first. One that cannot be read gets what suits any."""
    from core.assist.recommend import (  # what looks at pictures is loaded only where it is needed
        check_mood,
        recommended,
    )
    from core.survey.matching import analyse_both

    check_mood(mood)
    found = analyse_both(
        spec.library, spec.catalog, styles, spec.include, spec.exclude, tick, system_folders=spec.system_folders
    )
    rows = {style.name: found.styles.get(style.name, {}) for style in styles}
    return {
        name: [fit.style for fit in recommended(found.assets.get(name, {}), rows, len(rows), mood)] for name in assets
    }


def _frozen(spec: Spec) -> dict[str, tuple[str, ...]]:
    """The styles of each asset in the run's last plan, if it was asked the same."""
    store = Store(spec.out)
    if not store.exists(PLAN):
        return {}
    try:
        if read_context(store).get(KEY) != spec.pairs:
            return {}
        rows = pq.read_table(store.contained_path(PLAN), columns=["asset", "style"], pre_buffer=False)
    except StoreBroken:
        raise
    except (OSError, ValueError, KeyError, TypeError, RecursionError, NocturneError):
        return {}  # they are chosen anew, as for a run's first plan
    found: dict[str, dict[str, None]] = {}
    for asset, style in zip(rows["asset"].to_pylist(), rows["style"].to_pylist(), strict=True):
        found.setdefault(asset, {})[style] = None
    return {asset: tuple(names) for asset, names in found.items()}
