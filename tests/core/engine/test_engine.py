"""The engine with a quick backend: overlap apart, every way in which a job or a worker can go wrong."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from core.engine.messages import Outcome
from core.engine.worker_pool import WorkerPool
from core.errors import NocturneError, SpecError
from core.manifest import manifest
from core.planning.jobs import Job
from core.storage.run_paths import output_path
from core.storage.store import Store
from tests.core.engine.backends import ScribeContext

SCRIBE = "tests.core.engine.backends:Scribes"


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOCTURNE_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "run")


@pytest.fixture
def pool() -> Iterator[WorkerPool]:
    pool = WorkerPool("cpu", SCRIBE)
    pool.start()
    yield pool
    pool.kill()
    pool.close()


def jobs(*names: str, limit: float = 60.0) -> list[Job]:
    return [
        Job(
            f"wave/{name}.png",
            name,
            name,
            "sha",
            "wave",
            "sty",
            "rec",
            "good",
            0,
            "wts",
            f"key-{name}",
            1,
            1.0,
            limit,
        )
        for name in names
    ]


def take_up(pool: WorkerPool, store: Store, total: int, **context: float) -> None:
    pool.open(store, ScribeContext(**context), total, 1.0)


def by_name(outcomes: list[Outcome]) -> dict[str, str]:
    return {Path(outcome.output).stem: outcome.reason or outcome.status for outcome in outcomes}


def marks(store: Store, what: str, name: str) -> int:
    path = store.root / "marks" / f"{what}-wave_{name}.png"
    return path.stat().st_size if path.exists() else 0


def worker_of(pool: WorkerPool) -> psutil.Process:
    found = [child for child in psutil.Process().children() if "core.engine.worker" in " ".join(child.cmdline())]
    assert len(found) == 1
    return found[0]


def test_jobs_are_made_and_committed(pool: WorkerPool, store: Store) -> None:
    take_up(pool, store, 5)
    outcomes, left = pool.make(jobs("a", "b", "c", "d", "e"))
    assert by_name(outcomes) == dict.fromkeys("abcde", "done")
    assert left == 0
    rows = manifest.read(store).to_pylist()
    assert [row["asset"] for row in rows] == list("abcde")
    assert {row["status"] for row in rows} == {"done"}
    assert store.read(output_path("wave/c.png")) == b"c"


def test_a_failing_job_has_its_reason_and_the_rest_goes_on(pool: WorkerPool, store: Store) -> None:
    take_up(pool, store, 6)
    outcomes, _ = pool.make(jobs("unreadable", "a", "diverge", "fault", "memory", "b"))
    assert by_name(outcomes) == {
        "unreadable": "unreadable",
        "a": "done",
        "diverge": "not_finite",
        "fault": "internal",
        "memory": "out_of_memory",
        "b": "done",
    }
    row = next(row for row in manifest.read(store).to_pylist() if row["asset"] == "fault")
    assert "ZeroDivisionError: a fault of ours%1B[2J!!" in row["message"]
    assert row["message"].isprintable()
    assert len(row["message"]) < 500
    assert "test_engine" not in store.read("log.jsonl").decode()
    assert "backends.py" in store.read("log.jsonl").decode()


@pytest.mark.parametrize("where", ["hang-in-decode", "hang-in-make", "hang-in-score"])
def test_a_stuck_job_is_stopped_and_the_rest_is_made(pool: WorkerPool, store: Store, where: str) -> None:
    take_up(pool, store, 6)
    outcomes, _ = pool.make(jobs("a", "b", where, "c", "d", "e", limit=1.5))
    assert by_name(outcomes) == {**dict.fromkeys("abcde", "done"), where: "timeout"}
    row = next(row for row in manifest.read(store).to_pylist() if row["asset"] == where)
    assert where in row["message"]
    assert "time_limit" in row["message"]


def test_a_job_that_kills_workers_is_found_and_the_others_are_made(pool: WorkerPool, store: Store) -> None:
    take_up(pool, store, 6)
    outcomes, _ = pool.make(jobs("a", "b", "die-always", "c", "d", "e"))
    assert by_name(outcomes) == {**dict.fromkeys("abcde", "done"), "die-always": "internal"}
    assert marks(store, "make", "die-always") == 3


def test_a_job_that_died_once_is_made(pool: WorkerPool, store: Store) -> None:
    take_up(pool, store, 3)
    outcomes, _ = pool.make(jobs("a", "die-once", "b"))
    assert by_name(outcomes) == {"a": "done", "b": "done", "die-once": "done"}


def test_a_device_fault_ends_the_worker_and_another_makes_the_rest(pool: WorkerPool, store: Store) -> None:
    take_up(pool, store, 6)
    outcomes, _ = pool.make(jobs("a", "b", "break-device-once", "c", "d", "e"))
    assert by_name(outcomes) == dict.fromkeys(["a", "b", "c", "d", "e", "break-device-once"], "done")
    assert "illegal memory access" in store.read("log.jsonl").decode()


def test_a_job_that_always_breaks_the_device_is_found(pool: WorkerPool, store: Store) -> None:
    take_up(pool, store, 4)
    outcomes, _ = pool.make(jobs("a", "break-device-always", "b", "c"))
    assert by_name(outcomes) == {**dict.fromkeys("abc", "done"), "break-device-always": "internal"}
    assert marks(store, "make", "break-device-always") == 3


def test_of_two_devices_one_that_is_lost_leaves_its_jobs_to_the_other(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCRIBE_LOST", "one")
    pool = WorkerPool("one,two", SCRIBE)
    try:
        pool.start()
        take_up(pool, store, 6)
        made = [pool.make(jobs(*names))[0] for names in (("a", "b", "c"), ("d", "e", "f"))]
        assert by_name(made[0] + made[1]) == dict.fromkeys("abcdef", "done")
        assert any(note.startswith("one is not used any more tonight") for note in pool.progress.notes)
    finally:
        pool.kill()
        pool.close()


def test_auto_takes_every_device_that_it_means(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCRIBE_DEVICES", "one,two,three")
    pool = WorkerPool("auto", SCRIBE)
    try:
        pool.start()
        take_up(pool, store, 12, step_seconds=0.02)
        with ThreadPoolExecutor(4) as shards:
            made = list(shards.map(pool.make, [jobs(*(f"{shard}{n}" for n in range(3))) for shard in "abcd"]))
        assert sum(len(outcomes) for outcomes, _ in made) == 12
        assert [supervisor.device for supervisor in pool._supervisors] == ["auto", "two", "three"]
        assert all(supervisor._worked for supervisor in pool._supervisors)
    finally:
        pool.kill()
        pool.close()


def test_a_device_that_disappears_leaves_its_jobs_to_the_other(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    pool = WorkerPool("one,two", SCRIBE)
    try:
        pool.start()
        take_up(pool, store, 4)
        assert by_name(pool._supervisors[0].submit(jobs("a")).wait()) == {"a": "done"}
        monkeypatch.setenv("SCRIBE_GONE", "one")
        outcomes, left = pool.make(jobs("break-device-once", "b", "c"))
        assert by_name(outcomes) == dict.fromkeys(("break-device-once", "b", "c"), "done")
        assert left == 0
        gone = "one is lost: The device 'one' is not on this machine; use device = 'auto'."
        assert f"one is not used any more tonight: {gone}" in pool.progress.notes
    finally:
        pool.kill()
        pool.close()


def test_a_device_whose_name_another_one_gets_is_lost_and_nobody_waits_for_that(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = WorkerPool("one,two", SCRIBE)
    try:
        pool.start()
        take_up(pool, store, 4)
        assert {by_name(each.submit(jobs("a")).wait())["a"] for each in pool._supervisors} == {"done"}
        monkeypatch.setenv("SCRIBE_RENAMED", "one")
        outcomes, _ = pool.make(jobs("break-device-once", "b"))
        assert by_name(outcomes) == {"break-device-once": "done", "b": "done"}
        lost = "one is lost: what is called one by now is another device"
        assert any(f"tonight: {lost}" in note for note in pool.progress.notes)
    finally:
        pool.kill()
        pool.close()


def test_a_named_device_is_not_exchanged_for_a_free_one(
    store: Store, pool: WorkerPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_up(pool, store, 2)
    pool.make(jobs("a"))
    monkeypatch.setenv("SCRIBE_RENAMED", "cpu")
    with pytest.raises(NocturneError, match="cpu is lost: what is called cpu by now is another device"):
        pool.make(jobs("die-once"))


def test_the_only_device_that_disappears_ends_the_night_with_its_work_committed(
    store: Store, pool: WorkerPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_up(pool, store, 3)
    pool.make(jobs("a"))
    monkeypatch.setenv("SCRIBE_GONE", "cpu")
    with pytest.raises(NocturneError, match="cpu is lost: The device 'cpu' is not on this machine; use") as caught:
        pool.make(jobs("break-device-always"))
    assert not isinstance(caught.value, SpecError), "the spec was right when the night began"
    assert manifest.read(store)["asset"].to_pylist() == ["a"]


def test_a_night_that_goes_on_on_another_kind_of_device_says_so(
    store: Store, pool: WorkerPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_up(pool, store, 3)
    pool.make(jobs("a"))
    monkeypatch.setenv("SCRIBE_ENGINE", "scribe of another release")
    pool.make(jobs("die-once"))
    assert pool.progress.notes == []
    monkeypatch.setenv("SCRIBE_ENGINE", "slate of stone")
    outcomes, _ = pool.make(jobs("die-once-more", "b"))
    assert by_name(outcomes) == {"die-once-more": "done", "b": "done"}
    assert pool.progress.notes == ["cpu is slate from now on; it was scribe, which is gone."]


def test_a_worker_killed_from_outside_is_respawned(pool: WorkerPool, store: Store) -> None:
    take_up(pool, store, 30, step_seconds=0.01)
    ticket = pool._supervisors[0].submit(jobs(*(f"job{n:02}" for n in range(30))))
    while not marks(store, "write", "job05"):
        time.sleep(0.02)
    worker_of(pool).send_signal(signal.SIGKILL)
    outcomes = ticket.wait()
    assert len(outcomes) == 30
    assert {outcome.status for outcome in outcomes} == {"done"}
    rows = manifest.read(store)
    assert rows.num_rows == 30
    assert all(marks(store, "make", f"job{n:02}") <= 2 for n in range(30))


def test_stop_finishes_the_job_in_hand_and_leaves_the_rest(pool: WorkerPool, store: Store) -> None:
    take_up(pool, store, 20, step_seconds=0.05)
    ticket = pool._supervisors[0].submit(jobs(*(f"job{n:02}" for n in range(20))))
    while not marks(store, "make", "job02"):
        time.sleep(0.02)
    pool.stop()
    outcomes = ticket.wait()
    assert 3 <= len(outcomes) <= 5
    assert len(outcomes) + ticket.left == 20
    assert manifest.read(store).num_rows == len(outcomes)
    assert not marks(store, "make", "job10")


def test_a_worker_without_its_supervisor_commits_and_ends(tmp_path: Path, store: Store) -> None:
    script = (
        "import sys, time\n"
        "from core.engine.worker_pool import WorkerPool\n"
        "from core.storage.store import Store\n"
        "from tests.core.engine.test_engine import ScribeContext, jobs, SCRIBE\n"
        f"pool = WorkerPool('cpu', SCRIBE); pool.start()\n"
        f"pool.open(Store({str(store.root)!r}), ScribeContext(step_seconds=0.02), 9, 1)\n"
        "pool.make(jobs(*(f'job{n:02}' for n in range(200))))\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], cwd=Path(__file__).parents[3])
    while not marks(store, "write", "job05"):
        time.sleep(0.05)
        assert parent.poll() is None
    (worker,) = psutil.Process(parent.pid).children()
    parent.kill()
    parent.wait()
    worker.wait(timeout=20)
    made = {row["asset"] for row in manifest.read(store).to_pylist()}
    assert {f"job{n:02}" for n in range(6)} <= made
    assert len(made) < 20


def test_a_device_that_is_not_there_is_a_wrong_spec(store: Store) -> None:
    pool = WorkerPool("cuda", SCRIBE)
    pool.start()
    take_up(pool, store, 1)
    with pytest.raises(SpecError, match="no device cuda"):
        pool.make(jobs("a"))
    pool.close()


def test_a_worker_that_cannot_start_ends_the_run_with_its_last_words(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCRIBE_STILLBORN", "1")
    pool = WorkerPool("cpu", SCRIBE)
    pool.start()
    take_up(pool, store, 1)
    with pytest.raises(NocturneError, match=r"cannot start .*no networks today"):
        pool.make(jobs("a"))
    pool.close()


def test_one_worker_a_device(store: Store, pool: WorkerPool) -> None:
    take_up(pool, store, 1)
    pool.make(jobs("a"))
    second = WorkerPool("cpu", SCRIBE)
    second.start()
    deadline = time.monotonic() + 20
    while "waiting for cpu" not in second.progress.stage and time.monotonic() < deadline:
        time.sleep(0.05)
    assert "waiting for cpu" in second.progress.stage
    pool.close()
    take_up(second, Store(store.root.parent / "other"), 1)
    assert by_name(second.make(jobs("b"))[0]) == {"b": "done"}
    second.close()


def test_closing_leaves_no_process(store: Store) -> None:
    pool = WorkerPool("cpu", SCRIBE)
    pool.start()
    take_up(pool, store, 1)
    pool.make(jobs("a"))
    worker = worker_of(pool)
    pool.close()
    assert not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE
    assert pool.progress.cpu["write"] >= 0.0
    assert os.getpid() == psutil.Process().pid


def test_an_output_that_cannot_be_written_is_a_row(pool: WorkerPool, store: Store) -> None:
    store.put("outputs", b"a file where the folder should be")
    take_up(pool, store, 2)
    outcomes, _ = pool.make(jobs("a", "b"))
    assert by_name(outcomes) == {"a": "storage", "b": "storage"}
    assert "what stands in its place" in (outcomes[0].message or "")


def test_rows_that_cannot_be_written_end_the_run_with_the_reason(pool: WorkerPool, store: Store) -> None:
    store.put("parts", b"a file where the folder should be")
    take_up(pool, store, 2)
    with pytest.raises(NocturneError, match=r"parts.* could not be written"):
        pool.make(jobs("a", "b"))
