"""TIFF files whose index is not what it says: types, counts and order of its entries, and where the next index is."""

from __future__ import annotations

import struct
from random import Random

from tests.faults import tiff_index as tiff
from tests.faults.bases import base
from tests.faults.damage import Broken, Mutation
from tests.faults.tiff_index import CLASSIC, RAW, STRIPS, Tiff, some

NEEDED = (tiff.WIDTH, tiff.HEIGHT, tiff.BITS, tiff.PHOTOMETRIC, tiff.OFFSETS)


def types(rng: Random) -> Broken:
    file = some(rng)
    tag, _, count, where = rng.choice(file.entries)
    file.drop(tag)
    file.entries.append((tag, rng.choice((0, 1, 2, 5, 6, 7, 10, 11, 12, 13, 17, 255, 65_535)), count, where))
    file.entries.sort()
    return ".tif", file.written()


def counts(rng: Random) -> Broken:
    file = some(rng)
    tag, kind, _, where = rng.choice(file.entries)
    file.drop(tag)
    file.entries.append((tag, kind, rng.choice((0, 2, 5, 1000, 2**16, 2**30, 2**31, 2**32 - 1)), where))
    file.entries.sort()
    return ".tif", file.written()


def count_of_needed(rng: Random) -> Broken:
    """A tag without which nothing can be read has 4 billion values."""
    file = some(rng, STRIPS)
    tag = rng.choice(NEEDED)
    file.place(tag, tiff.LONG, rng.choice((2**31, 2**32 - 1)), 8)
    return ".tif", file.written()


def index_outside(rng: Random) -> Broken:
    data = base(rng.choice(CLASSIC))
    order = "<" if data[:2] == b"II" else ">"
    return ".tif", data[:4] + struct.pack(order + "I", rng.choice((0, len(data), 10**6, 2**32 - 1))) + data[8:]


def index_cut(rng: Random) -> Broken:
    """The file ends within its index."""
    file = some(rng)
    whole = file.written()
    return ".tif", whole[: len(whole) - rng.randint(5, len(file.index()) - 1)]


def index_behind(rng: Random) -> Broken:
    return ".tif", some(rng).written()


def circle(rng: Random) -> Broken:
    """The next index is this one."""
    file = some(rng)
    at = len(file.data) + len(file.data) % 2
    return ".tif", file.written(following=at)


def pages_in_a_circle(rng: Random) -> Broken:
    file = some(rng)
    first = Tiff(file.data, file.order, entries=list(file.entries))
    at = first.append(first.index())
    second = at + len(first.index())
    data = first.data[:at] + first.index(following=second) + first.index(following=at)
    return ".tif", data[:4] + struct.pack(file.order + "I", at) + data[8:]


def many_pages(rng: Random) -> Broken:
    """Thousands of indexes, all of the same picture."""
    file = some(rng, RAW)
    length, count = len(file.index()), 3_000
    at = file.append(b"")
    file.data += b"".join(file.index(following=at + length * (page + 1)) for page in range(count - 1))
    file.data += file.index(following=0)
    return ".tif", file.data[:4] + struct.pack(file.order + "I", at) + file.data[8:]


def many_entries(rng: Random) -> Broken:
    file = some(rng)
    known = {entry[0] for entry in file.entries}
    spare = [tag for tag in range(53_000, 65_000) if tag not in known]
    file.entries += [(tag, tiff.SHORT, 1, bytes(4)) for tag in spare[: rng.choice((2_000, 11_000))]]
    file.entries.sort()
    return ".tif", file.written()


def entries_twice(rng: Random) -> Broken:
    file = some(rng)
    file.entries = sorted(file.entries * 2) if rng.random() < 0.5 else file.entries * 2
    return ".tif", file.written()


def out_of_order(rng: Random) -> Broken:
    file = some(rng)
    rng.shuffle(file.entries)
    return ".tif", file.written()


def entry_gone(rng: Random) -> Broken:
    file = some(rng)
    file.drop(rng.choice(file.entries)[0])
    return ".tif", file.written()


def big(rng: Random) -> Broken:
    """A BigTIFF with a number of 64 bits turned into another."""
    data = bytearray(base("tiff-big"))
    at = 8 if rng.random() < 0.3 else struct.unpack("<Q", data[8:16])[0] + 8 + 20 * rng.randrange(9) + 4
    data[at : at + 8] = struct.pack("<Q", rng.choice((0, 2**31, 2**32, 2**63 - 1, 2**63, 2**64 - 1)))
    return ".tif", bytes(data)


MUTATIONS: dict[str, Mutation] = {
    "tiff: wrong type": types,
    "tiff: wrong count": counts,
    "tiff: billions of a needed value": count_of_needed,
    "tiff: index outside the file": index_outside,
    "tiff: index cut": index_cut,
    "tiff: index behind the pixels": index_behind,
    "tiff: index in a circle": circle,
    "tiff: pages in a circle": pages_in_a_circle,
    "tiff: thousands of pages": many_pages,
    "tiff: thousands of entries": many_entries,
    "tiff: entries twice": entries_twice,
    "tiff: entries out of order": out_of_order,
    "tiff: entry gone": entry_gone,
    "tiff: wrong numbers of 64 bits": big,
}
