"""Inference of the transfer network: batches of a fixed shape, or tiles for a large picture; region blends."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from core.images import image
from core.networks.delayed_read import DelayedRead
from core.stylize.feedforward.network import Embedding, TransferNetwork
from core.stylize.feedforward.network_tiles import painted_in_tiles
from core.stylize.images.masks import fitted
from core.stylize.images.pixels import tensors

LEAST_AREA = 1e-3
"""Sum of areas below which no style is wanted at a pixel: the first one then stands there, and is not seen."""

OnPass = Callable[[int, int], None]
"""Called with (done, all) as passes end; it may raise to leave."""


@dataclass(frozen=True)
class TransferInput:
    """Input of the transfer network: a picture, an embedding (1, embedding) for each area, and how much each
    is wanted at every pixel (h, w), in [0, 1]; no areas: the one everywhere.
    """

    picture: image.Picture
    embeddings: tuple[Embedding, ...]
    areas: tuple[Tensor, ...] = ()


@dataclass
class Painting:
    """A picture that was painted, or is being: its parts by batches that are read, and how much each area is wanted."""

    areas: tuple[Tensor, ...]
    parts: list[tuple[DelayedRead, int]] = field(default_factory=list)

    def take(self) -> Tensor:
        """The picture (3, h, w), RGB in [0, 1], float32 on the CPU, once it is there."""
        return blended([batch.take()[place] for batch, place in self.parts], self.areas)


def paint_whole(
    inputs: Sequence[TransferInput], network: TransferNetwork, device: torch.device, lanes: int, on_pass: OnPass
) -> list[Painting]:
    """Paint inputs whole; a GPU may still be at it.

    Always `lanes` pictures of one size in a call: short ones are filled up, so a picture's pixels are its own.
    """
    passes = [(number, embedding) for number, given in enumerate(inputs) for embedding in given.embeddings]
    paintings = [Painting(given.areas) for given in inputs]
    done = 0
    for batch in _batches(passes, [given.picture.size for given in inputs], lanes):
        x = tensors([inputs[number].picture for number, _ in batch], lanes, device)
        embeddings = [embedding for _, embedding in batch]
        with torch.no_grad():
            y = DelayedRead(network(x, torch.cat([*embeddings, *embeddings[:1] * (lanes - len(batch))])))
        for place, (number, _) in enumerate(batch):
            paintings[number].parts.append((y, place))
        done += len(batch)
        on_pass(done, len(passes))
    return paintings


def painted_large(
    given: TransferInput, network: TransferNetwork, device: torch.device, deep: bool, on_pass: OnPass
) -> Tensor:
    """Paint one input tile by tile, (3, h, w) on the CPU: uint8, or if it is to be `deep`, float32 in [0, 1]."""
    height, width = given.picture.rgb.shape[:2]
    made = torch.empty(height, width, 3, dtype=torch.float32 if deep else torch.uint8)
    areas = [fitted(area.unsqueeze(0), height, width)[0] for area in given.areas] if len(given.areas) > 1 else []
    for part, place in painted_in_tiles(given.picture, given.embeddings, network, device, on_pass):
        y = blended(part, [area[place] for area in areas]).permute(1, 2, 0)
        made[place] = y if deep else (y.clamp(0, 1) * 255).round().byte()
    return made.permute(2, 0, 1)


def blended(painted: Sequence[Tensor], areas: Sequence[Tensor]) -> Tensor:
    """Weighted blend of pictures (3, h, w) by their areas (h, w), of any size."""
    if len(painted) == 1:
        return painted[0]
    shares = torch.stack([fitted(area.unsqueeze(0), *painted[0].shape[1:])[0] for area in areas])
    shares[0] += (shares.sum(0) < LEAST_AREA).float()
    shares /= shares.sum(0)
    return torch.stack([share * picture for share, picture in zip(shares, painted, strict=True)]).sum(0)


def _batches(
    passes: Sequence[tuple[int, Embedding]], sizes: Sequence[image.Size], lanes: int
) -> Iterator[list[tuple[int, Embedding]]]:
    """At most `lanes` passes over pictures of one size at a time."""
    by_size: dict[image.Size, list[tuple[int, Embedding]]] = {}
    for each in passes:
        by_size.setdefault(sizes[each[0]], []).append(each)
    for same in by_size.values():
        yield from (same[start : start + lanes] for start in range(0, len(same), lanes))
