from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from core.assist.search import Index, build_index, read_index
from core.errors import NocturneError


def vectors(count: int = 5000, seed: int = 0) -> NDArray[np.float32]:
    """Nonnegative, with a few main directions and a tail, as features are."""
    rng = np.random.default_rng(seed)
    kinds = rng.gamma(0.6, 1.0, (40, 1280))
    mixed = rng.dirichlet(np.full(40, 0.2), count) @ kinds
    return (mixed + rng.gamma(0.3, 0.4, (count, 1280))).astype(np.float32)


@pytest.fixture(scope="module")
def collection() -> Index:
    return build_index(tuple(f"{k}.png" for k in range(5000)), vectors())


def test_the_nearest_are_those_of_comparing_everything(collection: Index) -> None:
    whole = collection.vectors.astype(np.float32)
    for asked in vectors(20, seed=1):
        exact = np.argsort(-(whole @ asked), kind="stable")[:10]
        found = collection.search(asked, 10)
        assert [each.place for each in found] == exact.tolist()
        assert found[0].likeness == pytest.approx(whole[exact[0]] @ asked / np.linalg.norm(asked), abs=1e-3)


def test_a_picture_is_most_like_itself(collection: Index) -> None:
    found = collection.search(vectors()[7], 3)
    assert (found[0].place, found[0].likeness) == (7, pytest.approx(1, abs=1e-3))
    assert found[1].likeness < 0.999


def test_small_collections_and_none() -> None:
    few = build_index(("a", "b", "c"), vectors(3))
    assert few.names[few.search(vectors(3)[1], 9)[0].place] == "b"
    assert len(few.search(vectors(3)[1], 9)) == 3
    assert build_index((), np.zeros((0, 1280), np.float32)).search(vectors(1)[0], 5) == []
    alike = build_index(("a", "b"), np.ones((2, 1280), np.float32))
    assert [each.place for each in alike.search(np.ones(1280, np.float32), 2)] == [0, 1]


def test_an_index_is_read_back(collection: Index) -> None:
    again = read_index(collection.to_bytes())
    assert again.names == collection.names
    assert again.search(vectors()[3], 5) == collection.search(vectors()[3], 5)
    with pytest.raises(NocturneError, match="not an index"):
        read_index(b"rubbish")
