"""`nocturne sweep`: one picture with every combination of two parameters' values, on a labelled sheet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import NotFinite, OutOfMemory, SpecError, Stopped
from core.images import image
from core.images.contact_sheet import Label, contact_sheet
from core.images.pixel_types import U8
from core.images.provenance import is_stamped
from core.planning.jobs import Job
from core.runs.single_job import SingleJob, single_job
from core.runs.sweep import Axis, Cell, cells, parse_axis
from core.safe_text import printable
from core.storage.write_targets import check_target, write_file
from flows.commands.signals import ignore_ctrl_c
from flows.commands.style import open_session, opened, with_format
from flows.exit_codes import ALL_DONE, UNFINISHED
from flows.progress import StepDisplay

if TYPE_CHECKING:
    from torch import Tensor

    from core.stylize.jobs.backend import StylizeBackend


def sweep(
    photo: Path,
    paintings: list[str],
    to: Path,
    values: dict[str, Any],
    x: str | None,
    y: str | None,
    folder: Path | None,
) -> int:
    """Paint a sheet and write it. Returns the exit code: 0, or 3 if cells are missing.

    Raises SpecError before anything is computed, and Stopped or a JobError if there is nothing to save.
    """
    axes = [parse_axis(flag, text) if text else None for flag, text in (("--x", x), ("--y", y))]
    posed = single_job(photo, paintings, with_format(values, to))
    wanted = cells(posed.spec, *axes)
    check_target("-o", to, posed.files())
    if folder is not None:
        check_folder(folder)
        for cell in wanted:
            file = folder / f"{cell.name}.{cell.recipe.format}"
            check_target("--cells", file, [*posed.files(), to], ours=is_stamped, make_folder=True)
    painting = _Sheet(posed, wanted, folder)
    with StepDisplay(len(wanted)) as display:
        try:
            painting.paint(display)
        except KeyboardInterrupt as error:
            if not painting.pictures:
                raise Stopped("stopped before the first picture", "nothing was saved.") from error
        if not painting.pictures:
            raise NotFinite("none of the pictures could be painted, and nothing was saved", "see the lines above.")
        with ignore_ctrl_c():
            recipe = posed.spec.base_recipe()
            sheet = contact_sheet(painting.pictures, _labels(axes[1]), _labels(axes[0]), painting.title())
            write_file(to, image.encode(image.Picture(sheet), recipe.format, recipe.quality), posed.files())
        display.say(f"{to}: {len(painting.pictures)} of {len(wanted)} pictures")
    return ALL_DONE if len(painting.pictures) == len(wanted) else UNFINISHED


def check_folder(folder: Path) -> None:
    """Raises SpecError if `folder`, which need not exist, cannot take pictures."""
    if folder.exists() and not folder.is_dir():
        raise SpecError(f"--cells {printable(str(folder))} is a file", "give the name of a folder.")


class _Sheet:
    """The pictures of a sweep; `pictures` are those that are finished, by row and column."""

    def __init__(self, posed: SingleJob, wanted: Sequence[Cell], folder: Path | None) -> None:
        self._study, self._folder = posed, folder
        self._cells = sorted(wanted, key=_costly)
        self.pictures: dict[tuple[int, int], U8] = {}
        self._made: dict[str, Tensor] = {}

    def title(self) -> str:
        """What all cells have in common, in a line."""
        posed = self._study
        return f"{posed.name} in {posed.style.name}"

    def paint(self, display: StepDisplay) -> None:
        """Paint the cells one after the other; one that cannot be painted is left out, with a line that says so."""
        backend = opened(self._study, [cell.recipe for cell in self._cells])
        jobs = [self._study.job(cell.recipe, cell.preset, cell.seed) for cell in self._cells]
        for cell, job in zip(self._cells, jobs, strict=True):
            display.begin(", ".join(f"{name} {value}" for name, value in cell.settings))
            try:
                self.pictures[cell.row, cell.column] = self._cell(backend, cell, job, display).rgb
            except (NotFinite, OutOfMemory) as error:
                display.say(f"{cell.name}: {error}")
            display.end()

    def _cell(self, backend: StylizeBackend, cell: Cell, job: Job, display: StepDisplay) -> image.Picture:
        session = open_session(backend, job)
        if job.key not in self._made:
            self._made[job.key] = session.paint(display.step)
        result = self._made[job.key]
        if self._folder is not None:
            data = session.encoded(session.delivered(result))
            file = self._folder / f"{cell.name}.{cell.recipe.format}"
            write_file(file, data, self._study.files(), ours=is_stamped)
        return session.preview(result)


def _costly(cell: Cell) -> tuple[str, ...]:
    """Cells that share networks and style targets come one after the other, so that these are made once."""
    return (*map(str, cell.recipe.features), f"{cell.recipe.size:05d}")


def _labels(axis: Axis | None) -> list[Label]:
    return [Label(axis.name, value) for value in axis.values] if axis else []
