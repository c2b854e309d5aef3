"""Credits and print size: read from wherever a file says them, and found again in every output."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFile, PngImagePlugin

from core.images import credit_metadata, image
from core.images.credit_metadata import NO_CREDITS, Credits
from core.images.formats import WRITABLE
from core.images.open_image import identify
from tests.core.images.test_encoding import ABOUT, deep
from tests.pictures import exif, saved, stored
from tests.pictures import image as patches
from tests.properties.kit import examples

TEXTS = st.text(st.characters(exclude_categories=("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs")), max_size=60)


def said(data: bytes) -> Credits:
    file = io.BytesIO(data)
    found = identify(file, "picture")
    assert isinstance(found, ImageFile.ImageFile)
    return credit_metadata.read(found, file)


def near(found: Credits, wanted: Credits) -> None:
    assert (found.artist, found.copyright, found.credit) == (wanted.artist, wanted.copyright, wanted.credit)
    if wanted.dpi is None:
        assert found.dpi is None
    else:
        assert found.dpi == pytest.approx(wanted.dpi, abs=0.02)


@pytest.mark.parametrize("kind", [*WRITABLE, "deep png", "deep tiff"])
@pytest.mark.parametrize(
    "about", [ABOUT, NO_CREDITS, Credits(artist="A"), Credits(dpi=(72.0, 72.0)), Credits(credit="<&>")]
)
def test_what_is_written_is_read_again(kind: str, about: Credits) -> None:
    picture = deep() if "deep" in kind else image.Picture((deep().rgb // 257).astype(np.uint8))
    near(said(image.encode(picture, kind.split()[-1], about=about, stamp="x")), about)  # type: ignore[arg-type]


@examples(25)
@given(artist=TEXTS, notice=TEXTS, credit=TEXTS, kind=st.sampled_from(list(WRITABLE)))
def test_any_text_is_read_again(artist: str, notice: str, credit: str, kind: str) -> None:
    about = Credits(None, artist, notice, credit)
    near(said(image.encode(image.Picture(np.zeros((4, 4, 3), np.uint8)), kind, about=about)), about)


def jpeg(tags: dict[int, Any] | None = None, **options: Any) -> bytes:
    given = Image.Exif()
    for tag, value in (tags or {}).items():
        given[tag] = value
    return saved(patches(), "JPEG", exif=given.tobytes(), **options)


def iptc(fields: dict[tuple[int, int], bytes]) -> bytes:
    """Photoshop's segment APP13 with IPTC fields."""
    body = b"".join(b"\x1c" + bytes(key) + len(value).to_bytes(2, "big") + value for key, value in fields.items())
    block = b"8BIM\x04\x04\0\0" + len(body).to_bytes(4, "big") + body + b"\0" * (len(body) % 2)
    data = b"Photoshop 3.0\0" + block
    return b"\xff\xed" + (len(data) + 2).to_bytes(2, "big") + data


def test_exif_of_a_camera() -> None:
    data = jpeg({0x013B: "Ann", 0x8298: b"Ann\0Ed".decode(), 0x011A: 240.0, 0x011B: 120.0, 0x0128: 2})
    near(said(data), Credits((240.0, 120.0), "Ann", "Ann; Ed"))


def test_resolution_by_the_centimetre_and_none_without_a_unit() -> None:
    near(said(saved(patches(), "WEBP", exif=_exif({0x011A: 100.0, 0x011B: 100.0, 0x0128: 3}))), Credits((254.0, 254.0)))
    near(said(saved(patches(), "WEBP", exif=_exif({0x011A: 1.0, 0x011B: 1.0, 0x0128: 1}))), NO_CREDITS)


def _exif(tags: dict[int, Any]) -> bytes:
    given = Image.Exif()
    for tag, value in tags.items():
        given[tag] = value
    return given.tobytes()


def test_iptc_of_an_agency() -> None:
    plain = saved(patches(), "JPEG")
    fields = {(2, 80): "Zoë".encode(), (2, 110): b"Agency", (2, 116): b"\xa9 Agency"}
    near(said(plain[:2] + iptc(fields) + plain[2:]), Credits(None, "Zoë", "© Agency", "Agency"))


def test_texts_of_a_png() -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("Author", "Ann")
    info.add_itxt("Copyright", "© Änn")
    near(said(saved(patches(), "PNG", pnginfo=info, dpi=(300, 300))), Credits((300.0, 300.0), "Ann", "© Änn"))


def test_xmp_as_attributes() -> None:
    packet = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        b'<rdf:Description xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" photoshop:Credit="Agency"/></rdf:RDF>'
        b"</x:xmpmeta>"
    )
    near(said(jpeg(xmp=packet)), Credits(credit="Agency"))


def test_resolution_turns_with_the_picture() -> None:
    data = saved(stored(6), "JPEG", exif=exif(6), dpi=(300, 100))
    near(said(data), Credits((100.0, 300.0)))


@pytest.mark.parametrize(
    "packet",
    [
        b"<x",
        b'<!DOCTYPE a [<!ENTITY b "x"><!ENTITY c "&b;&b;&b;">]><a>&c;</a>',
        b"\xff\xfe\0",
        b"<a>" * 5000,
        b" " * (credit_metadata.LONGEST_PACKET + 1),
    ],
)
def test_hostile_xmp_says_nothing(packet: bytes) -> None:
    data = image.encode(image.Picture(np.zeros((8, 8, 3), np.uint8)), "webp")
    found = identify(io.BytesIO(data), "picture")
    found.info["xmp"] = packet
    assert credit_metadata.read(found, io.BytesIO(data)) == NO_CREDITS


def test_texts_are_cut_and_do_not_steer_a_terminal() -> None:
    found = said(jpeg({0x013B: "a\x1b[31mb\nc" + "x" * 5000, 0x8298: b"\xff\xfe\x80"}))
    assert found.artist.startswith("a [31mb c")
    assert len(found.artist) <= credit_metadata.LONGEST
    assert found.artist.isprintable()
    assert found.copyright.isprintable()


@pytest.mark.parametrize("dpi", [(0.0, 0.0), (float("inf"), 1.0), (1e9, 1e9)])
def test_an_implausible_print_size_is_none(dpi: tuple[float, float]) -> None:
    data = image.encode(image.Picture(np.zeros((8, 8, 3), np.uint8)), "webp")
    found = identify(io.BytesIO(data), "picture")
    found.info |= {"jfif_unit": 1, "jfif_density": dpi}
    assert credit_metadata.read(found, io.BytesIO(data)).dpi is None


def test_nothing_else_of_an_asset_is_carried() -> None:
    """A place, a time, a camera: they are in the asset, and stay there."""
    secret = jpeg({0x013B: "Ann", 0x0110: "Camera X", 0x0132: "2026:01:01 00:00:00", 0x010E: "home address"})
    for kind in WRITABLE:
        data = image.encode(image.from_bytes(secret), kind, about=said(secret))  # type: ignore[arg-type]
        assert b"Ann" in data
        for text in (b"Camera X", b"2026:01", b"home address"):
            assert text not in data
