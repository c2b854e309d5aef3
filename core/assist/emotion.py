"""Mood of colours: pleasure, arousal and dominance, from lightness and chroma alone.

Valdez & Mehrabian 1994 (J. Exp. Psychology: General 123(4), 394-409): regressions of people's ratings of single colour
chips on brightness B and saturation S, standardised: P = .69 B + .22 S, A = -.31 B + .60 S, D = -.76 B + .32 S. Here B and S
are the means of a picture's L* and C*, which stand for Munsell value and chroma, over those of a stated set of pictures.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.images.lab_view import LabView

CAVEAT = (
    "Computed from brightness and saturation alone, by averages over people who rated single colours; it orders pictures by "
    "their colours, and knows nothing of what they show or of who looks at them."
)

REFERENCE = "950 photographs of paintings in the Louvre (Genre, Landscape, Portrait, StillLife), white margins cut off"
BRIGHTNESS, SATURATION = (36.6, 13.1), (14.1, 5.3)
"""Over the reference set, the mean of pictures' mean L* and its deviation; the same of C*."""

FARTHEST = 3.0
"""Deviations beyond which brightness and saturation count no further."""

MOODS: dict[str, tuple[float, float, float]] = {
    "exuberant": (1, 1, 1),
    "joyful": (1, 1, 0),
    "dependent": (1, 1, -1),
    "tender": (1, 0, -1),
    "calm": (1, -1, 0),
    "relaxed": (1, -1, 1),
    "docile": (1, -1, -1),
    "hostile": (-1, 1, 1),
    "dramatic": (0, 1, 1),
    "anxious": (-1, 1, -1),
    "disdainful": (-1, -1, 1),
    "sombre": (-1, 0, 1),
    "melancholy": (-1, -1, 0),
    "bored": (-1, -1, -1),
}
"""Words by the signs of pleasure, arousal and dominance. Those of eight octants are Mehrabian's (1996); joyful, tender,
calm, dramatic, sombre and melancholy are ours, placed between them.
"""


@dataclass(frozen=True)
class Emotion:
    """Pleasure, arousal and dominance, in standard deviations of the reference set, about -3..3."""

    pleasure: float
    arousal: float
    dominance: float

    @property
    def point(self) -> tuple[float, float, float]:
        """The three in order."""
        return self.pleasure, self.arousal, self.dominance

    @property
    def strength(self) -> float:
        """How far from neutral."""
        return float(np.linalg.norm(self.point))

    def words(self, count: int = 2) -> tuple[str, ...]:
        """The moods whose direction is nearest; `neutral` where there is hardly any."""
        if self.strength < 0.35:
            return ("neutral",)
        return tuple(sorted(MOODS, key=lambda word: -self.likeness(word))[:count])

    def likeness(self, word: str) -> float:
        """Cosine of the angle to a mood of MOODS, -1..1; 0 for a neutral picture. Raises KeyError."""
        there, here = np.array(MOODS[word], float), np.array(self.point)
        length = float(np.linalg.norm(there) * np.linalg.norm(here))
        return float(there @ here) / length if length else 0.0


def emotion(view: LabView) -> Emotion:
    """What the colours of a picture suggest."""
    return emotion_of(float(view.colours[:, 0].mean()), float(view.chroma.mean()))


def emotion_of(lightness: float, chroma: float) -> Emotion:
    """The emotion of a mean L* and a mean C*.

    >>> emotion_of(*(each[0] for each in (BRIGHTNESS, SATURATION))).point
    (0.0, 0.0, 0.0)
    """
    b, s = (
        max(-FARTHEST, min(FARTHEST, (value - mean) / deviation))
        for value, (mean, deviation) in ((lightness, BRIGHTNESS), (chroma, SATURATION))
    )
    return Emotion(0.69 * b + 0.22 * s, -0.31 * b + 0.60 * s, -0.76 * b + 0.32 * s)
