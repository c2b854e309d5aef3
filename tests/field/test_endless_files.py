"""Nothing that is read can wait for ever or fill the memory: FIFOs, devices and files of any size, at every door.

A FIFO in a folder stops tools that open what they list; /dev/zero has no end.
"""

from __future__ import annotations

import ast
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from core.config.preference_model import load_preference_model
from core.errors import JobError, NocturneError
from core.gan.data.dataset import load
from core.gan.networks.recipe import GanRecipe
from core.manifest import manifest
from core.manifest.picks import read_picks
from core.networks import tensor_file
from core.networks.classifier_file import read as read_classifier
from core.planning.night_records import last_night
from core.planning.pairs import pair_up
from core.planning.reuse import finished_jobs
from core.runs.run_kinds import load_spec
from core.storage.store import Store
from core.storage.toml_file import toml_values
from core.stylize.feedforward.transfer_file import read_info
from tests.conftest import Studio
from tests.core.runs.test_stylize_plan import make, planned

ROOT = Path(__file__).resolve().parents[2]

READERS: dict[str, Callable[[Path], Any]] = {
    "x.json": load_preference_model,
    "picks.csv": read_picks,
    "pairs.csv": lambda path: list(pair_up(str(path), [], [], 0)),
    "spec.toml": load_spec,
    "catalog.toml": toml_values,
    "network.safetensors": read_info,
    "classifier.safetensors": lambda path: read_classifier(str(path)),
    "weights.pth": tensor_file.read,
    "weights.safetensors": tensor_file.read,
}


@pytest.fixture(autouse=True)
def alarm() -> Iterator[None]:
    """A reader that waits is interrupted after some seconds, and fails."""

    def waited(*_: object) -> None:
        raise TimeoutError("it waits for a file that never ends")

    before = signal.signal(signal.SIGALRM, waited)
    signal.alarm(20)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("kind", ["fifo", "link to a fifo", "link to /dev/zero", "folder"])
@pytest.mark.parametrize("name", READERS)
def test_what_is_no_file_is_refused_at_once(name: str, kind: str, tmp_path: Path) -> None:
    path = tmp_path / name
    if kind == "folder":
        path.mkdir()
    elif kind == "link to /dev/zero":
        path.symlink_to("/dev/zero")
    else:
        os.mkfifo(path if kind == "fifo" else tmp_path / "fifo")
    if kind == "link to a fifo":
        path.symlink_to(tmp_path / "fifo")
    with pytest.raises((NocturneError, JobError), match=r"regular file|folder|There is no|does not exist"):
        READERS[name](path)


@pytest.mark.parametrize("name", ["x.json", "picks.csv", "pairs.csv", "spec.toml"])
def test_a_file_of_gigabytes_is_not_read_into_memory(name: str, tmp_path: Path) -> None:
    with (tmp_path / name).open("wb") as file:
        file.truncate(5 << 30)  # a hole: no disk is needed
    with pytest.raises(NocturneError, match=r"has more than [\d,]+ MB"):
        READERS[name](tmp_path / name)


def test_a_fifo_as_a_part_is_set_aside_and_one_as_a_record_passed_over(studio: Studio) -> None:
    store = make(studio, planned(studio))
    manifest.merge(store)
    os.mkfifo(store.root / "parts/x.parquet")
    (store.root / "nights").mkdir(exist_ok=True)
    os.mkfifo(store.root / "nights/2026-01-01T00-00-00.000Z.json")
    assert last_night(store) is None
    assert manifest.set_aside_damaged(store) == ["parts/x.parquet"]
    assert manifest.merge(store).num_rows == 4


def test_a_fifo_in_a_run_that_is_reused_is_refused_by_a_sentence(studio: Studio) -> None:
    store = make(studio, planned(studio))
    os.mkfifo(store.root / "parts/x.parquet")
    with pytest.raises(NocturneError, match=r"x\.parquet"):
        finished_jobs(studio.root / "next", [studio.out])


@pytest.mark.parametrize("kind", ["fifo", "link"])
def test_the_log_is_not_written_elsewhere(kind: str, tmp_path: Path) -> None:
    store, outside = Store(tmp_path / "run"), tmp_path / "outside"
    (tmp_path / "run").mkdir()
    outside.write_text("")
    if kind == "fifo":
        os.mkfifo(tmp_path / "run/log.jsonl")
    else:
        (tmp_path / "run/log.jsonl").symlink_to(outside)
    with pytest.raises(OSError, match=r"regular file|symbolic"):
        store.append("log.jsonl", "{}")
    assert outside.read_text() == ""


def test_a_fifo_among_training_pictures_is_left_out(studio: Studio) -> None:
    os.mkfifo(studio.library / "pipe.jpg")
    data = load(studio.library, GanRecipe(size=16))
    assert [file.name for file in data.skipped] == ["pipe.jpg"]


DOORS = {
    "core/storage/bounded_read.py": "the door itself",
    "core/images/open_image.py": "the door of pictures",
    "core/child_process.py": "the process's own pipes",
}
"""Files that open by themselves, and why they may."""
OWN = {
    "core/storage/store.py": {"open"},  # temporary files that it makes
    "core/storage/write_batch.py": {"open"},
    "core/networks/memory.py": {"read_text"},  # /proc and cgroups
    "core/networks/efficientnet.py": {"read_bytes"},  # comes with a package
    "core/networks/versions.py": {"read_text"},  # pyproject.toml, the installation's own
    "core/networks/tensor_file.py": {"ZipFile"},  # after its check
    "core/networks/classifier_file.py": {"read_bytes"},  # after its header was read
    "core/doctor/time_zone.py": {"read_text"},  # /etc/timezone
    "core/report/gallery.py": {"read_bytes"},  # templates
    "core/stylize/optimise/target_cache.py": {"safe_open"},  # its own cache
    "core/stylize/feedforward/onnx_file.py": {"ZipFile"},  # of an open file
    "flows/commands/doctor.py": {"read_text"},  # the installation's own
    "flows/streams.py": {"open"},  # /dev/null, and the process's own descriptors
}
"""Calls that open what nobody else wrote, by file."""
OPENING = {"open", "read_text", "read_bytes", "ZipFile", "safe_open"}


def opened_in(path: Path) -> set[str]:
    """What a source file calls to open files, methods of our own classes called `open` left out."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        modes = [each.value for each in node.args if isinstance(each, ast.Constant) and isinstance(each.value, str)]
        if isinstance(node.func, ast.Name) and name.startswith("read"):
            continue  # a function of ours
        is_file = name != "open" or isinstance(node.func, ast.Name) or modes or "os.open" in ast.unparse(node.func)
        if name in OPENING and is_file and not ast.unparse(node.func).startswith("Image."):
            found.add(name)
    return found


def test_nothing_is_opened_but_through_the_doors() -> None:
    astray = {}
    for package in ("core", "flows", "tasks"):
        for path in (ROOT / package).rglob("*.py"):
            name = str(path.relative_to(ROOT))
            if name not in DOORS and (calls := opened_in(path) - OWN.get(name, set())):
                astray[name] = calls
    assert astray == {}


def test_every_exception_is_needed() -> None:
    assert {name: left for name, calls in OWN.items() if (left := calls - opened_in(ROOT / name))} == {}
