"""Memorisation page of a GAN: each sample beside its nearest training picture.

One HTML file with everything in it, opened from disk with no network. It is given plain data: encoded pictures, names and
numbers.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass

from core.images.formats import recognised
from core.report.pages import environment
from core.safe_text import portable

SHOWN = 120
"""Pairs that a page shows; at some 5 KB a picture it then stays near a megabyte."""


@dataclass(frozen=True)
class NearestMatch:
    """A sample and the training picture that it is most like."""

    sample: bytes
    """Encoded as browsers show it, small."""
    sample_name: str
    original: bytes
    original_name: str
    mirrored: bool
    """Whether it is the mirror image of the training picture that is alike; it is then shown mirrored."""
    ratio: float
    """Distance in features over the usual distance between training pictures."""
    bits: int
    """Bits of the fingerprint that differ, of 256."""
    usual_bits: float
    """Bits that usually differ between a training picture and the nearest other."""
    nearness: float
    """What the verdict goes by; 0 is an exact copy."""
    verdict: str
    """`copy`, `close` or `apart`."""


@dataclass(frozen=True)
class ComparisonCounts:
    """What was compared, and how the verdicts fell."""

    samples: int
    originals: int
    copies: int
    close: int
    features: str
    """Name of the feature network."""
    copy_at: float
    close_at: float
    """The thresholds of nearness."""
    note: str = ""
    """A sentence on what was compared, if it is not every training picture."""


def nearest_page(title: str, pairs: Sequence[NearestMatch], tally: ComparisonCounts) -> bytes:
    """The page, most suspicious pairs first; no more than SHOWN of them. Names are escaped.

    Raises ValueError if a picture is not encoded as browsers show it.
    """
    ordered = sorted(pairs, key=lambda pair: (pair.nearness, pair.sample_name))
    page = (
        environment(data_url=data_url, percent="{:.1%}".format)
        .get_template("nearest.html")
        .render(
            title=portable(title),
            pairs=ordered[:SHOWN],
            left_out=len(ordered) - len(ordered[:SHOWN]),
            tally=tally,
        )
    )
    return page.encode()


def data_url(picture: bytes) -> str:
    """An encoded picture as a URL that holds it. Raises ValueError if it is none that browsers show."""
    kind = recognised(picture[:64])
    if kind is None or not kind.in_browsers:
        raise ValueError("not an encoded picture that browsers show")
    return f"data:{kind.media_type};base64,{base64.b64encode(picture).decode()}"
