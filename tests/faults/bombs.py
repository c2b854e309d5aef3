"""Small files that ask for much: memory, time, or both."""

from __future__ import annotations

import io
import struct
import zlib
from functools import cache
from random import Random

from PIL import Image

from tests.faults import tiff_index as tiff
from tests.faults.bases import base, photo, saved
from tests.faults.damage import Broken, Mutation
from tests.faults.jpeg_lies import segment
from tests.faults.metadata import PROFILES, carried, exif_of
from tests.faults.png_lies import before_pixels, chunks, joined, some
from tests.faults.tiff_index import Tiff
from tests.faults.webp_lies import canvas
from tests.faults.webp_lies import joined as riff
from tests.icc_profiles import D50, _profile, _xyz

SIDE = 4_400
"""Pixels a side of a picture just under the pixel limit of these tests."""


@cache
def zeros(size: int) -> bytes:
    """So many zeros, deflated."""
    squeeze = zlib.compressobj(9)
    return b"".join(squeeze.compress(bytes(1 << 20)) for _ in range(size >> 20)) + squeeze.flush()


@cache
def _flat(format_: str, mode: str = "L", **options: object) -> bytes:
    return saved(Image.new(mode, (SIDE, SIDE)), format_, **options)


def png_of_zeros(rng: Random) -> Broken:
    return ".png", _flat("PNG", rng.choice(("1", "L", "RGB")))


def png_behind_its_end(rng: Random) -> Broken:
    """A small picture whose pixels go on for 50 MB."""
    parts = [(kind, zeros(50 << 20) if kind == b"IDAT" else body) for kind, body in some(rng, "png-grey", "png-alpha")]
    return ".png", joined(parts)


def png_text(rng: Random) -> Broken:
    squeezed = zeros(rng.choice((2 << 20, 50 << 20)))
    text = rng.choice(((b"zTXt", b"Comment\0\0" + squeezed), (b"iTXt", b"Comment\0\1\0\0\0" + squeezed)))
    return ".png", before_pixels(some(rng), text)


def png_texts(rng: Random) -> Broken:
    """Texts of just under the limit each, hundreds of them."""
    return ".png", before_pixels(some(rng), *[(b"zTXt", b"a%d\0\0" % at + zeros(1 << 20)) for at in range(300)])


def png_profile(rng: Random) -> Broken:
    parts = [part for part in some(rng, "png") if part[0] != b"iCCP"]
    return ".png", before_pixels(parts, (b"iCCP", b"profile\0\0" + zeros(50 << 20)))


def png_texts_behind(rng: Random) -> Broken:
    """The same behind the pixels, where nobody needs to look."""
    parts = some(rng, "png", "png-alpha", "png-palette")
    return ".png", joined([*parts[:-1], (b"zTXt", b"Comment\0\0" + zeros(50 << 20)), parts[-1]])


def tiff_of_zeros(rng: Random) -> Broken:
    return ".tif", _flat("TIFF", "RGB", compression=rng.choice(("tiff_lzw", "tiff_adobe_deflate", "packbits")))


def tiff_strip(rng: Random) -> Broken:
    """A small picture, one strip of which inflates to 50 MB."""
    file = Tiff.read(base("tiff-deflate", rng.randrange(5)))
    squeezed = zeros(50 << 20)
    file.numbers(tiff.OFFSETS, [file.append(squeezed)])
    file.numbers(tiff.LENGTHS, [len(squeezed)])
    file.number(tiff.ROWS, 72)
    return ".tif", file.written()


def webp_canvas(rng: Random) -> Broken:
    """A canvas as large as can be said, and one frame of 16 pixels in it."""
    frame = saved(photo(0, 16, 16), "WEBP", lossless=True)[12:]
    head = bytes(6) + b"\x0f\0\0" * 2 + b"\x64\0\0\0"
    parts = [(b"ANIM", bytes(6)), (b"ANMF", head + frame)]
    side = rng.choice((16_000, 16_383, 60_000, 2**24))
    return ".webp", riff([canvas(side, min(side, 2**32 // side - 1), 2), *parts])


def many_frames(rng: Random) -> Broken:
    format_, suffix = rng.choice((("PNG", ".png"), ("WEBP", ".webp")))
    return suffix, _animation(format_)


@cache
def _animation(format_: str) -> bytes:
    pictures = [photo(0, 16, 16).rotate(angle) for angle in range(300)]
    return saved(pictures[0], format_, save_all=True, append_images=pictures[1:])


@cache
def jpeg_scans(count: int = 5_000, side: int = SIDE) -> bytes:
    """A progressive JPEG that goes over its 19 million pixels thousands of times, in 200 KB."""
    whole = saved(Image.new("L", (side, side), 99), "JPEG", progressive=True)
    at = whole.rindex(b"\xff\xda")
    return whole[:at] + whole[at:-2] * count + b"\xff\xd9"


def exif_in_crumbs(rng: Random) -> Broken:
    """Tens of thousands of EXIF segments that are to be joined."""
    data = saved(photo(rng.randrange(5)), "JPEG")
    return ".jpg", data[:2] + segment(0xE1, b"Exif\0\0II*\0\x08\0\0\0") * 60_000 + data[2:]


def exif_of_the_same(rng: Random) -> Broken:
    """Under a megabyte of EXIF, each of whose 20,000 entries has most of it."""
    entries = [(tag, 7, 700_000, 8 + 2 + 12 * 20_000 + 4) for tag in range(40_000, 60_000)]
    exif = exif_of(entries, bytes(700_000))
    if rng.random() < 0.5:
        return ".png", before_pixels([part for part in some(rng) if part[0] != b"eXIf"], (b"eXIf", exif[6:]))
    pieces = [b"Exif\0\0" + exif[at : at + 60_000] for at in range(6, len(exif), 60_000)]
    data = saved(photo(rng.randrange(5)), "JPEG")
    return ".jpg", data[:2] + b"".join(segment(0xE1, piece) for piece in pieces) + data[2:]


def tiff_of_the_same(rng: Random) -> Broken:
    """A TIFF with thousands of tags, each of which has most of the file."""
    file = tiff.some(rng, tiff.RAW)
    where = file.append(bytes(400_000))
    for tag in range(40_000, 45_000):
        file.entries.append((tag, 7, 400_000, struct.pack(file.order + "I", where)))
    return ".tif", file.written()


def tiff_fractions(rng: Random) -> Broken:
    """A resolution of 100,000 fractions."""
    file = tiff.some(rng)
    where = file.append(struct.pack("<II", 72, 7) * 100_000)
    file.place(tiff.X_RESOLUTION, tiff.RATIONAL, 100_000, where)
    return ".tif", file.written()


def profile_of_steps(rng: Random) -> Broken:
    """A profile that computes each colour in 20,000 steps, all of which are the same 48 bytes."""
    count = 20_000
    start = 16 + 8 * count
    step = b"matf\0\0\0\0" + struct.pack(">HH12f", 3, 3, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0)
    body = b"mpet\0\0\0\0" + struct.pack(">HHI", 3, 3, count) + struct.pack(">II", start, len(step)) * count + step
    profile = bytearray(_profile(b"scnr", b"RGB ", b"XYZ ", {b"wtpt": _xyz(D50), b"D2B1": body}))
    profile[8] = 4
    return carried(rng, icc=bytes(profile), formats="JPEG TIFF WEBP")


def profile_of_profiles(rng: Random) -> Broken:
    """A JPEG whose profile is as long as one may be: 255 segments."""
    body = PROFILES[0] + bytes(10_000_000)
    pieces = [body[at : at + 65_000] for at in range(0, len(body), 65_000)]
    parts = [b"ICC_PROFILE\0" + bytes((at, len(pieces))) + piece for at, piece in enumerate(pieces, 1)]
    data = saved(photo(rng.randrange(5)), "JPEG")
    return ".jpg", data[:2] + b"".join(segment(0xE2, part) for part in parts) + data[2:]


def picture_in_picture(rng: Random) -> Broken:
    """EXIF whose small view is a bomb."""
    inner = io.BytesIO(saved(photo(), "JPEG"))
    huge = inner.getvalue()[:163] + struct.pack(">HH", 60_000, 60_000) + inner.getvalue()[167:]
    exif = exif_of([(513, 4, 1, 26 + 18), (514, 4, 1, len(huge))], huge, following=8)
    return carried(rng, exif=exif, formats="JPEG PNG WEBP")


def frames_of_nothing(rng: Random) -> Broken:
    parts = chunks(base("png-animated"))
    control = next(body for kind, body in parts if kind == b"fcTL")
    return ".png", joined([*parts[:-1], *[(b"fcTL", control)] * 20_000, parts[-1]])


MUTATIONS: dict[str, Mutation] = {
    "bomb: png of zeros within the limit": png_of_zeros,
    "bomb: png that goes on behind its pixels": png_behind_its_end,
    "bomb: png text": png_text,
    "bomb: png of many texts": png_texts,
    "bomb: png text behind the pixels": png_texts_behind,
    "bomb: png profile": png_profile,
    "bomb: png of control chunks": frames_of_nothing,
    "bomb: tiff of zeros within the limit": tiff_of_zeros,
    "bomb: tiff strip": tiff_strip,
    "bomb: tiff of overlapping tags": tiff_of_the_same,
    "bomb: tiff of fractions": tiff_fractions,
    "bomb: webp canvas": webp_canvas,
    "bomb: many frames": many_frames,
    "bomb: jpeg of many scans": lambda _: (".jpg", jpeg_scans()),
    "bomb: exif in crumbs": exif_in_crumbs,
    "bomb: exif of overlapping tags": exif_of_the_same,
    "bomb: picture in the exif": picture_in_picture,
    "bomb: profile of many steps": profile_of_steps,
    "bomb: profile of ten megabytes": profile_of_profiles,
}
