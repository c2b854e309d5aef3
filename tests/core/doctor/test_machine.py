"""The checks of the machine: each can find fault, says what to do, and never raises."""

import resource
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from core.doctor import machine, networks, requirements, time_zone
from core.doctor.check_result import Check, CheckResult, ok, run_check
from core.errors import SpecError
from core.networks import memory
from core.networks.weights import SOURCES
from core.storage.run_paths import SPEC
from core.storage.store import Store

PYPROJECT = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())["project"]


def only(findings: Iterable[CheckResult]) -> CheckResult:
    (finding,) = findings
    return finding


def run_all(checks: Iterable[tuple[str, Check]]) -> dict[str, list[CheckResult]]:
    return {name: run_check(name, check) for name, check in checks}


def test_here_everything_is_looked_at_and_what_is_not_ok_has_a_remedy(tmp_path: Path) -> None:
    found = run_all([*machine.machine_checks(tmp_path), *networks.network_checks()])
    assert set(found) == {
        *("python", "packages", "pillow", "disk", "cache", "home", "memory", "open files", "clock", "time zone", "run"),
        *("torch", "device", *(f"weights {name}" for name in SOURCES)),
    }
    for name, findings in found.items():
        assert findings or name == "run"
        assert all(finding.check == name and finding.found for finding in findings)
        assert all(finding.state == "ok" or finding.remedy.endswith(".") for finding in findings)
    assert not [finding for findings in found.values() for finding in findings if finding.state == "problem"]
    assert list(tmp_path.iterdir()) == []


# A check that itself fails.


def test_a_check_that_raises_is_a_problem_in_words() -> None:
    def breaks() -> Iterator[CheckResult]:
        yield ok("x", "so far")
        raise ZeroDivisionError("by\nnothing")

    first, second = run_check("x", breaks)
    assert first.state == "ok"
    assert (second.check, second.state) == ("x", "problem")
    assert "ZeroDivisionError: by nothing" in second.found
    assert second.remedy


def test_nocturnes_own_errors_are_split_into_fault_and_remedy() -> None:
    def refuses() -> Iterator[CheckResult]:
        raise SpecError("library x is not a folder", "give the path of an existing one.")
        yield

    finding = only(run_check("spec", refuses))
    assert (finding.found, finding.remedy) == ("library x is not a folder", "Give the path of an existing one.")


# Python and packages.


def test_an_old_python_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    assert PYPROJECT["requires-python"] == f">={'.'.join(map(str, machine.LEAST_PYTHON))}"
    monkeypatch.setattr(machine, "LEAST_PYTHON", (99, 0))
    finding = only(machine.python())
    assert finding.state == "problem"
    assert "older than 99.0" in finding.found


def test_the_wanted_packages_are_pyprojects() -> None:
    def normal(specifier: str) -> set[str]:
        return set(specifier.replace(" ", "").split(","))

    wanted = {name: normal(specifier) for name, specifier in requirements.required_versions().items()}
    for line in PYPROJECT["dependencies"]:
        name = line.split("=")[0].split("<")[0].split(">")[0]
        assert wanted.pop(name) == normal(line.removeprefix(name)), name
    assert wanted == {}


@pytest.mark.parametrize(
    ("version", "specifier", "fits"),
    [
        ("3.8.8", ">=3.8.8,<3.10", True),
        ("3.8.10", ">=3.8.8,<3.10", True),
        ("3.8.7", ">=3.8.8,<3.10", False),
        ("3.10", ">=3.8.8,<3.10", False),
        ("3.10.0rc1", ">=3.8.8,<3.10", False),
        ("2.9.0+cu130", ">=2.9", True),
        ("1.6", "==1.6.0", True),
        ("1.6.1", "==1.6.0", False),
        ("1.6.1", "!=1.6.1", False),
        ("13", ">12,<=13", True),
        ("7", "", True),
    ],
)
def test_version_ranges(version: str, specifier: str, fits: bool) -> None:
    assert requirements.in_range(version, specifier) is fits


def test_packages_that_lack_or_do_not_fit_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        requirements, "required_versions", lambda: {"numpy": "<1", "no-such-package": ">=2", "rich": ""}
    )
    found = list(machine.installed_packages())
    assert [finding.state for finding in found] == ["problem", "problem"]
    assert found[0].found.startswith("numpy ")
    assert found[0].found.endswith("is installed, not <1")
    assert found[1].found == "no-such-package is not installed"
    assert "'no-such-package>=2'" in found[1].remedy


def test_a_basic_package_that_is_broken_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    finding = only(run_check("packages", machine.installed_packages))
    assert finding.state == "problem"
    assert "pyarrow" in finding.found


def test_a_pillow_without_webp_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("PIL.features.check", lambda feature: feature != "webp")
    finding = only(machine.pillow())
    assert finding.state == "problem"
    assert finding.found.endswith("lacks WebP")


# Disk, memory, files.


@pytest.mark.parametrize(("needed", "state"), [(True, "problem"), (False, "warning")])
def test_a_folder_that_cannot_be_written_to(
    tmp_path: Path, needed: bool, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(**_: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(tempfile, "TemporaryFile", refused)
    finding = only(machine.folder("disk", tmp_path / "not/yet/there", needed))
    assert finding.state == state
    assert finding.found == f"{tmp_path} cannot be written to (Read-only file system)"
    assert not (tmp_path / "not").exists()


def test_a_file_in_the_place_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("a file")
    finding = only(machine.folder("disk", tmp_path / "runs/tonight", needed=True))
    assert finding.state == "problem"
    assert f"{tmp_path / 'runs'} is a file" in finding.found


def test_little_disk_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "free_bytes", lambda _: 1_500_000_000)
    finding = only(machine.folder("disk", tmp_path, needed=True))
    assert (finding.state, finding.found) == ("warning", f"{tmp_path}: 1.5 GB free")


@pytest.mark.parametrize(
    ("free", "state"), [(10_000_000_000, "ok"), (3_900_000_000, "warning"), (None, "ok"), (0, "warning")]
)
def test_memory(free: int | None, state: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "available_bytes", lambda: free)
    assert only(machine.free_memory()).state == state


def test_the_tightest_limit_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with 8 GiB, a service limited to 4 GiB in it, of which 1 GiB is used and 0.25 GiB only cache."""
    groups, gib = tmp_path / "groups", 2**30
    (groups / "service/own").mkdir(parents=True)
    (tmp_path / "meminfo").write_text(f"MemTotal: 9 kB\nMemAvailable:   {8 * gib // 1024} kB\n")
    (tmp_path / "own").write_text("4:cpu:/x\n0::/service/own\n")
    for name, path in (("MEMINFO", "meminfo"), ("OWN_GROUP", "own"), ("GROUPS", "groups")):
        monkeypatch.setattr(memory, name, tmp_path / path)
    assert memory.available_bytes() == 8 * gib
    (groups / "service/own/memory.max").write_text("max\n")
    (groups / "service/memory.max").write_text(f"{4 * gib}\n")
    (groups / "service/memory.current").write_text(f"{gib}\n")
    (groups / "service/memory.stat").write_text(f"anon 5\ninactive_file {gib // 4}\n")
    assert memory.available_bytes() == 3 * gib + gib // 4


@pytest.mark.parametrize(("most", "state"), [(256, "warning"), (20_000, "ok"), (resource.RLIM_INFINITY, "ok")])
def test_open_files(most: int, state: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (most, most))
    assert only(machine.open_files()).state == state


# Clock and zone.


def test_a_clock_before_the_newest_file_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: 86_400.0)
    finding = only(machine.clock())
    assert finding.state == "problem"
    assert "it says 1970-01-0" in finding.found


@pytest.mark.parametrize(
    ("zone", "state"),
    [
        ("Europe/Berlin", "ok"),
        (":America/New_York", "ok"),
        ("", "ok"),
        ("Mars/Olympus_Mons", "warning"),
        ("Europe", "warning"),
        ("../../etc/passwd", "warning"),
        ("CET-1CEST", "warning"),
    ],
)
def test_time_zones(zone: str, state: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", zone)
    finding = only(machine.time_zone())
    assert finding.state == state
    assert finding.found.startswith(zone.removeprefix(":") or "UTC")


def test_the_systems_zone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TZ", raising=False)
    local, name = tmp_path / "localtime", tmp_path / "timezone"
    monkeypatch.setattr(time_zone, "LOCALTIME", local)
    monkeypatch.setattr(time_zone, "NAME_FILE", name)
    assert time_zone.system_zone() == "UTC"
    local.write_bytes(b"a copy of its rules")
    assert time_zone.system_zone() is None
    assert only(machine.time_zone()).state == "ok"
    name.write_text("Asia/Tokyo\n")
    assert time_zone.system_zone() == "Asia/Tokyo"
    local.unlink()
    local.symlink_to("/usr/share/zoneinfo/Europe/Paris")
    assert time_zone.system_zone() == "Europe/Paris"


def test_a_run_in_use(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert list(machine.run_in_use(tmp_path)) == []
    store.put(SPEC, b"")
    assert only(machine.run_in_use(tmp_path)).state == "ok"
    with store.lock():
        assert only(machine.run_in_use(tmp_path)).state == "warning"
