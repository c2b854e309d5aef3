"""Health checks of the machine: Python, packages, disk, memory, open files, clock, time zone; none changes anything."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from datetime import datetime
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from core.doctor import requirements
from core.doctor.check_result import Check, CheckResult, ok, problem, warning
from core.doctor.time_zone import is_known, system_zone
from core.images import formats
from core.networks import memory
from core.storage.cache_dir import cache_folder
from core.storage.disk_space import free_bytes
from core.storage.run_paths import SPEC
from core.storage.store import Store
from core.storage.user_folders import FALLBACK, has_home, write_fault

LEAST_PYTHON = (3, 11)
LEAST_DISK = 2e9
LEAST_MEMORY = 4e9
LEAST_FILES = 512
CLOCK_MARGIN = 3600.0
"""Seconds by which a clock may lie before the newest file: disks on a network have clocks of their own."""

ROOT = Path(__file__).resolve().parents[2]
PICTURE_KINDS = {**{each.feature: each.title for each in formats.READABLE}, "littlecms2": "colour profiles"}
"""What Pillow must have been built with, by the names of its `features`."""


def machine_checks(out: Path) -> list[tuple[str, Check]]:
    """The checks of the machine, by name; `out` is the folder that a night would write into."""
    return [
        ("python", python),
        ("packages", installed_packages),
        ("pillow", pillow),
        ("disk", lambda: folder("disk", out, needed=True)),
        ("cache", lambda: folder("cache", cache_folder(), needed=False)),
        ("home", home),
        ("memory", free_memory),
        ("open files", open_files),
        ("clock", clock),
        ("time zone", time_zone),
        ("run", lambda: run_in_use(out)),
    ]


def python() -> Iterator[CheckResult]:
    """The version of Python."""
    least = ".".join(map(str, LEAST_PYTHON))
    if sys.version_info >= LEAST_PYTHON:
        yield ok("python", f"{sys.version.split()[0]} in {sys.prefix}")
    else:
        remedy = f"Install Python {least} or newer, then `make clean` and `make install`."
        yield problem("python", f"{sys.version.split()[0]}, older than {least}", remedy)


def installed_packages() -> Iterator[CheckResult]:
    """Whether every package is there, in the range that pyproject.toml asks for, and the basic ones can be imported."""
    try:
        wanted = requirements.required_versions()
    except PackageNotFoundError:
        yield problem("packages", "Nocturne itself is not installed in this Python", "Run `make install`.")
        return
    misfits = [(name, wrong) for name, specifier in wanted.items() if (wrong := _misfit(name, specifier))]
    for name, wrong in misfits:
        remedy = f"Run `make install` again, or `{sys.executable} -m pip install '{name}{wanted[name]}'`."
        yield problem("packages", wrong, remedy)
    if not misfits:
        for name in ("numpy", "pyarrow"):
            import_module(name)
        yield ok("packages", f"{len(wanted)}, all in the ranges that pyproject.toml asks for")


def pillow() -> Iterator[CheckResult]:
    """Whether Pillow can read and write every kind of picture, and convert colour profiles."""
    from PIL import features

    lacking = [kind for feature, kind in PICTURE_KINDS.items() if not features.check(feature)]
    if lacking:
        remedy = "Install it from a wheel: `pip install --force-reinstall --only-binary :all: pillow`."
        yield problem("pillow", f"{version('pillow')} lacks {', '.join(lacking)}", remedy)
    else:
        yield ok("pillow", f"{version('pillow')} with {', '.join(PICTURE_KINDS.values())}")


def folder(name: str, path: Path, needed: bool) -> Iterator[CheckResult]:
    """Whether a folder, or the nearest one above it that exists, can be written to and has room on its disk.

    A night can do without what is not `needed`.
    """
    wrong = problem if needed else warning
    if fault := write_fault(path):
        yield wrong(name, fault.what, fault.remedy[:1].upper() + fault.remedy[1:])
        return
    free = free_bytes(path)
    if free is None:
        yield ok(name, f"{path}: its volume does not say how much is free")
    elif free < LEAST_DISK:
        remedy = "Free some space; `nocturne plan` says how much a night will need."
        yield warning(name, f"{path}: {_gigabytes(free)} free", remedy)
    else:
        yield ok(name, f"{path}: {_gigabytes(free)} free")


def home() -> Iterator[CheckResult]:
    """Whether the user has a home, which Prefect and other packages ask for."""
    if has_home():
        yield ok("home", str(Path.home()))
    else:
        remedy = f"A night uses a folder in its run, {FALLBACK}; set HOME to one of the user's own."
        yield warning("home", "HOME is not set, and the system knows no home of this user", remedy)


def free_memory() -> Iterator[CheckResult]:
    """Whether there is memory for the networks and a large picture."""
    free = memory.available_bytes()
    if free is None:
        yield ok("memory", "this system does not say how much is free")
    elif free < LEAST_MEMORY:
        remedy = "Close other programs, or make smaller pictures: --size 256."
        yield warning("memory", f"{_gigabytes(free)} available", remedy)
    else:
        yield ok("memory", f"{_gigabytes(free)} available")


def open_files() -> Iterator[CheckResult]:
    """How many files a process may have open: a night's server and its connections need some hundred."""
    try:
        import resource
    except ImportError:
        yield ok("open files", "this system has no such limit")
        return
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if most == resource.RLIM_INFINITY:
        yield ok("open files", "no limit")
    elif most < LEAST_FILES:
        yield warning("open files", f"at most {most:,}", "Raise the limit before a night: `ulimit -n 4096`.")
    else:
        yield ok("open files", f"at most {most:,}")


def clock() -> Iterator[CheckResult]:
    """Whether the clock is sane: not before the newest file of the program that reads it."""
    files = [file for name in ("core", "tasks", "flows") for file in (ROOT / name).rglob("*.py")]
    newest = max((file.stat().st_mtime for file in files), default=0.0)
    if time.time() < newest - CLOCK_MARGIN:
        words = f"it says {_moment(time.time())}, but the newest file of Nocturne is of {_moment(newest)}"
        yield problem("clock", words, "Set the machine's clock; schedules and the manifest's times hang on it.")
    else:
        yield ok("clock", _moment(time.time()))


def time_zone() -> Iterator[CheckResult]:
    """The system's time zone, and whether its rules are known."""
    zone = system_zone()
    if zone is None:
        yield ok("time zone", f"one without a name, {datetime.now().astimezone():UTC%z} now")
    elif is_known(zone):
        yield ok("time zone", zone)
    else:
        remedy = "Set TZ, or the system's zone, to a name such as Europe/Berlin, or run `pip install tzdata`."
        yield warning("time zone", f"{zone}, of which this machine has no rules: local times may be UTC", remedy)


def run_in_use(out: Path) -> Iterator[CheckResult]:
    """Whether a night goes on in `out`; nothing is said of a folder that is no run."""
    store = Store(out)
    if not store.exists(SPEC):
        return
    if store.is_locked():
        remedy = "Wait for it to end (`nocturne status` says how far it is), or choose another --out."
        yield warning("run", f"{out} is being made now by another process", remedy)
    else:
        yield ok("run", f"{out} is a run, and nobody is making it now")


def _misfit(name: str, specifier: str) -> str:
    """What is wrong with an installed package; empty if nothing is."""
    try:
        found = version(name)
    except PackageNotFoundError:
        return f"{name} is not installed"
    return "" if requirements.in_range(found, specifier) else f"{name} {found} is installed, not {specifier}"


def _moment(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds).astimezone():%Y-%m-%d %H:%M %z}"


def _gigabytes(size: float) -> str:
    return f"{size / 1e9:,.1f} GB"
