"""JPEG files whose segments lie: sizes, components, precision, tables, scans, and where they begin and end."""

from __future__ import annotations

import struct
from random import Random

from tests.faults.bases import base, kinds
from tests.faults.damage import Broken, Mutation

FRAMES = frozenset({0xC0, 0xC1, 0xC2})
OTHER_FRAMES = (0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC8, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF, 0xDE, 0xF0)
Segment = tuple[int, bytes]


def segments(data: bytes) -> tuple[list[Segment], bytes]:
    """The (marker, body) of the segments before the first scan, and the rest of the file with it."""
    found, at = [], 2
    while data[at + 1] != 0xDA:
        length = struct.unpack(">H", data[at + 2 : at + 4])[0]
        found.append((data[at + 1], data[at + 4 : at + 2 + length]))
        at += 2 + length
    return found, data[at:]


def segment(marker: int, body: bytes) -> bytes:
    """A segment with its marker and length."""
    return bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body


def joined(parts: list[Segment], rest: bytes) -> bytes:
    """A JPEG of these segments and this rest."""
    return b"\xff\xd8" + b"".join(segment(*part) for part in parts) + rest


def some(rng: Random, *among: str) -> tuple[list[Segment], bytes]:
    return segments(base(rng.choice(among or kinds("jpeg")), rng.randrange(5)))


def with_frame(
    source: tuple[list[Segment], bytes],
    bits: int | None = None,
    height: int | None = None,
    width: int | None = None,
    marker: int | None = None,
    components: bytes | None = None,
) -> bytes:
    """The JPEG with its frame header changed; `components` is their number and what is said of each."""
    parts, rest = source
    changed: list[Segment] = []
    for kind, body in parts:
        if kind in FRAMES:
            old_bits, old_height, old_width = struct.unpack(">BHH", body[:5])
            sizes = (old_height if height is None else height, old_width if width is None else width)
            head = struct.pack(">BHH", old_bits if bits is None else bits, *sizes)
            changed.append((marker or kind, head + (components or body[5:])))
        else:
            changed.append((kind, body))
    return joined(changed, rest)


def size(rng: Random) -> Broken:
    return ".jpg", with_frame(some(rng), height=rng.randint(1, 400), width=rng.randint(1, 400))


def no_size(rng: Random) -> Broken:
    height, width = rng.choice(((0, 0), (0, 96), (72, 0)))
    return ".jpg", with_frame(some(rng), height=height, width=width)


def huge(rng: Random) -> Broken:
    height, width = rng.choice(((60_000, 60_000), (65_535, 65_535), (65_500, 400)))
    return ".jpg", with_frame(some(rng), height=height, width=width)


def precision(rng: Random) -> Broken:
    return ".jpg", with_frame(some(rng), bits=rng.choice((0, 1, 7, 12, 16, 255)))


def frame(rng: Random) -> Broken:
    return ".jpg", with_frame(some(rng), marker=rng.choice(OTHER_FRAMES))


def components(rng: Random) -> Broken:
    count = rng.choice((0, 1, 2, 3, 4, 5, 255))
    listed = b"".join(bytes((at + 1, rng.choice((0x11, 0x22, 0x44, 0, 0xFF, 0x13)), 0)) for at in range(min(count, 4)))
    return ".jpg", with_frame(some(rng), components=bytes((count,)) + listed)


def tables(rng: Random) -> Broken:
    """Noise in a quantisation or a Huffman table."""
    parts, rest = some(rng)
    place = rng.choice([at for at, (kind, _) in enumerate(parts) if kind in (0xC4, 0xDB)])
    kind, body = parts[place]
    at = rng.randrange(len(body))
    parts[place] = (kind, body[:at] + rng.randbytes(rng.randint(1, 20)) + body[at + 1 :])
    return ".jpg", joined(parts, rest)


def no_tables(rng: Random) -> Broken:
    parts, rest = some(rng)
    gone = rng.choice((0xC4, 0xDB))
    return ".jpg", joined([part for part in parts if part[0] != gone], rest)


def length(rng: Random) -> Broken:
    """One segment says that it has another length."""
    parts, rest = some(rng)
    place = rng.randrange(len(parts))
    data = bytearray(joined(parts, rest))
    at = len(joined(parts[:place], b"")) + 2
    data[at : at + 2] = struct.pack(">H", rng.choice((0, 1, 2, 3, 1000, 65_535)))
    return ".jpg", bytes(data)


def second_frame(rng: Random) -> Broken:
    """Two frame headers of different sizes."""
    parts, rest = some(rng)
    kind, body = next(part for part in parts if part[0] in FRAMES)
    other = body[:1] + struct.pack(">HH", rng.randint(1, 400), rng.randint(1, 400)) + body[5:]
    pair = [(kind, body), (kind, other)]
    rng.shuffle(pair)
    return ".jpg", joined([*[part for part in parts if part[0] not in FRAMES], *pair], rest)


def filled(rng: Random) -> Broken:
    """A megabyte of the fill bytes that may stand before any marker."""
    data = base(rng.choice(kinds("jpeg")))
    return ".jpg", data[:2] + b"\xff" * 1_000_000 + data[2:]


def many_comments(rng: Random) -> Broken:
    parts, rest = some(rng)
    return ".jpg", joined([(0xFE, b"")] * 20_000 + parts, rest)


def restarts(rng: Random) -> Broken:
    """Restart markers out of order, or an interval that is not kept."""
    data = base("jpeg-restarts", rng.randrange(5))
    old, new = rng.sample(range(0xD0, 0xD8), 2)
    parts, rest = segments(data)
    interval = [(0xDD, struct.pack(">H", rng.choice((0, 1, 5, 65_535))))]
    return ".jpg", rng.choice(
        (
            joined(parts, rest.replace(bytes((0xFF, old)), bytes((0xFF, new)))),
            joined([part for part in parts if part[0] != 0xDD] + interval, rest),
        )
    )


def no_end(rng: Random) -> Broken:
    return ".jpg", base(rng.choice(kinds("jpeg")), rng.randrange(5)).removesuffix(b"\xff\xd9")


def scan(rng: Random) -> Broken:
    """The header of the scan is changed: components, tables, and what part of the spectrum it holds."""
    parts, rest = some(rng)
    length = struct.unpack(">H", rest[2:4])[0]
    head = bytearray(rest[: 2 + length])
    head[rng.randrange(4, len(head))] = rng.randrange(256)
    return ".jpg", joined(parts, bytes(head) + rest[2 + length :])


def early_end(rng: Random) -> Broken:
    """The marker of the end stands in the middle."""
    data = base(rng.choice(kinds("jpeg")), rng.randrange(5))
    at = rng.randint(len(data) * 2 // 3, len(data) - 2)
    return ".jpg", data[:at] + b"\xff\xd9" + data[at:]


MUTATIONS: dict[str, Mutation] = {
    "jpeg: other size": size,
    "jpeg: no size": no_size,
    "jpeg: huge size": huge,
    "jpeg: other precision": precision,
    "jpeg: other kind of frame": frame,
    "jpeg: other components": components,
    "jpeg: noise in the tables": tables,
    "jpeg: no tables": no_tables,
    "jpeg: wrong length of a segment": length,
    "jpeg: two frames": second_frame,
    "jpeg: a megabyte of fill bytes": filled,
    "jpeg: thousands of comments": many_comments,
    "jpeg: restarts out of order": restarts,
    "jpeg: no end": no_end,
    "jpeg: end in the middle": early_end,
    "jpeg: other scan": scan,
}
