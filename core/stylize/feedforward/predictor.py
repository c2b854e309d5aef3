"""Style predictor: the embedding of a style never trained on, from the feature moments of its artworks.

Ghiasi et al. 2017 (arXiv 1705.06830) predict embeddings from the features of a classifier, through a bottleneck. Here
they are predicted from what the style losses compare, mean and deviation of the backbone's channels, which are at hand
for any style that has targets.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from core.config.recipe import Recipe
from core.networks.backbone import Backbone
from core.stylize.feedforward.network import Embedding
from core.stylize.optimise.style_loss import Target
from core.stylize.optimise.target_cache import TargetCache
from core.stylize.optimise.targets import style_targets

BOTTLENECK = 128
"""Numbers that a style is boiled down to."""
FARTHEST = 4.0
"""Look's numbers are cut to so many deviations: a style is then treated as the strangest of its kind that was learnt."""

Look = Float[Tensor, "n look"]


def look(moments: Sequence[Target]) -> Look:
    """Look of a style: means and deviations of every channel, layer after layer, from moments (n, c) and (n, c, c)."""
    parts = []
    for each in moments:
        mean, gram = each["mean"].float(), each["gram"].float()
        variance = gram.diagonal(dim1=1, dim2=2) * mean.shape[1] - mean.square()
        parts += [mean, variance.clamp(min=0).sqrt()]
    return torch.cat(parts, 1)


def look_of(
    artworks: Sequence[Tensor], weights: Sequence[float], recipe: Recipe, backbone: Backbone, cache: TargetCache
) -> Look:
    """The look of a style, (1, look): of the moments of its artworks at full size, whatever loss the recipe names."""
    targets = style_targets(artworks, weights, recipe.changed({"style_statistic": "moments"}), backbone, cache).scales[
        0
    ]
    return look([targets[layer] for layer in recipe.style_layers])


class StylePredictor(nn.Module):
    """A look (n, look) -> an embedding (n, embedding)."""

    middle: Tensor
    spread: Tensor

    def __init__(self, look_size: int, embedding_size: int) -> None:
        super().__init__()
        self.register_buffer("middle", torch.zeros(look_size))
        self.register_buffer("spread", torch.ones(look_size))
        self.narrow, self.widen = nn.Linear(look_size, BOTTLENECK), nn.Linear(BOTTLENECK, embedding_size)
        nn.init.normal_(self.narrow.weight, std=look_size**-0.5)
        nn.init.normal_(self.widen.weight, std=0.02)
        nn.init.zeros_(self.narrow.bias)
        nn.init.zeros_(self.widen.bias)

    @torch.no_grad()
    def measure(self, looks: Look) -> None:
        """Set the standardisation, mean and deviation of looks, from those of many artworks."""
        self.middle.copy_(looks.mean(0))
        self.spread.copy_(looks.std(0).clamp(min=1e-3 * float(looks.abs().mean())))

    def forward(self, x: Look) -> Embedding:
        """The embeddings of looks."""
        return self.widen(torch.nn.functional.gelu(self.narrow(self.standard(x))))  # type: ignore[no-any-return]

    def standard(self, x: Look) -> Look:
        """Looks as deviations from the middle."""
        return ((x - self.middle) / self.spread).clamp(-FARTHEST, FARTHEST)
