"""Report of a classifier's training: confusion matrix, reliability diagram, and model card."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Int
from numpy.typing import NDArray

from core.classifier.calibration import ReliabilityBin
from core.images.fonts import font_for
from core.networks.classifier import Classifier
from core.safe_text import printable

MOST_WRITTEN = 30
"""Classes up to which every cell of the matrix has its number."""


def confusion_plot(classes: Sequence[str], confusion: Int[NDArray[np.int64], "c c"]) -> bytes:
    """Held-out pictures by their class (rows) and by what was said (columns), as a PNG."""
    figure, axes = _drawing(3.0 + 0.5 * min(len(classes), MOST_WRITTEN))
    shares = confusion / np.maximum(confusion.sum(1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    places = range(len(classes))
    fonts = [font_for(printable(name)) for name in classes]
    names = [
        printable(name).replace("$", r"\$") if font else f"class {place}"
        for place, (name, font) in enumerate(zip(classes, fonts, strict=True), start=1)
    ]
    axes.set_xticks(places, names, rotation=45, ha="right")
    axes.set_yticks(places, names)
    for labels in (axes.get_xticklabels(), axes.get_yticklabels()):
        for label, font in zip(labels, fonts, strict=True):
            if font is not None:
                label.set_font(font)
    about = (
        "Held-out pictures" if all(fonts) else "Held-out pictures (no font has some names: the card has them in order)"
    )
    axes.set(xlabel="said", ylabel="is")
    axes.set_title(about, wrap=True)
    if len(classes) <= MOST_WRITTEN:
        for row, column in np.ndindex(confusion.shape):
            colour = "white" if shares[row, column] > 0.5 else "black"
            axes.text(column, row, str(confusion[row, column]), ha="center", va="center", color=colour)
    return _png(figure)


def reliability_plot(bins: Sequence[ReliabilityBin], error: float) -> bytes:
    """How often a label is right, by how probable it was said to be, as a PNG; on the diagonal all is well."""
    figure, axes = _drawing(4.5)
    axes.plot([0, 1], [0, 1], color="grey", linewidth=1, label="calibrated")
    axes.plot([each.probability for each in bins], [each.accuracy for each in bins], "o-", label="held-out pictures")
    least = min(0.9, *(min(each.probability, each.accuracy) for each in bins)) - 0.05
    axes.set(
        xlim=(least, 1.01),
        ylim=(least, 1.01),
        xlabel="probability said",
        ylabel="share that is right",
        title=f"Calibration error {error:.1%}",
    )
    axes.legend()
    return _png(figure)


def card(file: str, classifier: Classifier, figures: dict[str, Any]) -> str:
    """What the classifier is, on what it learnt and how well it does, in Markdown."""
    counts = ", ".join(f"{printable(name)} {count:,}" for name, count in classifier.data["pictures"].items())
    recalls = ", ".join(f"{printable(name)} {share:.1%}" for name, share in figures["recall"].items())
    labelled = figures["accuracy_known"]
    sure = "" if labelled is None else f"; of the labels known, {labelled:.1%} are right"
    rows = {
        "tells apart": ", ".join(map(printable, classifier.classes)),
        "learnt from": f"{figures['pictures']:,} pictures: {counts}; digest `{classifier.data['digest']}`",
        "network": "linear on features of EfficientNet-Lite0 (ImageNet, Apache-2.0), which is not part of the file",
        "accuracy": f"{figures['accuracy']:.1%} ± {figures['accuracy_error']:.1%} of pictures held out",
        "right by class": recalls,
        "calibration error": f"{figures['calibration_error']:.1%}, ten bins of equal mass",
        "does not know": f"below probability {figures['threshold']:.2f}: {1 - figures['known']:.1%} of pictures{sure}",
        "outlier": "further away in features than "
        f"{classifier.data['recipe']['usual']:.0%} of held-out pictures; it is not known",
        "training": f"{figures['steps']} steps, temperature {figures['temperature']:.2f}; both by held-out pictures",
    }
    table = "\n".join(f"| {name} | {value} |" for name, value in rows.items())
    return (
        f"# Card: {printable(file)}\n\n| | |\n|---|---|\n{table}\n\nAll figures are of pictures that neither the training "
        "nor the choice of its length had seen (cross-validation within cross-validation). They hold for pictures like "
        "those it learnt from; of others it says less than its probabilities claim.\n\n"
        "![Confusions](confusion.png) ![Reliability](reliability.png)\n"
    )


def _drawing(inches: float) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(inches, inches), layout="constrained")
    return figure, figure.subplots()


def _png(figure: Any) -> bytes:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    sink = io.BytesIO()
    FigureCanvasAgg(figure).print_png(sink)  # type: ignore[no-untyped-call]
    return sink.getvalue()
