"""Needs of tests beyond an install: a browser, a GPU, rights of root. A run ends with what it lacked, and how to have it.

A test says `@needs_cuda`; whether the need is met is looked at once, when the first such test is about to run.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.fake_cuda.process import missing

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
DROP_ROOT = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")
"""What comes before a command so that file permissions hold for root too."""

LATIN_1 = ("localedef", "-i", "de_DE", "-f", "ISO-8859-1")
"""What makes a Latin-1 locale in the folder that is named behind it."""


@dataclass(frozen=True, slots=True)
class Need:
    """What a test needs, how to have it, and whether it is here."""

    what: str
    remedy: str
    met: Callable[[], bool]


def browser() -> str | None:
    """The path of a Chromium or Chrome; None if there is none."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def _cuda() -> bool:
    import torch

    return torch.cuda.is_available()


def _onnx() -> bool:
    return all(importlib.util.find_spec(name) for name in ("onnx", "onnxscript", "onnxruntime"))


def _installed(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def _permissions() -> bool:
    return os.geteuid() != 0 or (shutil.which(DROP_ROOT[0]) is not None and _runs(*DROP_ROOT, "true"))


def _mount() -> bool:
    with tempfile.TemporaryDirectory() as folder:
        return _runs("mount", "-t", "tmpfs", "-o", "size=100k", "tmpfs", folder) and _runs("umount", "-l", folder)


def _latin1() -> bool:
    with tempfile.TemporaryDirectory() as folder:
        return _runs(*LATIN_1, f"{folder}/xx_LATIN.ISO-8859-1")


def _runs(*command: str) -> bool:
    return (
        shutil.which(command[0]) is not None
        and subprocess.run(command, check=False, capture_output=True).returncode == 0
    )


NEEDS = {
    "chromium": Need("Chromium or Chrome", "install one, so that it is on PATH", lambda: browser() is not None),
    "cuda": Need("a CUDA device", "use a machine with an NVIDIA GPU and a torch built for it", _cuda),
    "fake_cuda": Need(
        "Linux, a C compiler and CUDA's headers, which come with torch's CUDA wheels", "install them", lambda: not missing()
    ),
    "git": Need("git", "install it", lambda: shutil.which("git") is not None),
    "latin1": Need("a Latin-1 locale", "install localedef and its locales' sources (`locales`)", _latin1),
    "heif": Need("the extra `heif`", "run `pip install -e '.[heif]'`", lambda: _installed("pi_heif")),
    "jxl": Need("the extra `jxl`", "run `pip install -e '.[jxl]'`", lambda: _installed("pyjpegxl")),
    "linux": Need("Linux", "use a Linux machine", lambda: sys.platform == "linux"),
    "mount": Need("the right to mount a small disk", "be root, or use `unshare --map-root-user --mount`", _mount),
    "namespace": Need("a network namespace", "be root, or have unshare", lambda: _runs("unshare", "-n", "true")),
    "onnx": Need("the extra `onnx`", "run `pip install -e '.[onnx]'`", _onnx),
    "permissions": Need("file permissions that hold", "be another user than root, or install setpriv", _permissions),
}  # fmt: skip

needs_chromium = pytest.mark.needs("chromium")
needs_cuda = pytest.mark.needs("cuda")
needs_fake_cuda = pytest.mark.needs("fake_cuda")
needs_git = pytest.mark.needs("git")
needs_latin1 = pytest.mark.needs("latin1")
needs_heif = pytest.mark.needs("heif")
needs_jxl = pytest.mark.needs("jxl")
needs_linux = pytest.mark.needs("linux")
needs_mount = pytest.mark.needs("mount")
needs_namespace = pytest.mark.needs("namespace")
needs_onnx = pytest.mark.needs("onnx")
needs_permissions = pytest.mark.needs("permissions")


@functools.cache
def is_met(name: str) -> bool:
    """Whether this machine has it."""
    return NEEDS[name].met()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose need is not met."""
    for marker in item.iter_markers("needs"):
        if not is_met(*marker.args):
            need = NEEDS[marker.args[0]]
            pytest.skip(f"needs {need.what}; to have it, {need.remedy}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """End with what was skipped, by what it needs."""
    skipped = Counter(reason_of(report) for report in terminalreporter.stats.get("skipped", []))
    if skipped:
        terminalreporter.section(f"{skipped.total()} skipped")
        for reason, count in sorted(skipped.items()):
            terminalreporter.line(f"{count}: {reason}")


def reason_of(report: pytest.TestReport) -> str:
    """Why a test was skipped."""
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return reason.removeprefix("Skipped: ")
