"""Fits a classifier on features: early stopping, temperature, threshold and outlier limit, all by cross-validation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold

from core.classifier.calibration import cross_entropy, temperature_of, threshold_for
from core.classifier.features import ViewFeatures
from core.classifier.outlier_model import distance_limit, fit_gaussian
from core.classifier.recipe import ClassifierRecipe
from core.classifier.softmax_regression import (
    EVALUATE_EVERY,
    ClassLabels,
    FeatureSpan,
    SoftmaxRegression,
    feature_weights,
    span_of,
)
from core.networks.classifier import Outliers
from core.networks.feature_spec import DIMS

PATIENCE = 10
"""Evaluations on held-out pictures without progress after which descent stops early."""

Fold = tuple[NDArray[np.int64], NDArray[np.int64]]


@dataclass(frozen=True)
class Hyperparameters:
    """Number of steps, temperature and threshold, chosen by cross-validation."""

    steps: int
    temperature: float
    threshold: float
    losses: list[float] = field(default_factory=list)
    """Held-out cross-entropy every EVALUATE_EVERY steps."""


@dataclass(frozen=True)
class FittedClassifier:
    """A classifier's parts, for plain wide features."""

    weight: Float[NDArray[np.float64], "7616 c"]
    bias: Float[NDArray[np.float64], " c"]
    hyperparameters: Hyperparameters
    outliers: Outliers


def folds_of(labels: ClassLabels, recipe: ClassifierRecipe) -> list[Fold]:
    """(training, held out) for each fold, with the classes in equal shares."""
    splitter = StratifiedKFold(recipe.folds, shuffle=True, random_state=recipe.seed)
    return [(training, held_out) for training, held_out in splitter.split(labels, labels)]


def held_out_logits(
    views: ViewFeatures, labels: ClassLabels, recipe: ClassifierRecipe
) -> Float[NDArray[np.float64], "n c"]:
    """Calibrated logits of every picture by a classifier that was trained without it, nothing of which (steps,
    temperature) was chosen with it either: cross-validation within cross-validation.
    """
    found = np.zeros((len(labels), int(labels.max()) + 1))
    for training, held_out in folds_of(labels, recipe):
        chosen = cross_validate(views[training], labels[training], recipe)
        space, regression = _fit(views[training], labels[training], recipe, chosen.steps)
        found[held_out] = regression.logits(space.project(_plain(views[held_out]))) / chosen.temperature
    return found


def fit(views: ViewFeatures, labels: ClassLabels, recipe: ClassifierRecipe) -> FittedClassifier:
    """Learn from all pictures, for as many steps as held-out ones say."""
    chosen = cross_validate(views, labels, recipe)
    space, regression = _fit(views, labels, recipe, chosen.steps)
    weight, bias = feature_weights(regression, space)
    features = _plain(views)[:, :DIMS]
    limit = distance_limit(features, folds_of(labels, recipe), recipe.directions, recipe.usual)
    return FittedClassifier(weight, bias, chosen, fit_gaussian(features, recipe.directions, limit))


def cross_validate(views: ViewFeatures, labels: ClassLabels, recipe: ClassifierRecipe) -> Hyperparameters:
    """When to stop, and how probabilities are to be softened and cut off, by cross-validation."""
    losses: list[float] = []
    best: NDArray[np.float64] | None = None
    for logits in _held_out_courses(views, labels, recipe):
        losses.append(cross_entropy(logits, labels))
        if losses[-1] == min(losses):
            best = logits
        if len(losses) - 1 - int(np.argmin(losses)) >= PATIENCE:
            break
    assert best is not None
    temperature = temperature_of(best, labels)
    threshold = threshold_for(best / temperature, labels, recipe.sure)
    return Hyperparameters(EVALUATE_EVERY * (int(np.argmin(losses)) + 1), temperature, threshold, losses)


def _held_out_courses(
    views: ViewFeatures, labels: ClassLabels, recipe: ClassifierRecipe
) -> Iterator[NDArray[np.float64]]:
    """Held-out logits of all pictures, every EVALUATE_EVERY steps of one regression a fold, which go on side by side."""
    folds, classes = folds_of(labels, recipe), int(labels.max()) + 1
    spaces = [span_of(_flat(views[training])) for training, _ in folds]
    others = [space.project(_plain(views[held_out])) for space, (_, held_out) in zip(spaces, folds, strict=True)]
    regressions = [
        SoftmaxRegression(space.coordinates, _repeated(labels[training], views), classes, recipe.rate)
        for space, (training, _) in zip(spaces, folds, strict=True)
    ]
    for _ in range(0, recipe.steps, EVALUATE_EVERY):
        found = np.zeros((len(labels), classes))
        for regression, (_, held_out), other in zip(regressions, folds, others, strict=True):
            regression.run(EVALUATE_EVERY)
            found[held_out] = regression.logits(other)
        yield found


def _fit(
    views: ViewFeatures, labels: ClassLabels, recipe: ClassifierRecipe, steps: int
) -> tuple[FeatureSpan, SoftmaxRegression]:
    space = span_of(_flat(views))
    regression = SoftmaxRegression(space.coordinates, _repeated(labels, views), int(labels.max()) + 1, recipe.rate)
    regression.run(steps)
    return space, regression


def _plain(views: ViewFeatures) -> Float[NDArray[np.float64], "n 7616"]:
    """Pictures as they are, without their crops."""
    return views[:, 0].astype(np.float64)


def _flat(views: ViewFeatures) -> Float[NDArray[np.float64], "m 7616"]:
    """Pictures and crops one after another."""
    return views.reshape(-1, views.shape[2]).astype(np.float64)


def _repeated(labels: ClassLabels, views: ViewFeatures) -> ClassLabels:
    return np.repeat(labels, views.shape[1])
