"""Tiled inference of the transfer network: overlapping tiles, normalised by statistics of the whole picture.

Statistics of a tile would make it a picture of its own: seams show. So they are taken from the whole picture, shrunk, and
every tile is normalised by them (Chen et al. 2022, arXiv 2103.11784, URST). Then a pixel depends on those about it alone,
and tiles whose frames are as wide as the network reaches agree where they meet.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor

from core.images import image
from core.networks.transfer_flops import REACH, REDUCTION
from core.stylize.feedforward.network import Embedding, TransferNetwork
from core.stylize.images.pixels import tensor
from core.stylize.images.tile_spans import spans

SIDE = 1024
"""Side of a tile without its frame in pixels, at most."""
SEEN_WHOLE = 1 << 20
"""Pixels of the picture that the statistics are taken from, about."""

TileSlices = tuple[slice, slice]
"""Rows and columns."""


def painted_in_tiles(
    picture: image.Picture,
    embeddings: Sequence[Embedding],
    network: TransferNetwork,
    device: torch.device,
    on_pass: Callable[[int, int], None],
) -> Iterator[tuple[list[Tensor], TileSlices]]:
    """Paint a picture in each style, tile by tile: (3, rows, columns) RGB in [0, 1] on the CPU, and its place."""
    height, width = picture.rgb.shape[:2]
    with torch.no_grad():
        whole = tensor(_small(picture)).unsqueeze(0).to(device)
        styles = [(embedding, network.statistics(whole, embedding)) for embedding in embeddings]
    parts = [
        (rows, columns)
        for rows in spans(height, SIDE, REDUCTION, REACH)
        for columns in spans(width, SIDE, REDUCTION, REACH)
    ]
    for done, (rows, columns) in enumerate(parts, start=1):
        framed = image.Picture(picture.rgb[rows.low : rows.high, columns.low : columns.high])
        with torch.no_grad():
            x = tensor(framed).unsqueeze(0).to(device)
            painted = [network(x, embedding, use)[0].cpu() for embedding, use in styles]
        inner = [made[:, rows.inside(1), columns.inside(1)] for made in painted]
        on_pass(done, len(parts))
        yield inner, (rows.of_whole(1), columns.of_whole(1))


def _small(picture: image.Picture) -> image.Picture:
    """The picture that statistics are taken from."""
    width, height = picture.size
    scale = math.sqrt(SEEN_WHOLE / (width * height))
    return image.resized(image.Picture(picture.rgb), max(1, round(max(width, height) * scale)))
