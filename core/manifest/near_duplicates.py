"""Near-duplicates among the outputs of a style: clusters of perceptual hashes within a Hamming distance."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

NEAR = 26
"""Bits of 256 by which the fingerprints of near-identical pictures differ at most. Measured: a picture and itself as a JPEG
or softened 2 to 4, seeds of one job 10 to 22, three quarters of the strength 24, other cuts in the same style 108 and more.
"""

CHUNKS = 16
"""Fingerprints are compared that have one of so many parts in common: of those that differ in up to CHUNKS - 1 bits all are
found, and up to NEAR 98 in 100.
"""

MOST_NEIGHBOURS = 64
"""Pictures with one such part are sorted, and each is compared with so many that follow: equal ones stand side by side."""

Codes = npt.NDArray[np.uint16]


def near_duplicates(
    groups: Sequence[str | None], fingerprints: Sequence[str | None], names: Sequence[str]
) -> list[str | None]:
    """For each picture the name of the first that it is nearly the same as, directly or by others between; None where it
    is like no other. Pictures of one group alone are compared; groups are styles.

    fingerprints: 64 hex digits each, or None. The first of a set is the one of the least name.
    """
    found: list[str | None] = [None] * len(names)
    places: dict[str, list[int]] = {}
    for place, (group, text) in enumerate(zip(groups, fingerprints, strict=True)):
        if text is not None and len(text) == 64:
            places.setdefault(group or "", []).append(place)
    for members in places.values():
        codes = np.array(
            [np.frombuffer(bytes.fromhex(fingerprints[place] or ""), ">u2") for place in members], np.uint16
        )
        for same in _clusters(codes):
            first = min(names[members[k]] for k in same)
            for k in same:
                found[members[k]] = first
    return found


def _clusters(codes: Codes) -> Iterable[list[int]]:
    """Sets of two or more that are nearly the same."""
    leader = list(range(len(codes)))

    def top(k: int) -> int:
        while leader[k] != k:
            leader[k] = leader[leader[k]]
            k = leader[k]
        return k

    for one, other in _close_pairs(codes):
        a, b = top(one), top(other)
        leader[max(a, b)] = min(a, b)
    sets: dict[int, list[int]] = {}
    for k in range(len(codes)):
        sets.setdefault(top(k), []).append(k)
    return [members for members in sets.values() if len(members) > 1]


def _close_pairs(codes: Codes) -> Iterable[tuple[int, int]]:
    first = np.lexsort(codes.T)  # equal ones side by side
    for chunk in range(CHUNKS):
        order = first[np.argsort(codes[first, chunk], kind="stable")]
        parts = codes[order, chunk]
        for apart in range(1, min(MOST_NEIGHBOURS, len(order) - 1) + 1):
            places = np.flatnonzero(parts[apart:] == parts[:-apart])
            if not len(places):
                break
            one, other = order[places], order[places + apart]
            near = np.bitwise_count(codes[one] ^ codes[other]).sum(1) <= NEAR
            yield from zip(one[near].tolist(), other[near].tolist(), strict=True)
