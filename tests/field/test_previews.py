"""A preview instead of the picture: camera raws by any name, reduced pages, palettes of 8-bit values, signed samples.

From public reports: RawTherapee#2790, LightZone#48, tika#3099 (previews of raws, first pages that are reduced), Pillow#2157
(a ColorMap of 8-bit values); and TIFF 6.0 with its Technical Note 1, DNG 1.7, TIFF/EP.
"""

from __future__ import annotations

import io
import struct
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from core.errors import Unreadable, Unsupported
from core.images.decoding import revision
from core.images.image import from_bytes, probe, read
from core.images.open_image import identify
from core.planning.file_digests import DigestCache
from tests import icc_profiles
from tests.picture_checks import grey_rgb, patches, shows
from tests.pictures import COLOURS, GREYS, array, raw_tiff, saved
from tests.tiff_pages import Page, flat, tiff

REDUCED = {254: ("I", [1])}
OLD_REDUCED = {255: ("H", [2])}
MASK = {254: ("I", [4])}
SENSOR = {262: ("H", [32803])}
THUMB = Page(np.full((16, 24, 3), 7, np.uint8), REDUCED)


def preview(*below: Page, **tags: Any) -> Page:
    return Page(THUMB.pixels, {**REDUCED, **{int(tag[1:]): value for tag, value in tags.items()}}, below)


RAWS: dict[str, bytes] = {
    "DNG, preview first": tiff([preview(Page(flat(48, 32), SENSOR), _50706=("B", [1, 4, 0, 0]))]),
    "DNG of linear values": tiff([Page(array(), {262: ("H", [34892]), 50706: ("B", [1, 4, 0, 0])})]),
    "NEF, ARW or SRW: a sensor's page below the preview": tiff([preview(Page(flat(48, 32), SENSOR))]),
    "one below a preview that does not say that it is one": tiff(
        [Page(THUMB.pixels, {}, [Page(flat(48, 32), SENSOR)])]
    ),
    "PEF: a sensor's page behind the preview": tiff([THUMB, Page(flat(48, 32), SENSOR)]),
    "a maker's compression": tiff([preview(Page(flat(48, 32), {259: ("H", [34713])}))], ">"),
    "CR2": tiff([Page(THUMB.pixels)], mark=b"CR\2\0"),
    "IIQ": tiff([Page(THUMB.pixels)], mark=b"IIIITwaR"),
    "MOS": tiff([preview(_34310=("B", [1, 2, 3, 4]))], ">"),
    "RAF": b"FUJIFILMCCD-RAW 0201FF389501" + bytes(99),
    "ORF": b"IIRO\x08\0\0\0" + bytes(99),
    "RW2": b"IIU\0\x18\0\0\0" + bytes(99),
    "CR3": b"\0\0\0\x18ftypcrx \0\0\0\1crx isom" + bytes(99),
    "CRW": b"II\x1a\0\0\0HEAPCCDR" + bytes(99),
    "X3F": b"FOVb\0\0\2\0" + bytes(99),
    "MRW": b"\0MRM\0\1\0\0" + bytes(99),
}


@pytest.mark.parametrize("kind", RAWS)
@pytest.mark.parametrize("name", ["photo.tif", "photo.jpg"])
def test_a_camera_raw_is_known_by_what_is_in_it(tmp_path: Path, kind: str, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(RAWS[kind])
    for call in (read, probe):
        with pytest.raises(Unsupported, match=f"{name}' is a camera raw file"):
            call(path)
    (found,) = DigestCache(tmp_path / "cache").measure([str(path)], 10**9)
    assert found.reason == "unsupported"


PICTURE = Page(array())
PAGES: dict[str, tuple[Page, ...]] = {
    "reduced, then full": (THUMB, PICTURE),
    "reduced by the older tag": (Page(THUMB.pixels, OLD_REDUCED), PICTURE),
    "several reduced": (THUMB, THUMB, PICTURE, THUMB),
    "a mask first": (Page(flat(48, 32), {**MASK, 262: ("H", [4])}), PICTURE),
    "a reduced mask first": (Page(flat(24, 16), {254: ("I", [5]), 262: ("H", [4])}), PICTURE),
    "full, then reduced": (PICTURE, THUMB),
    "full, then a larger page": (PICTURE, Page(np.zeros((64, 96, 3), np.uint8))),
    "a page of several, behind its preview": (THUMB, Page(array(), {254: ("I", [2])})),
    "compressed": (THUMB, Page(array(), deflate=True)),
    "reduced alone": (Page(array(), REDUCED),),
    "reduced alone, the largest last": (THUMB, Page(array(), REDUCED)),
    "a pyramid in pages below": (Page(array(), {}, [THUMB]),),
    "below its preview": (Page(THUMB.pixels, REDUCED, [PICTURE]),),
    "below its preview, which does not say that it is one": (Page(THUMB.pixels, {}, [PICTURE]),),
    "16 bits": (THUMB, Page(array(dtype=np.uint16) * np.uint16(257))),
}


@pytest.mark.parametrize("case", PAGES)
@pytest.mark.parametrize("order", ["<", ">"])
def test_of_several_pages_the_full_one_is_the_picture(tmp_path: Path, case: str, order: str) -> None:
    data = tiff(PAGES[case], order)
    shows(data, COLOURS)
    path = tmp_path / "scan.tif"
    path.write_bytes(data)
    assert probe(path) == (48, 32)
    assert np.array_equal(read(path).rgb, array())  # of a file on the disk libtiff reads by itself
    (found,) = DigestCache(tmp_path / "cache").measure([str(path)], 10**9)
    first = np.array_equal(PAGES[case][0].pixels, array())
    assert (found.pixel_digest == found.sha256) == first


def test_a_pyramid_by_another_program_is_read_at_its_full_size() -> None:
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer) as writer:
        writer.write(array(), subifds=1, photometric="rgb")
        writer.write(array()[::2, ::2], subfiletype=1, photometric="rgb")
    shows(buffer.getvalue(), COLOURS)


def test_the_profile_is_that_of_the_page() -> None:
    profile = icc_profiles.rgb(1.0)
    thumb = Page(THUMB.pixels, {**REDUCED, 34675: ("B", list(profile))})
    shows(tiff([thumb, PICTURE]), COLOURS)
    light = patches(from_bytes(saved(Image.fromarray(array()), "TIFF", icc_profile=profile)).rgb)
    shows(tiff([THUMB, Page(array(), {34675: ("B", list(profile))})]), light)


def test_a_preview_of_a_kind_that_is_not_read_does_not_hide_the_picture() -> None:
    odd = Page(flat(48, 32), {**REDUCED, 262: ("H", [999])})
    shows(tiff([odd, PICTURE]), COLOURS)


def test_a_palette_of_8_bit_values_gives_its_colours() -> None:
    numbers = array((0, 1, 2, 3))
    colours = np.zeros((256, 3), np.uint16)
    colours[:4] = COLOURS
    for scale, same in ((1, False), (257, True)):
        palette = {262: ("H", [3]), 320: ("H", (colours.T * scale).ravel().tolist())}
        for deflate in (False, True):
            data = tiff([Page(numbers, palette, deflate=deflate)])
            shows(data, COLOURS)
            assert (_revision(data) == "") is same
    black = tiff([Page(numbers, {262: ("H", [3]), 320: ("H", [0] * 768)})])
    shows(black, [(0, 0, 0)] * 4)
    assert _revision(black) == ""


def _revision(data: bytes) -> str:
    file = io.BytesIO(data)
    return revision(identify(file, "picture"), file)


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.int32])
@pytest.mark.parametrize("colour", [False, True])
def test_signed_samples_are_not_read_as_unsigned(tmp_path: Path, dtype: Any, colour: bool) -> None:
    values = array(((20, 0, 0), (0, 20, 0), (0, 0, 20), (9, 9, 9)) if colour else (1, 2, 3, 4), dtype)
    path = tmp_path / "height.tif"
    path.write_bytes(raw_tiff(values, 2 if colour else 1, sample_format=2))
    for call in (read, probe):
        with pytest.raises(Unsupported, match="signed samples"):
            call(path)


def test_an_index_that_leads_back_to_itself_ends() -> None:
    data = bytearray(tiff([Page(array(GREYS)), Page(array(GREYS))]))
    (first,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, first)
    struct.pack_into("<I", data, first + 2 + 12 * count, first)
    shows(bytes(data), grey_rgb(GREYS))


def test_many_ways_to_one_long_index_are_gone_once() -> None:
    long = bytes(2 + 12 * 65_000 + 4)
    data = bytearray(tiff([Page(array(), {330: ("I", [0] * 64)})]) + bytes(8))
    start = len(data)
    data += struct.pack("<H", 65_000) + long[2:]
    data += bytes(1000)
    at = bytes(data).index(struct.pack("<HHI", 330, 4, 64)) + 8
    (places,) = struct.unpack_from("<I", data, at)
    for number in range(64):
        struct.pack_into("<I", data, places + 4 * number, start)
    begun = time.perf_counter()
    shows(bytes(data), COLOURS)
    assert time.perf_counter() - begun < 5


def test_a_tiff_cut_within_its_first_index_is_damaged() -> None:
    data = tiff([THUMB, PICTURE])
    with pytest.raises(Unreadable):
        from_bytes(data[:30])
