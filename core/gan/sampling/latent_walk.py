"""Latent walks (interpolations between seeds) as frames."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from core.gan.sampling.latents import slerp
from core.gan.sampling.sampler import U8, Sampler
from core.images import image
from core.images.provenance import is_stamped, stamp
from core.storage.write_targets import write_file


def walk(points: Float[Tensor, "n latent"], frames: int, loop: bool) -> Float[Tensor, "frames latent"]:
    """Points on the spherical path through `points`, evenly spread; a loop comes back to the first without repeating it.

    `frames` is the number of them, 2 or more.
    """
    stops = torch.cat([points, points[:1]]) if loop else points
    legs = len(stops) - 1
    steps = frames if loop else frames - 1
    return torch.stack([_at(stops, legs * frame / steps) for frame in range(frames)])


def frames_of(sampler: Sampler, seeds: Sequence[int], frames: int, loop: bool) -> U8:
    """Pictures (frames, size, size, 3) of the path through the seeds. The class changes half-way from one to the next."""
    points = walk(torch.stack([sampler.latent(seed) for seed in seeds]), frames, loop)
    stops = [*seeds, seeds[0]] if loop else list(seeds)
    steps = frames if loop else frames - 1
    nearest = [stops[int((len(stops) - 1) * frame / steps + 0.5)] for frame in range(frames)]
    return sampler.draw(points, [sampler.label(seed) for seed in nearest])


def frame_names(count: int) -> list[str]:
    """`0000.png` and so on.

    >>> frame_names(2)
    ['0000.png', '0001.png']
    """
    digits = max(4, len(str(count - 1)))
    return [f"{place:0{digits}d}.png" for place in range(count)]


def put_frames(folder: Path, pictures: U8, checkpoint: Path) -> None:
    """Write each frame by its name, stamped as a frame, so that it may be replaced. Raises as `write_file` does."""
    for place, (name, picture) in enumerate(zip(frame_names(len(pictures)), pictures, strict=True)):
        record = stamp({"kind": "frame", "step": place, "steps": len(pictures)})
        data = image.encode(image.Picture(picture), "png", stamp=record)
        write_file(folder / name, data, [checkpoint], ours=is_stamped)


def _at(stops: Float[Tensor, "n latent"], place: float) -> Float[Tensor, " latent"]:
    leg = min(int(place), len(stops) - 2)
    return slerp(stops[leg], stops[leg + 1], place - leg)
