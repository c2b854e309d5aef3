"""Fingerprints: pHash, through windows."""

from __future__ import annotations

import imagehash
import numpy as np
import pytest
import torch
from PIL import Image

from core.scoring import perceptual_hash
from core.scoring.perceptual_hash import BITS, WHOLE, Window, grey_canvases, hashes, nearest, windows
from tests.core.gan.photographs import jpeg, resized_to, tiles

TRAIN, HELD_OUT = tiles()


def apart(a: torch.Tensor, b: torch.Tensor) -> np.ndarray:
    return ((BITS - (a * b).sum(1)) / 2).numpy()


def test_a_fingerprint_is_imagehashs() -> None:
    ours = hashes(grey_canvases(TRAIN)) > 0
    theirs = [imagehash.phash(Image.fromarray(one), hash_size=16).hash.ravel() for one in TRAIN]
    wrong = (ours.numpy() != np.stack(theirs)).sum(1)
    assert wrong.max() <= 2  # float32 against float64, at the median
    assert wrong.mean() < 0.1


def test_a_window_is_what_is_seen_through_it() -> None:
    window = Window(0.875, 0.125, 0.0)
    cut = [resized_to(one, 64, box=(8, 0, 64, 56)) for one in TRAIN]
    assert np.median(apart(hashes(grey_canvases(TRAIN), window), hashes(grey_canvases(np.stack(cut))))) <= 16
    assert np.median(apart(hashes(grey_canvases(TRAIN)), hashes(grey_canvases(np.stack(cut))))) > 60


@pytest.mark.parametrize("least", [1.0, 0.96, 0.88, 0.79])
def test_windows_lie_inside_reach_every_edge_and_leave_no_wide_gap(least: float) -> None:
    found = windows(least)
    assert found[0] == WHOLE
    assert len(set(found)) == len(found)
    sides = sorted({one.side for one in found})
    assert least - 1e-6 <= sides[0] < least + 0.04
    for side in sides:
        places = sorted({one.left for one in found if one.side == side})
        assert (places[0], places[-1]) == (0, pytest.approx(1 - side))
        assert max(np.diff(places), default=0) <= 0.03 + 1e-6
        assert {one.top for one in found if one.side == side} == set(places)


@pytest.mark.parametrize("held", [7, 1024])
def test_the_closest_is_found_whatever_part_it_lies_in(held: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(perceptual_hash, "CHUNK", held)
    copies = np.stack([jpeg(one, 60) for one in TRAIN])
    found = nearest(grey_canvases(copies), grey_canvases(TRAIN), windows())
    assert found.indices.tolist() == list(range(len(TRAIN)))
    assert np.percentile(found.bits, 95) <= 12
    twice = nearest(grey_canvases(copies), grey_canvases(np.concatenate([TRAIN, TRAIN])), windows())
    assert twice.indices.tolist() == found.indices.tolist()


@pytest.mark.parametrize("held", [7, 1024])
def test_a_pictures_own_place_is_passed_over(held: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(perceptual_hash, "CHUNK", held)
    places = np.arange(5, 20)
    found = nearest(grey_canvases(TRAIN[places]), grey_canvases(TRAIN), windows(), places)
    assert not (found.indices == places).any()
    assert found.bits.min() > 16


def test_plain_pictures_have_fingerprints_too() -> None:
    plain = np.full((2, 64, 64, 3), 90, np.uint8)
    assert nearest(grey_canvases(plain), grey_canvases(plain), [WHOLE]).bits.tolist() == [0, 0]
