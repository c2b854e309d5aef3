"""Animated files: every frame is there, they repeat, and the last one stays."""

import io

import numpy as np
import pytest
from PIL import Image

from core.images.animation import animation
from core.images.formats import ANIMATED

FRAMES = np.random.default_rng(0).integers(0, 256, (6, 16, 24, 3), np.uint8)


def times(image: Image.Image) -> list[int]:
    found = []
    for frame in range(getattr(image, "n_frames", 1)):
        image.seek(frame)
        image.load()  # a WebP knows a frame's time once it is decoded
        found.append(image.info["duration"])
    return found


@pytest.mark.parametrize(("suffix", "kind"), [(".gif", "GIF"), (".webp", "WEBP")])
def test_an_animation_has_its_frames_and_repeats(suffix: str, kind: str) -> None:
    with Image.open(io.BytesIO(animation(FRAMES, suffix))) as image:
        assert (image.format, image.n_frames, image.size, image.info["loop"]) == (kind, 6, (24, 16), 0)
        assert times(image) == [50] * 6


@pytest.mark.parametrize("suffix", ANIMATED)
def test_the_first_and_the_last_frame_are_held(suffix: str) -> None:
    with Image.open(io.BytesIO(animation(list(FRAMES), suffix, 80, hold=(400, 2000)))) as image:
        assert times(image) == [480] + [80] * 4 + [2080]
