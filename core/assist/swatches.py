"""Writers of palettes for other programs: PNG, Adobe's ASE, GIMP's GPL, and CSS."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Sequence

from PIL import Image, ImageDraw

from core.assist.palette import Swatch

WIDTH, HEIGHT = 640, 120
LABEL = 0.08
"""Share from which a colour's stripe is wide enough for its hex."""


def png(swatches: Sequence[Swatch]) -> bytes:
    """Stripes as wide as the colours' shares, WIDTH x HEIGHT pixels."""
    strip = Image.new("RGB", (WIDTH, HEIGHT))
    draw, left, told = ImageDraw.Draw(strip), 0.0, sum(swatch.share for swatch in swatches)
    for swatch in swatches:
        right = left + WIDTH * swatch.share / told
        draw.rectangle((round(left), 0, round(right), HEIGHT), fill=swatch.rgb)
        if swatch.share >= LABEL:
            draw.text((left + 6, HEIGHT - 18), swatch.hex, fill="white" if swatch.lab[0] < 60 else "black")
        left = right
    sink = io.BytesIO()
    strip.save(sink, "PNG")
    return sink.getvalue()


def ase(swatches: Sequence[Swatch], title: str = "") -> bytes:
    """Adobe Swatch Exchange 1.0: big-endian blocks, colours as RGB floats, global; names as UTF-16."""
    blocks = [_ase_block(0xC001, _ase_name(title)), *map(_ase_colour, swatches), _ase_block(0xC002, b"")]
    return b"ASEF" + struct.pack(">HHI", 1, 0, len(blocks)) + b"".join(blocks)


def gpl(swatches: Sequence[Swatch], title: str = "") -> bytes:
    """A palette of GIMP, Inkscape and Krita."""
    lines = ["GIMP Palette", f"Name: {_line(title)}", f"Columns: {len(swatches)}", "#"]
    lines += [_gpl_line(swatch) for swatch in swatches]
    return ("\n".join(lines) + "\n").encode()


def _gpl_line(swatch: Swatch) -> str:
    red, green, blue = swatch.rgb
    return f"{red:3d} {green:3d} {blue:3d}\t{swatch.name} {swatch.hex}"


def css(swatches: Sequence[Swatch], title: str = "") -> bytes:
    """Custom properties of CSS: `--color-1` is the colour with the largest share."""
    comment = _line(title).replace("*/", "* /")
    lines = [f"/* {comment} */", ":root {"] if comment else [":root {"]
    lines += [
        f"  --color-{number}: {swatch.hex}; /* {swatch.name}, {swatch.share:.0%} */"
        for number, swatch in enumerate(swatches, start=1)
    ]
    return ("\n".join([*lines, "}"]) + "\n").encode()


WRITERS: dict[str, Callable[[Sequence[Swatch], str], bytes]] = {
    "png": lambda swatches, _: png(swatches),
    "ase": ase,
    "gpl": gpl,
    "css": css,
}
"""By suffix."""


def _line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _ase_name(text: str) -> bytes:
    return struct.pack(">H", len(_line(text).encode("utf-16-be")) // 2 + 1) + _line(text).encode("utf-16-be") + b"\0\0"


def _ase_colour(swatch: Swatch) -> bytes:
    values = struct.pack(">4s3f", b"RGB ", *(value / 255 for value in swatch.rgb))
    return _ase_block(0x0001, _ase_name(f"{swatch.name} {swatch.hex}") + values + struct.pack(">H", 0))


def _ase_block(kind: int, body: bytes) -> bytes:
    return struct.pack(">HI", kind, len(body)) + body
