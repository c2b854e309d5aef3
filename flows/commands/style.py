"""`nocturne style`: one picture painted in this process while its steps are shown: no server, no worker."""

from __future__ import annotations

import math
import os
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.child_process import SPIN_ENV
from core.config.recipe import Recipe
from core.errors import JobError, SpecError, Stopped
from core.images import animation
from core.images.formats import ANIMATED, listed
from core.images.pixel_types import U8
from core.images.provenance import is_stamped
from core.planning.jobs import Job
from core.runs.single_job import SingleJob, output_format, single_job
from core.safe_text import printable
from core.storage.store import Store
from core.storage.write_targets import check_target, write_file
from flows.commands.signals import ignore_ctrl_c
from flows.exit_codes import ALL_DONE, UNFINISHED
from flows.progress import StepDisplay, loss_text

if TYPE_CHECKING:
    from torch import Tensor

    from core.stylize.jobs.backend import StylizeBackend
    from core.stylize.jobs.interactive import InteractiveSession
    from core.stylize.optimise.optimise import OptimisationStep

MOST_FRAMES = 60
FRAME_BUDGET = 512 * 2**20
"""Bytes that the frames of an animation may take; of large pictures there are fewer."""
FRAME_MS, HOLD_MS = 80, (420, 1_920)
"""Milliseconds that a frame is shown, and how much longer the first and the last one stay."""


def style(
    photo: Path,
    paintings: list[str],
    to: Path,
    values: dict[str, Any],
    save_every: int | None,
    animate: Path | None,
    mask: Path | None,
) -> int:
    """Paint a picture, where its mask is white if it has one, and write it. Returns the exit code: 0, or 3 if Ctrl-C ended
    it with the best so far saved.

    Raises SpecError before anything is computed, JobError if the picture cannot be made, and Stopped if there was nothing
    to save yet.
    """
    posed = single_job(photo, paintings, with_format(values, to), mask)
    recipe = posed.spec.base_recipe()
    _check(posed, recipe, to, animate)
    check_saved_steps(to, save_every, posed.files())
    painting = _Painting(to, save_every, animate, posed.working_size(recipe), posed.files())
    try:
        with StepDisplay() as display:
            backend = opened(posed, [recipe])
            return painting.paint(backend, posed.job(recipe, posed.spec.start, posed.spec.seed), display)
    except KeyboardInterrupt as error:
        raise Stopped("stopped before the first step", "nothing was saved.") from error


def with_format(values: dict[str, Any], to: Path) -> dict[str, Any]:
    """The values with the format that the output's suffix names. Raises SpecError."""
    recipe = values.get("recipe", {})
    return {**values, "recipe": {**recipe, "format": output_format(to, recipe.get("format"))}}


def opened(posed: SingleJob, recipes: list[Recipe]) -> StylizeBackend:
    """A backend that is ready to paint a single_job with these recipes. Raises SpecError for a device that is not there."""
    for name, value in SPIN_ENV.items():
        os.environ.setdefault(name, value)  # before torch is loaded
    from core.stylize.jobs.backend import StylizeBackend

    backend = StylizeBackend(StylizeBackend.resolve(posed.spec.device), warm=False)
    backend.open(Store(Path.cwd()), posed.context(recipes))
    return backend


def open_session(backend: StylizeBackend, job: Job) -> InteractiveSession:
    """A session with the files read. Raises SpecError for one that cannot be decoded."""
    from core.stylize.jobs.interactive import InteractiveSession

    try:
        return InteractiveSession(backend, job)
    except JobError as error:
        raise SpecError(str(error)) from error


class _Painting:
    """One picture on its way to the disk, with what is asked for beside it."""

    def __init__(
        self, to: Path, save_every: int | None, animate: Path | None, size: tuple[int, int], sources: list[Path]
    ) -> None:
        self._to, self._save_every, self._animate, self._sources = to, save_every, animate, sources
        self._most = max(2, min(MOST_FRAMES, FRAME_BUDGET // (3 * size[0] * size[1])))
        self._frames: list[U8] = []

    def paint(self, backend: StylizeBackend, job: Job, display: StepDisplay) -> int:
        """Paint to the end, or until Ctrl-C. Returns the exit code."""
        session, began, last = open_session(backend, job), time.monotonic(), None
        if self._animate:
            self._frames.append(session.asset.rgb)

        def on_step(step: OptimisationStep, picture: Tensor) -> None:
            nonlocal last
            last = step
            display.step(step, picture)
            self._keep(session, step, picture, display)

        try:
            result = session.paint(on_step)
        except KeyboardInterrupt:
            with ignore_ctrl_c():
                return self._leave(session, last, display)
        with ignore_ctrl_c():
            height, width = self._write(session, result)
        assert last is not None
        seconds = f"{time.monotonic() - began:.1f} s"
        display.say(f"{self._to}: {width} x {height}, {last.step} steps in {seconds}{loss_text(last.loss)}")
        self._tell_animation(display)
        return ALL_DONE

    def _keep(self, session: InteractiveSession, step: OptimisationStep, made: Tensor, display: StepDisplay) -> None:
        """Save or remember the picture of a step, if it is asked for."""
        saved = self._save_every is not None and step.step % self._save_every == 0
        framed = self._animate is not None and step.step % math.ceil(step.steps / self._most) == 0
        if not saved and not framed:
            return
        picture = session.preview(made)
        if framed:
            self._frames.append(picture.rgb)
        if saved:
            name = self._to.with_name(f"{self._to.stem}-{step.step:04d}{self._to.suffix}")
            write_file(name, session.encoded(session.delivered(made), step), self._sources, ours=is_stamped)
            display.say(f"{name}{loss_text(step.loss)}")

    def _leave(self, session: InteractiveSession, last: OptimisationStep | None, display: StepDisplay) -> int:
        """Save the best so far. Raises Stopped if there is none."""
        best = session.best
        if best is None or last is None:
            raise Stopped("stopped before the first step", "nothing was saved.")
        self._write(session, best.picture, best.step)
        height, width = best.picture.shape[1:]
        display.say(
            f"Stopped at step {last.step} of {last.steps}. {self._to} has the best so far: step {best.step.step}, "
            f"made at {width} x {height}{loss_text(best.step.loss)}."
        )
        self._tell_animation(display)
        return UNFINISHED

    def _write(
        self, session: InteractiveSession, made: Tensor, step: OptimisationStep | None = None
    ) -> tuple[int, int]:
        """Write the picture, and the animation if one is asked for. Returns the picture's height and width."""
        picture = session.delivered(made)
        write_file(self._to, session.encoded(picture, step), self._sources)
        if self._animate is not None:
            self._write_animation(self._animate, session.preview(made).rgb)
        return picture.rgb.shape[:2]

    def _write_animation(self, to: Path, rgb: U8) -> None:
        if not np.array_equal(self._frames[-1], rgb):  # the last step may be the result
            self._frames.append(rgb)
        frames = animation.animation(self._frames, to.suffix.lower(), FRAME_MS, HOLD_MS)
        write_file(to, frames, [*self._sources, self._to])

    def _tell_animation(self, display: StepDisplay) -> None:
        if self._animate:
            display.say(f"{self._animate}: {len(self._frames)} frames")


def check_saved_steps(to: Path, save_every: int | None, sources: list[Path]) -> None:
    """Raises SpecError if a file that stands where a step may be saved is another one than a picture of Nocturne."""
    if save_every is None:
        return
    saved = re.compile(re.escape(f"{to.stem}-") + r"\d{4,}" + re.escape(to.suffix))
    for path in sorted(to.absolute().parent.iterdir()):
        if saved.fullmatch(path.name):
            check_target("--save-every", path, sources, ours=is_stamped)


def _check(posed: SingleJob, recipe: Recipe, to: Path, animate: Path | None) -> None:
    """Raises SpecError for a place where nothing can be written."""
    check_target("-o", to, posed.files())
    if animate is None:
        return
    check_target("--animate", animate, [*posed.files(), to])
    suffix, longest = animate.suffix.lower(), max(posed.working_size(recipe))
    if suffix not in ANIMATED:
        raise SpecError(
            f"--animate {printable(str(animate))}: an animation is a {listed(ANIMATED)} file", "change the suffix."
        )
    if longest > ANIMATED[suffix].longest_side:
        raise SpecError(
            f"--animate: a {suffix} has {ANIMATED[suffix].longest_side:,} pixels a side at most", "lower --size."
        )
