"""Calibration of a classifier's probabilities: temperature scaling, reliability bins, calibration error, threshold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.classifier.softmax_regression import ClassLabels
from core.networks.classifier import Logits, softmax

BINS = 10
LEAST_TEMPERATURE, MOST_TEMPERATURE = 0.5, 20.0
"""Held-out pictures that all are right would call for certainty, and a few of them cannot vouch for that."""


@dataclass(frozen=True)
class ReliabilityBin:
    """One bin of a reliability diagram: pictures of like probabilities, their mean probability and their accuracy."""

    probability: float
    accuracy: float
    pictures: int


def cross_entropy(logits: Logits, labels: ClassLabels) -> float:
    """Mean -log probability of the right class, from 0."""
    shifted = logits - logits.max(1, keepdims=True)
    return float((np.log(np.exp(shifted).sum(1)) - shifted[np.arange(len(labels)), labels]).mean())


def temperature_of(logits: Logits, labels: ClassLabels) -> float:
    """What held-out logits are to be divided by, so that their cross-entropy is least (Guo et al. 2017)."""
    low, high = np.log(LEAST_TEMPERATURE), np.log(MOST_TEMPERATURE)
    golden = (np.sqrt(5) - 1) / 2
    while high - low > 1e-3:  # the cross-entropy has one valley in 1 / temperature
        left, right = high - golden * (high - low), low + golden * (high - low)
        if cross_entropy(logits / np.exp(left), labels) < cross_entropy(logits / np.exp(right), labels):
            high = right
        else:
            low = left
    return float(np.exp((low + high) / 2))


def reliability(logits: Logits, labels: ClassLabels, bins: int = BINS) -> list[ReliabilityBin]:
    """Pictures by the probability of their likeliest class, in bins of equal mass."""
    shares = softmax(logits)
    confidence, right = shares.max(1), shares.argmax(1) == labels
    parts = np.array_split(np.argsort(confidence, kind="stable"), min(bins, len(labels)))
    return [ReliabilityBin(float(confidence[part].mean()), float(right[part].mean()), len(part)) for part in parts]


def calibration_error(bins: list[ReliabilityBin]) -> float:
    """Mean distance between probability and accuracy over pictures, 0 to 1 (the expected calibration error)."""
    total = sum(each.pictures for each in bins)
    return sum(abs(each.probability - each.accuracy) * each.pictures for each in bins) / total


def threshold_for(logits: Logits, labels: ClassLabels, sure: float) -> float:
    """The least probability from which on held-out labels are right in `sure` of all cases; 0 if all of them are, 1 if
    there is none.
    """
    shares = softmax(logits)
    confidence, right = shares.max(1), shares.argmax(1) == labels
    order = np.argsort(-confidence, kind="stable")
    accuracy = np.cumsum(right[order]) / np.arange(1, len(labels) + 1)
    good = np.flatnonzero(accuracy >= sure)
    if not len(good):
        return 1.0
    return 0.0 if good[-1] == len(labels) - 1 else float(confidence[order][good[-1]])
