"""Lookup of a style's embedding in a network file: learnt rows, or predictions from artworks. Needs no torch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.config.recipe import Recipe
from core.errors import SpecError
from core.networks.weights import digest as weights_digest
from core.safe_text import path_text
from core.stylize.feedforward.transfer_file import FILE_KIND, read_info
from core.stylize.feedforward.transfer_info import KnownStyle, TransferInfo

PACKAGED = Path(__file__).resolve().parents[3] / "data" / "networks" / "catalog.safetensors"
"""The network that `packaged` names."""

SAME_SHARE = 1e-6
"""Difference of weights, which sum to 1, up to which they are the same."""

Pairs = Sequence[tuple[str, float]]
"""Artworks (SHA-256, weight), in order."""

_infos: dict[tuple[str, int, int], TransferInfo] = {}
"""By path, length and time of change: a file that changed is read again."""


@dataclass(frozen=True)
class Share:
    """A part of a style's embedding: row `known` of the network's embeddings, or what artwork `seen` predicts."""

    weight: float
    known: int | None = None
    seen: int | None = None


def network_path(name: str) -> Path:
    """Path of the network called `name`. Raises SpecError if it is `packaged` and not there."""
    if name != "packaged":
        return Path(name)
    if not PACKAGED.is_file():
        raise SpecError(
            f"The packaged network {path_text(PACKAGED)} is not there",
            f"check the file out again, set network = a file that `{FILE_KIND.command}` wrote, or use method = 'optimise'.",
        )
    return PACKAGED


def info_of(name: str) -> TransferInfo:
    """Metadata of the network called `name`, cached by path, length and time of change. Raises SpecError."""
    path = network_path(name)
    try:
        stat = path.stat()
    except (OSError, ValueError):  # said by whoever reads it
        return read_info(path)
    known = (str(path), stat.st_size, stat.st_mtime_ns)
    if known not in _infos:
        _infos[known] = read_info(path)
    return _infos[known]


def shares(info: TransferInfo, artworks: Pairs, keep: str) -> tuple[Share, ...]:
    """Weighted parts of the embedding of a style of these artworks; the weights sum to 1.

    A style that the network has learnt is known as a whole; else each artwork that is a learnt style of its own is, and
    the others are predicted. Where artworks take an asset's palette first (`match`), all are predicted.
    """
    parts = [(sha, share) for (sha, _), share in zip(artworks, _shares(artworks), strict=True)]
    if keep == "match":
        return tuple(Share(weight, seen=number) for number, (_, weight) in enumerate(parts))
    if (row := row_of(parts, info.styles)) is not None:
        return (Share(1.0, known=row),)
    found = []
    for number, (sha, weight) in enumerate(parts):
        row = row_of([(sha, 1.0)], info.styles)
        found.append(Share(weight, row, number if row is None else None))
    return tuple(found)


def groups(artworks: Pairs, regions: Sequence[tuple[str, int]]) -> list[Pairs]:
    """The artworks of each style that is painted: one, or one for each region that is not kept."""
    found, start = list[Pairs](), 0
    for count in [count for _, count in regions if count] or [len(artworks)]:
        found.append(artworks[start : start + count])
        start += count
    return found


def digest_for(recipe: Recipe, artworks: Pairs, regions: Sequence[tuple[str, int]]) -> str:
    """The digest of all tensors that decide pixels of this recipe and style, 16 hex digits. Raises SpecError.

    Of a network that paints in one pass, those of the embeddings of other styles are none of them.
    """
    if recipe.method == "optimise":
        return weights_digest(recipe.weights, recipe.backbone)
    info = info_of(recipe.network)
    used = [info.digest, [_used(info, group, recipe) for group in groups(artworks, regions)]]
    if recipe.method == "polish":
        used.append(weights_digest(recipe.weights, recipe.backbone))
    return hashlib.sha256(json.dumps(used).encode()).hexdigest()[:16]


def _used(info: TransferInfo, artworks: Pairs, recipe: Recipe) -> list[list[str]]:
    losses = info.recipe.losses()
    predicting = [info.predictor, weights_digest(losses.weights, losses.backbone)]
    parts = shares(info, artworks, recipe.keep_color)
    return [predicting if part.known is None else [info.embeddings[part.known]] for part in parts]


def row_of(artworks: Pairs, known: Sequence[KnownStyle]) -> int | None:
    """The row of what was learnt of the same artworks, in order, by the same shares; None if nothing was."""
    return next((row for row, style in enumerate(known) if _same(style.artworks, artworks)), None)


def _same(ours: Pairs, theirs: Pairs) -> bool:
    """Whether two styles are of the same files, in order, by the same shares."""
    if [sha for sha, _ in ours] != [sha for sha, _ in theirs]:
        return False
    pairs = zip(_shares(ours), _shares(theirs), strict=True)
    return all(abs(mine - other) <= SAME_SHARE for mine, other in pairs)


def _shares(artworks: Pairs) -> list[float]:
    total = sum(weight for _, weight in artworks)
    return [weight / total for _, weight in artworks]
