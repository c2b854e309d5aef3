"""Analysis of one picture: palette, contrasts, mood, composition, saliency and structure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from core.assist import contrast, emotion, structure
from core.assist.palette import Swatch, palette
from core.images import image
from core.images.border_crop import margins_cropped
from core.images.lab_view import LabView, lab_view
from core.scoring.harmony import Harmony, harmony
from core.scoring.saliency import saliency
from core.scoring.symmetry import Symmetry, symmetry


@dataclass(frozen=True)
class Analysis:
    """One picture. What is None does not apply: a grey picture has no harmony, a flat one no directions."""

    view: LabView
    palette: tuple[Swatch, ...]
    contrasts: contrast.Contrasts
    warmth: float | None
    colourfulness: float
    harmony: Harmony | None
    emotion: emotion.Emotion
    tensor: structure.StructureTensor
    directions: structure.Directions | None
    texture: float | None
    tones: structure.Tones
    symmetry: Symmetry | None
    saliency: Float[NDArray[np.float32], "h w"]


def analysed(picture: image.Picture) -> Analysis | None:
    """What is seen of a picture; None for one that is all transparent. White margins of an opaque one are left out: they
    are paper, and the pictures that moods are held against have none.
    """
    seen = lab_view(picture if picture.alpha is not None else image.Picture(margins_cropped(picture.rgb)))
    if seen.is_blank:
        return None
    swatches, tensor = palette(seen), structure.structure_tensor(seen)
    return Analysis(
        view=seen,
        palette=swatches,
        contrasts=contrast.contrasts(seen, swatches),
        warmth=contrast.warmth(seen),
        colourfulness=contrast.colourfulness(seen),
        harmony=harmony(seen),
        emotion=emotion.emotion(seen),
        tensor=tensor,
        directions=structure.directions(tensor),
        texture=structure.texture_scale(seen),
        tones=structure.tones(seen),
        symmetry=symmetry(seen),
        saliency=saliency(seen),
    )
