"""Parser of seed ranges such as `0-99,200,300-310`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

MOST = 10_000_000
"""Seeds that one spec may name."""

HIGHEST = 2**31 - 1


def parse_seeds(text: str) -> list[range]:
    """The ranges in `text`, both ends of each included. Raises ValueError with what is wrong.

    >>> [len(each) for each in parse_seeds("0-99, 200")]
    [100, 1]
    """
    ranges = [_range(part.strip()) for part in text.split(",")]
    if sum(map(len, ranges)) > MOST:
        raise ValueError(f"names more than {MOST:,} seeds")
    return ranges


def each_seed(ranges: Sequence[range]) -> Iterator[int]:
    """Every seed in the order in which it is named first, each of them once."""
    for place, seeds in enumerate(ranges):
        before = ranges[:place]
        yield from (seed for seed in seeds if not any(seed in other for other in before))


def count(ranges: Sequence[range]) -> int:
    """How many different seeds there are."""
    return sum(1 for _ in each_seed(ranges))


def _range(part: str) -> range:
    found = re.fullmatch(r"(\d{1,10})(?:\s*-\s*(\d{1,10}))?", part)
    if not found:
        raise ValueError("must be seeds and ranges such as `0-99,200,300-310`")
    first = int(found[1])
    last = int(found[2]) if found[2] else first
    if last < first:
        raise ValueError(f"{part} ends before it begins; write {last}-{first}")
    if last > HIGHEST:
        raise ValueError(f"has a seed over {HIGHEST}")
    return range(first, last + 1)
