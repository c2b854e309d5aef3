"""Drawing samples as the bytes of their files, in this process or in one of its own.

Networks release Python's lock while they compute, but encoders of small pictures do not: threads would wait for each other.
So on a CPU every core has a process, started as `python -m core.gan.sampling.sample_worker FD DEVICE` with its end of a
socket pair. It ends when the pipe closes.
"""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Sequence
from multiprocessing.connection import Connection
from typing import Any, Protocol

from core.child_process import ChildProcess
from core.errors import NocturneError, SpecError
from core.gan.networks.recipe import SAMPLE_ALGORITHM
from core.gan.sampling.sample_context import SampleContext
from core.images import image, provenance
from core.images.formats import WRITABLE

_NO_SEED = -1
_NO_KEY = "0" * 64

Wanted = tuple[int, str]
"""A seed, and the key of its job, which the picture carries."""


Drawn = tuple[bytes, str]
"""A sample as the bytes of its file, and the hash of its pixels."""


class Drawer(Protocol):
    """Draws samples of one checkpoint."""

    def open(self, context: SampleContext) -> None:
        """Take up a run. Raises SpecError if its checkpoint cannot be used, or is not the planned one any more."""

    def draw(self, wanted: Sequence[Wanted]) -> list[Drawn]:
        """The samples of some seeds, in order."""


class LocalDrawer:
    """Draws in this process, in the thread that asks."""

    def __init__(self, device: str) -> None:
        self._device = device

    def open(self, context: SampleContext) -> None:
        """See Drawer."""
        import torch

        from core.gan.sampling.sampler import Sampler

        self._recipe = context.recipe
        self._sampler = Sampler(context.checkpoint, torch.device(self._device), self._recipe)
        if self._sampler.info.digest != context.digest:
            raise SpecError(f"checkpoint {context.checkpoint} was changed since the night was planned", "run it again.")
        self._stamp = self._blank_stamp()
        self._sampler.sample([0])  # torch prepares its kernels at the first call

    def draw(self, wanted: Sequence[Wanted]) -> list[Drawn]:
        """See Drawer."""
        pictures = self._sampler.sample([seed for seed, _ in wanted])
        return [self._encoded(each, image.Picture(rgb)) for each, rgb in zip(wanted, pictures, strict=True)]

    def _encoded(self, wanted: Wanted, picture: image.Picture) -> Drawn:
        recipe, (seed, key) = self._recipe, wanted
        stamp = self._stamp.replace(_NO_KEY, key, 1).replace(f'"seed":{_NO_SEED}', f'"seed":{seed}', 1)
        data = image.encode(picture, recipe.format, recipe.quality, stamp)
        return data, image.pixels_sha256(picture if WRITABLE[recipe.format].lossless else data)

    def _blank_stamp(self) -> str:
        """The record that all samples share, with a blank seed and key: writing each anew would take longer than drawing."""
        info = self._sampler.info
        return provenance.stamp(
            {
                "kind": "sample",
                "key": _NO_KEY,
                "recipe": json.loads(self._recipe.model_dump_json()),
                "seed": _NO_SEED,
                "weights": info.digest,
                "checkpoint": info.name,
                "algorithm": SAMPLE_ALGORITHM,
            }
        )


class RemoteDrawer:
    """A LocalDrawer in a process of its own. Raises EOFError or OSError when that process has died."""

    def __init__(self, device: str) -> None:
        self._process = ChildProcess("core.gan.sampling.sample_worker", device, shares_output=True)

    def open(self, context: SampleContext) -> None:
        """See Drawer."""
        self._asked(context)

    def draw(self, wanted: Sequence[Wanted]) -> list[Drawn]:
        """See Drawer."""
        drawn: list[Drawn] = self._asked(wanted)
        return drawn

    def close(self) -> None:
        """End the process."""
        self._process.reap()

    def _asked(self, question: Any) -> Any:
        self._process.connection.send(question)
        answer = self._process.connection.recv()
        if isinstance(answer, Exception):
            raise answer
        return answer


def main(fd: int, device: str) -> None:
    """Serve one RemoteDrawer until it closes the pipe."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # whoever holds the pipe decides
    import core.gan.sampling.sampler  # noqa: F401 - what takes a second is done while the plan is made
    from core.networks.device import make_deterministic

    make_deterministic(threads=1)
    drawer, line = LocalDrawer(device), Connection(fd)
    try:
        while True:
            question = line.recv()
            line.send(_answer(drawer, question))
    except (EOFError, OSError):
        return


def _answer(drawer: LocalDrawer, question: Any) -> Any:
    try:
        return drawer.open(question) if isinstance(question, SampleContext) else drawer.draw(question)
    except NocturneError as error:
        return error
    except Exception as error:  # what cannot travel as it is goes as its words
        return RuntimeError(f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
