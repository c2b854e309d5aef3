"""Columns that depend on other rows: percentile within a style, best try of a picture, near-duplicates."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from core.manifest.near_duplicates import near_duplicates


def with_ranks(rows: pa.Table) -> pa.Table:
    """Manifest rows with the columns that depend on other rows computed anew: `percentile`, among the scores in one style or
    from one checkpoint, `best`, among the tries of one picture, and `alike`, where a style has a picture nearly twice.
    """
    scores = rows["score"].to_pylist()
    groups = pc.coalesce(rows["style"], rows["checkpoint"]).to_pylist()
    rows = _with_column(rows, "percentile", percentiles(groups, scores))
    made = pc.is_in(rows["status"], pa.array(["done", "rejected"])).to_pylist()
    firsts = pc.coalesce(rows["retry_of"], rows["output"]).to_pylist()
    of_made = [score if is_made else None for score, is_made in zip(scores, made, strict=True)]
    rows = _with_column(rows, "best", best_flags(firsts, of_made))
    return _with_column(
        rows, "alike", near_duplicates(groups, rows["fingerprint"].to_pylist(), rows["output"].to_pylist())
    )


def best_flags(pictures: Sequence[str], scores: Sequence[float | None]) -> list[bool | None]:
    """For each try whether it has the highest score of its picture's; of equal ones the first. None where there is none."""
    highest: dict[str, int] = {}
    for place, (picture, score) in enumerate(zip(pictures, scores, strict=True)):
        if score is not None:
            before = highest.setdefault(picture, place)
            if score > (scores[before] or 0.0):
                highest[picture] = place
    return [
        None if score is None else highest[picture] == place
        for place, (picture, score) in enumerate(zip(pictures, scores, strict=True))
    ]


def _with_column(rows: pa.Table, name: str, values: Sequence[float | bool | str | None]) -> pa.Table:
    place = rows.schema.get_field_index(name)
    field = rows.schema.field(place)
    return rows.set_column(place, field, pa.array(values, field.type))


def percentiles(groups: Sequence[str | None], scores: Sequence[float | None]) -> list[float | None]:
    """For each output the share of its group's scores that lie below it, equal ones counting half, in percent.

    Of n different scores the best has 100 - 50 / n, the middle one 50. None where there is no score. Groups are styles.
    """
    kept = [place for place, score in enumerate(scores) if score is not None and np.isfinite(score)]
    found: list[float | None] = [None] * len(scores)
    if kept:
        _, codes = np.unique(np.array([groups[place] or "" for place in kept], dtype=object), return_inverse=True)
        values = np.array([scores[place] for place in kept], np.float64)
        for place, share in zip(kept, _shares(codes, values), strict=True):
            found[place] = float(share)
    return found


def _shares(codes: npt.NDArray[np.intp], values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    order = np.lexsort((values, codes))
    codes, values = codes[order], values[order]
    begins = np.flatnonzero(np.diff(codes, prepend=-1))
    counts = np.diff(np.append(begins, len(codes)))
    start, size = np.repeat(begins, counts), np.repeat(counts, counts)
    place = np.arange(len(codes))
    # The middle place of a run of equal scores.
    fresh = np.flatnonzero((np.diff(codes, prepend=-1) != 0) | (np.diff(values, prepend=np.nan) != 0))
    runs = np.diff(np.append(fresh, len(codes)))
    middle = np.repeat(place[fresh] + (runs - 1) / 2, runs)
    shares = np.empty(len(codes))
    shares[order] = 100 * (middle - start + 0.5) / size
    return shares
