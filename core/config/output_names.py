"""Patterns for the names of outputs, such as `{style}/{asset}.{ext}`: validation and rendering."""

from __future__ import annotations

import string
from collections.abc import Mapping
from pathlib import PurePosixPath

from core.safe_text import components_cut, portable, printable, volume_safe
from core.storage.store import TEMPORARY

DEFAULT = "{style}/{asset}.{ext}"
ENDING = ".{ext}"
KEY_DIGITS = 10

FIELDS: dict[str, str] = {
    "style": "the style's name",
    "asset": "the asset's path in the library, with its suffix",
    "stem": "the same without its suffix",
    "preset": "the preset that the recipe began as",
    "seed": "the job's seed",
    "key": f"the first {KEY_DIGITS} digits of the job's key",
    "ext": "the suffix of the file format",
}
"""What a pattern may name, each in braces."""

_FORBIDDEN = frozenset('<>:"|?*\\')


def check_pattern(pattern: str) -> str:
    """The pattern, if every name that it can give lies in the run and is a file name on any disk. Raises ValueError."""
    named = fields_of(pattern)
    unknown = [name for name in named if name not in FIELDS]
    if unknown:
        raise ValueError(f"there is no field {{{unknown[0]}}}; there are {', '.join(f'{{{name}}}' for name in FIELDS)}")
    if not pattern.endswith(ENDING) or named.count("ext") != 1:
        raise ValueError("must end with .{ext}, and have {ext} there alone")
    if not {"asset", "stem", "key"} & set(named):
        raise ValueError("must tell assets apart: put {asset}, {stem} or {key} into it")
    literal = "".join(text for text, *_ in string.Formatter().parse(pattern))
    if printable(literal) != literal or _FORBIDDEN & set(literal):
        raise ValueError('must be printable, without < > : " | ? * and backslashes')
    if any(part in ("", ".", "..") for part in pattern.split("/")):
        raise ValueError("must be a relative path without empty parts, `.` and `..`")
    return pattern


def fields_of(pattern: str) -> list[str]:
    """The names in braces, in order. Raises ValueError for unpaired braces, conversions and formats."""
    try:
        parsed = list(string.Formatter().parse(pattern))
    except ValueError as error:
        raise ValueError("its braces are not in pairs") from error
    if any(form or conversion for _, _, form, conversion in parsed):
        raise ValueError("a field is a name in braces and nothing else, such as {seed}")
    return [name for _, name, _, _ in parsed if name is not None]


def tells_seeds_apart(pattern: str) -> bool:
    """Whether the variants of one pair have names of their own."""
    return not {"seed", "key"}.isdisjoint(fields_of(pattern))


def rendered(pattern: str, values: Mapping[str, str], mark: str = "") -> str:
    """The name that a checked pattern gives, with `~mark` before its suffix if there is one; over-long parts are cut.

    `values` has a text for each of FIELDS but `stem`.

    >>> rendered("{stem} as {style}.{ext}", {"asset": "trip/cat.jpg", "style": "wave", "ext": "png"}, "0a1b")
    'trip/cat as wave~0a1b.png'
    """
    asset = PurePosixPath(values["asset"])
    known = {name: portable(text) for name, text in {**values, "stem": str(asset.with_suffix(""))}.items()}
    body = pattern.removesuffix(ENDING).format_map(known)
    tail = f"~{mark}.{known['ext']}" if mark else f".{known['ext']}"
    return components_cut(volume_safe("/".join(_harmless(part) for part in body.split("/")))) + tail


def _harmless(part: str) -> str:
    """A part of a path as a name: one that leads elsewhere, or is that of a half-written file, has its dots encoded."""
    if part.strip(".") == "" or part.startswith(TEMPORARY):
        return part.replace(".", "%2E") or "%"
    return part
