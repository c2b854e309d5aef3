"""The stamp that says what made a picture: round trips, what it refuses, and files that lie."""

from __future__ import annotations

import datetime
import io
import json
import time
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from core.config.presets import PRESETS
from core.errors import Missing, NocturneError, Unreadable, Unsupported
from core.images import provenance
from core.images.formats import WRITABLE, FormatName
from core.images.image import Picture, encode, pixels_sha256
from core.images.provenance import FIELDS, LONGEST, read_stamp, stamp
from tests import pictures
from tests.pictures import chunk, jpeg, png, saved

FORMATS = tuple(each.name for each in WRITABLE.values() if each.metadata != "tags")
RECORD: dict[str, Any] = {
    "kind": "stylize",
    "key": "5" * 64,
    "recipe": PRESETS["good"].model_dump(mode="json"),
    "preset": "good",
    "seed": 7,
    "weights": "a" * 64,
    "algorithm": 1,
    "asset": "trip/cat.jpg",
    "asset_sha256": "b" * 64,
    "style": "wave",
    "artworks": [["c" * 64, 1.0], ["d" * 64, 0.25]],
}
NAMES = (
    *(
        "Ångström 日本語 😀.jpg",
        "two\nlines\t\x1b[2J.jpg",
        "\"quoted' & <script>alert(1)</script>.jpg",
        "\u202egpj.exe",
    ),
    *("back\\slash\\C:\\x.jpg", "nul\0.jpg", "}{][,:.jpg", "x" * 4000),
)


def picture() -> Picture:
    return Picture(np.random.default_rng(0).integers(0, 256, (24, 32, 3), dtype=np.uint8))


def written(folder: Path, data: bytes, name: str = "output.png") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def png_with(*chunks: bytes) -> bytes:
    return pictures.raw_png(np.zeros((2, 2), np.uint8), 8, 0, before=b"".join(chunks))


def carries_none(path: Path) -> None:
    with pytest.raises(NocturneError) as caught:
        read_stamp(path)
    assert type(caught.value) is NocturneError
    assert "carries no record" in str(caught.value)
    assert repr(str(path)) in str(caught.value)


@pytest.mark.parametrize("kind", FORMATS)
def test_round_trip(tmp_path: Path, kind: FormatName) -> None:
    path = written(tmp_path, encode(picture(), kind, 90, stamp(RECORD)))
    assert read_stamp(path) == RECORD


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("name", NAMES)
def test_round_trip_of_hostile_names(tmp_path: Path, kind: FormatName, name: str) -> None:
    record = {**RECORD, "asset": name, "style": name}
    path = written(tmp_path, encode(picture(), kind, 90, stamp(record)))
    assert read_stamp(path) == record


@pytest.mark.parametrize("kind", FORMATS)
def test_pixels_do_not_depend_on_the_stamp(kind: FormatName) -> None:
    assert pixels_sha256(encode(picture(), kind)) == pixels_sha256(encode(picture(), kind, 95, stamp(RECORD)))


def test_bytes_that_are_not_utf_8_are_percent_encoded() -> None:
    assert json.loads(stamp({"asset": "caf\udce9.jpg"}))["asset"] == "caf%E9.jpg"


def test_the_stamp_is_canonical_ascii() -> None:
    turned_round = dict(reversed(RECORD.items()))
    assert stamp(turned_round) == stamp(RECORD)
    assert stamp({**RECORD, "artworks": [("c" * 64, 1.0), ("d" * 64, 0.25)]}) == stamp(RECORD)
    assert stamp({"style": "日本 wave"}) == '{"nocturne":1,"style":"\\u65e5\\u672c wave"}'


@pytest.mark.parametrize(
    "record",
    [
        {"asset": "/home/someone/cat.jpg"},
        {"recipe": {"mask": "/mnt/masks/m.png"}},
        {"artworks": [["/abs", 1.0]]},
        {"finished": "2026-01-01"},
        {"seconds": 3.5},
        {"recipe": {"when": datetime.datetime(2026, 1, 1)}},
        {"key": Path("x")},
        {"seed": float("nan")},
        {"recipe": {"steps": float("inf")}},
        {"asset": "x" * LONGEST},
    ],
)
def test_what_a_stamp_refuses(record: dict[str, Any]) -> None:
    with pytest.raises(NocturneError, match="; "):
        stamp(record)


@pytest.mark.parametrize("weights", ["/home/someone/vgg.pth", "~/w/vgg.pth", "../vgg.pth", "C:\\w\\vgg.pth", "vgg.pth"])
def test_of_a_weights_file_only_the_name_is_kept(weights: str) -> None:
    text = stamp({"recipe": {"weights": weights, "steps": 3}})
    assert json.loads(text)["recipe"] == {"weights": "vgg.pth", "steps": 3}


def test_every_field_may_be_left_out_and_there_is_no_time() -> None:
    assert json.loads(stamp({})) == json.loads(stamp({"checkpoint": None})) == {"nocturne": 1}
    assert not FIELDS.keys() & {"started", "finished", "seconds", "engine", "run", "versions"}


@pytest.mark.parametrize("kind", FORMATS)
def test_the_longest_stamp_fits(tmp_path: Path, kind: FormatName) -> None:
    room = LONGEST - len(stamp({"asset": ""}))
    record = {"asset": "x" * room}
    assert read_stamp(written(tmp_path, encode(picture(), kind, 90, stamp(record)))) == record


def test_pictures_without_a_stamp(tmp_path: Path) -> None:
    for data in (
        png(),
        jpeg(),
        jpeg(exif=pictures.exif(6)),
        saved(pictures.image(), "WEBP"),
        saved(pictures.image(), "TIFF"),
    ):
        carries_none(written(tmp_path, data))


def test_files_that_are_no_pictures(tmp_path: Path) -> None:
    with pytest.raises(Missing):
        read_stamp(tmp_path / "gone.png")
    with pytest.raises(Unreadable):
        read_stamp(written(tmp_path, b"text"))
    with pytest.raises(Unsupported):
        read_stamp(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"not json",
        b"[1, 2]",
        b'"nocturne"',
        b"null",
        b'{"key": "x"}',
        b'{"nocturne": 2, "key": "x"}',
        b'{"nocturne": 1, "key": "x"',
        b'{"nocturne": 1, "key": ["x"]}',
        b'{"nocturne": 1, "recipe": "x"}',
        b'{"nocturne": 1, "seed": null}',
        b"\xff\xfe",
        '{"nocturne": 1, "asset": "é"}'.encode("latin-1"),
        b"[" * 20_000,
        b'{"nocturne": 1, "recipe": ' + b'{"a":' * 9000 + b"1" + b"}" * 9001,
        b'{"nocturne": 1, "seed": ' + b"9" * 40_000 + b"}",
        b'{"nocturne": 1, "asset": "' + b"x" * LONGEST + b'"}',
        b'{"nocturne": 1, "asset": "' + b"x" * 50_000_000 + b'"}',
    ],
    ids=lambda text: repr(text[:30]),
)
def test_a_chunk_that_holds_no_record(tmp_path: Path, text: bytes) -> None:
    carries_none(written(tmp_path, png_with(chunk(b"iTXt", b"nocturne\0\0\0\0\0" + text))))
    if len(text) < 60_000:
        exif = Image.Exif()
        exif.get_ifd(0x8769)[0x9286] = b"ASCII\0\0\0" + text
        carries_none(written(tmp_path, jpeg(exif=exif.tobytes())))


def test_a_chunk_that_inflates_without_end(tmp_path: Path) -> None:
    bomb = zlib.compress(b'{"nocturne": 1, "asset": "' + bytes(30_000_000))
    began = time.process_time()
    carries_none(written(tmp_path, png_with(chunk(b"zTXt", b"nocturne\0\0" + bomb))))
    carries_none(written(tmp_path, png_with(chunk(b"iTXt", b"nocturne\0\1\0\0\0" + bomb))))
    carries_none(written(tmp_path, png_with(chunk(b"zTXt", b"nocturne\0\0rubbish"))))
    assert time.process_time() - began < 2


@pytest.mark.parametrize(
    "broken", [b"nocturne", b"nocturne\0", b"nocturne\0\0", b"nocturne\0\0\0", b"nocturne\0\1\0\0\0"]
)
def test_chunks_cut_short(tmp_path: Path, broken: bytes) -> None:
    for kind in (b"iTXt", b"tEXt", b"zTXt"):
        carries_none(written(tmp_path, png_with(chunk(kind, broken))))


def test_a_png_saved_again_by_another_tool(tmp_path: Path) -> None:
    text = stamp(RECORD)
    for add in ("add_text", "add_itxt"):
        for squeeze in (False, True):
            info = PngImagePlugin.PngInfo()
            getattr(info, add)("nocturne", text, zip=squeeze)
            assert read_stamp(written(tmp_path, png(pnginfo=info))) == RECORD


def test_corrupt_exif(tmp_path: Path) -> None:
    good = provenance.embed(stamp(RECORD), "jpg")["exif"]
    for exif in (b"Exif\0\0rubbish", good[:40], good[:14] + bytes(30) + good[44:]):
        carries_none(written(tmp_path, jpeg(exif=exif)))


def test_unknown_fields_are_dropped(tmp_path: Path) -> None:
    text = b'{"nocturne": 1, "key": "k", "__proto__": {"x": 1}, "path": "/etc/passwd"}'
    path = written(tmp_path, png_with(chunk(b"iTXt", b"nocturne\0\0\0\0\0" + text)))
    assert read_stamp(path) == {"key": "k"}


def test_no_name_of_this_machine_gets_into_a_file() -> None:
    for kind in FORMATS:
        data = encode(picture(), kind, 90, stamp(RECORD))
        assert str(Path.home()).encode() not in data
        with Image.open(io.BytesIO(data)) as image:
            assert not {"date", "Creation Time", "Date"} & set(image.info)
