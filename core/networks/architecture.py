"""Layers, tensor shapes and FLOPs of the backbones VGG-16, VGG-19, ResNet-18 and ResNet-50.

Simonyan & Zisserman 2015; He et al. 2016. Tensors are in torchvision's layout. Nothing here needs torch, so that a plan can
name layers and weights without loading it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

Name = Literal["vgg19", "vgg16", "resnet18", "resnet50"]

Smoothing = Literal["none", "softmax", "scale"]

Precision = Literal["auto", "float32", "bfloat16"]
"""What convolutions compute in; `auto` is bfloat16 where the device multiplies it natively."""

NORM_PARTS = ("weight", "bias", "running_mean", "running_var")
"""The tensors of a batch norm in evaluation mode."""


@dataclass(frozen=True)
class Convolution:
    """One convolution, padded so that only its stride shrinks the picture: at its output a value stands for
    `reduction` x `reduction` pixels.

    `key` is where torchvision's state dict keeps it, `norm` where it keeps the batch norm that follows. A
    convolution without a norm has a bias.
    """

    key: str
    inputs: int
    outputs: int
    kernel: int
    stride: int
    reduction: int
    norm: str = ""

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Name and shape of each of its tensors, the norm's among them."""
        kernel = (self.outputs, self.inputs, self.kernel, self.kernel)
        vectors = [f"{self.norm}.{part}" for part in NORM_PARTS] if self.norm else [f"{self.key}.bias"]
        return {f"{self.key}.weight": kernel, **dict.fromkeys(vectors, (self.outputs,))}

    @property
    def flop(self) -> float:
        """Multiplications and additions of a forward pass, for each pixel of the picture."""
        return 2 * self.kernel**2 * self.inputs * self.outputs / self.reduction**2


@dataclass(frozen=True)
class BackboneStage:
    """What lies between two named layers: a pooling or none, convolutions with ReLUs between them, what is added to
    their sum (`shortcut`), and the ReLU whose output is called `layer`.
    """

    layer: str
    convs: tuple[Convolution, ...]
    pooled: bool = False
    residual: bool = False
    shortcut: Convolution | None = None

    @property
    def all_convs(self) -> tuple[Convolution, ...]:
        """The convolutions, and that of the shortcut."""
        return (*self.convs, self.shortcut) if self.shortcut else self.convs

    @property
    def reduction(self) -> int:
        """A value of the layer stands for this many pixels a side."""
        return self.convs[-1].reduction

    @property
    def gram_flop(self) -> float:
        """Multiplications and additions of the layer's Gram matrix, for each pixel of the picture."""
        return 2 * self.convs[-1].outputs ** 2 / self.reduction**2


@dataclass(frozen=True)
class Pool:
    """A pooling: side of its window, stride and padding."""

    kernel: int
    stride: int
    padding: int


@dataclass(frozen=True)
class BackboneArchitecture:
    """A network as far as style transfer needs it. `content_layers`, `style_layers`, `feature_smoothing` and
    `weights` are what a recipe gets that names the backbone alone.
    """

    name: Name
    title: str
    steps: tuple[BackboneStage, ...]
    pool: Pool
    content_layers: tuple[str, ...]
    style_layers: tuple[str, ...]
    feature_smoothing: Smoothing
    weights: str

    @cached_property
    def layers(self) -> tuple[str, ...]:
        """Names of the activations, shallow to deep."""
        return tuple(step.layer for step in self.steps)

    @cached_property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Name and shape of every tensor that the backbone uses, in torchvision's layout."""
        convs = (conv for step in self.steps for conv in step.all_convs)
        return {name: shape for conv in convs for name, shape in conv.shapes.items()}

    @property
    def own(self) -> dict[str, Any]:
        """The recipe fields that belong to the backbone, as it has them when a recipe does not say."""
        names = ("weights", "content_layers", "style_layers", "feature_smoothing")
        return {name: getattr(self, name) for name in names}

    def depth(self, layer: str) -> int:
        """Place of a layer, from 0. Raises ValueError, with the layers that there are."""
        if layer not in self.layers:
            raise ValueError(f"There is no layer {layer!r} in {self.title}, which has {', '.join(self.layers)}")
        return self.layers.index(layer)

    def up_to(self, *layers: str) -> tuple[BackboneStage, ...]:
        """The steps as far as the deepest of the layers. Raises ValueError as `depth` does."""
        return self.steps[: max(map(self.depth, layers)) + 1]

    def gflop_per_pixel(self, content_layers: tuple[str, ...], style_layers: tuple[str, ...]) -> float:
        """Work of a pass to the deepest layer, forward and back to the picture, for each of the picture's pixels; the
        Gram matrices of the style's layers are a twentieth of it for VGG-19 and a sixth for ResNet-50.
        """
        steps = self.up_to(*content_layers, *style_layers)
        passes = 2 * sum(conv.flop for step in steps for conv in step.all_convs)
        grams = 2 * sum(step.gram_flop for step in steps if step.layer in style_layers)
        return (passes + grams) / 1e9


def _vgg_steps(counts: tuple[int, ...]) -> Iterator[BackboneStage]:
    """Blocks of 3x3 convolutions with a pooling between two; every convolution's ReLU is a layer, `relu4_2`."""
    index, inputs = 0, 3
    for block, (outputs, count) in enumerate(zip((64, 128, 256, 512, 512), counts, strict=True), start=1):
        for number in range(1, count + 1):
            conv = Convolution(f"features.{index}", inputs, outputs, 3, 1, 2 ** (block - 1))
            yield BackboneStage(f"relu{block}_{number}", (conv,), pooled=number == 1 and block > 1)
            index, inputs = index + 2, outputs
        index += 1


def _resnet_steps(counts: tuple[int, ...], bottleneck: bool) -> Iterator[BackboneStage]:
    """`stem`, then the output of each residual block: `layer3_5` is torchvision's `layer3[5]`."""
    yield BackboneStage("stem", (Convolution("conv1", 3, 64, 7, 2, 2, "bn1"),))
    inputs, reduction = 64, 4
    for stage, count in enumerate(counts, start=1):
        width, stride = 64 * 2 ** (stage - 1), 1 if stage == 1 else 2
        for number in range(count):
            yield _block(f"layer{stage}.{number}", inputs, width, stride, reduction, bottleneck)
            inputs, stride, reduction = width * (4 if bottleneck else 1), 1, 4 * 2 ** (stage - 1)


def _block(key: str, inputs: int, width: int, stride: int, before: int, bottleneck: bool) -> BackboneStage:
    """A residual block of torchvision; in its bottleneck it is the 3x3 convolution that strides."""
    after, outputs = before * stride, width * (4 if bottleneck else 1)
    # each: inputs, outputs, side of the kernel, stride, pixels a value at its output
    plain = ((inputs, width, 3, stride, after), (width, width, 3, 1, after))
    narrow = ((inputs, width, 1, 1, before), (width, width, 3, stride, after), (width, outputs, 1, 1, after))
    convs = tuple(
        Convolution(f"{key}.conv{number}", *shape, norm=f"{key}.bn{number}")
        for number, shape in enumerate(narrow if bottleneck else plain, start=1)
    )
    shortcut = Convolution(f"{key}.downsample.0", inputs, outputs, 1, stride, after, f"{key}.downsample.1")
    needed = shortcut if stride > 1 or inputs != outputs else None
    return BackboneStage(key.replace(".", "_"), convs, key == "layer1.0", residual=True, shortcut=needed)


_VGG_STYLE = tuple(f"relu{block}_1" for block in range(1, 6))
"""Gatys et al. 2016."""


def _vgg(name: Name, title: str, counts: tuple[int, ...], weights: str) -> BackboneArchitecture:
    steps = tuple(_vgg_steps(counts))
    return BackboneArchitecture(name, title, steps, Pool(2, 2, 0), ("relu4_2",), _VGG_STYLE, "none", weights)


def _resnet(name: Name, title: str, counts: tuple[int, ...], bottleneck: bool) -> BackboneArchitecture:
    """Layers after Wang et al. 2021: the last block of every stage, and the content at the third."""
    steps, last = tuple(_resnet_steps(counts, bottleneck)), [f"layer{n}_{c - 1}" for n, c in enumerate(counts, start=1)]
    return BackboneArchitecture(
        name, title, steps, Pool(3, 2, 1), (last[2],), ("stem", *last), "softmax", "torchvision"
    )


BACKBONES: dict[Name, BackboneArchitecture] = {
    "vgg19": _vgg("vgg19", "VGG-19", (2, 2, 4, 4, 4), "packaged"),
    "vgg16": _vgg("vgg16", "VGG-16", (2, 2, 3, 3, 3), "torchvision"),
    "resnet18": _resnet("resnet18", "ResNet-18", (2, 2, 2, 2), bottleneck=False),
    "resnet50": _resnet("resnet50", "ResNet-50", (3, 4, 6, 3), bottleneck=True),
}
"""Every backbone by name."""
