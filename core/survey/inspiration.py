"""Inspiration board: a folder's pictures in groups of like ones, and which styles to try on which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.assist.recommend import Fit, recommended
from core.report.board import InspirationPage, StyleDraft
from core.storage.store import Store
from core.survey.boards import board_of, cluster, nearest_neighbours
from core.survey.similar import IndexedFolder
from core.survey.table import SurveyRow

CHOICE = 3
"""Best styles of a picture that are searched for one that no other draft has yet."""


@dataclass(frozen=True)
class Idea:
    """A picture, by its place among those without failure, and a style to try on it."""

    place: int
    asset: str
    fit: Fit


def pick_ideas(
    rows: Sequence[SurveyRow], order: Sequence[int], styles: dict[str, SurveyRow], count: int, mood: str | None
) -> list[Idea]:
    """Up to `count` styles to try, one a picture, pictures in this order of places; styles come again as late as can be."""
    used: dict[str, int] = {}
    found = []
    for place in order[:count]:
        best = recommended(rows[place], styles, CHOICE, mood)
        if not best:
            return []
        chosen = min(best, key=lambda fit: used.get(fit.style, 0))
        used[chosen.style] = used.get(chosen.style, 0) + 1
        found.append(Idea(place, rows[place]["asset"], chosen))
    return found


class Inspiration:
    """A folder's rows, grouped by the features of the same pictures."""

    def __init__(self, rows: Sequence[SurveyRow], folder: IndexedFolder) -> None:
        self.rows = rows
        self.done = [row for row in rows if row["status"] == "done"]
        places = {name: place for place, name in enumerate(folder.index.names)}
        vectors = folder.vectors
        empty = np.zeros(vectors.shape[1], np.float32)
        self._vectors = np.array(
            [vectors[places[row["asset"]]] if row["asset"] in places else empty for row in self.done]
        )
        self.groups = cluster(self._vectors, self.done) if self.done else []

    def order(self) -> list[int]:
        """Places of all pictures: the most typical of each group, then the next of each, and so on."""
        members = [group.places for group in self.groups] or [range(len(self.done))]
        longest = max(map(len, members))
        return [each[rank] for rank in range(longest) for each in members if rank < len(each)]

    def board(
        self, title: str, store: Store, drafts: Sequence[StyleDraft], notes: Sequence[str] = ()
    ) -> InspirationPage:
        """All of it on a board."""
        more: dict[str, Any] = {"groups": self.groups, "drafts": drafts, "notes": notes}
        near = nearest_neighbours(self._vectors) if len(self.done) > 1 else {}
        return board_of(title, self.rows, store, near=near, **more)
