"""TIFF files that lie about their pixels: sizes, strips, tiles, samples, compression and palette."""

from __future__ import annotations

from random import Random

from tests.faults import tiff_index as tiff
from tests.faults.damage import Broken, Mutation
from tests.faults.tiff_index import RAW, STRIPS, some

KINDS_OF_PIXELS = (tiff.BITS, tiff.PHOTOMETRIC, tiff.SAMPLES, tiff.EXTRA, tiff.FORMAT, tiff.PLANAR)
COMPRESSIONS = (1, 2, 3, 4, 5, 6, 7, 8, 32773, 32946, 34661, 34712, 34925, 50000, 50001, 99, 65535)


def size(rng: Random) -> Broken:
    file = some(rng)
    file.number(rng.choice((tiff.WIDTH, tiff.HEIGHT)), rng.randint(1, 500))
    return ".tif", file.written()


def no_size(rng: Random) -> Broken:
    file = some(rng)
    file.number(rng.choice((tiff.WIDTH, tiff.HEIGHT)), 0)
    return ".tif", file.written()


def negative(rng: Random) -> Broken:
    file = some(rng)
    for tag in rng.choice(((tiff.WIDTH,), (tiff.HEIGHT,), (tiff.WIDTH, tiff.HEIGHT))):
        file.number(tag, -rng.choice((1, 96, 60_000)), tiff.SIGNED)
    return ".tif", file.written()


def huge(rng: Random) -> Broken:
    file = some(rng)
    width, height = rng.choice(((60_000, 60_000), (2**31, 2**31), (2**32 - 1, 2**32 - 1), (2**32 - 1, 1)))
    file.number(tiff.WIDTH, width)
    file.number(tiff.HEIGHT, height)
    return ".tif", file.written()


def strips_outside(rng: Random) -> Broken:
    file = some(rng, STRIPS)
    count = len(file.values(tiff.OFFSETS))
    file.numbers(tiff.OFFSETS, [rng.randint(10**6, 2**32 - 1) for _ in range(count)])
    return ".tif", file.written()


def strips_anywhere(rng: Random) -> Broken:
    file = some(rng)
    tag = tiff.OFFSETS if file.has(tiff.OFFSETS) else tiff.TILE_OFFSETS
    file.numbers(tag, [rng.randrange(len(file.data)) for _ in file.values(tag)])
    return ".tif", file.written()


def strip_lengths(rng: Random) -> Broken:
    file = some(rng)
    tag = tiff.LENGTHS if file.has(tiff.LENGTHS) else tiff.TILE_LENGTHS
    lengths = [rng.choice((0, 1, 100, 2**31 - 1, 2**31, 2**32 - 1)) for _ in file.values(tag)]
    file.numbers(tag, lengths)
    return ".tif", file.written()


def strip_count(rng: Random) -> Broken:
    file = some(rng, STRIPS)
    file.numbers(tiff.OFFSETS, file.values(tiff.OFFSETS)[:1] * rng.choice((2, 3, 100)))
    return ".tif", file.written()


def rows(rng: Random) -> Broken:
    file = some(rng, STRIPS)
    file.number(tiff.ROWS, rng.choice((0, 1, 7, 100_000, 2**31 - 1, 2**32 - 1)))
    return ".tif", file.written()


def no_tiles(rng: Random) -> Broken:
    file = some(rng, ["tiff-tiled", "tiff-tiled-deflate"])
    file.number(rng.choice((tiff.TILE_WIDTH, tiff.TILE_HEIGHT)), 0)
    return ".tif", file.written()


def huge_tiles(rng: Random) -> Broken:
    file = some(rng, ["tiff-tiled", "tiff-tiled-deflate"])
    side = rng.choice((16_384, 23_168, 26_752, 60_000, 2**31 - 16))
    file.number(tiff.TILE_WIDTH, side)
    file.number(tiff.TILE_HEIGHT, side)
    return ".tif", file.written()


def pixels(rng: Random) -> Broken:
    """Another number of bits, samples or kind of colour."""
    file = some(rng)
    file.number(rng.choice(KINDS_OF_PIXELS), rng.choice((0, 1, 2, 3, 4, 5, 6, 8, 12, 16, 32, 64)), tiff.SHORT)
    return ".tif", file.written()


def many_samples(rng: Random) -> Broken:
    file = some(rng)
    file.number(tiff.SAMPLES, rng.choice((5000, 100_000, 2**31, 2**32 - 1)))
    return ".tif", file.written()


def compression(rng: Random) -> Broken:
    file = some(rng)
    file.number(tiff.COMPRESSION, rng.choice(COMPRESSIONS), tiff.SHORT)
    return ".tif", file.written()


def many_strips(rng: Random) -> Broken:
    """A list of a quarter of a million strips, all of them the same."""
    file = some(rng, RAW)
    file.numbers(tiff.OFFSETS, file.values(tiff.OFFSETS)[:1] * 250_000)
    return ".tif", file.written()


def palette(rng: Random) -> Broken:
    """A palette that is missing, or too short."""
    file = some(rng, ["tiff-palette"])
    file.drop(tiff.PALETTE)
    if rng.random() < 0.5:
        file.place(tiff.PALETTE, tiff.SHORT, rng.choice((3, 30, 100)), 8)
    return ".tif", file.written()


MUTATIONS: dict[str, Mutation] = {
    "tiff: other size": size,
    "tiff: no size": no_size,
    "tiff: negative size": negative,
    "tiff: huge size": huge,
    "tiff: strips outside the file": strips_outside,
    "tiff: strips anywhere": strips_anywhere,
    "tiff: wrong lengths of strips": strip_lengths,
    "tiff: wrong number of strips": strip_count,
    "tiff: wrong rows of a strip": rows,
    "tiff: tiles of no size": no_tiles,
    "tiff: huge tiles": huge_tiles,
    "tiff: other pixels": pixels,
    "tiff: thousands of samples": many_samples,
    "tiff: other compression": compression,
    "tiff: a quarter million strips": many_strips,
    "tiff: broken palette": palette,
}
