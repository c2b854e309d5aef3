"""Flow `train-classifier`: from labelled pictures to a classifier file, its figures and its card."""

from __future__ import annotations

from typing import Any

from core.classifier.spec import TrainClassifierSpec
from flows.bootstrap import nocturne_flow
from flows.classifier_flow import train_classifier_in_flow


@nocturne_flow("train-classifier")
def train_classifier(spec: TrainClassifierSpec) -> dict[str, Any]:
    """See all pictures, learn, and measure; pictures that an earlier, unfinished run saw are not seen again.

    Returns the figures, and where the classifier is. Raises SpecError, RunBusy, StoreBroken.
    """
    return train_classifier_in_flow(spec)
