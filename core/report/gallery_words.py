"""Words of a gallery by kind of run: what groups its pictures, and how a picture's origin is said."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class GalleryWords:
    """What a gallery calls things."""

    group: str
    """What pictures are grouped by, for people: `Style`."""
    groups: str
    """Several of them: `styles`."""
    source: str
    """How a picture's origin is said; `{}` is its group."""
    triptychs: bool
    """Whether a picture has an asset and an artwork to stand between."""

    def plain(self) -> dict[str, Any]:
        """As plain JSON values, for the page's script."""
        return asdict(self)


STYLES = GalleryWords("Style", "styles", "in the style {}", triptychs=True)
SAMPLES = GalleryWords("Checkpoint", "checkpoints", "drawn from {}", triptychs=False)
