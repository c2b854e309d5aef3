"""Smoothing of ResNet's activations compared: `python benchmarks/backbones.py [--size 96] [--steps 20] [--out FOLDER]`.

Wang, Li & Vasconcelos (CVPR 2021) smooth a layer by a softmax over it; their published code scales the deep layers
by 0.001 instead. Two tables, for two photographs (scikit-image's), each with a painting (those in data/):

1. Layers: the largest activation, how spread a layer's activations are (entropy / log of their number, 1 is even),
   and the layer's share of the style loss of the asset itself.
2. Pictures: as many steps by each way, judged by EfficientNet-Lite0, which took no part; VGG-19 is the yardstick. Content
   and style weigh at the start of each way what they weigh for VGG-19 in the preset `good`.

ResNet has seeded random weights in torchvision's layout, its norms' statistics those of the pictures: its trained
weights are not to be had without a download. What that can show is how peaky an architecture is, which layers are
heard, and that the optimisation works. It cannot show how good a picture of a trained ResNet is.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path

import numpy as np
import torch
import torchvision
from PIL import Image
from torch import Tensor

from core.config.presets import PRESETS
from core.config.recipe import Recipe
from core.networks import device as devices
from core.networks.architecture import BACKBONES, Name
from core.networks.backbone import Backbone
from core.networks.weights import IMAGENET_MEAN, IMAGENET_STD, Weights, load
from core.scoring.score import Scorer
from core.stylize.optimise.losses import Loss
from core.stylize.optimise.optimise import stylise
from core.stylize.optimise.targets import content_losses, style_losses, style_targets
from presets import Pair, pairs, tensor

CPU = torch.device("cpu")
WAYS = {
    "none": ("none", 1.0),
    **{f"softmax, T {temperature}": ("softmax", temperature) for temperature in (1, 10, 100)},
    "scale": ("scale", 1.0),
}
"""Smoothing and temperature."""
STATISTICS = ("gram", "moments")
NETWORKS: tuple[Name, ...] = ("vgg19", "resnet18", "resnet50")


def weights_of(name: Name, pictures: Sequence[Tensor]) -> Weights:
    """VGG-19 as packaged; a ResNet drawn with a seed, whose norms have seen the pictures."""
    if name == "vgg19":
        return load("packaged")
    torch.manual_seed(0)
    network = torchvision.models.get_model(name).train()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = None  # the mean over what it sees
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (IMAGENET_MEAN, IMAGENET_STD))
    with torch.no_grad():
        for picture in pictures:
            network((picture.unsqueeze(0) - mean) / std)
    state = {key: value for key, value in network.state_dict().items() if key in BACKBONES[name].shapes}
    return Weights("seeded", "seeded", state, IMAGENET_MEAN, IMAGENET_STD, name)


def backbone_of(weights: Weights, recipe: Recipe) -> Backbone:
    layers = (*recipe.content_layers, *recipe.style_layers)
    return Backbone(weights, layers, smoothing=recipe.feature_smoothing, temperature=recipe.feature_temperature)


def recipe_of(name: Name, smoothing: str, statistic: str, steps: int, temperature: float = 1.0) -> Recipe:
    """The preset `good` at one size, of another backbone."""
    changes = {"backbone": name, "feature_smoothing": smoothing, "feature_temperature": temperature}
    changes |= {"style_statistic": statistic, "steps": steps, "coarse_steps": 0, "start_noise": 0.0}
    return PRESETS["good"].changed({**changes, "precision": "float32", "content_weight": 1.0, "style_weight": 1.0})


def style_of(pair: Pair, recipe: Recipe, backbone: Backbone) -> dict[str, float]:
    """The style's loss of the asset itself, by layer."""
    targets = style_targets([tensor(pair.style)], [1], recipe, backbone)
    losses: list[Loss] = style_losses(targets.scales[0], recipe)
    with torch.no_grad():
        features = backbone.features(tensor(pair.content).unsqueeze(0))
        return {layer: loss(features).item() for layer, loss in zip(recipe.style_layers, losses, strict=True)}


def content_of(pair: Pair, recipe: Recipe, backbone: Backbone) -> float:
    """The content's loss of a picture whose every position is the asset's mean."""
    (loss,) = content_losses(tensor(pair.content), recipe, backbone)
    with torch.no_grad():
        features = backbone.features(tensor(pair.content).unsqueeze(0), recipe.content_layers)
        flat = {layer: found.mean((2, 3), keepdim=True).expand_as(found) for layer, found in features.items()}
    return loss(flat).item()


def balanced(pair: Pair, recipe: Recipe, backbone: Backbone, wanted: tuple[float, float]) -> Recipe:
    """The recipe with content and style of these sizes on this pair."""
    content, style = content_of(pair, recipe, backbone), sum(style_of(pair, recipe, backbone).values())
    return recipe.changed({"content_weight": wanted[0] / content, "style_weight": wanted[1] / style})


def usual(pair: Pair, weights: Weights) -> tuple[float, float]:
    """Sizes of content and style for VGG-19 in the preset `good`."""
    recipe = recipe_of("vgg19", "none", "moments", 1)
    backbone, good = backbone_of(weights, recipe), PRESETS["good"]
    style = sum(style_of(pair, recipe, backbone).values())
    return good.content_weight * content_of(pair, recipe, backbone), good.style_weight * style


def spread(features: Tensor) -> float:
    """Entropy of activations (1, c, h, w) as shares of their sum, divided by its greatest value."""
    shares = features.double().flatten() / features.double().sum()
    return float(torch.special.entr(shares).sum()) / math.log(shares.numel())


def heard(pair: Pair, weights: Weights, smoothing: str, temperature: float) -> list[list[float]]:
    """Largest activation, spread, and share of each statistic's loss, a row a style layer."""
    recipes = [recipe_of(weights.backbone, smoothing, statistic, 1, temperature) for statistic in STATISTICS]
    backbone = backbone_of(weights, recipes[0])
    with torch.no_grad():
        features = backbone.features(tensor(pair.content).unsqueeze(0))
    voices = [style_of(pair, recipe, backbone) for recipe in recipes]
    shares = [{layer: loss / sum(voice.values()) for layer, loss in voice.items()} for voice in voices]
    return [
        [features[layer].max().item(), spread(features[layer]), *(share[layer] for share in shares)]
        for layer in recipes[0].style_layers
    ]


def layers(all_pairs: Sequence[Pair], weights: dict[Name, Weights]) -> Iterator[str]:
    """The first table."""
    yield "| backbone | smoothing | layer | largest | entropy | share of `gram` | share of `moments` |"
    yield "|---|---|---|---|---|---|---|"
    for name in NETWORKS:
        for way, (smoothing, temperature) in WAYS.items():
            found = [heard(pair, weights[name], smoothing, temperature) for pair in all_pairs]
            for layer, values in zip(BACKBONES[name].style_layers, np.mean(found, axis=0), strict=True):
                words = [f"{values[0]:,.3g}", *(f"{value:.2f}" for value in values[1:])]
                yield f"| {name} | {way} | {layer} | {' | '.join(words)} |"


def painted(pair: Pair, recipe: Recipe, backbone: Backbone, scorer: Scorer, file: Path | None) -> list[float]:
    """Score, content distance and style distance of a picture."""
    targets = style_targets([tensor(pair.style)], [1], recipe, backbone)
    image = stylise(tensor(pair.content), targets, recipe, 0, backbone).image
    rgb = (image.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).contiguous().numpy()
    if file:
        Image.fromarray(rgb).save(file)
    scores = scorer.score(rgb, pair.references[0], [(pair.references[1], 1.0)])
    return [scores.score, scores.content_distance, scores.style_distance]


def pictures(
    all_pairs: Sequence[Pair], weights: dict[Name, Weights], steps: int, scorer: Scorer, out: Path | None
) -> Iterator[str]:
    """The second table."""
    yield "| backbone | statistic | smoothing | score | content distance | style distance |\n|---|---|---|---|---|---|"
    for name, statistic, (way, how) in product(NETWORKS, STATISTICS, WAYS.items()):
        if name == "vgg19" and way != "none":
            continue
        made = []
        for number, pair in enumerate(all_pairs):
            recipe = recipe_of(name, how[0], statistic, steps, how[1])
            backbone = backbone_of(weights[name], recipe)
            recipe = balanced(pair, recipe, backbone, usual(pair, weights["vgg19"]))
            file = out / f"{number}_{name}_{statistic}_{way.replace(', T ', '')}.png" if out else None
            made.append(painted(pair, recipe, backbone, scorer, file))
        yield f"| {name} | {statistic} | {way} | {' | '.join(f'{value:.2f}' for value in np.mean(made, axis=0))} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=96, help="longest side in pixels")
    parser.add_argument("--steps", type=int, default=20, help="passes of the network a picture")
    parser.add_argument("--out", type=Path, help="folder to write the pictures to")
    args = parser.parse_args()
    devices.make_deterministic()
    if args.out:
        args.out.mkdir(parents=True, exist_ok=True)
    scorer = Scorer(CPU)
    all_pairs = list(pairs(args.size, scorer))[::3]
    seen = [tensor(picture) for pair in all_pairs for picture in (pair.content, pair.style)]
    weights = {name: weights_of(name, seen) for name in NETWORKS}
    print(f"{devices.engine_name(CPU)}, longest side {args.size} px, {args.steps} passes\n")
    for table in (layers(all_pairs, weights), pictures(all_pairs, weights, args.steps, scorer, args.out)):
        for line in table:
            print(line, flush=True)
        print()


if __name__ == "__main__":
    main()
