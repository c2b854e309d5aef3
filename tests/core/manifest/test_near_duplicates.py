from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from core.manifest.near_duplicates import CHUNKS, NEAR, near_duplicates
from core.scoring.perceptual_hash import hex_hash

RNG = np.random.default_rng(0)


def bits() -> np.ndarray:
    return RNG.integers(0, 2, 256).astype(bool)


def text(of: np.ndarray) -> str:
    return np.packbits(of).tobytes().hex()


def changed(of: np.ndarray, count: int) -> np.ndarray:
    other = of.copy()
    other[RNG.choice(256, count, replace=False)] ^= True
    return other


@pytest.mark.parametrize("several", [5, 40])
def test_near_ones_are_found_among_others(several: int) -> None:
    one = bits()
    texts = [text(one), text(changed(one, CHUNKS - 1)), *(text(bits()) for _ in range(several)), None, text(one)]
    names = [f"{n:03}" for n in range(len(texts))]
    found = near_duplicates(["wave"] * len(texts), texts, names)
    assert found == ["000", "000", *[None] * several, None, "000"]


def test_likeness_goes_by_others_between_and_stays_within_a_group() -> None:
    one = bits()
    two = changed(one, 15)
    three = two.copy()
    three[np.flatnonzero(two == one)[:15]] ^= True
    texts = [text(each) for each in (three, two, one)]
    assert near_duplicates(["w", "w", "w"], texts, ["c", "b", "a"]) == ["a", "a", "a"]
    assert near_duplicates(["w", "n", "w"], texts, ["c", "b", "a"]) == [None, None, None]


def test_many_equal_ones_are_one_set() -> None:
    same = text(bits())
    assert set(near_duplicates(["w"] * 5000, [same] * 5000, [f"{n:05}" for n in range(5000)])) == {"00000"}


def test_a_picture_and_its_recompression_have_near_fingerprints() -> None:
    coarse = Image.fromarray(RNG.integers(0, 256, (12, 16, 3), dtype=np.uint8))
    rgb = np.asarray(coarse.resize((160, 120), Image.Resampling.BICUBIC))
    near = (rgb.astype(int) + RNG.integers(-6, 7, rgb.shape)).clip(0, 255).astype(np.uint8)
    a, b, c = (
        np.unpackbits(np.frombuffer(bytes.fromhex(hex_hash(each)), np.uint8)) for each in (rgb, near, rgb[:, ::-1])
    )
    assert (a != b).sum() <= NEAR
    assert (a != c).sum() > 60
