"""Escape and shorten names and texts, so that they are safe to print and to use as file names."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path


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


def composed(name: str) -> str:
    """A name in NFC, as it is looked up: macOS hands out names decomposed that others wrote composed.

    >>> composed("Cafe\u0301") == "Caf\u00e9"
    True
    """
    return unicodedata.normalize("NFC", name)


def comparable(name: str) -> str:
    """A name as volumes compare it that ignore case and composition (exFAT, NTFS, SMB, macOS): folded, and in NFC.

    >>> comparable("Cafe\u0301.JPG") == comparable("caf\u00e9.jpg")
    True
    """
    if name.isascii():
        return name.lower()
    return composed(composed(name).casefold())


def volume_safe(path: str) -> str:
    """A relative path of portable text as any volume takes it, exFAT, NTFS and SMB among them: what they refuse is
    %-encoded, which is `< > : " | ? *`, a dot or space at the end of a part, and the first letter of a device's name.

    >>> volume_safe("trip/what?.jpg"), volume_safe("con.jpg"), volume_safe("../etc. /a.jpg")
    ('trip/what%3F.jpg', '%63on.jpg', '.%2E/etc.%20/a.jpg')
    """
    return _REFUSED.sub(lambda refused: f"%{ord(refused[0][0]):02X}{refused[0][1:]}", path)


def one_spelling(names: Sequence[str]) -> list[str]:
    """The names, those that differ in Unicode composition alone all spelt as the first of them is."""
    first: dict[str, str] = {}
    return [first.setdefault(composed(name), name) for name in names]


def truncated(text: str, longest: int = 120) -> str:
    """The beginning of a text for a message, and dots where it goes on."""
    return text if len(text) <= longest else f"{text[:longest]}..."


def components_cut(name: str) -> str:
    """`name` with every component over MAX_COMPONENT bytes cut, and a hash of the whole component put in its place."""
    return "/".join(_cut(part) for part in name.split("/"))


def path_text(path: Path) -> str:
    """A path for a message, in at most 500 characters."""
    return truncated(printable(str(path)), 500)


MAX_COMPONENT = 200
"""Longest file or folder name in bytes that Nocturne writes; file systems stop at 255."""


_REFUSED = re.compile(
    r"""[<>:"|?*]|[. ](?=/|\Z)|(?<![^/])(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])(?=\ *(?:[./]|\Z))""",
    re.IGNORECASE,
)
"""Source: Microsoft, "Naming Files, Paths, and Namespaces"; a device is one whatever suffix follows."""


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
