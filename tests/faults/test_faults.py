"""Faults of the machine around a night: full disks, closed folders, changing files, hungry jobs, jumping clocks."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from PIL import Image

from core.config.spec import Spec
from core.storage.run_paths import PARTS
from tests.faults.kills import ended
from tests.faults.night import night
from tests.faults.studio import NIGHT, ROOT, FaultStudio, environment, faults_of, pixels_of, redone, rows_of, started
from tests.needs import DROP_ROOT, needs_mount, needs_permissions


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> FaultStudio:
    return FaultStudio(tmp_path_factory.mktemp("faults") / "studio")


@pytest.fixture(scope="module")
def expected(studio: FaultStudio) -> dict[str, str]:
    folder = studio.root.parent / "undisturbed"
    assert ended(started(studio.values(folder / "run"), folder, environment(folder, seconds=0))) == 0
    return pixels_of(folder / "run")


def goes_on(studio: FaultStudio, folder: Path, expected: dict[str, str], run: Path | None = None) -> None:
    """The next night makes the rest, and the run is as if nothing had happened."""
    run = run or folder / "run"
    code = ended(started(studio.values(run), folder, environment(folder)))
    assert code == 0, (folder / "night.log").read_text()
    assert faults_of(run, expected) == []


def test_a_full_disk_stops_the_night_and_the_next_goes_on(
    studio: FaultStudio, expected: dict[str, str], tmp_path: Path
) -> None:
    full = {"role": "worker", "file": "output", "nth": 9, "moment": "half", "victim": "disk"}
    code = ended(started(studio.values(tmp_path / "run"), tmp_path, environment(tmp_path, full)))
    said = (tmp_path / "night.log").read_text()
    assert code == 3
    assert "No space left on device" in said
    assert "run the same command again" in said
    rows = rows_of(tmp_path / "run")
    assert {row["status"] for row in rows} == {"done", "pending"}
    made = sum(row["status"] == "done" for row in rows)
    assert 0 < made < 9
    goes_on(studio, tmp_path, expected)


@needs_mount
def test_a_small_disk_that_fills_up(studio: FaultStudio, expected: dict[str, str], small_disk: Path) -> None:
    folder, run = small_disk.parent, small_disk / "run"
    running = started(studio.values(run), folder, environment(folder))
    wait_for(lambda: (run / PARTS).is_dir() and any((run / PARTS).iterdir()), running)
    ballast = small_disk / "ballast"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))
    assert ended(running) == 3
    assert "No space left on device" in (folder / "night.log").read_text()
    done = [row["output"] for row in rows_of(run) if row["status"] == "done"]
    assert 0 < len(done) < len(expected)
    ballast.unlink()
    goes_on(studio, folder, expected, run)


@needs_mount
def test_a_plan_that_does_not_fit_is_refused_before_any_work(studio: FaultStudio, small_disk: Path) -> None:
    folder = small_disk.parent
    values = studio.values(small_disk / "run") | {"spare_disk": 1.0}
    assert ended(started(values, folder, environment(folder))) == 1
    said = (folder / "night.log").read_text()
    assert "of free disk" in said
    assert "--spare-disk" in said
    assert not (folder / "made.log").exists()


@needs_permissions
def test_a_folder_closed_to_its_user_midway(studio: FaultStudio, expected: dict[str, str], tmp_path: Path) -> None:
    run, spec = tmp_path / "run", tmp_path / "spec.json"
    spec.write_text(json.dumps(studio.values(run)))
    night, env = [*(() if os.geteuid() else DROP_ROOT), *NIGHT, str(spec)], environment(tmp_path, seconds=0.2)
    running = subprocess.Popen(night, cwd=ROOT, env=env, stderr=subprocess.PIPE, text=True)
    wait_for(lambda: (run / PARTS).is_dir() and any((run / PARTS).glob("*.parquet")), running)
    closed = [path for path in [run, *run.rglob("*")] if path.is_dir()]
    for path in closed:
        path.chmod(0o555)
    _, said = running.communicate(timeout=60)
    for path in closed:
        path.chmod(0o755)
    assert running.returncode == 3
    assert "Permission denied" in said
    assert "correct its permissions" in said
    assert 0 < sum(row["status"] == "done" for row in rows_of(run)) < len(expected)
    assert subprocess.run(night, cwd=ROOT, env=env, timeout=60, check=False).returncode == 0
    assert faults_of(run, expected) == []


def test_files_that_change_or_go_between_plan_and_work(
    studio: FaultStudio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(studio.root / "library", tmp_path / "library")
    values = studio.values(tmp_path / "run") | {"library": str(tmp_path / "library")}
    for name, value in environment(tmp_path, seconds=0).items():
        monkeypatch.setenv(name, value)

    def meanwhile() -> None:
        shutil.copy(tmp_path / "library/p02.png", tmp_path / "library/p01.png")
        (tmp_path / "library/p04.png").unlink()

    night(Spec.from_values(values, "test"), meanwhile=meanwhile)
    bad = {(row["asset"], row["reason"]): row for row in rows_of(tmp_path / "run") if row["status"] != "done"}
    assert bad.keys() == {("p01.png", "changed"), ("p04.png", "missing")}
    assert all(row["asset"] in row["message"] and ";" in row["message"] for row in bad.values())
    summary = night(Spec.from_values(values, "test"))
    assert (summary["done"], summary["total"]) == (22, 22)
    same = {row["asset"]: row["pixels_sha256"] for row in rows_of(tmp_path / "run") if row["style"] == "style0"}
    assert same["p01.png"] == same["p02.png"]


def test_a_job_that_eats_all_memory_is_found_and_the_others_are_made(
    studio: FaultStudio, expected: dict[str, str], tmp_path: Path
) -> None:
    shutil.copytree(studio.root / "library", tmp_path / "library")
    Image.new("RGB", (50, 40), "olive").save(tmp_path / "library/p05-hungry.png")
    values = studio.values(tmp_path / "run") | {"library": str(tmp_path / "library"), "exclude_styles": ["style1"]}
    running = started(values, tmp_path, environment(tmp_path, seconds=0.01))
    kernel = threading.Thread(target=kill_the_hungry, args=(running, 700e6))
    kernel.start()
    assert ended(running) == 3
    kernel.join()
    rows = {row["asset"]: row for row in rows_of(tmp_path / "run")}
    culprit = rows.pop("p05-hungry.png")
    assert (culprit["status"], culprit["reason"]) == ("failed", "internal")
    assert "short of memory" in culprit["message"]
    assert "p05-hungry.png" in culprit["message"]
    assert {row["output"]: row["pixels_sha256"] for row in rows.values()} == {
        output: pixels for output, pixels in expected.items() if output.startswith("style0/")
    }
    log = (tmp_path / "run/log.jsonl").read_text()
    assert log.count(": killed by signal 9") == 3


def kill_the_hungry(night: subprocess.Popen[bytes], limit: float) -> None:
    """Do as the kernel does that has no memory left: kill the worker that takes too much."""
    while night.poll() is None:
        for child in psutil.Process(night.pid).children():
            if child.memory_info().rss > limit:
                child.kill()
        time.sleep(0.02)


def test_a_wall_clock_that_jumps(studio: FaultStudio, expected: dict[str, str], tmp_path: Path) -> None:
    env = environment(tmp_path, seconds=0.02)
    env["FAKE_BACKEND"] = json.dumps({**json.loads(env["FAKE_BACKEND"]), "hopping": True})
    assert ended(started(studio.values(tmp_path / "run") | {"time_limit": 5.0}, tmp_path, env)) == 0
    assert faults_of(tmp_path / "run", expected) == []
    rows = rows_of(tmp_path / "run")
    assert all(0 <= row["seconds"] < 5 for row in rows)
    days = {row["finished"].date() for row in rows}
    assert len(days) > 2  # the clock did jump
    assert redone(tmp_path / "made.log") == 0
    assert ended(started(studio.values(tmp_path / "run"), tmp_path, env)) == 0
    assert redone(tmp_path / "made.log") == 0


def test_a_damaged_part_is_set_aside_and_its_jobs_made_again(
    studio: FaultStudio, expected: dict[str, str], tmp_path: Path
) -> None:
    doom = {"role": "parent", "file": "manifest", "nth": 2, "moment": "before", "victim": "group"}
    assert ended(started(studio.values(tmp_path / "run"), tmp_path, environment(tmp_path, doom))) == -signal.SIGKILL
    part = sorted((tmp_path / "run" / PARTS).iterdir())[0]
    part.write_bytes(part.read_bytes()[:-20])
    code = ended(started(studio.values(tmp_path / "run"), tmp_path, environment(tmp_path)))
    assert code == 0, (tmp_path / "night.log").read_text()
    left = part.with_name(part.name + ".damaged")
    assert left.is_file()
    left.unlink()
    assert faults_of(tmp_path / "run", expected) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 1.5 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1500k", "tmpfs", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def wait_for(condition: Callable[[], bool], running: subprocess.Popen[Any], patience: float = 60.0) -> None:
    end = time.monotonic() + patience
    while not condition():
        assert running.poll() is None, "the night was over too soon"
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)
