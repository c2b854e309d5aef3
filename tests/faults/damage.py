"""Damage that knows no format: files cut off, bits turned over, blocks lost, doubled and out of order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from tests.faults.bases import INDEX_BEHIND, KINDS, SEVERAL, SUFFIX, base, format_of, kinds

Broken = tuple[str, bytes]
"""The suffix of a file, and its bytes."""

Mutation = Callable[[Random], Broken]

HEADER = 64
"""Bytes that hold the header of every base, or the beginning of it."""

MAGIC = (
    b"\xff\xd8\xff\xe0",
    b"\x89PNG\r\n\x1a\n",
    b"II*\0",
    b"MM\0*",
    b"II+\0",
    b"RIFF\x40\x10\0\0WEBPVP8X",
    b"\0\0\0\x20ftypavif",
)
ONE_FRAME = [kind for kind in KINDS if kind not in SEVERAL]


def some(rng: Random, among: Sequence[str]) -> Broken:
    """A whole picture of one of these kinds."""
    kind = rng.choice(among)
    return SUFFIX[format_of(kind)], base(kind, rng.randrange(5))


def whole(rng: Random) -> Broken:
    """Nothing is wrong."""
    return some(rng, KINDS)


def cut_early(rng: Random) -> Broken:
    suffix, data = some(rng, ONE_FRAME)
    return suffix, data[: rng.randint(1, len(data) // 2)]


def cut_anywhere(rng: Random) -> Broken:
    suffix, data = some(rng, KINDS)
    return suffix, data[: rng.randrange(1, len(data))]


def beheaded(rng: Random) -> Broken:
    suffix, data = some(rng, KINDS)
    return suffix, data[rng.randint(1, HEADER) :]


def header_bit(rng: Random) -> Broken:
    suffix, data = some(rng, KINDS)
    return suffix, _flipped(rng, data, 1, 0, HEADER)


def body_bit(rng: Random) -> Broken:
    suffix, data = some(rng, [kind for kind in KINDS if kind not in INDEX_BEHIND])
    return suffix, _flipped(rng, data, 1, len(data) // 2, len(data))


def many_bits(rng: Random) -> Broken:
    suffix, data = some(rng, KINDS)
    return suffix, _flipped(rng, data, rng.randint(2, max(3, len(data) // 100)), 0, len(data))


def block_zeroed(rng: Random) -> Broken:
    return _with_block(rng, lambda block: bytes(len(block)))


def block_doubled(rng: Random) -> Broken:
    return _with_block(rng, lambda block: block * 2)


def block_removed(rng: Random) -> Broken:
    return _with_block(rng, lambda _: b"")


def block_of_noise(rng: Random) -> Broken:
    return _with_block(rng, lambda block: rng.randbytes(len(block)))


def blocks_shuffled(rng: Random) -> Broken:
    suffix, data = some(rng, KINDS)
    size = rng.choice((16, 64, 512, 4096))
    blocks = [data[at : at + size] for at in range(0, len(data), size)]
    rng.shuffle(blocks)
    return suffix, b"".join(blocks)


def bytes_swapped(rng: Random) -> Broken:
    """As a tool does that takes a file for text: line feeds become carriage return and line feed."""
    suffix, data = some(rng, kinds("png", "jpeg", "webp"))
    return suffix, data.replace(b"\n", b"\r\n")


def garbage_behind(rng: Random) -> Broken:
    suffix, data = some(rng, KINDS)
    return suffix, data + rng.randbytes(rng.randint(1, 5000))


def noise_after_magic(rng: Random) -> Broken:
    magic = rng.choice(MAGIC)
    return rng.choice(tuple(SUFFIX.values())), magic + rng.randbytes(rng.randint(10, 3000))


def noise(rng: Random) -> Broken:
    return rng.choice(tuple(SUFFIX.values())), b"\x07" + rng.randbytes(rng.randint(1, 3000))


def one_byte(rng: Random) -> Broken:
    return rng.choice(tuple(SUFFIX.values())), rng.randbytes(1)


def empty(rng: Random) -> Broken:
    return rng.choice(tuple(SUFFIX.values())), b""


def _flipped(rng: Random, data: bytes, count: int, first: int, last: int) -> bytes:
    changed = bytearray(data)
    for _ in range(count):
        changed[rng.randrange(first, min(last, len(data)))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def _with_block(rng: Random, change: Callable[[bytes], bytes]) -> Broken:
    suffix, data = some(rng, KINDS)
    size = min(rng.choice((1, 16, 512, 4096)), len(data) - 1)
    at = rng.randrange(len(data) - size)
    return suffix, data[:at] + change(data[at : at + size]) + data[at + size :]


MUTATIONS: dict[str, Mutation] = {
    "whole": whole,
    "cut in its first half": cut_early,
    "cut anywhere": cut_anywhere,
    "beginning gone": beheaded,
    "bit turned in the header": header_bit,
    "bit turned in the body": body_bit,
    "many bits turned": many_bits,
    "block zeroed": block_zeroed,
    "block doubled": block_doubled,
    "block removed": block_removed,
    "block of noise": block_of_noise,
    "blocks shuffled": blocks_shuffled,
    "line ends changed": bytes_swapped,
    "garbage behind the end": garbage_behind,
    "noise after the magic": noise_after_magic,
    "noise": noise,
    "one byte": one_byte,
    "empty": empty,
}
