"""Training of classifiers: data, features, softmax regression, calibration, reports, explanations."""
