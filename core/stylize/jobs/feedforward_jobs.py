"""Jobs of the transfer network: its input, the style embeddings, and its picture at working size."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from core.config.recipe import Recipe
from core.errors import Changed
from core.images import image
from core.networks import device as devices
from core.networks.backbone import Backbone
from core.planning.inputs import StyleFiles
from core.planning.jobs import Job
from core.stylize.feedforward import style_lookup
from core.stylize.feedforward.network import Embedding
from core.stylize.feedforward.passes import OnPass, Painting, TransferInput, paint_whole, painted_large
from core.stylize.feedforward.predictor import look_of
from core.stylize.feedforward.transfer_file import load
from core.stylize.feedforward.transfer_model import TransferModel
from core.stylize.images.guided_upsample import upsampled
from core.stylize.images.lru_cache import LruCache
from core.stylize.images.pixels import brushed, eight_bit, resized, tensor, unit
from core.stylize.jobs.job_inputs import Decoded, PredictorViews
from core.stylize.optimise.optimisation import OnStep, OptimisationStep
from core.stylize.optimise.target_cache import TargetCache

KEPT_EMBEDDINGS = 4096
STRIP = 256
"""Rows that get their noise at once."""


def predictor_views(job: Job, recipe: Recipe, style: StyleFiles) -> PredictorViews | None:
    """Artworks whose embedding must be predicted, and the size to read them at; None if there are none.

    For any thread. Raises Changed if the network's file is not the planned one, and SpecError.
    """
    pairs = style.pairs
    if job.weights != style_lookup.digest_for(recipe, pairs, style.regions):
        raise Changed(
            f"The network {recipe.network} is not the one that was planned", "run again to paint with the new one."
        )
    info = style_lookup.info_of(recipe.network)
    numbers, start = [], 0
    for group in style_lookup.groups(pairs, style.regions):
        found = style_lookup.shares(info, group, recipe.keep_color)
        numbers += [start + share.seen for share in found if share.seen is not None]
        start += len(group)
    return PredictorViews(tuple(numbers), info.recipe.style_size, info.recipe.trim) if numbers else None


@dataclass(frozen=True)
class SizedPainting:
    """A picture (3, h, w) that was painted, or is being, to be taken at the size of its content."""

    made: Painting | Tensor
    seen: image.Picture
    content: image.Picture

    def take(self) -> Tensor:
        """The picture (3, h, w), RGB, on the CPU, once it is there."""
        made = self.made if isinstance(self.made, Tensor) else self.made.take()
        return at_working_size(made, self.seen, self.content)


class OnePass:
    """Paints jobs on one device. For several threads; one that paints a large picture should be the only one meanwhile."""

    def __init__(self, device: torch.device, backbone: Callable[[Recipe], Backbone], cache: TargetCache) -> None:
        self._device, self._backbone, self._cache = device, backbone, cache
        self._threads = torch.get_num_threads()
        self._models: LruCache[tuple[str, str, str], TransferModel] = LruCache(2)
        self._embeddings: LruCache[tuple[str, ...], tuple[Embedding, ...]] = LruCache(KEPT_EMBEDDINGS)

    def painted(
        self, jobs: Sequence[Job], decoded: Sequence[Decoded], recipe: Recipe, on_pass: OnPass
    ) -> Iterator[tuple[int, Tensor]]:
        """The pictures of jobs of one recipe, in any order: the job's number and (3, h, w), RGB, at working size on the
        CPU. Values are in [0, 1], or those of a picture done in tiles are uint8, unless it is to have 16 bits.
        """
        for number, painting in self.begun(jobs, decoded, recipe, recipe.lanes, on_pass):
            yield number, painting.take()

    def begun(
        self, jobs: Sequence[Job], decoded: Sequence[Decoded], recipe: Recipe, lanes: int, on_pass: OnPass
    ) -> Iterator[tuple[int, SizedPainting]]:
        """The same, `lanes` in a call, as pictures that are to be taken: a GPU may still be at them."""
        model = self._model(recipe)
        inputs = [self._transfer_input(*each, recipe, model) for each in zip(jobs, decoded, strict=True)]
        whole = [number for number, each in enumerate(inputs) if not recipe.painted_in_tiles(*each.picture.size)]
        if whole:
            with devices.one_thread():
                small = [inputs[number] for number in whole]
                made = paint_whole(small, model.network, self._device, lanes, on_pass)
            for number, painting in zip(whole, made, strict=True):
                yield number, SizedPainting(painting, inputs[number].picture, decoded[number].content)
        for number in sorted(set(range(len(jobs))) - set(whole)):
            with devices.threads(self._threads):
                large = painted_large(inputs[number], model.network, self._device, recipe.depth == 16, on_pass)
            yield number, SizedPainting(large, inputs[number].picture, decoded[number].content)

    def _model(self, recipe: Recipe) -> TransferModel:
        info = style_lookup.info_of(recipe.network)
        known = (str(info.path), info.digest, recipe.precision)
        return self._models.get(known, lambda: load(info.path, self._device, recipe.precision))

    def _transfer_input(self, job: Job, decoded: Decoded, recipe: Recipe, model: TransferModel) -> TransferInput:
        picture = brushed(image.Picture(decoded.content.rgb), max(decoded.content.size), 1 / recipe.brush)
        palette = (job.asset_sha256, recipe.decoding, str(recipe.size)) if recipe.keep_color == "match" else ()
        known = (job.style_sha256, job.weights, *palette)
        embeddings = self._embeddings.get(known, lambda: self._made(decoded, recipe, model))
        styled = tuple(torch.lerp(model.identity, each, recipe.strength) for each in embeddings)
        return TransferInput(
            _noisy(picture, recipe, job.seed), styled, decoded.composite.areas if decoded.composite else ()
        )

    def _made(self, decoded: Decoded, recipe: Recipe, model: TransferModel) -> tuple[Embedding, ...]:
        """The embedding of each style of a job."""
        return tuple(self._embedding(decoded, group, recipe, model) for group in decoded.groups)

    def _embedding(self, decoded: Decoded, group: slice, recipe: Recipe, model: TransferModel) -> Embedding:
        pairs = list(zip(decoded.sha256[group], decoded.weights[group], strict=True))
        parts = [
            share.weight
            * (
                model.embeddings[share.known : share.known + 1]
                if share.known is not None
                else self._predicted(decoded.looks[group.start + (share.seen or 0)], model)
            )
            for share in style_lookup.shares(model.info, pairs, recipe.keep_color)
        ]
        return torch.stack(parts).sum(0)

    @devices.one_thread()  # sums round by the number of threads, which depends on what else is made
    def _predicted(self, artwork: image.Picture, model: TransferModel) -> Embedding:
        losses = model.info.recipe.losses()
        seen = look_of([tensor(artwork).to(self._device)], [1.0], losses, self._backbone(losses), self._cache)
        with torch.no_grad():
            return model.predictor(seen)  # type: ignore[no-any-return]


def watched(on_step: OnStep, picture: Callable[[], Tensor]) -> OnPass:
    """Tells of passes as of steps, whose loss is not known; `picture` makes what there is to see."""
    return lambda done, of: on_step(OptimisationStep(done, of, math.nan, picture))


def at_working_size(painted: Tensor, seen: image.Picture, content: image.Picture) -> Tensor:
    """What was painted, (3, h, w), at the size of the content: lifted along its edges, or shrunk."""
    if seen.size == content.size:
        return painted
    size = (content.size.height, content.size.width)
    if seen.size.width * seen.size.height > size[0] * size[1]:
        return resized(unit(painted), size).clamp(0, 1)
    large = torch.from_numpy(content.rgb).permute(2, 0, 1)
    whole = torch.empty(3, *size)
    for rows, strip in upsampled(unit(painted), tensor(seen), large):
        whole[:, rows] = strip
    return whole


def _noisy(picture: image.Picture, recipe: Recipe, seed: int) -> image.Picture:
    """The picture with the seed's noise, as much as the recipe says, strip by strip."""
    if not recipe.start_noise:
        return picture
    chance, rgb = devices.generator(seed), picture.rgb.copy()
    for start in range(0, len(rgb), STRIP):
        part = tensor(image.Picture(rgb[start : start + STRIP]))
        rgb[start : start + STRIP] = eight_bit(part + recipe.start_noise * torch.randn(part.shape, generator=chance))
    return image.Picture(rgb)
