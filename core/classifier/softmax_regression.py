"""Multinomial logistic regression on many features of few pictures, by accelerated descent that stops early.

With more features than pictures, all that can be learnt lies in the span of the pictures: features are standardised and
turned into coordinates in it, a tenth as many, in which descent takes the same way. Stopping early shrinks the weights as
a penalty on their squares would (Ali et al., AISTATS 2019).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import NDArray

from core.networks.classifier import softmax

EVALUATE_EVERY = 10
"""Steps between two evaluations on held-out pictures."""
LEAST_DEVIATION = 1e-6
"""Standard deviation of a feature below which it says nothing."""

DesignMatrix = Float[NDArray[np.float64], "n d"]
ClassLabels = Int[NDArray[np.int64], " n"]
"""The number of each picture's class."""


@dataclass(frozen=True)
class FeatureSpan:
    """The standardised features of n pictures as coordinates in the space that they span, of mean square length 1."""

    mean: Float[NDArray[np.float64], " d"]
    scale: Float[NDArray[np.float64], " d"]
    """What standardised features are multiplied by."""
    directions: Float[NDArray[np.float64], "d r"]
    coordinates: Float[NDArray[np.float64], "n r"]

    def project(self, features: DesignMatrix) -> Float[NDArray[np.float64], "m r"]:
        """The coordinates of other pictures."""
        return np.asarray(((features - self.mean) * self.scale) @ self.directions)


def span_of(features: DesignMatrix) -> FeatureSpan:
    """The span of pictures' features (n, d)."""
    mean, deviation = features.mean(0), features.std(0)
    scale = np.where(deviation > LEAST_DEVIATION, 1 / np.maximum(deviation, LEAST_DEVIATION), 0.0)
    standard = (features - mean) * scale
    length = np.sqrt(max((standard**2).sum(1).mean(), LEAST_DEVIATION))
    scale, standard = scale / length, standard / length
    directions = _principal(standard)
    return FeatureSpan(mean, scale, directions, standard @ directions)


def _principal(standard: DesignMatrix) -> Float[NDArray[np.float64], "d r"]:
    """Orthonormal directions (d, r) of the rows' span, by the smaller of the two Gram matrices."""
    count, dims = standard.shape
    gram = standard @ standard.T if count < dims else standard.T @ standard
    values, vectors = np.linalg.eigh(gram)
    kept = values > 1e-9 * max(values[-1], LEAST_DEVIATION)
    if not kept.any():
        kept[-1] = True
    if count >= dims:
        return np.asarray(vectors[:, kept])
    found = standard.T @ vectors[:, kept]
    return np.asarray(found / np.maximum(np.linalg.norm(found, axis=0), 1e-12))


class SoftmaxRegression:
    """Softmax regression by Nesterov's gradient descent of the mean cross-entropy, from zero weights."""

    def __init__(self, coordinates: DesignMatrix, labels: ClassLabels, classes: int, rate: float) -> None:
        self._x = _with_one(coordinates)
        self._wanted = np.eye(classes)[labels]
        self._rate, self._step = rate, 0
        self._weights = self._before = np.zeros((self._x.shape[1], classes))

    def run(self, steps: int) -> None:
        """Go on by so many steps."""
        for _ in range(steps):
            self._step += 1
            ahead = self._weights + (self._step - 1) / (self._step + 2) * (self._weights - self._before)
            wrong = softmax(self._x @ ahead) - self._wanted
            self._before, self._weights = self._weights, ahead - self._rate * (self._x.T @ wrong) / len(self._x)

    def logits(self, coordinates: DesignMatrix) -> Float[NDArray[np.float64], "m c"]:
        """Logits of pictures as things stand."""
        return np.asarray(_with_one(coordinates) @ self._weights)

    @property
    def weights(self) -> Float[NDArray[np.float64], "r c"]:
        """Weights of the coordinates."""
        return self._weights[:-1]

    @property
    def bias(self) -> Float[NDArray[np.float64], " c"]:
        """The classes' own."""
        return np.asarray(self._weights[-1])


def feature_weights(
    regression: SoftmaxRegression, space: FeatureSpan
) -> tuple[Float[NDArray[np.float64], "d c"], Float[NDArray[np.float64], " c"]]:
    """Weights and bias for plain features."""
    weight = (space.directions @ regression.weights) * space.scale[:, None]
    return weight, regression.bias - space.mean @ weight


def _with_one(coordinates: DesignMatrix) -> DesignMatrix:
    return np.concatenate([coordinates, np.ones((len(coordinates), 1))], 1)
