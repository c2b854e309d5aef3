"""How far a finished picture is from the painting's style and from the photograph's content, by two networks.

By EfficientNet-Lite0, which took no part in making it, and by VGG-19 in float32. Style: how far the Gram matrices F
F^T / (h w) are from the painting's, over how far the photograph's are: 0 is the painting's style, 1 the photograph's.
Content: how far the features are from the photograph's, over the size of those. Each is a ratio of norms, a mean over
layers. All pictures are seen at one size, and in 8 bits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor

from core.config.presets import PRESETS
from core.networks import efficientnet
from core.scoring.grams import gram
from core.scoring.score import CONTENT_MAPS, STYLE_MAPS, frame_of, resized
from core.stylize.optimise.recipe_backbone import for_recipe
from style_pairs import Pair, Rgb, as_tensor

Maps = Mapping[str, Tensor]


@dataclass(frozen=True)
class Judge:
    """A network's eye: maps (c, h, w) by name, of which some tell style and some content."""

    maps: Callable[[Rgb], Maps]
    style: tuple[str, ...]
    content: tuple[str, ...]

    @torch.no_grad()
    def distances(self, made: Rgb, pair: Pair) -> dict[str, float]:
        """`style` and `content` distance of a picture made of the pair."""
        found, asset, artwork = map(self.maps, (made, pair.content, pair.style))
        style = [_style(found[name], asset[name], artwork[name]) for name in self.style]
        content = [_apart(found[name], asset[name]) / float(asset[name].norm()) for name in self.content]
        return {"style": sum(style) / len(style), "content": sum(content) / len(content)}


@cache
def judges() -> dict[str, Judge]:
    """Both networks."""
    return {
        "EfficientNet-Lite0": Judge(_efficientnet(), STYLE_MAPS, CONTENT_MAPS),
        "VGG-19": Judge(_vgg(), PRESETS["gatys"].style_layers, PRESETS["gatys"].content_layers),
    }


def _efficientnet() -> Callable[[Rgb], Maps]:
    network = efficientnet.load()

    def maps(rgb: Rgb) -> Maps:
        seen = resized(rgb, frame_of(*rgb.shape[:2]))
        found = network(efficientnet.normalised(torch.from_numpy(seen)[None])).maps
        return {name: found[name][0] for name in (*STYLE_MAPS, *CONTENT_MAPS)}

    return maps


def _vgg() -> Callable[[Rgb], Maps]:
    backbone = for_recipe(PRESETS["gatys"], torch.device("cpu"))
    return lambda rgb: {name: found[0] for name, found in backbone.features(as_tensor(rgb).unsqueeze(0)).items()}


def _style(made: Tensor, asset: Tensor, artwork: Tensor) -> float:
    wanted = gram(artwork)
    return _apart(gram(made), wanted) / _apart(gram(asset), wanted)


def _apart(a: Tensor, b: Tensor) -> float:
    return float((a - b).norm())
