from __future__ import annotations

from typing import Any

import numpy as np

from core.survey.boards import cluster, colours, nearest_neighbours
from core.survey.inspiration import pick_ideas


def unit(*rows: list[float]) -> np.ndarray[Any, np.dtype[np.float32]]:
    values = np.array(rows, np.float32)
    return np.asarray(values / np.linalg.norm(values, axis=1, keepdims=True), np.float32)


def row(**values: Any) -> dict[str, Any]:
    usual = {"asset": "a.png", "lightness": 40.0, "coherence": 0.6, "texture": 0.04, "mood": "calm, docile"}
    return {**usual, "colours": "blue, grey", "palette": "#0000ff 70%, #808080 30%", **values}


def test_alike_pictures_are_neighbours_and_grouped() -> None:
    vectors = unit(*([[1, 0.01 * k, 0] for k in range(4)] + [[0, 0.01 * k, 1] for k in range(4)]))
    near = nearest_neighbours(vectors)
    assert {each.place for each in near[0]} == {1, 2, 3}
    assert {each.place for each in near[5]} == {4, 6, 7}
    found = cluster(vectors, [row() for _ in range(8)])
    assert [sorted(group.places) for group in found] == [[0, 1, 2, 3], [4, 5, 6, 7]]
    assert found[0].words == "calm, blue, grey"
    assert nearest_neighbours(vectors[:1]) == {0: []}
    assert cluster(vectors[:1], [row()]) == []


def test_ideas_take_another_style_where_they_can() -> None:
    styles = {name: row(lightness=70.0) for name in ("one", "two", "three")}
    found = pick_ideas([row()] * 4, [2, 0, 3, 1], styles, 4, None)
    assert [idea.place for idea in found] == [2, 0, 3, 1]
    assert {idea.fit.style for idea in found[:3]} == set(styles)
    assert pick_ideas([row()], [0], {}, 3, None) == []


def test_a_palette_is_read_back() -> None:
    assert [(each.hex, each.share, each.name) for each in colours(row())] == [
        ("#0000ff", 0.7, "blue"),
        ("#808080", 0.3, "grey"),
    ]
    assert colours(row(palette=None)) == []
