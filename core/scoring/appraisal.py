"""Appraisal of one picture: technical quality, composition, symmetry and colour harmony, as columns of a survey."""

from __future__ import annotations

from dataclasses import asdict

import pyarrow as pa

from core.images import image
from core.images.lab_view import lab_view
from core.manifest.schema import Column
from core.scoring.composition import composition
from core.scoring.harmony import harmony
from core.scoring.image_quality import measure_quality
from core.scoring.saliency import saliency
from core.scoring.symmetry import symmetry

_NUMBER = pa.float32()

COLUMNS: tuple[Column, ...] = (
    Column("sharpness", _NUMBER, "0 to 1, above about 0.5 sharp: 1 - the blur effect (Crete et al. 2007)."),
    Column("noise", _NUMBER, "Grain in grey levels of 255, 0 is none (Immerkaer 1996, by the median)."),
    Column("blocking", _NUMBER, "Steps on an 8-pixel grid, as JPEG leaves them: 0 none, seen from about 0.4."),
    Column("clipping", _NUMBER, "Share of pixels that are black or white, 0 to 1."),
    Column("banding", _NUMBER, "Share of pixels beside a faint step between flat areas, 0 to 1."),
    Column("checkerboard", _NUMBER, "Share of the finest detail that alternates in a regular lattice, 0 to 1."),
    Column(
        "thirds", _NUMBER, "Salience near the four points at thirds over an even spread: 0.5 as by chance, up to 1."
    ),
    Column("balance", _NUMBER, "How evenly salience weighs left and right, 0 to 1."),
    Column("horizon", _NUMBER, "Height of the strongest level line, 0 bottom to 1 top; null without one."),
    Column("symmetry", _NUMBER, "Correlation of lightness with its mirror image left to right, -1 to 1."),
    Column("symmetry_top_bottom", _NUMBER, "The same top to bottom."),
    Column("harmony", pa.string(), "Template of hues (Cohen-Or et al. 2006, after Matsuda) that the picture fits."),
    Column(
        "discord", _NUMBER, "How far hues are from that template: 0 within, 1 as if by chance; null without colours."
    ),
)
"""What `appraise` gives. A measure is null where a picture is too small, or has nothing that it could be of."""


def appraise(picture: image.Picture) -> dict[str, float | str | None]:
    """A value for each of COLUMNS, from the picture's pixels alone."""
    seen = lab_view(picture)
    if seen.is_blank:
        return {column.name: None for column in COLUMNS}
    mirrored, hues = symmetry(seen), harmony(seen)
    return {
        **asdict(measure_quality(picture)),
        **asdict(composition(saliency(seen), seen.lightness)),
        "symmetry": mirrored.left_right if mirrored else None,
        "symmetry_top_bottom": mirrored.top_bottom if mirrored else None,
        "harmony": hues.template if hues else None,
        "discord": hues.discord if hues else None,
    }
