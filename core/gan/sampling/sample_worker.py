"""Sample workers: draw and encode samples, in this process or in a child process of their own.

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

SampleRequest = tuple[int, str]
"""A seed, and the key of its job, which the picture's metadata carry."""


EncodedSample = tuple[bytes, str]
"""A sample as the bytes of its file, and the hash of its pixels."""


class SampleWorker(Protocol):
    """Draws and encodes samples of one checkpoint."""

    def open(self, context: SampleContext) -> None:
        """Load a run's checkpoint. Raises SpecError if its checkpoint cannot be used, or is not the planned one any more."""

    def draw(self, requests: Sequence[SampleRequest]) -> list[EncodedSample]:
        """The samples of some seeds, in order."""


class LocalSampleWorker:
    """Draws in this process, in the calling thread."""

    def __init__(self, device: str) -> None:
        self._device = device

    def open(self, context: SampleContext) -> None:
        """See SampleWorker."""
        import torch

        from core.gan.sampling.sampler import Sampler

        self._recipe = context.recipe
        self._sampler = Sampler(context.checkpoint, torch.device(self._device), self._recipe)
        if self._sampler.info.digest != context.digest:
            raise SpecError(f"checkpoint {context.checkpoint} was changed since the night was planned", "run it again.")
        self._stamp = self._blank_stamp()
        self._sampler.sample([0])  # torch prepares its kernels at the first call

    def draw(self, requests: Sequence[SampleRequest]) -> list[EncodedSample]:
        """See SampleWorker."""
        pictures = self._sampler.sample([seed for seed, _ in requests])
        return [self._encoded(each, image.Picture(rgb)) for each, rgb in zip(requests, pictures, strict=True)]

    def _encoded(self, request: SampleRequest, picture: image.Picture) -> EncodedSample:
        recipe, (seed, key) = self._recipe, request
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


class RemoteSampleWorker:
    """A LocalSampleWorker in a process of its own. Raises EOFError or OSError when that process has died."""

    def __init__(self, device: str) -> None:
        self._process = ChildProcess("core.gan.sampling.sample_worker", device, shares_output=True)

    def open(self, context: SampleContext) -> None:
        """See SampleWorker."""
        self._request(context)

    def draw(self, requests: Sequence[SampleRequest]) -> list[EncodedSample]:
        """See SampleWorker."""
        drawn: list[EncodedSample] = self._request(requests)
        return drawn

    def close(self) -> None:
        """End the process."""
        self._process.reap()

    def _request(self, message: Any) -> Any:
        self._process.connection.send(message)
        answer = self._process.connection.recv()
        if isinstance(answer, Exception):
            raise answer
        return answer


def main(fd: int, device: str) -> None:
    """Serve one RemoteSampleWorker until it closes the pipe."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # whoever holds the pipe decides
    import core.gan.sampling.sampler  # noqa: F401 - what takes a second is done while the plan is made
    from core.networks.device import make_deterministic

    make_deterministic(threads=1)
    worker, line = LocalSampleWorker(device), Connection(fd)
    try:
        while True:
            message = line.recv()
            line.send(_answer(worker, message))
    except (EOFError, OSError):
        return


def _answer(worker: LocalSampleWorker, message: Any) -> Any:
    try:
        return worker.open(message) if isinstance(message, SampleContext) else worker.draw(message)
    except NocturneError as error:
        return error
    except Exception as error:  # what cannot travel as it is goes as its words
        return RuntimeError(f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
