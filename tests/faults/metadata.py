"""Good pixels with odd words about them: colour profiles and EXIF that are cut, wrong, circular or huge."""

from __future__ import annotations

import struct
from collections.abc import Callable
from random import Random

from tests import icc_profiles
from tests.faults import tiff_index as tiff
from tests.faults.bases import KINDS, SUFFIX, clear, format_of, opened, photo, saved
from tests.faults.damage import Broken, Mutation
from tests.faults.jpeg_lies import joined, segments
from tests.faults.tiff_index import some as some_tiff

PROFILES = (icc_profiles.rgb(1.8), icc_profiles.grey(2.2), icc_profiles.cmyk(), icc_profiles.srgb_by_another_maker())
CONTAINERS = (
    *(("JPEG", "RGB"), ("JPEG", "L"), ("JPEG", "CMYK"), ("PNG", "RGB"), ("PNG", "L"), ("PNG", "P"), ("PNG", "RGBA")),
    *(("WEBP", "RGB"), ("WEBP", "RGBA"), ("TIFF", "RGB"), ("TIFF", "L"), ("TIFF", "CMYK")),
)
_PICTURES = ((4, 1, 2**32 - 1), (4, 1, 0), (2, 4, 0x32323232), (5, 1, 8), (3, 2, 8), (12, 1, 8))
ORIENTATIONS = (0, 9, 255, 65_535)


def carried(rng: Random, *, icc: bytes = b"", exif: bytes = b"", formats: str = "JPEG PNG WEBP TIFF") -> Broken:
    """Good pixels in one of these formats, with this profile or EXIF."""
    format_, mode = rng.choice([pair for pair in CONTAINERS if pair[0] in formats.split()])
    which = rng.randrange(5)
    picture = clear(which) if mode == "RGBA" else photo(which, mode=mode)
    said = {name: data for name, data in (("icc_profile", icc), ("exif", exif)) if data}
    return SUFFIX[format_.lower()], saved(picture, format_, **said)


def _profile(make: Callable[[Random, bytes], bytes]) -> Mutation:
    return lambda rng: carried(rng, icc=make(rng, rng.choice(PROFILES)))


def _cut(rng: Random, icc: bytes) -> bytes:
    return icc[: rng.choice((1, 4, 64, 127, 128, 131, 140, rng.randrange(1, len(icc))))]


def _flipped(rng: Random, icc: bytes) -> bytes:
    changed = bytearray(icc)
    for _ in range(rng.choice((1, 5, 50))):
        changed[rng.randrange(len(icc))] = rng.randrange(256)
    return bytes(changed)


def _field(rng: Random, icc: bytes) -> bytes:
    """Another length, version, class, colour space, connection space or signature."""
    at, values = rng.choice(
        (
            (0, (bytes(4), b"\xff" * 4)),
            (8, (b"\x09\0\0\0", b"\x05\0\0\0")),
            (12, (b"link", b"nmcl", b"abst", b"spac", b"scnr", b"prtr", b"\0\0\0\0")),
            (16, (b"RGB ", b"GRAY", b"CMYK", b"Lab ", b"XYZ ", b"HSV ", b"6CLR", b"\0\0\0\0")),
            (20, (b"Lab ", b"XYZ ", b"RGB ", b"\0\0\0\0")),
            (36, (b"nope",)),
        )
    )
    return icc[:at] + rng.choice(values) + icc[at + 4 :]


def _tags(rng: Random, icc: bytes) -> bytes:
    """The number of tags, or the place or length of one, is wrong."""
    count = struct.unpack(">I", icc[128:132])[0]
    at = rng.choice((128, *(132 + 12 * tag + part for tag in range(count) for part in (0, 4, 8))))
    return icc[:at] + struct.pack(">I", rng.choice((0, 1, 99, 2**31, 2**32 - 1))) + icc[at + 4 :]


def _huge(rng: Random, icc: bytes) -> bytes:
    """A whole profile with 700 KB behind it."""
    data = icc + rng.randbytes(700_000)
    return struct.pack(">I", len(data)) + data[4:]


def _values(rng: Random, icc: bytes) -> bytes:
    """Curves, colours and tables of noise."""
    start = 132 + 12 * struct.unpack(">I", icc[128:132])[0]
    return icc[:start] + b"".join(
        icc[at : at + 8] + rng.randbytes(len(icc[at + 8 : at + 20])) for at in range(start, len(icc), 20)
    )


def no_segments(rng: Random) -> Broken:
    """A JPEG whose profile comes in segments that are missing, doubled or cut."""
    parts, rest = segments(saved(photo(), "JPEG", icc_profile=PROFILES[0] * 200))
    places = [at for at, (kind, _) in enumerate(parts) if kind == 0xE2]
    place = rng.choice(places)
    kind, body = parts[place]
    changed = rng.choice(([], [(kind, body)] * 2, [(kind, body[:14] + body[30:])], [(kind, body[:12] + b"\x09\x09")]))
    return ".jpg", joined(parts[:place] + changed + parts[place + 1 :], rest)


def exif_of(entries: list[tuple[int, int, int, int]], behind: bytes = b"", following: int = 0) -> bytes:
    """EXIF with these (tag, type, count, value or place) entries."""
    table = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    head = struct.pack("<2sHIH", b"II", 42, 8, len(entries) & 0xFFFF)
    return b"Exif\0\0" + head + table + struct.pack("<I", following) + behind


def cut_exif(rng: Random) -> Broken:
    whole = exif_of([(tiff.ORIENTATION, 3, 1, 6), (0x010F, 2, 20, 38)], b"A camera of this kind")
    return carried(rng, exif=whole[: rng.randint(7, len(whole) - 1)], formats="JPEG PNG WEBP")


def noise_exif(rng: Random) -> Broken:
    begin = rng.choice((b"Exif\0\0", b"Exif\0\0II*\0\x08\0\0\0", b"Exif\0\0MM\0*\0\0\0\x08"))
    return carried(rng, exif=begin + rng.randbytes(rng.randint(1, 2000)), formats="JPEG PNG WEBP")


def circular_exif(rng: Random) -> Broken:
    """Indexes that point at themselves, at each other and at the next one, which is the first."""
    entries = [(tag, 4, 1, 8) for tag in (tiff.EXIF, 34853, 40965, 330)]
    return carried(rng, exif=exif_of(sorted(entries), following=8), formats="JPEG PNG WEBP")


def orientation(rng: Random) -> Broken:
    entry = (tiff.ORIENTATION, 3, 1, rng.choice(ORIENTATIONS))
    return carried(rng, exif=exif_of([entry]), formats="JPEG PNG WEBP")


def orientation_of_wrong_type(rng: Random) -> Broken:
    kind, count = rng.choice(((0, 1), (1, 1), (2, 2), (5, 1), (7, 4), (10, 1), (12, 1), (255, 1), (3, 0), (3, 2)))
    where = rng.choice((6, 8, 26, 2**32 - 1))
    return carried(rng, exif=exif_of([(tiff.ORIENTATION, kind, count, where)], bytes(16)), formats="JPEG PNG WEBP")


def huge_exif(rng: Random) -> Broken:
    """Thousands of entries that all have the same 30 KB."""
    entries = [(tag, 7, 30_000, 8 + 2 + 12 * 2_500 + 4) for tag in range(40_000, 42_500)]
    return carried(rng, exif=exif_of(entries, bytes(30_000)), formats="JPEG PNG WEBP")


def odd_list_of_pictures(rng: Random) -> Broken:
    """A JPEG whose list of further pictures is noise, cut, of the wrong type, or says that there are billions."""
    parts, rest = segments(saved(photo(rng.randrange(5)), "JPEG"))
    index = exif_of([(0xB000, 7, 4, 0x30303130), (0xB001, 4, 1, 2), (0xB002, 7, 32, 50)], bytes(32))[6:]
    odd = (
        index[: rng.randrange(1, len(index))],
        index.replace(struct.pack("<HHII", 0xB001, 4, 1, 2), struct.pack("<HHII", 0xB001, *rng.choice(_PICTURES))),
        index[:8] + rng.randbytes(200),
        rng.randbytes(200),
    )
    return ".jpg", joined([*parts, (0xE2, b"MPF\0" + rng.choice(odd))], rest)


def tiff_orientation(rng: Random) -> Broken:
    file = some_tiff(rng)
    if rng.random() < 0.5:
        file.number(tiff.ORIENTATION, rng.choice(ORIENTATIONS), tiff.SHORT)
    else:
        kind, count = rng.choice(((2, 2), (5, 1), (7, 4), (10, 1), (12, 1), (3, 2), (3, 3)))
        file.place(tiff.ORIENTATION, kind, count, 8)
    return ".tif", file.written()


def tiff_exif(rng: Random) -> Broken:
    """An EXIF index in a TIFF that is the TIFF's own, nowhere, or noise."""
    file = some_tiff(rng)
    file.place(tiff.EXIF, tiff.LONG, 1, rng.choice((0, 2, 8, file.at, len(file.data), 2**32 - 1)))
    return ".tif", file.written()


def odd_words(rng: Random) -> Broken:
    """Texts in EXIF that steer terminals and browsers, or are no text at all."""
    text = rng.choice(
        (b"\x1b[2J\x1b]0;x\x07", b"<script>alert(1)</script>", b"\xff\xfe\0", b"a\0b\0", "\u202e".encode())
    )
    text = text.ljust(40, b"\0")
    return carried(rng, exif=exif_of([(0x010E, 2, 40, 26), (0x010F, 2, 40, 26)], text), formats="JPEG PNG WEBP")


def both_twice(rng: Random) -> Broken:
    """A profile and EXIF, both of noise, on a file that is otherwise any of those that are read."""
    kind = rng.choice([kind for kind in KINDS if format_of(kind) in ("jpeg", "png", "webp")])
    picture = photo(rng.randrange(5))
    noise = {"icc_profile": rng.randbytes(300), "exif": b"Exif\0\0" + rng.randbytes(300)}
    data = saved(picture, format_of(kind).upper(), **noise)
    assert opened(data).size == picture.size
    return SUFFIX[format_of(kind)], data


MUTATIONS: dict[str, Mutation] = {
    "profile: cut": _profile(_cut),
    "profile: empty": lambda rng: carried(rng, icc=b"\0"),
    "profile: noise": lambda rng: carried(rng, icc=rng.randbytes(rng.randint(1, 5000))),
    "profile: for any pixels": _profile(lambda _, icc: icc),
    "profile: bytes changed": _profile(_flipped),
    "profile: other field": _profile(_field),
    "profile: tags anywhere": _profile(_tags),
    "profile: huge": _profile(_huge),
    "profile: values of noise": _profile(_values),
    "profile: segments missing": no_segments,
    "exif: cut": cut_exif,
    "exif: noise": noise_exif,
    "exif: in a circle": circular_exif,
    "exif: orientation that is none": orientation,
    "exif: orientation of another type": orientation_of_wrong_type,
    "exif: huge": huge_exif,
    "exif: hostile words": odd_words,
    "exif: noise, and a profile of noise": both_twice,
    "jpeg: odd list of pictures": odd_list_of_pictures,
    "tiff: odd orientation": tiff_orientation,
    "tiff: odd exif": tiff_exif,
}
