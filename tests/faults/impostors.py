"""Files that are not what they are called, and names in a library that are no files at all."""

from __future__ import annotations

import io
import os
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from random import Random

from PIL import Image

from tests.faults.bases import KINDS, SUFFIX, base, format_of, kinds, photo, saved
from tests.faults.damage import Broken, Mutation, some
from tests.faults.jpeg_lies import segment
from tests.faults.png_lies import before_pixels
from tests.faults.png_lies import some as some_png

SUFFIXES = (".jpg", ".jpeg", ".jpe", ".jfif", ".JPG", ".png", ".PNG", ".webp", ".tif", ".tiff", ".TIFF", ".avif")
SCRIPT = b"<html><body><script>alert('x')</script></body></html>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
NOT_PICTURES = (
    *(b"dear diary\n" * 20, SCRIPT, b"<?xml version='1.0'?><x/>", b'{"a": 1}', b"a,b\n1,2\n", b"#!/bin/sh\nrm -rf /\n"),
    *(b"\x7fELF\2\1\1" + bytes(200), b"MZ" + bytes(200), b"PK\3\4" + bytes(50), b"\x1f\x8b\x08" + bytes(50)),
    *(
        b"RIFF\x10\0\0\0AVI LIST",
        b"RIFF\x10\0\0\0WAVEfmt ",
        b"SQLite format 3\0",
        b"\xca\xfe\xba\xbe",
        b"PAR1" + bytes(99),
    ),
    *(b"\xff\xfe" + "text".encode("utf-16-le"), b"version https://git-lfs.github.com/spec/v1\n", bytes(5000)),
)
OTHER_KINDS = ("GIF", "BMP", "JPEG2000", "ICO", "PDF", "DDS")
OTHER_STARTS = (
    b"8BPS\0\1",
    b"gimp xcf v011",
    b"\x76\x2f\x31\x01",
    b"#?RADIANCE\n",
    b"%!PS-Adobe",
    b"\xff\x0a",
    b"qoif",
)
RAWS = (".dng", ".NEF", ".cr2", ".arw")


def other_suffix(rng: Random) -> Broken:
    return rng.choice(SUFFIXES), some(rng, kinds("jpeg", "png", "webp", "tiff", "avif"))[1]


def no_picture(rng: Random) -> Broken:
    return rng.choice(SUFFIXES), rng.choice(NOT_PICTURES)


def other_picture(rng: Random) -> Broken:
    data = rng.choice((lambda: saved(photo(), rng.choice(OTHER_KINDS)), lambda: rng.choice(OTHER_STARTS) + bytes(99)))()
    return rng.choice(SUFFIXES), data


def drawing(rng: Random) -> Broken:
    return rng.choice(SUFFIXES), rng.choice((b"", b"\xef\xbb\xbf", b"\n  ")) + SVG


def other_suffix_of_picture(rng: Random) -> Broken:
    """A good picture under the suffix of a kind that is not read."""
    return rng.choice((".gif", ".heic", ".PDF", ".svg", ".psd")), base("jpeg")


def raw(rng: Random) -> Broken:
    return rng.choice(RAWS), base("tiff")


def archive_behind(rng: Random) -> Broken:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo("../../escape.txt"), "x")
    suffix, data = some(rng, kinds("jpeg", "png", "webp", "tiff", "avif"))
    return suffix, data + buffer.getvalue()


def script_inside(rng: Random) -> Broken:
    """A picture that is also a web page."""
    if rng.random() < 0.5:
        return ".png", before_pixels(some_png(rng), (b"tEXt", b"Comment\0" + SCRIPT))
    data = base("jpeg", rng.randrange(5))
    return ".jpg", data[:2] + segment(0xFE, SCRIPT) + data[2:]


def two_pictures(rng: Random) -> Broken:
    """One good picture behind another of a different format; the first counts."""
    suffix, data = some(rng, kinds("jpeg", "png", "webp", "tiff", "avif"))
    return suffix, data + some(rng, kinds("jpeg", "png", "webp", "tiff", "avif"))[1]


def wolf(rng: Random) -> Broken:
    """A picture behind the beginning of something that is not read."""
    return rng.choice(SUFFIXES), rng.choice((b"GIF89a", b"%PDF-1.7\n", b"BM")) + base(rng.choice(kinds("jpeg", "png")))


def several_in_one(rng: Random) -> Broken:
    """A JPEG of several pictures, as cameras write them."""
    views = [photo(which) for which in range(1, 3)]
    return ".jpg", saved(photo(), "MPO", save_all=True, append_images=views)


def other_modes(rng: Random) -> Broken:
    mode = rng.choice(("I", "F"))
    return ".tif", saved(Image.new(mode, (40, 30)), "TIFF")


MUTATIONS: dict[str, Mutation] = {
    "suffix of another format": other_suffix,
    "not a picture": no_picture,
    "another kind of picture": other_picture,
    "a drawing": drawing,
    "suffix that is not read": other_suffix_of_picture,
    "camera raw": raw,
    "archive behind a picture": archive_behind,
    "script in a picture": script_inside,
    "two pictures in one file": two_pictures,
    "picture behind another magic": wolf,
    "several pictures in a JPEG": several_in_one,
    "samples of 32 bits": other_modes,
}

Plant = Callable[[Path], object]
"""Puts something at a path; its folder is there."""


def _link(target: str) -> Plant:
    return lambda path: path.symlink_to(target)


def _out(path: Path) -> None:
    outside = path.parent.parent.parent / "outside.png"
    outside.write_bytes(base("png"))
    path.symlink_to(outside)


def _shut(path: Path) -> None:
    path.write_bytes(base("png-grey"))
    path.chmod(0)


def _folder(path: Path) -> None:
    path.mkdir()
    (path / "notes.txt").write_text("no picture")


def _linked_folder(path: Path) -> None:
    path.symlink_to("..", target_is_directory=True)


PLANTS: dict[str, tuple[str, Plant]] = {
    "fifo": ("fifo.png", lambda path: os.mkfifo(path)),
    "socket": ("socket.jpg", lambda path: os.mknod(path, stat.S_IFSOCK | 0o600)),
    "device": ("device.jpg", _link("/dev/zero")),
    "link to nothing": ("dangling.jpg", _link("nowhere.jpg")),
    "link to itself": ("loop.png", _link("loop.png")),
    "link out of the library": ("out.png", _out),
    "picture that is linked to": ("real.png", lambda path: path.write_bytes(base("png-interlaced"))),
    "link within the library": ("inside.png", _link("real.png")),
    "file that may not be read": ("shut.png", _shut),
    "folder called as a picture": ("folder.jpg", _folder),
    "link to a folder": ("linked.jpg", _linked_folder),
}
"""What stands in a library and is no regular file: its name, and how it is put there."""

assert set(SUFFIX) == {format_of(kind) for kind in KINDS}
