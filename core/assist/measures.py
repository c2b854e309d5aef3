"""Columns of an analysis in a table: their names, types and values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from core.manifest.schema import Column

if TYPE_CHECKING:  # what an analysis is made with takes a second to import, and readers of a table need none of it
    from core.assist.analysis import Analysis

_NUMBER, _TEXT = pa.float32(), pa.string()

COLUMNS: tuple[Column, ...] = (
    Column(
        "palette", _TEXT, "Colours as in CSS with their shares of the picture, the largest first: `#1a2b3c 42%, ...`."
    ),
    Column("colours", _TEXT, "Names of the palette's colours, in its order."),
    Column("lightness", _NUMBER, "Mean L* of CIELAB, 0 black to 100 white."),
    Column("chroma", _NUMBER, "Mean C* of CIELAB, 0 grey; about 14 in the paintings that moods are held against."),
    Column(
        "colourfulness", _NUMBER, "M of Hasler & Süsstrunk 2003: 0 grey, 15 slight, 33 moderate, 59 quite, 109 extreme."
    ),
    Column("warmth", _NUMBER, "-1 all cool to 1 all warm, by chroma; null without colours."),
    Column("light_dark", _NUMBER, "Contrast of L* between the 5th and 95th percentile, 0 to 1 (Itten 1961)."),
    Column("saturation", _NUMBER, "Contrast of dull and vivid: C* between the same percentiles over 100, 0 to 1."),
    Column("complementary", _NUMBER, "Contrast of opposite hues, 0 to 1: 1 for two in balance; null without colours."),
    Column("warm_cold", _NUMBER, "Contrast of warm and cool hues, 0 to 1: 1 in balance; null without colours."),
    Column("extent", _NUMBER, "How far the largest colour is above an even share of the palette, 0 to 1."),
    Column("harmony", _TEXT, "Template of hues (Cohen-Or et al. 2006, after Matsuda) that the picture fits."),
    Column("harmony_rotation", _NUMBER, "How the template is turned on the hue wheel of HSV, degrees."),
    Column("harmony_distance", _NUMBER, "Mean arc from hues to the template, degrees, by saturation."),
    Column(
        "discord", _NUMBER, "`harmony_distance` over what an even spread of hues would have: 0 within, 1 by chance."
    ),
    Column("pleasure", _NUMBER, "Pleasure that colours suggest (Valdez & Mehrabian 1994), deviations, about -3 to 3."),
    Column("arousal", _NUMBER, "Arousal that colours suggest, likewise."),
    Column("dominance", _NUMBER, "Dominance that colours suggest, likewise."),
    Column("mood", _TEXT, "The two nearest mood words, or `neutral`."),
    Column("direction", _NUMBER, "Where lines run, degrees from level, anticlockwise, 0 to 180; null if flat."),
    Column("agreement", _NUMBER, "How much lines agree on it, 0 none to 1 all parallel."),
    Column("coherence", _NUMBER, "How stroke-like the texture is, 0 to 1 (Bigün & Granlund 1987)."),
    Column("texture", _NUMBER, "Size of the texture, in longest sides of the picture: half its mean wave length."),
    Column("tones", _TEXT, "The tonal plan: L* and share of three to five tones, dark to light: `12 40%, ...`."),
    Column("symmetry", _NUMBER, "Correlation of lightness with its mirror image left to right, -1 to 1."),
    Column("symmetry_axis", _NUMBER, "Where the best axis lies, in widths, 0.35 to 0.65."),
    Column("symmetry_top_bottom", _NUMBER, "Correlation of lightness with its mirror image top to bottom, -1 to 1."),
)
"""What `measures` gives; null where it does not apply."""


def measures(found: Analysis | None) -> dict[str, Any]:
    """A value for each of COLUMNS; of an invisible picture, null each."""
    if found is None:
        return {column.name: None for column in COLUMNS}
    return {**_colour(found), **_mood(found), **_structure(found)}


def _colour(found: Analysis) -> dict[str, Any]:
    hues = found.harmony
    return {
        "palette": ", ".join(f"{swatch.hex} {swatch.share:.0%}" for swatch in found.palette),
        "colours": ", ".join(swatch.name for swatch in found.palette),
        "lightness": float(found.view.colours[:, 0].mean()),
        "chroma": float(found.view.chroma.mean()),
        "colourfulness": found.colourfulness,
        "warmth": found.warmth,
        **vars(found.contrasts),
        "harmony": hues.template if hues else None,
        "harmony_rotation": hues.rotation if hues else None,
        "harmony_distance": hues.distance if hues else None,
        "discord": hues.discord if hues else None,
    }


def _mood(found: Analysis) -> dict[str, Any]:
    return {**vars(found.emotion), "mood": ", ".join(found.emotion.words())}


def _structure(found: Analysis) -> dict[str, Any]:
    lines, mirrored, tones = found.directions, found.symmetry, found.tones
    return {
        "direction": lines.main if lines else None,
        "agreement": lines.agreement if lines else None,
        "coherence": lines.coherence if lines else None,
        "texture": found.texture,
        "tones": ", ".join(f"{level:.0f} {share:.0%}" for level, share in zip(tones.levels, tones.shares, strict=True)),
        "symmetry": mirrored.left_right if mirrored else None,
        "symmetry_axis": mirrored.axis if mirrored else None,
        "symmetry_top_bottom": mirrored.top_bottom if mirrored else None,
    }
