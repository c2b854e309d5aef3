"""Users without a home or a name, closed homes and caches: prefect-helm#54, prefect#6032; containers and services."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from pathlib import Path

import pytest

from core.doctor import machine
from core.errors import SpecError
from core.manifest import manifest
from core.networks import weights
from core.planning.file_digests import DigestCache
from core.storage.cache_dir import cache_folder
from core.storage.store import Store
from core.storage.user_folders import FALLBACK, has_home, use_writable_folders, write_fault
from flows.prefect_server.home import home_fault, prefect_home, use_writable_home
from tests.conftest import Studio
from tests.field.test_streams import in_shell
from tests.flows.command import here
from tests.needs import needs_linux

NAMES = ("HOME", "TMPDIR", "NOCTURNE_CACHE", "PREFECT_HOME", "PREFECT_PROFILES_PATH", "XDG_CACHE_HOME")


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is set is put back."""
    for name in NAMES:
        value = os.environ.get(name)
        monkeypatch.setenv(name, value or "")
        if value is None:
            monkeypatch.delenv(name)
    monkeypatch.setattr(tempfile, "tempdir", tempfile.gettempdir())


@pytest.fixture
def homeless(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user id of which the system knows nothing."""
    import pwd

    def unknown(_: object) -> None:
        raise KeyError("uid not found")

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


@needs_linux
def test_without_a_home_there_is_no_cache_and_no_error(homeless: None, studio: Studio) -> None:
    assert not has_home()
    picture = str(studio.root / "library" / "cat.jpg")
    assert DigestCache().measure([picture], 10**6)[0].sha256
    assert not Path("~").exists()


@needs_linux
def test_without_a_home_weights_are_looked_for_all_the_same(homeless: None) -> None:
    with pytest.raises(SpecError, match="not on this machine"):
        weights.torchvision_path("vgg19")


def test_a_survey_in_a_closed_cache_is_one_sentence(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    (studio.root / "file").touch()
    monkeypatch.setenv("NOCTURNE_CACHE", str(studio.root / "file" / "cache"))
    ended = here("similar", studio.library / "cat.jpg", "--in", studio.library)
    assert ended.code == 2
    assert "set NOCTURNE_CACHE" in ended.err
    assert len(ended.err.splitlines()) == 1


@needs_linux
def test_without_a_home_the_run_is_one(homeless: None, tmp_path: Path) -> None:
    told = use_writable_folders(tmp_path)
    assert "no home" in told[0]
    assert Path.home() == tmp_path / FALLBACK
    assert cache_folder().is_relative_to(tmp_path)
    assert home_fault() is None
    assert use_writable_folders(tmp_path) == [], "once is enough"


def test_a_closed_cache_is_replaced_by_one_in_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("NOCTURNE_CACHE", str(tmp_path / "file" / "cache"))
    (told,) = use_writable_folders(tmp_path / "run")
    assert str(tmp_path / "file") in told
    assert write_fault(cache_folder()) is None
    assert cache_folder() == tmp_path / "run" / FALLBACK / "cache"


def test_temporary_files_lie_in_the_run_if_they_can_nowhere_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nowhere() -> str:
        raise FileNotFoundError(2, "no usable temporary directory")

    monkeypatch.setenv("NOCTURNE_CACHE", str(tmp_path / "cache"))
    with monkeypatch.context() as patch:
        patch.setattr(tempfile, "gettempdir", nowhere)
        patch.setattr("core.storage.user_folders.write_fault", lambda folder: None)
        (told,) = use_writable_folders(tmp_path)
    assert "temporary files" in told
    assert tempfile.gettempdir() == os.environ["TMPDIR"] == str(tmp_path / FALLBACK / "tmp")


def test_homes_that_can_be_written_to_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NOCTURNE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "prefect"))
    assert use_writable_folders(tmp_path / "run") == []
    assert use_writable_home(tmp_path / "run") is None
    assert not (tmp_path / "run").exists()


def test_a_closed_home_of_prefect_keeps_its_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "prefect"
    home.mkdir()
    (home / "profiles.toml").touch()
    sqlite3.connect(home / "prefect.db").close()
    (home / "prefect.db").touch()
    monkeypatch.setenv("PREFECT_HOME", str(home))
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK)  # as of another user
    told = use_writable_home(tmp_path / "run")
    assert "prefect.db cannot be written to" in str(told)
    assert prefect_home() == tmp_path / "run" / FALLBACK / "prefect"
    assert os.environ["PREFECT_PROFILES_PATH"] == str(home / "profiles.toml")


@needs_linux
def test_the_doctor_says_that_there_is_no_home(homeless: None) -> None:
    (finding,) = machine.home()
    assert finding.state == "warning"


@needs_linux
def test_a_night_in_a_container_without_homes_or_streams(studio: Studio) -> None:
    """One real night with a server of its own, whose homes and streams are closed; proxies are set that lead nowhere."""
    closed = dict.fromkeys(("HOME", "NOCTURNE_CACHE", "PREFECT_HOME"), "/proc/closed")
    proxies = {"http_proxy": "http://192.0.2.1:3128", "ALL_PROXY": "socks://192.0.2.1:1080"}
    flags = ["--library", studio.library, "--catalog", studio.catalog, "--out", studio.out, "--size", 48]
    flags += ["--steps", 2, "--coarse-steps", 0]
    ended = in_shell("<&- >/dev/full 2>&-", "run", *flags, env={**closed, **proxies, "PREFECT_API_URL": ""})
    assert ended.returncode == 0
    assert {row["status"] for row in manifest.read(Store(studio.out)).to_pylist()} == {"done"}
    assert (studio.out / FALLBACK / "prefect" / "prefect.db").is_file()
    assert here("verify", studio.out).code == 0
