"""The templates of every page, and how they are filled: names are escaped, and a value that is missing is an error."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from core.safe_text import portable

TEMPLATES = Path(__file__).parent / "templates"


def environment(**filters: Any) -> Environment:
    """Jinja's environment with a page's own filters beside `portable` (a name as any system can have it) and `count`."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"portable": portable, "count": "{:,}".format, **filters}
    return made


def href(path: str) -> str:
    """A path as a relative URL: everything but letters, digits and `-_.~/` percent-encoded.

    >>> href("../thumbs/50% #1?.jpg")
    '../thumbs/50%25%20%231%3F.jpg'
    """
    return quote(path, safe="/")
