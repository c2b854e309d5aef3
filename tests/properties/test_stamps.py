"""Stamps: whatever a picture carries under our name is a record of known fields, or one sentence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config.presets import PRESETS
from core.images.image import Picture, encode
from core.images.provenance import FIELDS, read_stamp, stamp
from tests.faults.bases import base, photo, saved
from tests.faults.metadata import exif_of
from tests.faults.png_lies import before_pixels, chunks
from tests.properties.kit import examples, read_or_refused, spoilt

RECORD: dict[str, Any] = {
    "kind": "stylize",
    "key": "5" * 64,
    "recipe": PRESETS["good"].model_dump(mode="json"),
    "seed": 7,
    "asset": "trip/cat.jpg",
    "artworks": [["c" * 64, 1.0]],
}
PICTURE = Picture(np.asarray(photo(0, 24, 16)).copy())
FILES = {kind: encode(PICTURE, kind, 90, stamp(RECORD)) for kind in ("png", "jpg", "webp")}  # type: ignore[arg-type]
PNG = chunks(base("png-grey"))
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=9)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=9), inner, max_size=3)),
    max_leaves=8,
)
TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=20).filter(lambda text: not text.startswith("/"))
RECORDS = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys([name for name, kind in FIELDS.items() if kind is str], TEXTS),
        "seed": st.integers(0, 2**31 - 1),
        "artworks": st.lists(st.tuples(TEXTS, st.floats(0.1, 9)).map(list), max_size=3),
    },
)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("stamps") / "output.png"


def read(path: Path, data: bytes) -> dict[str, Any] | None:
    path.write_bytes(data)
    found = read_or_refused(lambda: read_stamp(path), path)
    if found is not None:
        assert found.keys() <= FIELDS.keys()
        assert all(isinstance(value, FIELDS[name]) for name, value in found.items())
    return found


@pytest.mark.parametrize("kind", FILES)
def test_a_spoilt_picture(path: Path, kind: str) -> None:
    @examples(80)
    @given(data=spoilt(FILES[kind]))
    def check(data: bytes) -> None:
        read(path, data)

    check()


@examples(150)
@given(text=st.one_of(st.binary(max_size=200), JSON.map(json.dumps).map(str.encode), spoilt(stamp(RECORD).encode())))
def test_any_text_in_our_place(path: Path, text: bytes) -> None:
    read(path, before_pixels(PNG, (b"iTXt", b"nocturne\0\0\0\0\0" + text)))
    read(path, before_pixels(PNG, (b"tEXt", b"nocturne\0" + text)))


@examples(100)
@given(value=JSON)
def test_any_values_of_our_fields(path: Path, value: Any) -> None:
    for name in FIELDS:
        text = json.dumps({"nocturne": 1, name: value}).encode()
        found = read(path, before_pixels(PNG, (b"iTXt", b"nocturne\0\0\0\0\0" + text)))
        assert (found is not None) == isinstance(value, FIELDS[name])


@pytest.mark.parametrize("depth", [100, 5_000, 20_000])
def test_values_nested_without_end(path: Path, depth: int) -> None:
    for opening, closing in ((b"[", b"]"), (b'{"a":', b"}")):
        text = b'{"nocturne": 1, "recipe": ' + opening * depth + b"1" + closing * depth + b"}"
        read(path, before_pixels(PNG, (b"iTXt", b"nocturne\0\0\0\0\0" + text)))


def test_a_comment_that_most_of_the_exif_is(path: Path) -> None:
    comment = b"ASCII\0\0\0" + b"[" * 40_000
    inner = [(0x9286, 7, len(comment), 26 + 18)]
    data = exif_of([(0x8769, 4, 1, 26)], exif_of(inner)[14:] + comment)
    assert read(path, saved(photo(), "JPEG", exif=data)) is None


@examples(60)
@given(record=RECORDS)
def test_a_record_comes_back(path: Path, record: dict[str, Any]) -> None:
    for kind in FILES:
        assert read(path, encode(PICTURE, kind, 90, stamp(record))) == record  # type: ignore[arg-type]
