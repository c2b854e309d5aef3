"""Saliency map of a label: what in a picture speaks for it.

HiResCAM (Draelos & Carin 2020, arXiv 2011.08891), a Grad-CAM that is faithful to what the network computes: the gradient
of how much more likely the label is than all others, times the activations of one map, summed over its channels. It shows
which places made the difference for the network; why a person would give the label is another question.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from core.images import image
from core.images.border_crop import content_bounds
from core.images.pixel_types import Plane
from core.networks.classifier import Classifier
from core.networks.features import FeatureExtractor, views, wide_features

MAP = "block10"
"""Of stride 16, 20 x 20 places at 320 px: deep enough for things, fine enough to tell where they are."""

WARM = np.array((255, 72, 0), np.float32)
"""Colour of what speaks for the label."""
VEIL = 0.7
"""How much of the picture's own colour is taken where nothing speaks for the label, and of WARM where most does."""


@dataclass(frozen=True)
class Explanation:
    """What speaks for a label, place by place."""

    label: str
    support: Plane
    """Over the picture: 1 where most speaks for the label, below 0 where something speaks against it, 0 in margins."""

    @property
    def focus(self) -> float | None:
        """Share of the picture that half of all support lies in, 0 to 0.5; None where nothing speaks for the label."""
        values = np.sort(np.maximum(self.support, 0).ravel())[::-1].astype(np.float64)
        total = values.sum()
        if not total > 0:
            return None
        return float(np.searchsorted(np.cumsum(values), total / 2) + 1) / len(values)


def explain(rgb: image.U8, classifier: Classifier, features: FeatureExtractor, label: str) -> Explanation:
    """What in a picture (h, w, 3) speaks for a label. Raises ValueError for a label that the classifier has not."""
    if label not in classifier.classes:
        raise ValueError(f"there is no class {label!r}; there are {', '.join(classifier.classes)}")
    seen = [features.activations(two, watched=True) for two in views(rgb)]
    advantage = _advantage(wide_features(seen), classifier, classifier.classes.index(label))
    maps = [each.maps[MAP] for each in seen]
    gradients = torch.autograd.grad(advantage, maps)
    finest = maps[-1].shape[2:]
    planes = [_upright(of * gradient, finest) for of, gradient in zip(maps, gradients, strict=True)]
    return Explanation(label, _placed(torch.stack(planes).sum(0), rgb))


def overlay(rgb: image.U8, explanation: Explanation) -> image.U8:
    """The picture, grey and veiled, with what speaks for the label in its own colours and glowing."""
    strength = np.maximum(explanation.support, 0)[..., None]
    grey = np.repeat(rgb.mean(2, keepdims=True), 3, 2)
    veiled = 255 * (1 - VEIL) + grey * VEIL
    own = veiled + (rgb - veiled) * np.minimum(2 * strength, 1)
    return np.asarray((own + (WARM - own) * strength * (1 - VEIL)).round().clip(0, 255), np.uint8)


def _advantage(wide: Tensor, classifier: Classifier, number: int) -> Tensor:
    """Log odds of a class against all others."""
    weight = torch.from_numpy(classifier.weight).to(wide)
    logits = (wide @ weight + torch.from_numpy(classifier.bias).to(wide)) / classifier.temperature
    others = torch.cat([logits[:number], logits[number + 1 :]])
    return logits[number] - others.logsumexp(0)


def _upright(product: Float[Tensor, "2 c h w"], size: tuple[int, ...]) -> Float[Tensor, "h2 w2"]:
    """Support of a view and its mirror image, together and at one size, whose sum stays as it was."""
    both = product.sum(1).detach()
    plane = both[0] + both[1].flip(1)
    share = plane.numel() / (size[0] * size[1])
    return F.interpolate(plane[None, None], size=size, mode="bilinear", align_corners=False)[0, 0] * share


def _placed(support: Float[Tensor, "h w"], rgb: image.U8) -> Plane:
    """The support over the whole picture, of which the margins were not seen, scaled to 1 at the most."""
    found = np.zeros(rgb.shape[:2], np.float32)
    rows, columns = content_bounds(rgb)
    small = Image.fromarray(np.asarray(support.cpu().numpy(), np.float32))
    size = columns.stop - columns.start, rows.stop - rows.start
    found[rows, columns] = np.asarray(small.resize(size, Image.Resampling.BICUBIC))
    most = float(found.max())
    return found / most if most > 0 else found
