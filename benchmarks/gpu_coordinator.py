"""Runs the sections of the benchmark of a GPU in a process apart, by the clock, and goes on after whatever goes wrong.

A fault of CUDA spoils the process in which it happened for good, a crash or a hang ends it: the next section gets another
process. The device's libraries are in that process alone.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from gpu_packages import ROOT
from gpu_sections import Section

Row = dict[str, Any]
"""`what` it is of, and figures by name; or a `fault`, or why it was `skipped`."""

CHILD = Path(__file__).with_name("gpu_child.py")
LEAST = 5.0
"""Seconds that must be left for a section to begin."""
SAID = 300
"""Characters of what a dead process said that are kept."""


class DeviceRefusedError(Exception):
    """The device is not there, or cannot be used: one sentence with what to do."""


class SectionProcess:
    """A process that does one section after another; see gpu_child."""

    def __init__(self, device: str, quick: bool, scratch: Path) -> None:
        self._errors = tempfile.TemporaryFile("w+", errors="replace")  # noqa: SIM115 - open as long as it lives
        self._process = subprocess.Popen(
            [sys.executable, str(CHILD), device, str(int(quick)), str(scratch)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env=environment(scratch),
            start_new_session=True,
        )
        self.usable = True
        """Whether it can do another section."""
        self._answers: queue.SimpleQueue[Row | None] = queue.SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()

    def rows(self, section: Section, seconds: float) -> Iterator[Row]:
        """What a section finds, within so many seconds. Raises TimeoutError, ChildProcessError if the process ended, and
        DeviceRefusedError.
        """
        assert self._process.stdin is not None
        end = time.monotonic() + seconds
        with contextlib.suppress(BrokenPipeError):  # the answer says so
            self._process.stdin.write(json.dumps([section.name, section.work, section.arguments]) + "\n")
            self._process.stdin.flush()
        while True:
            try:
                answer = self._answers.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                raise TimeoutError from None
            if answer is None:
                raise ChildProcessError(f"its process ended, {self._end()}")
            if not answer or "spoiled" in answer:
                self.usable = not answer
                return
            if "refused" in answer:
                raise DeviceRefusedError(answer["refused"])
            yield answer

    def close(self) -> None:
        """End it now, with every process that it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.communicate()
        self._errors.close()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._answers.put(json.loads(line))
        self._answers.put(None)

    def _end(self) -> str:
        code = self._process.wait()
        self._errors.seek(0)
        said = " ".join(self._errors.read().split())[-SAID:]
        return f"{f'by signal {-code}' if code < 0 else f'exit code {code}'}: {said or 'it said nothing'}"


def environment(scratch: Path) -> dict[str, str]:
    """Of the process: this checkout is found, caches are its own, and cuBLAS repeats itself from the first product."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    own = {"PYTHONPATH": path, "NOCTURNE_CACHE": str(scratch / "cache"), "CUBLAS_WORKSPACE_CONFIG": ":4096:8"}
    return {**os.environ, **own}


def rows(sections: Sequence[Section], device: str, quick: bool, seconds: float) -> Iterator[Row]:
    """Rows of the sections, as they come, in so many seconds; what there is no time for is said to be skipped.

    Raises DeviceRefusedError.
    """
    end, process = time.monotonic() + seconds, None
    with tempfile.TemporaryDirectory(prefix="bench-gpu-") as folder:
        try:
            for section in sections:
                left = end - time.monotonic()
                if left < LEAST:
                    yield {"what": section.name, "skipped": "no time was left"}
                    continue
                process = process or SectionProcess(device, quick, Path(folder))
                try:
                    yield from process.rows(section, min(left, section.limit))
                except (TimeoutError, ChildProcessError) as error:
                    process.usable = False
                    yield _cut_off(section, min(left, section.limit), end, error)
                if not process.usable:
                    process.close()
                    process = None
        finally:
            if process is not None:
                process.close()


def _cut_off(section: Section, given: float, end: float, error: Exception) -> Row:
    if isinstance(error, ChildProcessError):
        return {"what": section.name, "fault": str(error)}
    if time.monotonic() >= end - 1:
        return {"what": section.name, "skipped": "stopped, no time was left"}
    return {"what": section.name, "fault": f"it took longer than {given:.0f} s"}
