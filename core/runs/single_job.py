"""Single job: one picture painted outside any run, to tune a recipe. Its files are checked and its job is made here.

The job is the one that a run would make of the same files, recipe and seed: it has the same key, and so the same pixels.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.config.recipe import Recipe, files_of
from core.config.spec import Spec
from core.errors import JobError, SpecError
from core.images import image
from core.images.formats import WRITABLE
from core.planning.catalog import style_digest
from core.planning.file_digests import MeasuredFile, measure_file
from core.planning.inputs import StyleFiles, too_small
from core.planning.job_keys import KeyMaker
from core.planning.jobs import Job, fitted
from core.planning.mask_files import other_proportions
from core.safe_text import portable, printable
from core.storage.allowed_roots import check_inside
from core.stylize.feedforward.style_lookup import digest_for
from core.stylize.jobs.context import StylizeContext

_SUFFIXES = {suffix: each.name for each in WRITABLE.values() for suffix in each.suffixes}


@dataclass(frozen=True)
class SingleJob:
    """An asset and a style, measured: what a picture can be painted of."""

    spec: Spec
    asset: Path
    measured: MeasuredFile
    style: StyleFiles
    mask: Path | None = None
    measured_mask: MeasuredFile | None = None

    @property
    def size(self) -> image.Size:
        """The asset's width and height in pixels."""
        return image.Size(self.measured.width, self.measured.height)

    def job(self, recipe: Recipe, preset: str, seed: int) -> Job:
        """The job of painting it with this recipe. Raises SpecError for weights that are not there."""
        weights = digest_for(recipe, self.style.pairs, self.style.regions)
        keys, mask = KeyMaker(self.style.key_pairs, recipe, weights), self.measured_mask
        return Job(
            output=f"{self.style.name}/{self.name}.{recipe.format}",
            asset=self.name,
            asset_file=str(self.asset),
            asset_sha256=self.measured.sha256,
            style=self.style.name,
            style_sha256=style_digest(self.style.pairs),
            recipe=recipe.digest(),
            preset=preset,
            seed=seed,
            weights=weights,
            key=keys.key(self.measured.pixel_digest, seed, mask.pixel_digest if mask else None),
            attempt=1,
            seconds=0.0,
            limit=0.0,
            mask_file=str(self.mask or ""),
            mask_sha256=mask.sha256 if mask else "",
        )

    @property
    def name(self) -> str:
        """What the asset is called in the record of an output."""
        return portable(self.asset.name)

    def context(self, recipes: list[Recipe]) -> StylizeContext:
        """What a backend must know to make jobs with these recipes; assets are named by absolute paths."""
        return StylizeContext(
            run="",
            library=Path(),
            masks=Path() if self.mask else None,
            max_pixels=self.spec.max_pixels,
            score_weights=self.spec.score_weights,
            styles={self.style.name: self.style},
            recipes={recipe.digest(): recipe for recipe in recipes},
        )

    def working_size(self, recipe: Recipe) -> tuple[int, int]:
        """Width and height in pixels of the picture that a recipe paints, before it is lifted."""
        return fitted(*self.size, recipe.size)

    def files(self) -> list[Path]:
        """The files that it reads."""
        return [self.asset, *map(Path, self.style.files), *([self.mask] if self.mask else [])]


def single_job(asset: Path, artworks: list[str], values: dict[str, Any], mask: Path | None = None) -> SingleJob:
    """A single job of an asset in a style of artworks, each `FILE` or `FILE:WEIGHT`, where its mask, if any, is white.

    `values` are those of a spec that matter for one picture: `preset`, `recipe`, `seed`, `device`, `max_megapixels`.
    Raises SpecError for wrong values, and for a file that cannot be used.
    """
    weighted = [_artwork(text) for text in artworks]
    folders = {"library": str(asset.parent), "catalog": str(weighted[0][0].parent)}
    spec = Spec.from_values({**folders, **values}, "flags")
    check_inside([("photograph", asset), *(("artwork", file) for file, _ in weighted)])
    check_inside((name, Path(file)) for name, file in files_of(spec.base_recipe().model_dump()).items())
    measured = _measured("photograph", asset, spec.max_pixels)
    artworks_measured = [_measured("artwork", file, spec.max_pixels) for file, _ in weighted]
    for (file, _), found in zip(weighted, artworks_measured, strict=True):
        if problem := too_small(_shown(file), found.width, found.height):
            raise SpecError(f"artwork {problem}")
    style = StyleFiles(
        name=portable("+".join(file.stem for file, _ in weighted)),
        files=tuple(str(file.absolute()) for file, _ in weighted),
        sha256=tuple(found.sha256 for found in artworks_measured),
        weights=tuple(weight for _, weight in weighted),
        pixels=tuple(found.pixel_digest for found in artworks_measured),
    )
    if mask is None:
        return SingleJob(spec, asset.absolute(), measured, style)
    return SingleJob(
        spec, asset.absolute(), measured, style, mask.absolute(), _measured_mask(mask, asset, measured, spec)
    )


def _measured_mask(mask: Path, asset: Path, measured: MeasuredFile, spec: Spec) -> MeasuredFile:
    """Measure a mask. Raises SpecError if it cannot be used, or has not the proportions of its asset."""
    check_inside([("mask", mask)])
    found = _measured("mask", mask, spec.max_pixels)
    sizes = (found.width, found.height), (measured.width, measured.height)
    if problem := other_proportions("mask", _shown(mask), sizes[0], _shown(asset), sizes[1]):
        raise SpecError(problem)
    return found


def output_format(path: Path, given: str | None) -> str:
    """The format that an output's suffix names. Raises SpecError if there is none, or `given` is another one."""
    found = _SUFFIXES.get(path.suffix.lower())
    if found is None:
        raise SpecError(f"-o {_shown(path)}: pictures are written as {', '.join(_SUFFIXES)}", "change the suffix.")
    if given is not None and given != found:
        raise SpecError(f"-o {_shown(path)}: its suffix is not that of --format {given}", "leave one of them out.")
    return found


def _artwork(text: str) -> tuple[Path, float]:
    """The file and the weight of `FILE` or `FILE:WEIGHT`. Raises SpecError."""
    file, colon, number = text.rpartition(":")
    try:
        weight = float(number)
    except ValueError:
        return Path(text), 1.0
    if not colon or not file or os.path.lexists(text):
        return Path(text), 1.0
    if not (math.isfinite(weight) and weight > 0):
        raise SpecError(f"{printable(text)}: an artwork's weight is a number over 0, such as {printable(file)}:2.")
    return Path(file), weight


def _measured(what: str, path: Path, max_pixels: int) -> MeasuredFile:
    """A picture that can be used, measured. Raises SpecError."""
    if not os.path.lexists(path):
        raise SpecError(f"{what} {_shown(path)} does not exist", "give the path of a picture.")
    try:
        return measure_file(str(path), max_pixels)
    except JobError as error:
        raise SpecError(f"{what}: {error}") from error


def _shown(path: Path) -> str:
    return printable(str(path))
