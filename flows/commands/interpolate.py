"""`nocturne interpolate`: the way from seed to seed as frames, or the space between four seeds as a sheet."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from core.config.base_spec import as_spec_error
from core.errors import SpecError
from core.gan.checkpoints.checkpoint import read_info
from core.gan.checkpoints.classes import class_number
from core.gan.networks.recipe import SampleRecipe
from core.gan.sampling.seeds import each_seed, parse_seeds
from core.images.formats import ANIMATED, listed
from core.safe_text import printable
from core.storage.write_targets import check_target, write_file

if TYPE_CHECKING:
    from core.gan.sampling.sampler import Sampler

MOST = 10_000
"""Frames, or cells of a sheet."""

CORNERS = 4


@dataclass(frozen=True)
class Walk:
    """What to draw between which seeds. `grid` is rows and columns of a sheet, or None for frames."""

    seeds: tuple[int, ...]
    frames: int
    loop: bool
    grid: tuple[int, int] | None
    to: Path

    def check(self) -> None:
        """Raises SpecError for what cannot be drawn."""
        suffix = self.to.suffix.lower()
        if self.grid:
            if len(self.seeds) != CORNERS:
                raise SpecError(
                    f"--grid needs four seeds, one a corner, not {len(self.seeds)}", "give --seeds 1,2,3,4."
                )
            if suffix != ".png":
                raise SpecError(f"-o {self.to}: a sheet is a .png file", "change the suffix.")
        elif len(self.seeds) < 2:
            raise SpecError("--seeds names one seed, and there is nothing between", "give two or more.")
        elif not len(self.seeds) <= self.frames <= MOST:
            raise SpecError(f"--frames {self.frames} must be {len(self.seeds)}, the number of seeds, to {MOST:,}.")
        elif suffix not in ("", *ANIMATED):
            raise SpecError(
                f"-o {self.to}: frames go into a {listed(ANIMATED)} file, or into a folder", "change the suffix."
            )


def walk_from(seeds: str, frames: int, loop: bool, grid: str | None, to: Path) -> Walk:
    """The walk that the flags ask for. Raises SpecError."""
    try:
        wanted = tuple(each_seed(parse_seeds(seeds)))
    except ValueError as error:
        raise SpecError(f"--seeds {printable(seeds)}: {error}.") from error
    walk = Walk(wanted, frames, loop, _shape(grid) if grid else None, to)
    walk.check()
    return walk


def interpolate(checkpoint: Path, walk: Walk, psi: float, label: str | None, device: str) -> None:
    """Draw a walk through a checkpoint's latent space, write it, and print where it is. Raises SpecError."""
    _check_place(walk, checkpoint)
    recipe = _recipe(checkpoint, psi, label)
    from core.gan.sampling.sampler import Sampler
    from core.networks.device import choose, make_deterministic

    make_deterministic(threads=1)  # as samples are drawn: a frame at a seed is that seed's sample
    sampler = Sampler(checkpoint, choose(device), recipe)
    place = _sheet(sampler, walk, checkpoint) if walk.grid else _frames(sampler, walk, checkpoint)
    typer.echo(printable(str(place)))


def _check_place(walk: Walk, checkpoint: Path) -> None:
    """Raises SpecError if what is drawn would take the place of something else."""
    if walk.to.suffix:
        check_target("-o", walk.to, [checkpoint])
        return
    from core.gan.sampling.latent_walk import frame_names
    from core.images.provenance import is_stamped

    for name in frame_names(walk.frames):
        check_target("-o", walk.to / name, [checkpoint], ours=is_stamped, make_folder=True)


def _frames(sampler: Sampler, walk: Walk, checkpoint: Path) -> Path:
    from core.gan.sampling.latent_walk import frames_of, put_frames
    from core.images.animation import animation

    pictures = frames_of(sampler, walk.seeds, walk.frames, walk.loop)
    if walk.to.suffix:
        write_file(walk.to, animation(pictures, walk.to.suffix.lower()), [checkpoint])
    else:
        put_frames(walk.to, pictures, checkpoint)
    return walk.to


def _sheet(sampler: Sampler, walk: Walk, checkpoint: Path) -> Path:
    from core.gan.sampling.sheet import latent_sheet
    from core.images import image

    assert walk.grid is not None
    sheet = latent_sheet(sampler, walk.seeds, *walk.grid)
    write_file(walk.to, image.encode(image.Picture(sheet), "png"), [checkpoint])
    return walk.to


def _shape(grid: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{1,5})x(\d{1,5})", grid.lower())
    rows, columns = (int(found[1]), int(found[2])) if found else (0, 0)
    if min(rows, columns) < 2 or rows * columns > MOST:
        raise SpecError(f"--grid {printable(grid)} must be rows x columns, 2x2 or more and {MOST:,} cells at most.")
    return rows, columns


def _recipe(checkpoint: Path, psi: float, label: str | None) -> SampleRecipe:
    info = read_info(checkpoint)
    with as_spec_error("flags", "interpolate"):
        return SampleRecipe(psi=psi, label=None if label is None else class_number(info, label))
