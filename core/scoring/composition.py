"""Composition: rule of thirds, balance and horizon, from saliency and lightness."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.images.pixel_types import Plane


@dataclass(frozen=True)
class Composition:
    """Each 0..1 but the horizon; None where a picture has nothing that stands out.

    `thirds`: the share of salience within a twelfth of the diagonal of the four points at thirds, over what an even spread
    has, mapped by x / (1 + x). `balance`: 1 - |left - right| of salience weighted by its distance from the middle.
    `horizon`: height of the strongest level line, 0 (bottom) to 1 (top), or None.
    """

    thirds: float | None
    balance: float | None
    horizon: float | None


def composition(salience: Plane, lightness: Plane) -> Composition:
    """The composition of a picture. salience: 0..1 (core.scoring.saliency); lightness 0..1."""
    if float(salience.sum()) <= 0:
        return Composition(None, None, horizon(lightness))
    return Composition(thirds(salience), balance(salience), horizon(lightness))


def thirds(salience: Plane) -> float:
    """See Composition."""
    height, width = salience.shape
    y, x = (np.indices(salience.shape) + 0.5).astype(np.float32)
    radius = np.hypot(height, width) / 12
    near = np.zeros(salience.shape, bool)
    for row in (height / 3, 2 * height / 3):
        for column in (width / 3, 2 * width / 3):
            near |= np.hypot(y - row, x - column) <= radius
    even = float(near.mean())
    if not even:
        return 0.5
    ratio = float(salience[near].sum() / salience.sum()) / even
    return ratio / (1 + ratio)


def balance(salience: Plane) -> float:
    """See Composition."""
    lever = np.abs(np.linspace(-1, 1, salience.shape[1], dtype=np.float32))
    columns = salience.sum(0) * lever
    half = salience.shape[1] // 2
    left, right = float(columns[:half].sum()), float(columns[len(columns) - half :].sum())
    return 1 - abs(left - right) / (left + right) if left + right else 1.0


def horizon(lightness: Plane) -> float | None:
    """The height of the row where lightness changes most, if it does so along most of the picture's width."""
    if min(lightness.shape) < 8:
        return None
    change = np.diff(lightness, axis=0)
    rows = np.abs(change.mean(1))
    best = int(rows.argmax())
    along = float((np.sign(change[best]) == np.sign(change[best].mean())).mean())
    if rows[best] < 0.02 or along < 0.75 or rows[best] < 4 * float(np.median(rows)):
        return None
    return float(1 - (best + 1) / lightness.shape[0])
