"""Interactive optimisation of one picture: every step is shown, and the best so far can be kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from core.errors import OutOfMemory
from core.images import image
from core.networks.memory import is_out_of_memory
from core.planning.jobs import Job
from core.stylize.images.pixels import resized
from core.stylize.jobs.backend import StylizeBackend
from core.stylize.optimise.optimise import OptimisationStep


@dataclass(frozen=True)
class Best:
    """The picture of the least loss at the size that was worked on last: (3, h, w), RGB in [0, 1]."""

    step: OptimisationStep
    picture: Tensor


class InteractiveSession:
    """Paints the picture of one job; `backend` has been opened with what the job needs."""

    def __init__(self, backend: StylizeBackend, job: Job) -> None:
        """Read the files. Raises a JobError for one that cannot be used."""
        self.job, self._subject = job, f"{job.asset} in {job.style}"
        self._backend = backend
        self._decoded = backend.decode(job)
        self.best: Best | None = None

    @property
    def asset(self) -> image.Picture:
        """The asset at the size of the result."""
        return self._decoded.asset

    def paint(self, on_step: Callable[[OptimisationStep, Tensor], None]) -> Tensor:
        """The result, (3, h, w), RGB in [0, 1]: `delivered`, it is the picture that a run would write.

        `on_step` is given every step with its picture, (3, h, w), RGB in [0, 1], and may raise to leave. Raises NotFinite
        and OutOfMemory.
        """

        def look(step: OptimisationStep) -> None:
            picture = step.picture()
            if self.best is None or picture.shape != self.best.picture.shape or not step.loss >= self.best.step.loss:
                self.best = Best(step, picture)
            on_step(step, picture)

        try:
            return self._backend.painted(self.job, self._decoded, look).image
        except (MemoryError, RuntimeError) as error:
            if is_out_of_memory(error):
                raise OutOfMemory(f"{self._subject} needs more memory than there is", "lower `size`.") from error
            raise

    def preview(self, picture: Tensor) -> image.Picture:
        """A picture (3, h, w) of a step, or the result, as it looks: at working size, to which it is enlarged."""
        return self._backend.finished(self._at_working_size(picture), self._decoded)

    def delivered(self, picture: Tensor) -> image.Picture | image.DeepPicture:
        """The same as it is written: at the size and depth of the recipe. Raises Changed, and what reading the asset once
        more can raise.
        """
        return self._backend.delivered(self.job, self._at_working_size(picture), self._decoded)

    def encoded(self, picture: image.Picture | image.DeepPicture, step: OptimisationStep | None = None) -> bytes:
        """A picture as the bytes of its file; of an unfinished one, say at which `step` it was left."""
        return self._backend.encoded(self.job, picture, self._decoded, step)

    def _at_working_size(self, picture: Tensor) -> Tensor:
        width, height = self._decoded.asset.size
        return picture if picture.shape[1:] == (height, width) else resized(picture, (height, width))
