"""Evaluation of GAN samples as Markdown: each figure and what it can say, from plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.safe_text import portable

FIGURES = (
    ("kid", "KID", "distance between the two sets; 0 is none, lower is better"),
    ("precision", "precision", "share of samples that lie where real pictures lie"),
    ("recall", "recall", "share of real pictures that lie where samples lie"),
    ("density", "density", "how closely samples lie among real pictures; equals get 1"),
    ("coverage", "coverage", "share of real pictures with a sample in their neighbourhood"),
)
"""Keys of a metrics table, their names, and what they are."""

PLACES = {"kid": 4}
"""Decimals; two where nothing is said."""


def formatted(key: str, measured: Mapping[str, float | None] | None) -> str:
    """A figure with its spread.

    >>> formatted("kid", {"value": 0.01234, "spread": 0.0021}), formatted("recall", {"value": 0.5, "spread": None})
    ('0.0123 ± 0.0021', '0.50')
    """
    if measured is None:
        return "–"
    places = PLACES.get(key, 2)
    value, spread = measured["value"], measured["spread"]
    return f"{value:.{places}f}" if spread is None else f"{value:.{places}f} ± {spread:.{places}f}"


def evaluation_text(document: Mapping[str, Any]) -> str:
    """The whole appraisal as Markdown. document: as `nocturne evaluate-gan` writes it into evaluation.json."""
    checkpoint, near = document["checkpoint"], document["near_copies"]
    lines = [
        f"# {_safe(checkpoint['name'])}: an appraisal of {near['samples']:,} samples",
        "",
        f"Drawn from `{_safe(checkpoint['digest'])}` ({checkpoint['architecture']}, {checkpoint['size']} px, step "
        f"{checkpoint['step']:,}), seeds {document['seeds']}, psi {document['psi']:g}, none left out.",
        "",
        *(f"- {note}" for note in document["notes"]),
    ]
    for metrics, training in zip(document["metrics"], document["training_as_samples"], strict=True):
        lines += ["", *_table(metrics, training, document["against"])]
    return "\n".join([*lines, "", *_copies(near), ""])


def _table(metrics: Mapping[str, Any], training: Mapping[str, Any] | None, against: str) -> list[str]:
    beside = f" | {training['fake']:,} training pictures" if training else ""
    lines = [
        f"## On {metrics['features']}",
        "",
        f"{metrics['fake']:,} samples against {metrics['real']:,} {against} pictures; ± is the standard error, over "
        f"{metrics['resamples']} halvings of both sets.",
        "",
        f"| figure | samples{beside} | what it is |",
        "|---|---|---|---|" if training else "|---|---|---|",
    ]
    for key, name, meaning in FIGURES:
        cells = [name, formatted(key, metrics[key])]
        cells += [formatted(key, training[key])] if training else []
        lines.append(f"| {' | '.join([*cells, meaning])} |")
    fid = [f"{metrics['fid']:.1f}", *([f"{training['fid']:.1f}"] if training else [])]
    lines.append(f"| FID | {' | '.join(fid)} | {metrics['fid_warning'] or 'distance of two fitted Gaussians'} |")
    lines += [
        "",
        f"Samples from the very distribution of these pictures would get coverage {metrics['coverage_of_equals']:.2f}.",
    ]
    return lines


def _copies(near: Mapping[str, Any]) -> list[str]:
    nearest: Sequence[Mapping[str, Any]] = sorted(near["nearest"], key=lambda one: (one["nearness"], one["seed"]))
    worst = nearest[0]
    return [
        "## Does it copy?",
        "",
        f"{near['copies']:,} of {near['samples']:,} samples ({near['rate']:.1%}) are copies of a training picture by the "
        f"gate's measures, and {near['close']:,} more are worth a look: `nearest.html` shows them. The nearest is seed "
        f"{worst['seed']}, at {worst['ratio']:.2f} of the usual distance from `{_safe(worst['training_picture'])}`, with "
        f"{worst['bits']} of 256 bits different.",
        "",
        "The gate finds whole pictures, also cropped, mirrored, recoloured or blurred. It does not find a copied detail in "
        "a new composition; look at the pairs.",
    ]


def _safe(text: str) -> str:
    """A name that can break neither the page nor a table."""
    return portable(text).translate({ord(char): f"%{ord(char):02X}" for char in "`|<>[]*"})
