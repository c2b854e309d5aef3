"""What is learnt from features: apart classes are told apart, chance stays chance, and strangers are flagged."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from core.classifier.calibration import calibration_error, reliability
from core.classifier.fit import choose, fit, held_out_logits
from core.classifier.recipe import ClassifierRecipe
from core.classifier.softmax_regression import Descent, span, unspanned
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


def test_held_out_pictures_stop_the_descent() -> None:
    views, labels = clouds(30, 2, apart=4)
    labels[::6] = 1 - labels[::6]  # a sixth are wrong: what is learnt late is these
    choice = choose(views, labels, RECIPE)
    assert choice.steps < RECIPE.steps
    assert min(choice.losses) == choice.losses[choice.steps // 10 - 1]


def test_the_descent_goes_where_a_solver_goes() -> None:
    features = np.random.default_rng(1).normal(size=(60, 5))
    labels = (features @ [1, -1, 0, 0.5, 0] + np.random.default_rng(2).normal(size=60) > 0).astype(int)
    space = span(features)
    descent = Descent(space.coordinates, labels, 2, 4.0)
    descent.run(3000)
    weight, bias = unspanned(descent, space)
    solved = LogisticRegression(C=1e6, max_iter=5000).fit(features, labels)
    assert np.allclose(weight[:, 1] - weight[:, 0], solved.coef_[0], atol=0.01)
    assert bias[1] - bias[0] == pytest.approx(solved.intercept_[0], abs=0.01)
    assert np.allclose(features @ weight + bias, descent.logits(space.of(features)))


def test_a_constant_feature_says_nothing() -> None:
    features = np.random.default_rng(1).normal(size=(30, 8))
    features[:, 3] = 5
    space = span(features)
    assert np.isfinite(space.coordinates).all()
    assert space.scale[3] == 0


def test_few_of_the_usual_pictures_and_all_of_the_strange_ones_are_outliers() -> None:
    views, labels = clouds(60, 2, apart=4)
    outliers = fit(views, labels, RECIPE).outliers
    fresh, _ = clouds(60, 2, apart=4, seed=5)
    assert (outliers.distance(fresh[:, 0, :DIMS]) > 1).mean() < 0.1
    strange = np.random.default_rng(3).normal(size=(20, DIMS)) * 0.3 + 1
    assert (outliers.distance(strange) > 1).all()
