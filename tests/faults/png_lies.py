"""PNG files whose chunks lie: sizes, depths, lengths, checksums, frames, palettes and texts."""

from __future__ import annotations

import struct
import zlib
from random import Random

from tests.faults.bases import base, kinds
from tests.faults.damage import Broken, Mutation
from tests.pictures import chunk

SIGNATURE = b"\x89PNG\r\n\x1a\n"
Chunks = list[tuple[bytes, bytes]]
POSSIBLE = {(1, 0), (2, 0), (4, 0), (8, 0), (16, 0), (8, 2), (16, 2), (1, 3), (2, 3), (4, 3), (8, 3)} | {
    (bits, colour) for bits in (8, 16) for colour in (4, 6)
}
PILLOWS_WORDS = ("transparency", "icc_profile", "exif", "gamma", "interlace", "bbox", "default_image", "loop", "dpi")
"""Names under which Pillow keeps what it found, and under which it also keeps the texts of a file."""


def chunks(data: bytes) -> Chunks:
    """The (type, body) of every chunk."""
    found, at = [], 8
    while at < len(data):
        length = struct.unpack(">I", data[at : at + 4])[0]
        found.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + length]))
        at += 12 + length
    return found


def joined(parts: Chunks) -> bytes:
    """A PNG of these chunks, with right checksums."""
    return SIGNATURE + b"".join(chunk(kind, body) for kind, body in parts)


def some(rng: Random, *among: str) -> Chunks:
    return chunks(base(rng.choice(among or kinds("png")), rng.randrange(5)))


def before_pixels(parts: Chunks, *extra: tuple[bytes, bytes]) -> bytes:
    """The PNG with chunks added in front of its pixels."""
    at = next(place for place, (kind, _) in enumerate(parts) if kind == b"IDAT")
    return joined([*parts[:at], *extra, *parts[at:]])


def with_header(parts: Chunks, **fields: int) -> bytes:
    """The PNG with some fields of its header changed: width, height, bits, colour, squeeze, filter, interlace."""
    names = ("width", "height", "bits", "colour", "squeeze", "filter", "interlace")
    header = dict(zip(names, struct.unpack(">IIBBBBB", parts[0][1]), strict=True)) | fields
    return joined([(b"IHDR", struct.pack(">IIBBBBB", *header.values())), *parts[1:]])


def size(rng: Random) -> Broken:
    return ".png", with_header(some(rng), **{rng.choice(("width", "height")): rng.randint(1, 500)})


def size_unsigned(rng: Random) -> Broken:
    """The checksum is left as it was."""
    data = bytearray(base(rng.choice(kinds("png"))))
    data[16:24] = struct.pack(">II", rng.randint(1, 500), rng.randint(100, 500))
    return ".png", bytes(data)


def no_size(rng: Random) -> Broken:
    return ".png", with_header(some(rng), **{rng.choice(("width", "height")): 0})


def huge(rng: Random) -> Broken:
    width, height = rng.choice(((60_000, 60_000), (2**31 - 1, 2**31 - 1), (2**31 - 1, 100), (2**32 - 1, 2**32 - 1)))
    return ".png", with_header(some(rng), width=width, height=height)


def depth(rng: Random) -> Broken:
    bits, colour = rng.choice(sorted(POSSIBLE))
    return ".png", with_header(some(rng), bits=bits, colour=colour)


def impossible_depth(rng: Random) -> Broken:
    wrong = [(bits, colour) for bits in (0, 1, 3, 8, 32, 255) for colour in (1, 5, 7, 255)]
    bits, colour = rng.choice(wrong)
    return ".png", with_header(some(rng), bits=bits, colour=colour)


def interlace(rng: Random) -> Broken:
    parts = some(rng)
    return ".png", with_header(parts, interlace=rng.choice((2, 255) if parts[0][1][12] else (1, 2, 255)))


def method(rng: Random) -> Broken:
    return ".png", with_header(some(rng), **{rng.choice(("squeeze", "filter")): rng.randint(1, 255)})


def order(rng: Random) -> Broken:
    parts = some(rng)
    rng.shuffle(parts)
    return ".png", joined(parts)


def no_pixels(rng: Random) -> Broken:
    return ".png", joined([part for part in some(rng, "png", "png-alpha", "png-grey") if part[0] != b"IDAT"])


def crumbs(rng: Random) -> Broken:
    """Pixels in chunks of one byte, as nobody writes them but anybody may."""
    parts = some(rng, "png-palette", "png-grey", "png-alpha")
    crumbled = [(kind, bytes([byte])) for kind, body in parts for byte in body if kind == b"IDAT"]
    return ".png", joined([*[part for part in parts[:-1] if part[0] != b"IDAT"], *crumbled, parts[-1]])


def many_chunks(rng: Random) -> Broken:
    return ".png", before_pixels(some(rng), *[(b"vpAg", b"")] * 20_000)


def length(rng: Random) -> Broken:
    """One chunk says that it has another length."""
    parts = some(rng)
    at = 8 + sum(12 + len(body) for _, body in parts[: rng.randrange(len(parts))])
    data = bytearray(joined(parts))
    data[at : at + 4] = struct.pack(">I", rng.choice((0, 1, 12, 1000, 2**31 - 1, 2**32 - 1)))
    return ".png", bytes(data)


def two_gigabytes(rng: Random) -> Broken:
    data = before_pixels(some(rng, "png"), (b"vpAg", b"here"))
    return ".png", data.replace(b"\0\0\0\4vpAg", b"\x7f\xff\xff\xffvpAg")


def frames(rng: Random) -> Broken:
    """Animation control says more than there is."""
    parts = chunks(base("png-animated"))
    place = rng.choice([at for at, (kind, _) in enumerate(parts) if kind in (b"acTL", b"fcTL", b"fdAT")])
    kind, body = parts[place]
    at = rng.randrange(0, min(len(body), 24), 4)
    body = body[:at] + struct.pack(">I", rng.choice((0, 1, 77, 2**31, 2**32 - 1))) + body[at + 4 :]
    parts[place] = (kind, body)
    return ".png", joined(parts)


def short_palette(rng: Random) -> Broken:
    parts = dict(some(rng, "png-palette", "png-palette-4", "png-palette-clear"))
    parts[b"PLTE"] = parts[b"PLTE"][: 3 * rng.randint(1, 5)]
    return ".png", joined(list(parts.items()))


def odd_palette(rng: Random) -> Broken:
    """A palette that is no multiple of three, empty, or far too long."""
    parts = dict(some(rng, "png-palette", "png-palette-4", "png-palette-clear"))
    parts[b"PLTE"] = rng.choice((parts[b"PLTE"][:-1], b"", parts[b"PLTE"] * 40))
    return ".png", joined(list(parts.items()))


def no_palette(rng: Random) -> Broken:
    return ".png", joined([part for part in some(rng, "png-palette", "png-palette-4") if part[0] != b"PLTE"])


def long_transparency(rng: Random) -> Broken:
    parts = dict(some(rng, "png-palette", "png-palette-4", "png-palette-1"))
    clear = rng.choice((bytes(300), rng.randbytes(256), rng.randbytes(1000), b"\xff" * 255 + b"\0"))
    return ".png", before_pixels(list(parts.items()), (b"tRNS", clear))


def own_words(rng: Random) -> Broken:
    """A text whose keyword is a name that Pillow uses itself."""
    word = rng.choice(PILLOWS_WORDS).encode()
    body = rng.choice((b"1", b"0", b"text", b"\xff\0\n", b""))
    text = (b"tEXt", word + b"\0" + body)
    squeezed = (b"zTXt", word + b"\0\0" + zlib.compress(body))
    return ".png", before_pixels(some(rng), rng.choice((text, squeezed)))


def bad_text(rng: Random) -> Broken:
    """A text chunk that is cut short, or squeezed in an unknown way."""
    bodies = (b"", b"\0", b"key", b"key\0\1rest", b"key\0\0rubbish", b"\xff\xfe\0\0\0\0\0\0")
    return ".png", before_pixels(some(rng), (rng.choice((b"tEXt", b"zTXt", b"iTXt")), rng.choice(bodies)))


MUTATIONS: dict[str, Mutation] = {
    "png: other size, right checksum": size,
    "png: other size, wrong checksum": size_unsigned,
    "png: no size": no_size,
    "png: huge size": huge,
    "png: other depth or colour": depth,
    "png: impossible depth or colour": impossible_depth,
    "png: other interlacing": interlace,
    "png: unknown method": method,
    "png: chunks out of order": order,
    "png: no pixels": no_pixels,
    "png: pixels in chunks of one byte": crumbs,
    "png: thousands of empty chunks": many_chunks,
    "png: wrong length of a chunk": length,
    "png: chunk of two gigabytes": two_gigabytes,
    "png: frames that are not there": frames,
    "png: palette too short": short_palette,
    "png: odd palette": odd_palette,
    "png: no palette": no_palette,
    "png: transparency longer than the palette": long_transparency,
    "png: text under a name of the reader's": own_words,
    "png: broken text": bad_text,
}
