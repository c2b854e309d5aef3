"""WebP files whose chunks lie: canvas, size, lengths, flags and frames."""

from __future__ import annotations

import struct
from random import Random

from tests.faults.bases import base, kinds
from tests.faults.damage import Broken, Mutation

Chunks = list[tuple[bytes, bytes]]


def chunks(data: bytes) -> Chunks:
    """The (type, body) of every chunk."""
    found, at = [], 12
    while at < len(data):
        length = struct.unpack("<I", data[at + 4 : at + 8])[0]
        found.append((data[at : at + 4], data[at + 8 : at + 8 + length]))
        at += 8 + length + length % 2
    return found


def joined(parts: Chunks) -> bytes:
    """A WebP of these chunks, with right lengths."""
    body = b"WEBP" + b"".join(kind + struct.pack("<I", len(data)) + data + bytes(len(data) % 2) for kind, data in parts)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def some(rng: Random, *among: str) -> Chunks:
    return chunks(base(rng.choice(among or kinds("webp")), rng.randrange(5)))


def canvas(width: int, height: int, flags: int = 0) -> tuple[bytes, bytes]:
    """The chunk that says how large the canvas is; 24 bits a side."""
    return b"VP8X", struct.pack("<I", flags) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")


def _with_canvas(rng: Random, width: int, height: int) -> bytes:
    parts = some(rng)
    flags = struct.unpack("<I", parts[0][1][:4])[0] if parts[0][0] == b"VP8X" else 0
    return joined([canvas(width, height, flags), *[part for part in parts if part[0] != b"VP8X"]])


def size(rng: Random) -> Broken:
    return ".webp", _with_canvas(rng, rng.randint(1, 500), rng.randint(1, 500))


def huge(rng: Random) -> Broken:
    sides = ((60_000, 60_000), (16_384, 16_384), (2**24, 255), (65_535, 65_537), (2**24, 2**24))
    return ".webp", _with_canvas(rng, *rng.choice(sides))


def huge_frame(rng: Random) -> Broken:
    """The frame itself says that it is of the largest size, with no canvas around it."""
    if rng.random() < 0.5:
        body = bytearray(dict(some(rng, "webp"))[b"VP8 "])
        body[6:10] = struct.pack("<HH", 16_383, 16_383)
        return ".webp", joined([(b"VP8 ", bytes(body))])
    body = bytearray(dict(some(rng, "webp-lossless"))[b"VP8L"])
    body[1:5] = struct.pack("<I", 16_383 | 16_383 << 14)
    return ".webp", joined([(b"VP8L", bytes(body))])


def frame_size(rng: Random) -> Broken:
    body = bytearray(dict(some(rng, "webp"))[b"VP8 "])
    body[6:10] = struct.pack("<HH", rng.randint(1, 500), rng.randint(1, 500))
    return ".webp", joined([(b"VP8 ", bytes(body))])


def no_size(rng: Random) -> Broken:
    body = bytearray(dict(some(rng, "webp"))[b"VP8 "])
    body[6:10] = struct.pack("<HH", *rng.choice(((0, 0), (0, 72), (96, 0))))
    return ".webp", joined([(b"VP8 ", bytes(body))])


def length(rng: Random) -> Broken:
    data = bytearray(joined(some(rng)))
    at = rng.choice((4, 16))
    data[at : at + 4] = struct.pack("<I", rng.choice((0, 1, 10, 2**31, 2**32 - 1)))
    return ".webp", bytes(data)


def flags(rng: Random) -> Broken:
    parts = some(rng, "webp", "webp-alpha", "webp-animated")
    kind, body = parts[0]
    return ".webp", joined([(kind, bytes((rng.randrange(256),)) + body[1:]), *parts[1:]])


def order(rng: Random) -> Broken:
    parts = some(rng, "webp", "webp-alpha", "webp-animated")
    rng.shuffle(parts)
    return ".webp", joined(parts)


def gone(rng: Random) -> Broken:
    """Without the chunks that hold pixels."""
    return ".webp", joined([part for part in some(rng) if part[0] not in (b"VP8 ", b"VP8L", b"ANMF")])


def frames(rng: Random) -> Broken:
    """A frame lies outside the canvas, or is larger than it is."""
    parts = some(rng, "webp-animated")
    place = next(at for at, (kind, _) in enumerate(parts) if kind == b"ANMF")
    body = bytearray(parts[place][1])
    at = rng.choice((0, 3, 6, 9))
    body[at : at + 3] = rng.choice((b"\xff\xff\xff", b"\x40\0\0", b"\0\0\0"))
    parts[place] = (b"ANMF", bytes(body))
    return ".webp", joined(parts)


def many_chunks(rng: Random) -> Broken:
    return ".webp", joined(some(rng, "webp") + [(b"JUNK", b"")] * 20_000)


MUTATIONS: dict[str, Mutation] = {
    "webp: other canvas": size,
    "webp: huge canvas": huge,
    "webp: huge frame": huge_frame,
    "webp: other size of the frame": frame_size,
    "webp: no size": no_size,
    "webp: wrong length": length,
    "webp: other flags": flags,
    "webp: chunks out of order": order,
    "webp: no pixels": gone,
    "webp: frame outside the canvas": frames,
    "webp: thousands of unknown chunks": many_chunks,
}
