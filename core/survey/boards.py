"""Board of a survey's rows, with groups (k-means) and nearest neighbours: the page of `nocturne analyse` and `inspire`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.cluster import KMeans

from core.assist.emotion import CAVEAT, REFERENCE
from core.assist.measures import COLUMNS
from core.assist.overlays import DRAWN
from core.assist.search import Vectors
from core.assist.swatches import WRITERS
from core.report.board import InspirationPage, PagePicture, PaletteColour, PictureGroup, SimilarPicture
from core.storage.store import Store
from core.survey.analysis import OVERLAYS, PALETTES, THUMBS, file_there
from core.survey.table import SurveyRow

PAGE = "index.html"
MEANINGS = {column.name: column.meaning for column in COLUMNS}
MOODS = f"{CAVEAT} The reference set: {REFERENCE}. Valdez & Mehrabian 1994."
NEAREST = 3
MAX_GROUPS = 8


def board_of(title: str, rows: Sequence[SurveyRow], store: Store, **more: Any) -> InspirationPage:
    """The board of a survey's rows, as far as its files are there; `more` are further fields of InspirationPage."""
    done = [row for row in rows if row["status"] == "done"]
    near = more.pop("near", {})
    pictures = [_picture(row, store, near.get(place, ())) for place, row in enumerate(done)]
    failed = [(row["asset"], row["message"] or "") for row in rows if row["status"] == "failed"]
    return InspirationPage(title, pictures, MEANINGS, MOODS, failed, **more)


def nearest_neighbours(vectors: Vectors) -> dict[int, list[SimilarPicture]]:
    """For each picture, by its place, the NEAREST most like it. vectors: of length 1."""
    found: dict[int, list[SimilarPicture]] = {}
    for start in range(0, len(vectors), 512):
        likeness = vectors[start : start + 512] @ vectors.T
        for offset, row in enumerate(likeness):
            row[start + offset] = -1.0
            best = np.argsort(-row, kind="stable")[: min(NEAREST, len(vectors) - 1)]
            found[start + offset] = [SimilarPicture(int(place), float(np.clip(row[place], 0, 1))) for place in best]
    return found


def cluster(vectors: Vectors, rows: Sequence[SurveyRow]) -> list[PictureGroup]:
    """Groups of like pictures by k-means, the largest first: about the root of half their number, at most MAX_GROUPS."""
    count = min(MAX_GROUPS, max(1, round((len(rows) / 2) ** 0.5)))
    if count < 2:
        return []
    found = KMeans(count, n_init=4, random_state=0).fit(vectors.astype(np.float64))
    made = []
    for label in range(count):
        places = np.flatnonzero(found.labels_ == label)
        typical = np.argsort(-(vectors[places] @ found.cluster_centers_[label]), kind="stable")
        members = [int(place) for place in places[typical]]
        if members:
            made.append(_group(members, rows))
    return sorted(made, key=lambda group: (-len(group.places), group.places[0]))


def _group(members: list[int], rows: Sequence[SurveyRow]) -> PictureGroup:
    moods = Counter(word for place in members for word in (rows[place]["mood"] or "").split(", ")[:1] if word)
    hues = Counter(word for place in members for word in (rows[place]["colours"] or "").split(", ")[:2] if word)
    words = [word for word, _ in (*moods.most_common(1), *hues.most_common(2))]
    palettes = [colours(rows[place]) for place in members[:4]]
    shared = sorted((each for palette in palettes for each in palette[:3]), key=lambda each: each.hex)
    return PictureGroup(", ".join(words) or "without colours", members, shared)


def colours(row: SurveyRow) -> list[PaletteColour]:
    """The palette of a row: `#1a2b3c 42%, ...` and the colours' names."""
    if not row.get("palette"):
        return []
    both = zip(row["palette"].split(", "), row["colours"].split(", "), strict=True)
    return [
        PaletteColour(text.split()[0], max(0.005, float(text.split()[1].rstrip("%")) / 100), name)
        for text, name in both
    ]


def _picture(row: SurveyRow, store: Store, near: Sequence[SimilarPicture]) -> PagePicture:
    name = row["asset"]
    overlays = {what: file_there(store, OVERLAYS, name, f"{what}.jpg") for what in DRAWN}
    files = {suffix: file_there(store, PALETTES, name, suffix) for suffix in WRITERS}
    point = None if row["pleasure"] is None else (row["pleasure"], row["arousal"])
    return PagePicture(
        name=name,
        thumb=file_there(store, THUMBS, name, "jpg") if point else None,
        palette=colours(row),
        overlays={what: path for what, path in overlays.items() if path},
        files={suffix: path for suffix, path in files.items() if path},
        mood=row["mood"],
        point=point,
        measures={name: row[name] for name in MEANINGS if name not in ("palette", "colours", "mood")},
        near=near,
    )
