"""Content pictures of a style training: read once, sampled in crops that are functions of (seed, step)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from core.errors import JobError, SpecError
from core.images import image
from core.images.border_crop import edges_cropped, margins_cropped
from core.networks import seeded_random
from core.planning.library import scan
from core.progress import ProgressCallback
from core.safe_text import printable, truncated
from core.stylize.feedforward.train_recipe import TransferRecipe
from core.training.picture_checks import PictureChecks, count_shared
from core.training.skipped_files import SkippedFile

HELD_OUT = 20
"""Every so-manieth picture is kept out of training; the network is judged on those."""
LONGEST = 3
"""A picture is kept no longer than so many times its shortest side."""
MOST = 5000
"""Pictures that are read, spread evenly over the folder."""


@dataclass(frozen=True)
class Contents:
    """Pictures (h, w, 3) of 8 bits by order of name, with a shortest side of at most the recipe's `content_side`."""

    pictures: tuple[image.U8, ...]
    held_out: tuple[image.U8, ...]
    files: tuple[Path, ...]
    """Of all pictures, held out or not."""
    faults: tuple[SkippedFile, ...]
    notes: tuple[str, ...]
    """Sentences on folders that were not entered, and on pictures that teach nothing."""
    digest: str
    """16 hex digits over all pixels, in order."""


@dataclass(frozen=True)
class ReadableFiles:
    """Pictures that can be read, what is wrong with others, and sentences on folders that were not entered."""

    files: tuple[Path, ...]
    faults: tuple[SkippedFile, ...]
    notes: tuple[str, ...]


def load(
    folders: Sequence[Path],
    recipe: TransferRecipe,
    max_pixels: int = image.MAX_PIXELS,
    tick: ProgressCallback | None = None,
    *,
    system_folders: bool = False,
) -> Contents:
    """The pictures of folders. Broken ones are left out and listed. Raises SpecError if fewer than two can be used."""
    pictures: list[image.U8] = []
    checks = PictureChecks()

    def keep(picture: image.Picture) -> None:
        pictures.append(_kept(picture.rgb, recipe))
        checks.add(picture.rgb)

    found = readable(folders, max_pixels, tick, keep, system_folders=system_folders)
    if len(pictures) < 2:
        listed = "".join(f" {text}" for text in (*(truncated(each.message) for each in found.faults[:3]), *found.notes))
        where = ", ".join(printable(str(folder)) for folder in folders)
        raise SpecError(f"{where}: {len(pictures)} picture to learn from, and at least 2 are needed.{listed}")
    sha = hashlib.sha256()
    for picture in pictures:
        sha.update(repr(picture.shape).encode() + picture.tobytes())
    held = tuple(pictures[HELD_OUT - 1 :: HELD_OUT]) or (pictures[-1],)
    kept = tuple(picture for k, picture in enumerate(pictures) if (k + 1) % HELD_OUT)
    notes = (*found.notes, *(f"contents: {text}" for text in (*checks.sentences(), *_shared(kept, held))))
    return Contents(kept, held, found.files, found.faults, notes, sha.hexdigest()[:16])


def _shared(kept: Sequence[image.U8], held: Sequence[image.U8]) -> list[str]:
    """A sentence if held-out pictures have copies that are trained on, as where a folder is given with one inside it."""
    shared = (
        count_shared(kept, held) if len(kept) + len(held) >= HELD_OUT else 0
    )  # the last of few is trained on by design
    told = f"{shared:,} of {len(held):,} held-out pictures have copies that are trained on: the held-out loss flatters"
    return [f"{told}; take the copies out."] if shared else []


def readable(
    folders: Sequence[Path],
    max_pixels: int = image.MAX_PIXELS,
    tick: ProgressCallback | None = None,
    seen: Callable[[image.Picture], None] | None = None,
    *,
    system_folders: bool = False,
) -> ReadableFiles:
    """The pictures of folders that can be read, MOST at most, each shown to `seen`, and what is wrong with the others."""
    libraries = [scan(folder, system_folders=system_folders) for folder in folders]
    found = [(library.root / asset.file, asset) for library in libraries for asset in library.assets]
    notes = [
        sentence for each in libraries for sentence in each.passed.sentences(f"folder {printable(str(each.root))}")
    ]
    chosen = [found[round(k * (len(found) - 1) / (MOST - 1))] for k in range(MOST)] if len(found) > MOST else found
    files, faults = list[Path](), list[SkippedFile]()
    for done, (path, asset) in enumerate(chosen, start=1):
        try:
            if asset.problem:
                raise SpecError(asset.problem)
            picture = image.read(path, max_pixels)
            if seen is not None:
                seen(picture)
            files.append(path)
        except (JobError, SpecError) as error:
            faults.append(SkippedFile.of(asset.name, error))
        if tick is not None:
            tick(done, len(chosen))
    return ReadableFiles(tuple(files), tuple(faults), tuple(notes))


def _kept(rgb: image.U8, recipe: TransferRecipe) -> image.U8:
    """A picture as it is kept: without its margins and its frame, and never enlarged."""
    rgb = edges_cropped(margins_cropped(rgb) if recipe.trim else rgb, recipe.frame)
    height, width = rgb.shape[:2]
    cut = LONGEST * min(height, width)
    top, left = max(0, height - cut) // 2, max(0, width - cut) // 2
    rgb = rgb[top : top + cut, left : left + cut]
    scale = min(1.0, recipe.content_side / min(rgb.shape[:2]))
    size = max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale))
    return np.asarray(Image.fromarray(np.ascontiguousarray(rgb)).resize(size, Image.Resampling.LANCZOS))


def crop(picture: image.U8, side: int, zoom: float, place: Sequence[float]) -> image.U8:
    """A square of a picture, (side, side, 3).

    place: how much is shown (0: `side` pixels, 1: up to `zoom` times as many), then where it begins, down and across,
    each in [0, 1). Pictures with a shorter side are enlarged.
    """
    height, width = picture.shape[:2]
    shown = min(height, width, max(1, round(side * zoom ** place[0])))
    top, left = int(place[1] * (height - shown + 1)), int(place[2] * (width - shown + 1))
    square = np.ascontiguousarray(picture[top : top + shown, left : left + shown])
    if shown == side:
        return square
    return np.asarray(Image.fromarray(square).resize((side, side), Image.Resampling.BICUBIC))


def middle(picture: image.U8, side: int, zoom: float) -> image.U8:
    """The square (side, side, 3) about a picture's middle that a network is judged on, half-way zoomed."""
    return crop(picture, side, zoom, (0.5, 0.5, 0.5))


class CropSampler:
    """Samples the crops of each step from the training pictures."""

    def __init__(self, contents: Contents, recipe: TransferRecipe) -> None:
        self._pictures, self._recipe = contents.pictures, recipe

    def side(self, step: int) -> int:
        """The side of a step's crops in pixels."""
        recipe = self._recipe
        chosen = torch.randint(len(recipe.crops), (), generator=seeded_random.generator(recipe.seed, "order", step, 1))
        return recipe.crops[int(chosen)]

    def crops(self, step: int, count: int) -> Float[Tensor, "count 3 side side"]:
        """The pictures of a step, RGB in [0, 1], mirrored and with other colours as the recipe says."""
        recipe, side = self._recipe, self.side(step)
        chosen = seeded_random.indices(recipe.seed, step * recipe.batch, count, len(self._pictures)).tolist()
        draw = seeded_random.generator(recipe.seed, "crop", step)
        places = torch.rand(count, 4, generator=draw).tolist()
        found = []
        for index, (*place, mirror) in zip(chosen, places, strict=True):
            square = crop(self._pictures[index], side, recipe.zoom, place)
            found.append(torch.from_numpy((square[:, ::-1] if mirror < 0.5 else square).copy()))
        pixels = torch.stack(found).permute(0, 3, 1, 2).float() / 255
        return jittered(pixels, recipe.jitter, seeded_random.generator(recipe.seed, "augment", step))


def jittered(pixels: Float[Tensor, "n 3 h w"], amount: float, draw: torch.Generator) -> Float[Tensor, "n 3 h w"]:
    """Pictures in other light: contrast curve, brightness, saturation and a cast, each up to `amount` (0 to 1)."""
    if not amount:
        return pixels
    n = len(pixels)
    gamma, light, colourful = (2 * torch.rand(3, n, 1, 1, 1, generator=draw) - 1).unbind()
    cast = 1 + 0.5 * amount * (2 * torch.rand(n, 3, 1, 1, generator=draw) - 1)
    grey = pixels.mean(1, keepdim=True)
    varied = (grey + (pixels - grey) * (1 + 1.2 * amount * colourful)).clamp(0, 1) ** (2.0 ** (1.6 * amount * gamma))
    return (varied * cast * (1 + 0.4 * amount * light)).clamp(0, 1)
