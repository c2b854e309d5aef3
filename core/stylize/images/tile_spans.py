"""Tile spans along one side: a length in pixels cut into overlapping parts, aligned to a network's reduction."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TileSpan:
    """A tile's extent along one side of the picture, in pixels: without its frame (`start` to `end`) and with it."""

    start: int
    end: int
    low: int
    high: int
    last: bool

    def inside(self, reduction: int) -> slice:
        """The part without the frame, in features of the framed tile."""
        first = (self.start - self.low) // reduction
        return slice(first, None if self.last else first + (self.end - self.start) // reduction)

    def of_whole(self, reduction: int) -> slice:
        """The same part, in features of the whole picture."""
        return slice(self.start // reduction, None if self.last else self.end // reduction)


def spans(length: int, side: int, align: int, frame: int) -> list[TileSpan]:
    """Tiles along one side: as few of at most about `side` pixels as can be, about equally long, begun at multiples of
    `align`, with a frame of so many pixels where there is picture left.
    """
    count = -(-length // side)
    starts = [round(length * number / count / align) * align for number in range(count)]
    ends = [*starts[1:], length]
    return [
        TileSpan(start, end, max(0, start - frame), min(length, end + frame), end == length)
        for start, end in zip(starts, ends, strict=True)
    ]
