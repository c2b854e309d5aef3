"""What is learnt from features: when to stop, how sure to be, what is unusual, all by pictures held out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold

from core.classifier.calibration import cross_entropy, temperature_of, threshold_for
from core.classifier.outlier_model import gaussian, limit_for
from core.classifier.recipe import ClassifierRecipe
from core.classifier.softmax_regression import EVERY, Descent, Span, span, unspanned
from core.networks.classifier import Outliers
from core.networks.feature_spec import DIMS

PATIENCE = 10
"""Looks at held-out pictures without progress after which descent ends."""

Views = Float[NDArray[np.float32], "n v 7616"]
"""Wide features of pictures: of each as it is, then of its crops."""
Numbers = Int[NDArray[np.int64], " n"]
Fold = tuple[NDArray[np.int64], NDArray[np.int64]]


@dataclass(frozen=True)
class Choice:
    """What held-out pictures chose."""

    steps: int
    temperature: float
    threshold: float
    losses: list[float] = field(default_factory=list)
    """Held-out cross-entropy every EVERY steps."""


@dataclass(frozen=True)
class Fitted:
    """A classifier's parts, for plain wide features."""

    weight: Float[NDArray[np.float64], "7616 c"]
    bias: Float[NDArray[np.float64], " c"]
    choice: Choice
    outliers: Outliers


def folds_of(labels: Numbers, recipe: ClassifierRecipe) -> list[Fold]:
    """(seen, held out) for each fold, with the classes in equal shares."""
    splitter = StratifiedKFold(recipe.folds, shuffle=True, random_state=recipe.seed)
    return [(seen, held_out) for seen, held_out in splitter.split(labels, labels)]


def held_out_logits(views: Views, labels: Numbers, recipe: ClassifierRecipe) -> Float[NDArray[np.float64], "n c"]:
    """Calibrated logits of every picture by a classifier that was trained without it, nothing of which (steps,
    temperature) was chosen with it either: cross-validation within cross-validation.
    """
    found = np.zeros((len(labels), int(labels.max()) + 1))
    for seen, held_out in folds_of(labels, recipe):
        choice = choose(views[seen], labels[seen], recipe)
        space, descent = _fit(views[seen], labels[seen], recipe, choice.steps)
        found[held_out] = descent.logits(space.of(_plain(views[held_out]))) / choice.temperature
    return found


def fit(views: Views, labels: Numbers, recipe: ClassifierRecipe) -> Fitted:
    """Learn from all pictures, for as many steps as held-out ones say."""
    choice = choose(views, labels, recipe)
    space, descent = _fit(views, labels, recipe, choice.steps)
    weight, bias = unspanned(descent, space)
    features = _plain(views)[:, :DIMS]
    limit = limit_for(features, folds_of(labels, recipe), recipe.directions, recipe.usual)
    return Fitted(weight, bias, choice, gaussian(features, recipe.directions, limit))


def choose(views: Views, labels: Numbers, recipe: ClassifierRecipe) -> Choice:
    """When to stop, and how probabilities are to be softened and cut off, by cross-validation."""
    losses: list[float] = []
    best: NDArray[np.float64] | None = None
    for logits in _courses(views, labels, recipe):
        losses.append(cross_entropy(logits, labels))
        if losses[-1] == min(losses):
            best = logits
        if len(losses) - 1 - int(np.argmin(losses)) >= PATIENCE:
            break
    assert best is not None
    temperature = temperature_of(best, labels)
    threshold = threshold_for(best / temperature, labels, recipe.sure)
    return Choice(EVERY * (int(np.argmin(losses)) + 1), temperature, threshold, losses)


def _courses(views: Views, labels: Numbers, recipe: ClassifierRecipe) -> Iterator[NDArray[np.float64]]:
    """Held-out logits of all pictures, every EVERY steps of descents that go on side by side."""
    folds, classes = folds_of(labels, recipe), int(labels.max()) + 1
    spaces = [span(_flat(views[seen])) for seen, _ in folds]
    others = [space.of(_plain(views[held_out])) for space, (_, held_out) in zip(spaces, folds, strict=True)]
    descents = [
        Descent(space.coordinates, _repeated(labels[seen], views), classes, recipe.rate)
        for space, (seen, _) in zip(spaces, folds, strict=True)
    ]
    for _ in range(0, recipe.steps, EVERY):
        found = np.zeros((len(labels), classes))
        for descent, (_, held_out), other in zip(descents, folds, others, strict=True):
            descent.run(EVERY)
            found[held_out] = descent.logits(other)
        yield found


def _fit(views: Views, labels: Numbers, recipe: ClassifierRecipe, steps: int) -> tuple[Span, Descent]:
    space = span(_flat(views))
    descent = Descent(space.coordinates, _repeated(labels, views), int(labels.max()) + 1, recipe.rate)
    descent.run(steps)
    return space, descent


def _plain(views: Views) -> Float[NDArray[np.float64], "n 7616"]:
    """Pictures as they are, without their crops."""
    return views[:, 0].astype(np.float64)


def _flat(views: Views) -> Float[NDArray[np.float64], "m 7616"]:
    """Pictures and crops one after another."""
    return views.reshape(-1, views.shape[2]).astype(np.float64)


def _repeated(labels: Numbers, views: Views) -> Numbers:
    return np.repeat(labels, views.shape[1])
