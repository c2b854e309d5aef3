"""Lookup of a checkpoint's class by number or name."""

from __future__ import annotations

from core.errors import SpecError
from core.gan.checkpoints.checkpoint import CheckpointInfo
from core.safe_text import composed, printable

SHOWN = 20
"""Classes that a message lists."""


def check_label(info: CheckpointInfo, wanted: int | None) -> None:
    """Raises SpecError if the class `wanted` cannot be drawn from this checkpoint."""
    if wanted is None or wanted < len(info.conditional_classes):
        return
    raise _no_class(info, str(wanted))


def class_number(info: CheckpointInfo, text: str) -> int:
    """The number of the class that `text` names or numbers; names come first. Raises SpecError."""
    classes = info.conditional_classes
    known = [composed(name) for name in classes]
    if text in classes:
        return classes.index(text)
    if composed(text) in known:
        return known.index(composed(text))
    if text.isdecimal() and int(text) < len(classes):
        return int(text)
    raise _no_class(info, text)


def _no_class(info: CheckpointInfo, wanted: str) -> SpecError:
    classes = info.conditional_classes
    if not classes:
        return SpecError(f"{printable(info.name)} does not tell classes apart", "leave --label out.")
    named = ", ".join(f"{number} {printable(name)}" for number, name in enumerate(classes[:SHOWN]))
    return SpecError(
        f"--label {printable(wanted)}: {printable(info.name)} has the classes {named}", "give one of their numbers."
    )
