"""Fixtures of the whole suite: a cache of its own, a small studio, and one Prefect server for all flows."""

from __future__ import annotations

import os

os.environ.setdefault("GOMP_SPINCOUNT", "10000")  # before torch is imported: tests share their cores with workers
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # the cores are taken by the tests that run side by side

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from xdist.scheduler import LoadFileScheduling

from tests.needs import pytest_runtest_setup, pytest_terminal_summary
from tests.prefect_server import running_server

__all__ = ["pytest_runtest_setup", "pytest_terminal_summary"]


FIRST = ("tests/flows/", "tests/faults/")
"""What takes longest: begun last, one process would wait for the other."""


class ServerScheduling(LoadFileScheduling):
    """A test file goes to one process, with its fixtures; those of flows go to the same one, with the Prefect server."""

    def _split_scope(self, nodeid: str) -> str:
        file = str(super()._split_scope(nodeid))
        return FIRST[0] if file.startswith(FIRST[0]) else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling | None:
    """How `--dist loadfile` shares out the tests."""
    return ServerScheduling(config, log) if config.getoption("dist") == "loadfile" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest."""
    items.sort(key=lambda item: not item.nodeid.startswith(FIRST))


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """No test reads or writes the user's own cache or Prefect database, nor those of a test that runs beside it."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NOCTURNE_CACHE", str(folder))
        patch.setenv("PREFECT_HOME", str(tmp_path_factory.mktemp("prefect-home")))
        yield folder


@pytest.fixture(scope="session")
def prefect_env(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment of a running Prefect server."""
    with running_server(tmp_path_factory.mktemp("prefect")) as env:
        yield env


class Studio:
    """A library and a catalog of small pictures in a folder."""

    def __init__(self, root: Path) -> None:
        self.root, self.library, self.catalog, self.out = (
            root,
            root / "library",
            root / "catalog",
            root / "run",
        )
        for folder in (self.library, self.catalog):
            folder.mkdir(parents=True)

    def picture(self, name: str, seed: int, size: tuple[int, int] = (40, 32)) -> Path:
        """A picture of soft noise under the studio's root."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        coarse = np.random.default_rng(seed).integers(0, 256, (5, 6, 3), dtype=np.uint8)
        Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC).save(path)
        return path


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    """Two assets, one of them in a folder, and two styles."""
    made = Studio(tmp_path / "studio")
    made.picture("library/cat.jpg", 1)
    made.picture("library/trip/sea.png", 2, (32, 40))
    made.picture("catalog/wave.png", 3)
    made.picture("catalog/night.jpg", 4)
    return made
