"""Small files that would keep a decoder busy for minutes, or take gigabytes, and good ones that look like them."""

from __future__ import annotations

import struct
import time
from pathlib import Path
from random import Random

import numpy as np
import pytest

from core.errors import TooLarge, Unreadable
from core.images.containers.container_parsing import MOST_CHUNKS, jpeg_segments
from core.images.containers.tiff_pages import tiff_entries
from core.images.decode_limits import MOST_BYTES, MOST_EXIF, MOST_ITEMS, MOST_SCANS, MOST_STEPS, MOST_VALUES
from core.images.image import from_bytes, probe, read
from tests import pictures
from tests.faults import bombs, tiff_index
from tests.faults.bases import base, kinds, photo, saved
from tests.faults.jpeg_lies import segment
from tests.faults.png_lies import before_pixels, chunks
from tests.faults.webp_lies import canvas
from tests.faults.webp_lies import joined as webp

JPEG = saved(photo(1), "JPEG")
EXIF = segment(0xE1, b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0")
SECONDS = 3.0
"""CPU time that none of these files may take; without the checks each takes from ten seconds to minutes."""


@pytest.fixture(autouse=True)
def _quickly() -> object:
    begun = time.process_time()
    yield
    assert time.process_time() - begun < SECONDS


def written(folder: Path, data: bytes) -> Path:
    path = folder / "picture"
    path.write_bytes(data)
    return path


def refused(folder: Path, data: bytes, words: str, *calls: object) -> None:
    """Both ways of looking at a file, or those given, say that it is damaged, and how."""
    for call in calls or (probe, read):
        with pytest.raises(Unreadable, match=words):
            call(written(folder, data))  # type: ignore[operator]


def with_header(*parts: bytes) -> bytes:
    return JPEG[:2] + b"".join(parts) + JPEG[2:]


def test_a_jpeg_that_goes_over_its_pixels_again_and_again(tmp_path: Path) -> None:
    refused(tmp_path, bombs.jpeg_scans(), f"more than {MOST_SCANS} times", read)
    few = bombs.jpeg_scans(MOST_SCANS - 20, 64)
    with written(tmp_path, few).open("rb") as file:
        assert sum(part.marker == 0xDA for part in jpeg_segments(file)) > 40
    assert read(written(tmp_path, few)).size == (64, 64)


def test_what_stands_behind_a_jpeg_is_not_its_own(tmp_path: Path) -> None:
    for behind in (b"\xff\xda" * 100_000, bombs.jpeg_scans(), Random(0).randbytes(3_000_000)):
        assert np.array_equal(read(written(tmp_path, JPEG + behind)).rgb, from_bytes(JPEG).rgb)


def test_exif_in_crumbs(tmp_path: Path) -> None:
    refused(tmp_path, with_header(EXIF * 300_000), "too many parts")
    assert read(written(tmp_path, with_header(EXIF * MOST_EXIF))).size == (96, 72)


def test_a_jpeg_header_of_nothing_but_filling(tmp_path: Path) -> None:
    for filling in (b"\xff" * 30_000_000, EXIF + bytes(30_000_000), segment(0xFE, b"") * (MOST_STEPS // 4)):
        refused(tmp_path, with_header(filling), "too many parts")


def test_a_png_of_nothing_but_chunks(tmp_path: Path) -> None:
    parts = chunks(base("png"))
    refused(tmp_path, before_pixels(parts, *[(b"vpAg", b"")] * (MOST_CHUNKS + 1)), "more than 100,000 chunks")
    behind = base("png")[:-12] + pictures.chunk(b"vpAg", b"") * (MOST_CHUNKS + 1) + base("png")[-12:]
    refused(tmp_path, behind, "more than 100,000 chunks")


@pytest.mark.parametrize("kind", [b"IDAT", b"vpAg", b"IEND"])
def test_a_png_chunk_that_claims_gigabytes(tmp_path: Path, kind: bytes) -> None:
    data = bytearray(before_pixels(chunks(base("png")), (b"vpAg", b"here")))
    at = data.index(kind) - 4
    data[at : at + 4] = b"\x7f\xff\xff\xff"
    refused(tmp_path, bytes(data), "longer than the file")


def tiff(tag: int, kind: int, count: int, size: int) -> bytes:
    file = tiff_index.Tiff.read(base("tiff"))
    file.place(tag, kind, count, file.append(bytes(size)))
    return file.written()


def test_a_tiff_of_a_million_fractions(tmp_path: Path) -> None:
    refused(tmp_path, tiff(tiff_index.X_RESOLUTION, tiff_index.RATIONAL, 4_000_000, 32_000_000), "has 4,000,000 values")
    refused(tmp_path, tiff(40_000, tiff_index.RATIONAL, MOST_VALUES + 1, 8 * MOST_VALUES + 8), "has 200,001 values")
    assert read(written(tmp_path, tiff(40_000, 7, 9_000_000, 9_000_000))).size == (96, 72)  # as of layered pictures


def test_exif_of_a_tiff_is_left_alone(tmp_path: Path) -> None:
    file = tiff_index.Tiff.read(base("tiff"))
    where = file.append(bytes(32_000_000))
    entry = struct.pack("<HHHII", 1, 0x829A, tiff_index.RATIONAL, 4_000_000, where) + bytes(4)
    file.place(tiff_index.EXIF, tiff_index.LONG, 1, file.append(entry))
    assert read(written(tmp_path, file.written())).size == (96, 72)


@pytest.mark.parametrize("kind", ["tiff-tiled", "tiff-tiled-deflate"])
def test_tiles_much_larger_than_their_picture(tmp_path: Path, kind: str) -> None:
    file = tiff_index.Tiff.read(base(kind))
    file.number(tiff_index.TILE_WIDTH, 23_168)
    file.number(tiff_index.TILE_HEIGHT, 23_168)
    refused(tmp_path, file.written(), "its tiles are 23168x23168", read)


@pytest.mark.parametrize("kind", [kind for kind in kinds("tiff") if kind != "tiff-big"])
def test_a_tiff_cut_within_its_index_is_damaged_not_of_another_kind(tmp_path: Path, kind: str) -> None:
    file = tiff_index.Tiff.read(base(kind))
    whole, length = file.written(), len(file.index())
    for gone in range(6, length, 12):
        path = written(tmp_path, whole[:-gone])
        with path.open("rb") as opened:
            assert tiff_entries(opened) is None
        try:
            read(path)
        except Unreadable:
            continue  # or the entries that are left are enough


def test_a_bigtiff_of_billions_of_entries(tmp_path: Path) -> None:
    data = bytearray(base("tiff-big"))
    (at,) = struct.unpack("<Q", data[8:16])
    data[at : at + 8] = struct.pack("<Q", 2**40)
    refused(tmp_path, bytes(data) + bytes(2_000_000), "an index of 1,099,511,627,776 entries")


def test_the_size_of_a_webp_is_told_without_its_canvas(tmp_path: Path) -> None:
    path = written(tmp_path, webp([canvas(16_384, 16_384), (b"VP8 ", b"nothing")]))
    assert probe(path, 2**62) == (16_384, 16_384)
    for call in (probe, read):
        with pytest.raises(TooLarge, match="16384x16384"):
            call(path)
    refused(tmp_path, webp([canvas(64, 64), (b"VP8 ", b"nothing")]), "picture", read)


def test_a_webp_is_upright_before_and_after_it_is_read(tmp_path: Path) -> None:
    for turn in range(1, 9):
        picture = pictures.stored(turn)
        path = written(tmp_path, saved(picture, "WEBP", lossless=True, exif=pictures.exif(turn)))
        assert probe(path) == read(path).size == (48, 32)


def test_an_avif_of_many_items(tmp_path: Path) -> None:
    data = base("avif")
    refused(tmp_path, data + b"infe" * MOST_ITEMS, f"more than {MOST_ITEMS} items")
    assert read(written(tmp_path, data + b"infe" * (MOST_ITEMS - 10))).size == (96, 72)


def test_an_avif_as_long_as_a_film(tmp_path: Path) -> None:
    path = written(tmp_path, base("avif"))
    with path.open("r+b") as file:
        file.truncate(MOST_BYTES + 1)  # a hole, which takes no room on the disk
    for call in (probe, read):
        with pytest.raises(Unreadable, match="more than"):
            call(path)


def test_a_profile_that_is_a_long_program(tmp_path: Path) -> None:
    for seed in range(4):
        _, data = bombs.profile_of_steps(Random(seed))
        assert read(written(tmp_path, data)).size == (96, 72)


@pytest.mark.parametrize("clear", [bytes(300), b"\xff" * 255 + b"\0", b"\xff" * 100 + b"\0"])
def test_transparency_of_entries_that_a_palette_does_not_have(tmp_path: Path, clear: bytes) -> None:
    data = before_pixels(chunks(base("png-palette-4")), (b"tRNS", clear))
    found = read(written(tmp_path, data))
    assert found.size == (96, 72)
    if clear[:16] == b"\xff" * 16:
        assert found.alpha is None
        assert np.array_equal(found.rgb, from_bytes(base("png-palette-4")).rgb)
    else:
        assert found.alpha is not None
        assert found.alpha.max() == 0
