"""How a night ends that is cut short: Ctrl-C twice, SIGTERM, a Prefect server that dies; and what it never tells."""

import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from core.manifest import manifest
from core.storage.store import TEMPORARY, Store
from tests.conftest import Studio
from tests.flows.command import here, nocturne, started
from tests.prefect_server import running_server

Env = dict[str, str]
SECRETS = ("hunter2-password", "pnu_hunter2-key", "hunter2-cloud")


@pytest.fixture
def slow(tmp_path: Path) -> Studio:
    """One asset and two styles: the first is done at once, the second takes for ever."""
    made = Studio(tmp_path / "studio")
    made.picture("library/cat.jpg", 1)
    made.picture("catalog/a_quick.png", 3)
    made.picture("catalog/b_slow.png", 4)
    overrides = 'styles.a_quick = {file = "a_quick.png", recipe.steps = 2}\n'
    overrides += 'styles.b_slow = {file = "b_slow.png", recipe.steps = 5000, recipe.patience = 0}\n'
    (made.catalog / "catalog.toml").write_text(overrides)
    return made


def flags(studio: Studio, *more: object) -> list[object]:
    base = ["--library", studio.library, "--catalog", studio.catalog, "--out", studio.out, "--size", 48]
    return [*base, "--coarse-steps", 0, *more]


def statuses(folder: Path) -> dict[str, str]:
    return {row["style"]: row["status"] for row in manifest.read(Store(folder)).to_pylist()}


def in_the_slow_job(studio: Studio, env: Env) -> subprocess.Popen[str]:
    """A night whose second job has been begun."""
    running = started("run", *flags(studio, "--time-limit", 3600, "--shard-seconds", 3600), env=env)
    assert running.stdout is not None
    for line in running.stdout:
        if "b_slow" in line and "step" in line:
            return running
    raise AssertionError(f"the slow job was never begun: {running.wait()}")


def left_alive(running: subprocess.Popen[str], family: list[psutil.Process]) -> list[str]:
    _, alive = psutil.wait_procs(family, timeout=20)
    return [" ".join(process.cmdline()) for process in alive]


def test_sigterm_commits_and_leaves_in_time(slow: Studio, prefect_env: Env) -> None:
    running = in_the_slow_job(slow, prefect_env)
    family = psutil.Process(running.pid).children(recursive=True)
    begun = time.monotonic()
    running.send_signal(signal.SIGTERM)
    out, _ = running.communicate(timeout=60)
    assert time.monotonic() - begun < 28, "Prefect kills what it cancels after 30 s"
    assert running.returncode == 3, out
    assert "the same command goes on" in out
    assert left_alive(running, family) == []
    assert statuses(slow.out) == {"a_quick": "done", "b_slow": "pending"}
    assert not list(slow.out.rglob(f"{TEMPORARY}*"))


def test_ctrl_c_twice_stops_now_and_keeps_what_is_committed(slow: Studio, prefect_env: Env) -> None:
    running = in_the_slow_job(slow, prefect_env)
    family = psutil.Process(running.pid).children(recursive=True)
    running.send_signal(signal.SIGINT)
    time.sleep(1.0)
    assert running.poll() is None, "once: the picture in hand is finished"
    begun = time.monotonic()
    running.send_signal(signal.SIGINT)
    running.communicate(timeout=60)
    assert time.monotonic() - begun < 10
    assert running.returncode == 130
    assert left_alive(running, family) == []
    assert statuses(slow.out) == {"a_quick": "done", "b_slow": "pending"}
    assert here("status", slow.out).code == 3


def test_a_server_that_dies_in_the_night_does_not_end_it(studio: Studio, tmp_path: Path) -> None:
    for number in range(6):
        studio.picture(f"library/p{number}.png", 50 + number)
    home = tmp_path / "prefect"
    home.mkdir()
    with running_server(home) as env:
        running = started("run", *flags(studio, "--steps", 8, "--shard-seconds", 1), env=env)
        while sum(status == "done" for status in rows(studio.out)) < 2:
            assert running.poll() is None, running.stdout and running.stdout.read()
            time.sleep(0.1)
        port = env["PREFECT_API_URL"].removesuffix("/api").rpartition(":")[2]
        (server,) = (process for process in psutil.Process().children() if port in process.cmdline())
        for process in [*server.children(recursive=True), server]:
            process.kill()
        out, _ = running.communicate(timeout=300)  # Prefect asks a dead server again and again
    assert running.returncode == 0, out
    assert "server is gone" in out
    assert rows(studio.out) == ["done"] * 16
    assert (studio.out / "gallery/index.html").is_file()


def rows(folder: Path) -> list[str]:
    return [row["status"] for row in manifest.read(Store(folder)).to_pylist()]


def test_secrets_are_told_to_nobody(studio: Studio, prefect_env: Env) -> None:
    cut = studio.picture("library/cut.png", 9, (90, 90))
    cut.write_bytes(cut.read_bytes()[:900])
    address = prefect_env["PREFECT_API_URL"].replace("http://", f"http://ann:{SECRETS[0]}@")
    secret: dict[str, Any] = {"PREFECT_API_KEY": SECRETS[1], "AWS_SECRET_ACCESS_KEY": SECRETS[2]}
    ended = nocturne("run", *flags(studio, "--steps", 2), env={**prefect_env, **secret, "PREFECT_API_URL": address})
    assert ended.code == 3, ended.out + ended.err
    dead = nocturne(
        "run", *flags(studio, "--steps", 3, "-v"), env={**secret, "PREFECT_API_URL": f"http://a:{SECRETS[0]}@[::"}
    )
    told = {"the terminal": (ended.out + ended.err + dead.out + dead.err).encode()}
    told |= {str(path): path.read_bytes() for path in studio.out.rglob("*") if path.is_file()}
    for home in (prefect_env["PREFECT_HOME"], os.environ["PREFECT_HOME"]):  # of the server, and of the run's own one
        told |= {str(path): path.read_bytes() for path in Path(home).rglob("prefect.db*")}
    assert len(told) > 10
    assert [(where, word) for where, text in told.items() for word in SECRETS if word.encode() in text] == []
    assert os.environ.get("PREFECT_API_KEY") is None
