"""Softmax regression: where it ends, and features that say nothing."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from core.classifier.softmax_regression import SoftmaxRegression, feature_weights, span_of


def test_regression_ends_where_a_solver_ends() -> None:
    features = np.random.default_rng(1).normal(size=(60, 5))
    labels = (features @ [1, -1, 0, 0.5, 0] + np.random.default_rng(2).normal(size=60) > 0).astype(int)
    space = span_of(features)
    regression = SoftmaxRegression(space.coordinates, labels, 2, 4.0)
    regression.run(3000)
    weight, bias = feature_weights(regression, space)
    solved = LogisticRegression(C=1e6, max_iter=5000).fit(features, labels)
    assert np.allclose(weight[:, 1] - weight[:, 0], solved.coef_[0], atol=0.01)
    assert bias[1] - bias[0] == pytest.approx(solved.intercept_[0], abs=0.01)
    assert np.allclose(features @ weight + bias, regression.logits(space.project(features)))


def test_a_constant_feature_says_nothing() -> None:
    features = np.random.default_rng(1).normal(size=(30, 8))
    features[:, 3] = 5
    space = span_of(features)
    assert np.isfinite(space.coordinates).all()
    assert space.scale[3] == 0
