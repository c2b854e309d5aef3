"""Reading and writing the index (IFD) of a TIFF by hand, so that it can be made to lie."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from random import Random

from tests.faults.bases import base, kinds

WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, OFFSETS = 256, 257, 258, 259, 262, 273
ORIENTATION, SAMPLES, ROWS, LENGTHS, X_RESOLUTION, PLANAR = 274, 277, 278, 279, 282, 284
PALETTE, TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_LENGTHS, EXTRA, FORMAT = 320, 322, 323, 324, 325, 338, 339
EXIF, ICC = 34665, 34675
SHORT, LONG, RATIONAL, SIGNED, LONG8 = 3, 4, 5, 9, 16
UNITS = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 16: 8}
"""Bytes of a value, by type."""

Entry = tuple[int, int, int, bytes]
"""Tag, type, count, and the four bytes of the value or of its place."""


@dataclass
class Tiff:
    """A classic TIFF taken apart. `entries` may be changed; `written` puts the first index back, or elsewhere."""

    data: bytes
    order: str = "<"
    at: int = 0
    entries: list[Entry] = field(default_factory=list)
    following: int = 0

    @classmethod
    def read(cls, data: bytes) -> Tiff:
        """The first index of a classic TIFF."""
        order = "<" if data[:2] == b"II" else ">"
        (at,) = struct.unpack(order + "I", data[4:8])
        (count,) = struct.unpack(order + "H", data[at : at + 2])
        end = at + 2 + 12 * count
        entries = [struct.unpack(order + "HHI4s", data[place : place + 12]) for place in range(at + 2, end, 12)]
        return cls(data, order, at, entries, *struct.unpack(order + "I", data[end : end + 4]))

    def values(self, tag: int) -> list[int]:
        """The whole numbers of a tag."""
        _, kind, count, where = next(entry for entry in self.entries if entry[0] == tag)
        size = count * UNITS[kind]
        if size > 4:
            (at,) = struct.unpack(self.order + "I", where)
            where = self.data[at : at + size]
        return list(struct.unpack(f"{self.order}{count}{'H' if kind == SHORT else 'I'}", where[:size]))

    def has(self, tag: int) -> bool:
        """Whether there is such a tag."""
        return any(entry[0] == tag for entry in self.entries)

    def drop(self, tag: int) -> None:
        """Take a tag out."""
        self.entries = [entry for entry in self.entries if entry[0] != tag]

    def place(self, tag: int, kind: int, count: int, where: int) -> None:
        """Set a tag to this type and count, with its values at `where`."""
        self._put((tag, kind, count, struct.pack(self.order + "I", where & 0xFFFFFFFF)))

    def number(self, tag: int, value: int, kind: int = LONG) -> None:
        """Set a tag to one number."""
        code = {SHORT: "H", LONG: "I", SIGNED: "i"}[kind]
        self._put((tag, kind, 1, struct.pack(self.order + code, value).ljust(4, b"\0")))

    def numbers(self, tag: int, values: list[int]) -> None:
        """Set a tag to several numbers, which are put behind the file."""
        at = self.append(struct.pack(f"{self.order}{len(values)}I", *values))
        self.place(tag, LONG, len(values), at) if len(values) > 1 else self.number(tag, values[0])

    def append(self, body: bytes) -> int:
        """Add bytes behind the file. Returns where they are."""
        self.data += bytes(-len(self.data) % 2)
        at = len(self.data)
        self.data += body
        return at

    def index(self, at: int | None = None, following: int | None = None) -> bytes:
        """The bytes of the index."""
        table = b"".join(struct.pack(self.order + "HHI4s", *entry) for entry in self.entries)
        head = struct.pack(self.order + "H", len(self.entries) & 0xFFFF)
        return head + table + struct.pack(self.order + "I", self.following if following is None else following)

    def written(self, following: int | None = None) -> bytes:
        """The file with the index as it is now, at its end; `following` is where the next one is."""
        at = self.append(self.index(following=following))
        return self.data[:4] + struct.pack(self.order + "I", at) + self.data[8:]

    def _put(self, entry: Entry) -> None:
        self.drop(entry[0])
        self.entries.append(entry)
        self.entries.sort(key=lambda known: known[0])


CLASSIC = [kind for kind in kinds("tiff") if kind != "tiff-big"]
STRIPS = [kind for kind in CLASSIC if "tiled" not in kind]
RAW = [kind for kind in STRIPS if kind not in ("tiff-deflate", "tiff-lzw", "tiff-jpeg", "tiff-group4", "tiff-pages")]


def some(rng: Random, among: list[str] | None = None) -> Tiff:
    """One of these kinds, taken apart."""
    return Tiff.read(base(rng.choice(among or CLASSIC), rng.randrange(5)))
