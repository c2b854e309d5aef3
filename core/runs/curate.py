"""Curation of a run: keep the best samples, and write the page of each beside its nearest training picture."""

from __future__ import annotations

from core.gan.jobs.sample_spec import SampleSpec
from core.gan.jobs.selection import CopyComparison, CurationResult, picture_name, select_samples
from core.gan.metrics.memorisation_check import CLOSE, COPY
from core.images import image
from core.report.nearest import SHOWN, ComparisonCounts, NearestMatch, nearest_page
from core.storage.run_paths import NEAREST
from core.storage.store import Store


def curate_run(store: Store, spec: SampleSpec) -> CurationResult:
    """Keep the best of a run's samples, the others apart, and write the page. Raises as `select` does."""

    def show(found: CopyComparison) -> None:
        store.put(NEAREST, nearest_page(f"{spec.checkpoint.stem}: nearest pairs", _pairs(store, found), _tally(found)))

    return select_samples(store, spec, show)


def _pairs(store: Store, found: CopyComparison) -> list[NearestMatch]:
    """The most suspicious pairs: more than the page shows would only be read."""
    places = sorted(range(len(found.copies)), key=lambda place: (found.copies[place].nearness, place))
    return [_pair(store, found, place) for place in places[: SHOWN + 1]]


def _pair(store: Store, found: CopyComparison, place: int) -> NearestMatch:
    near, row = found.copies[place], found.rows[place]
    return NearestMatch(
        sample=store.read(picture_name(store, row)),
        sample_name=row["output"],
        original=image.encode(image.Picture(found.training[near.index]), "png"),
        original_name=found.names[near.index] if found.names else f"number {near.index}",
        mirrored=near.mirrored,
        ratio=near.ratio,
        bits=near.bits,
        usual_bits=found.usual_bits,
        nearness=near.nearness,
        verdict=near.verdict,
    )


def _tally(found: CopyComparison) -> ComparisonCounts:
    verdicts = [near.verdict for near in found.copies]
    return ComparisonCounts(
        samples=len(verdicts),
        originals=len(found.training),
        copies=verdicts.count("copy"),
        close=verdicts.count("close"),
        features=found.network,
        copy_at=COPY,
        close_at=CLOSE,
    )
