"""Training of a classifier: from labelled pictures to its file, figures, plots and card.

It is safe to kill: features that are computed stay in the run folder, and the rest takes seconds.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

import numpy as np

from core.classifier import features
from core.classifier.calibration import ReliabilityBin, calibration_error, cross_entropy, reliability
from core.classifier.data import LabelledPictures, load_pictures
from core.classifier.fit import FittedClassifier, fit, held_out_logits
from core.classifier.report import card, confusion_plot, reliability_plot
from core.classifier.spec import TrainClassifierSpec
from core.errors import SpecError
from core.networks import device as devices
from core.networks.classifier import Classifier, softmax
from core.networks.classifier_file import file_bytes
from core.progress import ProgressCallback
from core.safe_text import printable
from core.storage.open_runs import OpenRuns
from core.storage.store import Store
from core.storage.user_folders import use_writable_folders

FIGURES, CARD, CONFUSION, RELIABILITY, SPEC = "figures.json", "card.md", "confusion.png", "reliability.png", "spec.toml"
LISTED = 20
"""Pictures and skipped files that are named in the figures, at most."""


class ClassifierTraining:
    """A training in its run folder. Making one reads the list of pictures, and none of them whole."""

    def __init__(self, spec: TrainClassifierSpec) -> None:
        """Raises SpecError for data that nothing can be learnt from."""
        self.spec, self.recipe = spec, spec.base_recipe()
        self.store = Store(spec.out)
        self.data = load_pictures(spec.data, spec.max_pixels, system_folders=spec.system_folders)
        _check_enough(self.data, self.recipe.folds, str(spec.data))
        self.chunks = features.chunks(self.data.pictures)
        self.tick: ProgressCallback = lambda *_: None
        """Called with how many pictures have features, and of how many."""
        self.note: Callable[[str], None] = lambda _: None
        """Called with a sentence on each of the first pictures that teach nothing, as they are seen."""
        self.plain: dict[int, list[str]] = {}
        """By chunk, a sentence on each picture that is of one colour all over."""
        self.store.put(SPEC, spec.toml().encode())

    def notes(self) -> list[str]:
        """Sentences on what the data has that is not learnt, known before any picture is seen whole."""
        found = self.data.skipped
        more = [f"... and {len(found) - LISTED:,} more files are left out."] if len(found) > LISTED else []
        return [*(printable(sentence) for sentence in found[:LISTED]), *more]

    @cached_property
    def file(self) -> str:
        """Name of the classifier's file in the run folder."""
        return f"{self.store.root.name}.safetensors"

    def compute_features(self, chunk: int) -> int:
        """Compute and store the features of a chunk of pictures. Returns how many pictures were read."""
        device = devices.choose(self.spec.device)
        read = features.compute_chunk(self.store, self.chunks[chunk], self.recipe, device, self.spec.max_pixels)
        self._note_plain(chunk)
        self.tick(sum(map(len, self.chunks[: chunk + 1])), len(self.data.pictures))
        return read

    def _note_plain(self, chunk: int) -> None:
        """Say which pictures of a chunk are of one colour, LISTED of all chunks at most, while more are still to be seen."""
        said = sum(map(len, self.plain.values()))
        found = features.plain_pictures(self.store, self.chunks[chunk], self.recipe)
        self.plain[chunk] = [
            printable(f"{each.name} is of one colour all over: little can be learnt from it.") for each in found
        ]
        for sentence in self.plain[chunk][: max(0, LISTED - said)]:
            self.note(sentence)

    def finish(self) -> dict[str, Any]:
        """Fit on the stored features, measure, and write all files. Returns the figures. Raises SpecError."""
        views, labelled = self._stored_features()
        _check_enough(labelled, self.recipe.folds, str(self.spec.data))
        if (unsaid := sum(map(len, self.plain.values())) - LISTED) > 0:
            self.note(f"... and {unsaid:,} more pictures are of one colour all over.")
        labels = labelled.labels
        logits = held_out_logits(views, labels, self.recipe)
        fitted = fit(views, labels, self.recipe)
        bins = reliability(logits, labels)
        figures = _figures(labelled, logits, fitted, bins)
        classifier = self._classifier(fitted, figures, labelled)
        self._write(classifier, bins, figures)
        return figures

    def _stored_features(self) -> tuple[features.ViewFeatures, LabelledPictures]:
        """The features of all pictures that could be read. Raises SpecError if a chunk is missing."""
        found = [features.read_chunk(self.store, features.chunk_name(chunk, self.recipe)) for chunk in self.chunks]
        whole = [views for views in found if views is not None]
        if len(whole) < len(found):
            raise SpecError(
                f"{self.store.path(features.FOLDER)} lacks features of some pictures", "run the same command again."
            )
        views = np.concatenate(whole)
        good = np.asarray(np.isfinite(views).all((1, 2)))
        bad = [each.name for each, is_good in zip(self.data.pictures, good, strict=True) if not is_good]
        skipped = [f"{name} cannot be read; it was left out." for name in bad]
        plain = [sentence for found in self.plain.values() for sentence in found]
        pictures = tuple(each for each, is_good in zip(self.data.pictures, good, strict=True) if is_good)
        return views[good], LabelledPictures(self.data.classes, pictures, (*self.data.skipped, *skipped, *plain))

    def _classifier(self, fitted: FittedClassifier, figures: dict[str, Any], labelled: LabelledPictures) -> Classifier:
        data = {
            "pictures": labelled.counts(),
            "digest": labelled.digest,
            "recipe": self.recipe.model_dump(mode="json"),
        }
        return Classifier(
            self.store.root.name,
            labelled.classes,
            fitted.weight.astype(np.float32),
            fitted.bias.astype(np.float32),
            fitted.hyperparameters.temperature,
            fitted.hyperparameters.threshold,
            fitted.outliers,
            {name: value for name, value in figures.items() if name not in ("wrong", "faults", "losses")},
            data,
        )

    def _write(self, classifier: Classifier, bins: list[ReliabilityBin], figures: dict[str, Any]) -> None:
        self.store.put(self.file, file_bytes(classifier))
        self.store.put(FIGURES, json.dumps(figures, indent=1).encode())
        self.store.put(CONFUSION, confusion_plot(classifier.classes, np.array(figures["confusion"])))
        self.store.put(RELIABILITY, reliability_plot(bins, figures["calibration_error"]))
        self.store.put(CARD, card(self.file, classifier, figures).encode())


def _figures(
    labelled: LabelledPictures, logits: Any, fitted: FittedClassifier, bins: list[ReliabilityBin]
) -> dict[str, Any]:
    """What held-out pictures say of the classifier, and which of them it gets wrong."""
    shares, labels = softmax(logits), labelled.labels
    confidence, likeliest = shares.max(1), shares.argmax(1)
    right, known = likeliest == labels, confidence >= fitted.hyperparameters.threshold
    confusion = np.zeros((len(labelled.classes),) * 2, int)
    np.add.at(confusion, (labels, likeliest), 1)
    wrong = sorted(np.flatnonzero(~right), key=lambda place: -confidence[place])
    return {
        "pictures": len(labels),
        "accuracy": float(right.mean()),
        "accuracy_error": float(np.sqrt(right.mean() * (1 - right.mean()) / len(labels))),
        "calibration_error": calibration_error(bins),
        "cross_entropy": cross_entropy(logits, labels),
        "known": float(known.mean()),
        "accuracy_known": float(right[known].mean()) if known.any() else None,
        "recall": dict(zip(labelled.classes, (confusion.diagonal() / confusion.sum(1)).tolist(), strict=True)),
        "steps": fitted.hyperparameters.steps,
        "temperature": fitted.hyperparameters.temperature,
        "threshold": fitted.hyperparameters.threshold,
        "confusion": confusion.tolist(),
        "reliability": [[each.probability, each.accuracy, each.pictures] for each in bins],
        "losses": fitted.hyperparameters.losses,
        "wrong": [
            [labelled.pictures[place].name, labelled.classes[likeliest[place]], float(confidence[place])]
            for place in wrong[:LISTED]
        ],
        "faults": [printable(file) for file in labelled.skipped[:LISTED]],
    }


def _check_enough(labelled: LabelledPictures, folds: int, data: str) -> None:
    """Raises SpecError if a class has too few pictures for cross-validation within cross-validation."""
    for label, count in labelled.counts().items():
        if count < 2 * folds:
            raise SpecError(
                f"{printable(os.fspath(data))}: class {printable(label)!r} has {count} pictures, and {2 * folds} are needed "
                f"for {folds} folds",
                "add some, lower `folds`, or leave the class out.",
            )


_trainings: OpenRuns[ClassifierTraining] = OpenRuns()


def open_training(spec: TrainClassifierSpec) -> contextlib.AbstractContextManager[ClassifierTraining]:
    """The training of a spec, with its run's lock: what the caller of a flow has begun already, else one begun and ended
    here. Entering raises SpecError or RunBusy.
    """
    return _trainings.join(spec.out, lambda: _begin(spec))


def training_of(run: str) -> ClassifierTraining:
    """The open training in the folder `run`. Raises KeyError."""
    return _trainings[run]


@contextlib.contextmanager
def _begin(spec: TrainClassifierSpec) -> Iterator[ClassifierTraining]:
    spec.check()
    store = Store(spec.out)
    with store.lock():
        use_writable_folders(store.root)
        yield ClassifierTraining(spec)
