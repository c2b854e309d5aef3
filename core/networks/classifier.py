"""Linear classifier on features: calibrated class probabilities, an abstention threshold and outlier detection.

A classifier is linear on wide features (core.networks.features), with a temperature that makes its probabilities calibrated
(Guo et al., ICML 2017). It does not know below a probability, and flags pictures that are unlike all that it was trained on:
outliers by their Mahalanobis distance in features, as Lee et al. (NeurIPS 2018). All of it is data in one file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from core.networks.feature_spec import DIMS, Wide

Array = NDArray[np.float32]
Logits = Float[NDArray[np.float64], "n c"]


@dataclass(frozen=True)
class Verdict:
    """Label, probability and outlier distance of one picture."""

    label: str
    """The likeliest class; it is a guess where the classifier does not know."""
    probability: float
    """Of the label, calibrated, 0 to 1."""
    known: bool
    """Whether the classifier knows: the label is probable enough, and the picture no outlier."""
    outlier: bool
    """Whether the picture is unlike all that the classifier was trained on."""
    strangeness: float
    """Distance from the training's pictures, 1 where outliers begin."""
    probabilities: dict[str, float]
    """Of every class; of sum 1."""

    def sentence(self) -> str:
        """The verdict in a sentence."""
        share = f"{self.label} with probability {self.probability:.2f}"
        if self.outlier:
            return (
                f"unlike the pictures that the classifier was trained on ({self.strangeness:.2f} times as far away as "
                f"is usual); its guess is {share}"
            )
        return share if self.known else f"not known: {share} is too little"


def label_sentence(row: Mapping[str, Any]) -> str:
    """The label of a manifest's row in a sentence."""
    doubt = "unlike all that it was trained on" if row["outlier"] else "too little to be sure"
    known = "" if row["known"] else f": {doubt}, so this is a guess"
    return f"{row['scorer']} says {row['label']} with probability {row['probability']:.2f}{known}."


@dataclass(frozen=True)
class Outliers:
    """Gaussian model of the training pictures' features, exact in `basis` and round in all other directions.

    Tipping & Bishop's probabilistic principal components (JRSS B 1999).
    """

    mean: Float[Array, " 1280"]
    basis: Float[Array, "1280 k"]
    """Main directions, each divided by the pictures' standard deviation along it."""
    rest: float
    """Standard deviation in any other direction."""
    limit: float
    """Root mean square distance from which a picture is an outlier."""

    def distance(self, features: Float[NDArray[Any], "n 1280"]) -> Float[NDArray[np.float64], " n"]:
        """Mahalanobis distances over the limit: 1 is where outliers begin."""
        off = features.astype(np.float64) - self.mean
        along = off @ self.basis.astype(np.float64)
        lengths = np.linalg.norm(self.basis.astype(np.float64), axis=0)
        rest = np.maximum((off**2).sum(1) - ((along / lengths) ** 2).sum(1), 0.0)
        return np.asarray(np.sqrt(((along**2).sum(1) + rest / self.rest**2) / self.mean.size) / self.limit)


@dataclass(frozen=True)
class Classifier:
    """A trained classifier; `core.networks.classifier_file` reads one."""

    name: str
    classes: tuple[str, ...]
    weight: Float[Array, "7616 c"]
    bias: Float[Array, " c"]
    temperature: float
    """What logits are divided by."""
    threshold: float
    """Probability below which a label is not known."""
    outliers: Outliers
    figures: dict[str, Any] = field(default_factory=dict)
    """What was measured by cross-validation: accuracy, calibration error and more."""
    data: dict[str, Any] = field(default_factory=dict)
    """What it was trained on."""
    digest: str = ""
    """16 hex digits over all that verdicts hang on."""

    @property
    def version(self) -> str:
        """Name and digest, as the manifest's column `scorer` has them."""
        return f"{self.name}@{self.digest}"

    def logits(self, wide: Float[NDArray[Any], "n 7616"]) -> Logits:
        """Calibrated logits of pictures by their wide features."""
        found = wide.astype(np.float64) @ self.weight.astype(np.float64) + self.bias
        return np.asarray(found / self.temperature)

    def judge(self, wide: Wide) -> Verdict:
        """The verdict on a picture by its wide features."""
        shares = softmax(self.logits(wide[None]))[0]
        strangeness = float(self.outliers.distance(wide[None, :DIMS])[0])
        best = int(shares.argmax())
        outlier = strangeness > 1
        return Verdict(
            self.classes[best],
            float(shares[best]),
            not outlier and bool(shares[best] >= self.threshold),
            outlier,
            strangeness,
            dict(zip(self.classes, shares.tolist(), strict=True)),
        )


def softmax(logits: Logits) -> Float[NDArray[np.float64], "n c"]:
    """Probabilities, each row of sum 1."""
    grown = np.exp(logits - logits.max(1, keepdims=True))
    return np.asarray(grown / grown.sum(1, keepdims=True))
