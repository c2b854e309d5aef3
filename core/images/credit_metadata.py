"""Read artist, copyright, credit and print size from EXIF, IPTC, XMP and PNG texts, and write them into outputs.

Read from EXIF, IPTC, XMP and a PNG's texts, the first that is not empty; written where programs look for it: EXIF and
XMP, in a PNG its texts and XMP. Nothing else of an asset's metadata is kept: no place, no time, no thumbnail.
Strings in a file are anybody's: they are cut to LONGEST characters, and lose those that control a terminal.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from PIL import Image, ImageFile, IptcImagePlugin, PngImagePlugin, TiffImagePlugin

from core.images.decoding import orientation
from core.images.exif import exif_of
from core.images.formats import JPEG, WRITABLE, FormatName

LONGEST = 1_000
"""Characters of a text that are kept."""

LONGEST_PACKET = 1 << 20
"""Bytes of XMP over which it is not read."""

ARTIST, COPYRIGHT = 0x013B, 0x8298
_X_RESOLUTION, _Y_RESOLUTION, _UNIT = 0x011A, 0x011B, 0x0128
_INCH, _CENTIMETRE = 2, 3
_BY_LINE, _CREDIT, _NOTICE = (2, 80), (2, 110), (2, 116)
_DC, _PHOTOSHOP = "http://purl.org/dc/elements/1.1/", "http://ns.adobe.com/photoshop/1.0/"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"


@dataclass(frozen=True)
class Credits:
    """Pixels an inch across and down, the artist, the copyright notice, and whom to credit; empty where there is none."""

    dpi: tuple[float, float] | None = None
    artist: str = ""
    copyright: str = ""
    credit: str = ""


NO_CREDITS = Credits()


def read(image: ImageFile.ImageFile, file: IO[bytes]) -> Credits:
    """The credits in the undecoded `image`, open as `file`; what cannot be parsed counts as absent. Resolutions are of the
    upright picture.
    """
    exif = _exif(image, file)
    iptc = _or_none(lambda: IptcImagePlugin.getiptcinfo(image)) or {}
    xmp = dict(_or_none(lambda: list(_xmp_texts(image.info.get("xmp") or b""))) or [])
    texts = image.info
    found = _or_none(lambda: _dpi(image, exif))
    turned = found is not None and orientation(image, file) >= 5
    return Credits(
        found[::-1] if found and turned else found,
        _first(exif.get(ARTIST), iptc.get(_BY_LINE), xmp.get("creator"), texts.get("Author")),
        _first(exif.get(COPYRIGHT), iptc.get(_NOTICE), xmp.get("rights"), texts.get("Copyright")),
        _first(iptc.get(_CREDIT), xmp.get("Credit")),
    )


def xmp(about: Credits) -> bytes:
    """An XMP packet (ISO 16684-1) with the texts, or nothing if there are none."""
    fields = (
        (about.artist, "<dc:creator><rdf:Seq><rdf:li>{}</rdf:li></rdf:Seq></dc:creator>"),
        (about.copyright, '<dc:rights><rdf:Alt><rdf:li xml:lang="x-default">{}</rdf:li></rdf:Alt></dc:rights>'),
        (about.credit, "<photoshop:Credit>{}</photoshop:Credit>"),
    )
    body = "".join(form.format(escape(text)) for text, form in fields if text)
    if not body:
        return b""
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        f'<rdf:RDF xmlns:rdf="{_RDF}"><rdf:Description rdf:about="" xmlns:dc="{_DC}" xmlns:photoshop="{_PHOTOSHOP}">'
        f'{body}</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    ).encode()


def exif_tags(about: Credits) -> dict[int, Any]:
    """Artist, copyright and resolution as EXIF tags."""
    tags: dict[int, Any] = {}
    for tag, text in ((ARTIST, about.artist), (COPYRIGHT, about.copyright)):
        if text:
            tags[tag] = text.encode()  # EXIF 3.0 has UTF-8, and readers have long been guessing it
    if about.dpi:
        tags |= {_X_RESOLUTION: about.dpi[0], _Y_RESOLUTION: about.dpi[1], _UNIT: _INCH}
    return tags


def embed(about: Credits, format: FormatName, carrier: dict[str, Any]) -> dict[str, Any]:  # noqa: A002
    """`carrier`, what Pillow's `save` is given for a file, but a TIFF, with this added."""
    packet = xmp(about)
    if WRITABLE[format].metadata == "text":
        info = carrier.get("pnginfo") or PngImagePlugin.PngInfo()
        for keyword, text in (("Author", about.artist), ("Copyright", about.copyright)):
            if text:
                info.add_itxt(keyword, text)
        if packet:
            info.add_itxt("XML:com.adobe.xmp", packet.decode())
        return {**carrier, "pnginfo": info, **({"dpi": about.dpi} if about.dpi else {})}
    exif = Image.Exif()
    if "exif" in carrier:
        exif.load(carrier["exif"])
    for tag, value in exif_tags(about).items():
        exif[tag] = value
    if format == JPEG.name and about.dpi:
        carrier = {**carrier, "dpi": tuple(max(1, round(each)) for each in about.dpi)}
    return {**carrier, **({"exif": exif.tobytes()} if len(exif) else {}), **({"xmp": packet} if packet else {})}


def _exif(image: Image.Image, file: IO[bytes]) -> dict[int, Any]:
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        return _or_none(lambda: dict(image.tag_v2)) or {}
    data = exif_of(image, file)
    return (_or_none(lambda: _tags(data)) if data else None) or {}


def _tags(data: bytes) -> dict[int, Any]:
    exif = Image.Exif()
    exif.load(data)
    return dict(exif)


def _dpi(image: Image.Image, exif: dict[int, Any]) -> tuple[float, float] | None:
    """A PNG's own, else EXIF's, else JFIF's (Pillow's `dpi` of a JPEG is 72 when nothing is said), where it is plausible."""
    found = image.info.get("dpi") if image.format == "PNG" else None
    unit, scale = exif.get(_UNIT, _INCH), {_INCH: 1.0, _CENTIMETRE: 2.54}
    if found is None and _X_RESOLUTION in exif and unit in scale:
        pair = exif[_X_RESOLUTION], exif.get(_Y_RESOLUTION, exif[_X_RESOLUTION])
        found = [float(each) * scale[unit] for each in pair]
    if found is None and image.info.get("jfif_unit") in (1, 2):
        found = [each * (2.54 if image.info["jfif_unit"] == 2 else 1.0) for each in image.info["jfif_density"]]
    if found is None:
        return None
    x, y = (float(each) for each in found)
    return (x, y) if all(math.isfinite(each) and 1 <= each <= 65_000 for each in (x, y)) else None


def _xmp_texts(packet: bytes) -> Iterator[tuple[str, str]]:
    """The fields of an XMP packet that we keep, each as its element's or attribute's text."""
    if not 0 < len(packet) <= LONGEST_PACKET or re.search(rb"<!(DOCTYPE|ENTITY)", packet, re.IGNORECASE):
        return
    wanted = {f"{{{_DC}}}creator": "creator", f"{{{_DC}}}rights": "rights", f"{{{_PHOTOSHOP}}}Credit": "Credit"}
    for element in ElementTree.fromstring(packet.strip(b"\0 \n\r\t")).iter():
        for name, text in element.attrib.items():
            if name in wanted:
                yield wanted[name], text
        if element.tag in wanted:
            listed = [item.text or "" for item in element.iter(f"{{{_RDF}}}li")]
            yield wanted[element.tag], "; ".join(listed) or element.text or ""


def _or_none(action: Callable[[], Any]) -> Any:
    """What `action` gives; None if metadata make it fail, which can raise anything: the pixels are good all the same."""
    try:
        return action()
    except Exception:
        return None


def _first(*values: Any) -> str:
    """The first that is a text which says something."""
    return next((text for text in map(_clean, values) if text), "")


def _clean(value: Any) -> str:
    if isinstance(value, list | tuple):
        return "; ".join(filter(None, map(_clean, value)))[:LONGEST]
    if isinstance(value, str):
        value = value.encode("latin-1", "ignore") if _is_mojibake(value) else value.encode(errors="ignore")
    if not isinstance(value, bytes):
        return ""
    try:
        text = value[: 8 * LONGEST].decode()
    except UnicodeDecodeError:
        text = value[: 8 * LONGEST].decode("latin-1")
    parts = (part.strip() for part in text.split("\0"))  # EXIF parts photographer and editor by a NUL
    plain = "".join(char if char.isprintable() else " " for char in "; ".join(filter(None, parts)))
    return plain[:LONGEST].strip()


def _is_mojibake(text: str) -> bool:
    """Whether Pillow, which reads EXIF's texts as Latin-1, read UTF-8."""
    try:
        return not text.isascii() and bool(text.encode("latin-1").decode())
    except UnicodeError:
        return False
