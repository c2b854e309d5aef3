"""The scheme of style-transfer-pytorch (K. Crowson, MIT), in our own words and on our VGG-19.

Its settings: content at relu4_2 times .015; style at the first layer of each block, with weights 256 : 64 : 16 : 4 :
1 of sum 1, by the 2-Wasserstein distance of Gaussians (eps 1e-4, roots by 12 Newton-Schulz steps); total variation
times 2 on nine points; the first convolution extends the picture by repeating its border. Sizes from 128 px on by
sqrt 2, the first with twice the steps of each other, 1,000 and 500; Adam with rate .02 and decays .9 and .99, whose
moments are resized to the next size; pixels kept in 0..1 after every step; the average of the way, decay .99, is the
next start, and the result. The painting is seen at each size.

Two things make it cheaper and its picture none the worse: the network has the type of ours, and Newton-Schulz steps, which
change each eigenvalue of a matrix for itself, are taken on the eigenvalues.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from core.config.presets import PRESETS
from core.networks.backbone import Backbone
from core.stylize.images.pixels import eight_bit
from core.stylize.optimise.moments import covariance, moments
from core.stylize.optimise.recipe_backbone import for_recipe
from style_pairs import Pair, Rgb, as_tensor, fitted, painting, photograph
from style_records import Stopwatch, Values

STYLE_LAYERS, CONTENT_LAYER = PRESETS["gatys"].style_layers, PRESETS["gatys"].content_layers[0]
SHARES = tuple(weight / 341 for weight in (256, 64, 16, 4, 1))
CONTENT, VARIATION, EPSILON, ROOT_STEPS = 0.015, 2.0, 1e-4, 12
COARSEST, RATIO, FIRST = 128, 2**0.5, 2
STEPS = 500
"""At each size but the first, which has FIRST times as many."""
RATE, BETAS, AVERAGE = 0.02, (0.9, 0.99), 0.99


@dataclass(frozen=True)
class Gaussian:
    """A layer's features as one: mean (c,), covariance (c, c) and its root."""

    mean: Tensor
    covariance: Tensor
    root: Tensor


def sizes(size: int) -> list[int]:
    """Longest sides in pixels, coarsest first."""
    found, count = [size], 1
    while (smaller := round(size / RATIO**count)) >= COARSEST:
        found, count = [smaller, *found], count + 1
    return found


def schedule(size: int, steps: int = STEPS) -> dict[int, int]:
    """Steps at each size."""
    return {each: steps * (FIRST if each == sizes(size)[0] else 1) for each in sizes(size)}


def passes(size: int, steps: int = STEPS) -> float:
    """What they cost in passes at full size."""
    return sum(count * (each / size) ** 2 for each, count in schedule(size, steps).items())


def ran(pair: Pair, each: int = STEPS) -> tuple[Rgb, Values]:
    """Its picture after so many steps at each size, with the cost."""
    backbone, state = _network(), None
    steps = schedule(pair.size, each)
    image = _seen(photograph(pair.photograph), min(steps))
    watch = Stopwatch()
    for size, count in steps.items():
        content = _seen(photograph(pair.photograph), size)
        style = _seen(painting(pair.painting), size)
        image = F.interpolate(image, content.shape[2:], mode="bicubic").clamp(0, 1)
        image, state = _descent(image, _Loss(backbone, content, style), state, count)
    return eight_bit(image[0]), {"passes": passes(pair.size, each), **watch.read()}


class _Loss:
    """What it minimises at one size."""

    def __init__(self, backbone: Backbone, content: Tensor, style: Tensor) -> None:
        self._backbone = backbone
        with torch.no_grad():
            self._content = backbone.features(content, [CONTENT_LAYER])[CONTENT_LAYER]
            self._style = [_gaussian(found) for found in backbone.features(style, STYLE_LAYERS).values()]

    def __call__(self, image: Tensor) -> Tensor:
        features = self._backbone.features(image)
        style = self._style_loss(features)
        content = F.mse_loss(features[CONTENT_LAYER].float(), self._content.float())
        return CONTENT * content + style + VARIATION * _variation(image)

    def _style_loss(self, features: Mapping[str, Tensor]) -> Tensor:
        terms = zip(SHARES, STYLE_LAYERS, self._style, strict=True)
        return torch.stack([share * _wasserstein(features[layer], wanted) for share, layer, wanted in terms]).sum()


def _descent(image: Tensor, loss: _Loss, state: Values | None, steps: int) -> tuple[Tensor, Values]:
    """Adam from `image`: the average of the way, and Adam's state for the next size."""
    image = image.detach().requires_grad_()
    optimiser = torch.optim.Adam([image], RATE, BETAS)
    if state is not None:
        optimiser.load_state_dict(_grown(state, image.shape[2:]))
    average, weight = (1 - AVERAGE) * image.detach(), 1 - AVERAGE
    for _ in range(steps):
        optimiser.zero_grad()
        (image.grad,) = torch.autograd.grad(loss(image), image)
        optimiser.step()
        with torch.no_grad():
            image.clamp_(0, 1)
            average, weight = average.lerp(image, 1 - AVERAGE), AVERAGE * weight + 1 - AVERAGE
    return average / weight, optimiser.state_dict()


def _grown(state: Values, size: torch.Size) -> Values:
    """Adam's state with its moments at another size."""
    (moments,) = state["state"].values()
    mean = F.interpolate(moments["exp_avg"], size, mode="bicubic")
    square = F.interpolate(moments["exp_avg_sq"], size, mode="bilinear").relu_()
    return {**state, "state": {0: {**moments, "exp_avg": mean, "exp_avg_sq": square}}}


def _network() -> Backbone:
    backbone = for_recipe(PRESETS["gatys"].changed({"precision": "auto"}), torch.device("cpu"))
    first = next(module for module in backbone.modules() if isinstance(module, nn.Conv2d))
    first.padding_mode = "replicate"
    return backbone


def _seen(picture: Image.Image, size: int) -> Tensor:
    return as_tensor(fitted(picture, size)).unsqueeze(0)


def _gaussian(features: Tensor) -> Gaussian:
    mean, found = _moments(features)
    return Gaussian(mean, found, _root(found))


def _moments(features: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and covariance of features (1, c, h, w), with EPSILON on the covariance's diagonal."""
    mean, gram = moments(features.float())
    count = mean.shape[1]
    return mean[0], covariance(mean, gram)[0] * count + EPSILON * torch.eye(count)


def _wasserstein(features: Tensor, wanted: Gaussian) -> Tensor:
    mean, found = _moments(features)
    roots = _roots(torch.linalg.eigvalsh(wanted.root @ found @ wanted.root))
    traces = (wanted.covariance + found).diagonal().mean()
    return (mean - wanted.mean).square().mean() + traces - 2 * roots.mean()


def _root(matrix: Tensor) -> Tensor:
    """The square root of a positive matrix (c, c)."""
    values, vectors = torch.linalg.eigh(matrix)
    root: Tensor = vectors * _roots(values) @ vectors.T
    return root


def _roots(values: Tensor) -> Tensor:
    """Roots of all eigenvalues (c,) of a matrix by the coupled Newton-Schulz iteration (Higham 2008, equation 6.35)."""
    values = values.clamp(min=0)
    size = values.norm()
    y, z = values / size, torch.ones_like(values)
    for _ in range(ROOT_STEPS):
        t = (3 - z * y) / 2
        y, z = y * t, t * z
    roots: Tensor = y * size.sqrt()
    return roots


def _variation(image: Tensor) -> Tensor:
    """Its total variation: squared differences on nine points, those along diagonals a quarter of the others'."""
    x = F.pad(image, (1, 1, 1, 1), mode="replicate")
    across = (x[..., 1:-1, 2:] - x[..., 1:-1, 1:-1]).square().mean()
    down = (x[..., 2:, 1:-1] - x[..., 1:-1, 1:-1]).square().mean()
    falling = (x[..., 1:, 1:] - x[..., :-1, :-1]).square().mean()
    rising = (x[..., 1:, :-1] - x[..., :-1, 1:]).square().mean()
    return 2 * ((across + down) / 3 + (falling + rising) / 12)
