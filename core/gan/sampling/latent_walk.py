"""Latent walks (interpolations between seeds) as frames."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from core.gan.sampling.latents import slerp
from core.gan.sampling.sampler import U8, Sampler
from core.images import image
from core.storage.store import Store


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


def put_frames(store: Store, pictures: U8) -> None:
    """Write each frame as `0000.png` and so on. Raises as `Store.put` does."""
    digits = max(4, len(str(len(pictures) - 1)))
    for place, picture in enumerate(pictures):
        store.put(f"{place:0{digits}d}.png", image.encode(image.Picture(picture), "png"))


def _at(stops: Float[Tensor, "n latent"], place: float) -> Float[Tensor, " latent"]:
    leg = min(int(place), len(stops) - 2)
    return slerp(stops[leg], stops[leg + 1], place - leg)
