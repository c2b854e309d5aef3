"""Overlays of a picture's structure (saliency, edges, grid, tones, strokes) and its histogram, as small JPEGs."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import ndimage

from core.assist.analysis import Analysis

GOLDEN = (3 - 5**0.5) / 2
"""Where the golden section divides a side, from either end."""
MIRRORED = 0.6
"""Correlation from which an axis of symmetry is drawn."""
STROKE = 8
"""Pixels between two strokes of the drawing of directions."""
BARS, BAR, HEIGHT = 50, 5, 188
"""Bars of the histogram, two L* each; their width and greatest height in pixels."""
WHITE, GOLD, ROSE = (255, 255, 255), (227, 194, 122), (229, 143, 147)

FloatRgb = Float[NDArray[np.float32], "h w 3"]


def overlays(found: Analysis) -> dict[str, bytes]:
    """JPEGs by what they show: saliency, edges, grid, tones, strokes, histogram."""
    return {what: _jpeg(draw(found)) for what, draw in DRAWN.items()}


def saliency(found: Analysis) -> Image.Image:
    """The picture in grey, and warm where the eye is drawn."""
    weight = found.saliency[..., None]
    glow = np.array((255, 176, 64), np.float32)
    return _image(_grey(found) * (0.55 - 0.3 * weight) + glow * 0.85 * weight)


def edges(found: Analysis) -> Image.Image:
    """Edges of lightness as dark lines on white; the strongest hundredth is black."""
    strength = ndimage.gaussian_gradient_magnitude(found.view.lightness, 1.0)
    strength = np.where(found.view.shown, strength, 0)
    top = max(float(np.percentile(strength, 99)), 0.02)
    return _image(np.repeat(255 * (1 - np.clip(strength / top, 0, 1) ** 0.8)[..., None], 3, axis=2))


def grid(found: Analysis) -> Image.Image:
    """The picture under lines at thirds (white) and at golden sections (gold), and its axis of symmetry (rose)."""
    drawn = _image(found.view.picture.rgb * np.float32(0.75))
    draw, (width, height) = ImageDraw.Draw(drawn), drawn.size
    for colour, shares in ((WHITE, (1 / 3, 2 / 3)), (GOLD, (GOLDEN, 1 - GOLDEN))):
        for share in shares:
            draw.line([(share * width, 0), (share * width, height)], fill=colour)
            draw.line([(0, share * height), (width, share * height)], fill=colour)
    if found.symmetry and found.symmetry.left_right >= MIRRORED:
        axis = found.symmetry.axis * width
        draw.line([(axis, 0), (axis, height)], fill=ROSE, width=2)
    return drawn


def tones(found: Analysis) -> Image.Image:
    """The tonal plan: each pixel in the grey of its tone."""
    levels = np.array(found.tones.levels, np.float32)
    grey = 255 * np.clip(levels / 100, 0, 1) ** 1.1
    return _image(np.repeat(grey[found.tones.plan][..., None], 3, axis=2))


def strokes(found: Analysis) -> Image.Image:
    """Strokes of the picture's colours along its lines, as long as the texture is stroke-like."""
    rgb, tensor = found.view.picture.rgb, found.tensor
    height, width = rgb.shape[:2]
    drawn = _image(rgb * np.float32(0.25))
    draw = ImageDraw.Draw(drawn)
    for y in range(STROKE // 2, height, STROKE):
        for x in range(STROKE // 2, width, STROKE):
            reach = 0.9 * STROKE * float(tensor.coherence[y, x])
            along, up = reach * float(np.cos(tensor.angle[y, x])), -reach * float(np.sin(tensor.angle[y, x]))
            colour = tuple(min(255, 50 + int(value)) for value in rgb[y, x])
            draw.line([(x - along, y - up), (x + along, y + up)], fill=colour, width=2)
    return drawn


def histogram(found: Analysis) -> Image.Image:
    """How often each lightness occurs, black to white; each bar has the mean colour of its pixels, the highest is whole."""
    shown = found.view.shown
    rgb, bins = found.view.picture.rgb[shown], np.minimum(found.view.colours[:, 0] / 100 * BARS, BARS - 1).astype(int)
    counts = np.bincount(bins, minlength=BARS)
    drawn = Image.new("RGB", (BARS * BAR, HEIGHT), (16, 21, 31))
    draw = ImageDraw.Draw(drawn)
    for place in np.flatnonzero(counts).tolist():
        mean = rgb[bins == place].mean(0)
        top = HEIGHT - max(1, round(HEIGHT * int(counts[place]) / int(counts.max())))
        draw.rectangle((place * BAR, top, place * BAR + BAR - 2, HEIGHT), fill=tuple(max(26, round(c)) for c in mean))
    return drawn


DRAWN: dict[str, Callable[[Analysis], Image.Image]] = {
    "saliency": saliency,
    "edges": edges,
    "grid": grid,
    "tones": tones,
    "strokes": strokes,
    "histogram": histogram,
}
"""By name."""


def _grey(found: Analysis) -> FloatRgb:
    return np.repeat(255 * found.view.lightness[..., None], 3, axis=2).astype(np.float32)


def _image(rgb: NDArray[np.floating] | NDArray[np.float32]) -> Image.Image:
    return Image.fromarray(np.clip(rgb, 0, 255).astype(np.uint8))


def _jpeg(drawn: Image.Image) -> bytes:
    sink = io.BytesIO()
    drawn.save(sink, "JPEG", quality=82)
    return sink.getvalue()
