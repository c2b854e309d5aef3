"""What is learnt from features: apart classes are told apart, chance stays chance, and strangers are flagged."""

import numpy as np

from core.classifier.calibration import calibration_error, reliability
from core.classifier.fit import cross_validate, fit, held_out_logits
from core.classifier.recipe import ClassifierRecipe
from core.networks.classifier import softmax
from core.networks.feature_spec import DIMS
from tests.core.classifier.labelled import clouds

RECIPE = ClassifierRecipe(directions=20)


def test_classes_that_lie_apart_are_told_apart_and_calibrated() -> None:
    views, labels = clouds(40, 3, apart=8)
    logits = held_out_logits(views, labels, RECIPE)
    assert (logits.argmax(1) == labels).mean() > 0.95
    assert calibration_error(reliability(logits, labels)) < 0.06


def test_labels_by_chance_are_learnt_by_chance_only() -> None:
    views, labels = clouds(30, 2, apart=0)
    logits = held_out_logits(views, labels, RECIPE)
    assert (logits.argmax(1) == labels).mean() < 0.7
    assert softmax(logits).max(1).mean() < 0.75  # and it does not claim to know


def test_held_out_pictures_stop_early() -> None:
    views, labels = clouds(30, 2, apart=4)
    labels[::6] = 1 - labels[::6]  # a sixth are wrong: what is learnt late is these
    chosen = cross_validate(views, labels, RECIPE)
    assert chosen.steps < RECIPE.steps
    assert min(chosen.losses) == chosen.losses[chosen.steps // 10 - 1]


def test_few_of_the_usual_pictures_and_all_of_the_strange_ones_are_outliers() -> None:
    views, labels = clouds(60, 2, apart=4)
    outliers = fit(views, labels, RECIPE).outliers
    fresh, _ = clouds(60, 2, apart=4, seed=5)
    assert (outliers.distance(fresh[:, 0, :DIMS]) > 1).mean() < 0.1
    strange = np.random.default_rng(3).normal(size=(20, DIMS)) * 0.3 + 1
    assert (outliers.distance(strange) > 1).all()
