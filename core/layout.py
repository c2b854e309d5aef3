"""Where things lie in a run folder, and names that are safe on any disk.

runs/<name>/spec.toml  plan.parquet  parts/*.parquet  manifest.parquet  manifest.csv  outputs/...  rejected/...
            thumbs/...  gallery/index.html  nights/<utc>.json  log.jsonl
"""

from __future__ import annotations

import hashlib
import unicodedata
from pathlib import Path

SPEC = "spec.toml"
PLAN = "plan.parquet"
PARTS = "parts"
MANIFEST = "manifest.parquet"
MANIFEST_CSV = "manifest.csv"
OUTPUTS = "outputs"
REJECTED = "rejected"
THUMBS = "thumbs"
GALLERY = "gallery/index.html"
NEAREST = "gallery/nearest.html"
NIGHTS = "nights"
LOG = "log.jsonl"

MAX_COMPONENT = 200
"""Longest file or folder name in bytes that Nocturne writes; file systems stop at 255."""


def portable(name: str) -> str:
    """A path as UTF-8 text that can be written anywhere: bytes that are not UTF-8, control characters and backslashes
    %-encoded.

    >>> portable("trip/caf\\udce9\\n.jpg")
    'trip/caf%E9%0A.jpg'
    """
    return printable(name).replace("\\", "%5C")


def printable(text: str) -> str:
    """A text that may be printed: bytes that are not UTF-8, and characters that steer a terminal, %-encoded."""
    return "".join(_encoded(char) for char in text)


def shortly(text: str, longest: int = 120) -> str:
    """The beginning of a text for a message, and dots where it goes on."""
    return text if len(text) <= longest else f"{text[:longest]}..."


def shortened(name: str) -> str:
    """`name` with every component over MAX_COMPONENT bytes cut, and a hash of the whole component put in its place."""
    return "/".join(_cut(part) for part in name.split("/"))


def output_name(style: str, asset: str, suffix: str, mark: str = "") -> str:
    """`<style>/<asset path with its suffix>[~mark].<suffix>`, the identity of a stylised picture's row.

    >>> output_name("wave", "trip/cat.jpg", "png")
    'wave/trip/cat.jpg.png'
    """
    tail = f"~{mark}.{suffix}" if mark else f".{suffix}"
    return shortened(f"{portable(style)}/{portable(asset)}") + tail


def output_path(output: str) -> str:
    """Where the picture of the row `output` lies in the run folder."""
    return f"{OUTPUTS}/{output}"


def rejected_path(output: str) -> str:
    """Where the picture of a row lies once it is rejected, apart from the others."""
    return f"{REJECTED}/{output}"


def picture_paths(output: str, status: str | None) -> tuple[str, ...]:
    """Where the picture of a row may lie: a rejected one is kept apart, and moved there after its row says so."""
    apart = (rejected_path(output),) if status == "rejected" else ()
    return (*apart, output_path(output))


def output_thumb(output: str) -> str:
    """The small view of an output."""
    return f"{THUMBS}/outputs/{output}.jpg"


def output_of(name: str) -> str | None:
    """The row whose picture or small view the file `name` of a run folder is; None if it is of no row.

    >>> [output_of(name) for name in (output_path("wave/a.png"), output_thumb("wave/a.png"), asset_thumb("a.jpg"))]
    ['wave/a.png', 'wave/a.png', None]
    """
    if name.startswith(f"{OUTPUTS}/"):
        return name.removeprefix(f"{OUTPUTS}/")
    if name.startswith(f"{THUMBS}/outputs/"):
        return name.removeprefix(f"{THUMBS}/outputs/").removesuffix(".jpg")
    return None


def asset_thumb(asset: str) -> str:
    """The small view of an asset."""
    return f"{THUMBS}/assets/{shortened(portable(asset))}.jpg"


def style_thumb(style: str) -> str:
    """The small view of a style."""
    return f"{THUMBS}/styles/{shortened(portable(style))}.jpg"


def _encoded(char: str) -> str:
    if "\ud800" <= char <= "\udfff":
        raw = char.encode("utf-8", "surrogateescape") if "\udc80" <= char <= "\udcff" else b"?"
        return "".join(f"%{byte:02X}" for byte in raw)
    if unicodedata.category(char) in ("Cc", "Cf", "Zl", "Zp") and char != "\u200d":
        return "".join(f"%{byte:02X}" for byte in char.encode())
    return char


def _cut(component: str) -> str:
    raw = component.encode()
    if len(raw) <= MAX_COMPONENT:
        return component
    digest = hashlib.sha256(raw).hexdigest()[:10]
    return raw[: MAX_COMPONENT - 11].decode(errors="ignore") + "~" + digest


def shown(path: Path) -> str:
    """A path for a message, in at most 500 characters."""
    return shortly(printable(str(path)), 500)
