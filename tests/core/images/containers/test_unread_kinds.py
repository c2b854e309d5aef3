"""Kinds that are known and not read, by the bytes that files begin with."""

from __future__ import annotations

import gzip
import io

import pytest

from core.images.containers.unread_kinds import LONGEST_PROLOGUE, kind_by_suffix, unread_kind
from core.images.formats import OTHER_PICTURE_SUFFIXES

SVG = b'<svg xmlns="http://www.w3.org/2000/svg">'
DOCTYPE = b'<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "svg11.dtd" [<!ENTITY a "b">]>'


def kind(data: bytes) -> str | None:
    return unread_kind(io.BytesIO(data), data[:64])


@pytest.mark.parametrize(
    "data",
    [
        SVG,
        b"\xef\xbb\xbf\n " + SVG,
        b'<?xml version="1.0"?>\n' + SVG,
        b'<?xml version="1.0"?><!-- ' + b"a long word " * 100 + b"-->" + DOCTYPE + SVG,
        DOCTYPE + SVG,
        b"<!-- one --><!-- two -->\n<svg:svg>",
        ("\ufeff<?xml?>" + SVG.decode()).encode("utf-16-le"),
        gzip.compress(b'<?xml version="1.0"?>' + SVG, mtime=0),
    ],
)
def test_unread_kind_svg(data: bytes) -> None:
    assert kind(data) == "an SVG drawing"


@pytest.mark.parametrize(
    "data",
    [
        b"<html><svg>",
        b"dear diary",
        b"<",
        gzip.compress(b"dear diary", mtime=0),
        b"\x1f\x8brubbish",
        b"<!--" * 20_000,
        b" " * 10**5,
    ],
)
def test_unread_kind_other_texts_have_none(data: bytes) -> None:
    assert kind(data) is None


def test_unread_kind_reads_no_more_than_a_prologue() -> None:
    bomb = io.BytesIO(gzip.compress(b" " * (LONGEST_PROLOGUE * 100) + SVG))
    assert unread_kind(bomb, bomb.getvalue()[:64]) is None


def test_kind_by_suffix_has_words_for_every_suffix() -> None:
    assert all(kind_by_suffix(suffix).startswith(("a ", "an ")) for suffix in OTHER_PICTURE_SUFFIXES)
