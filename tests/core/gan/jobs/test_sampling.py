"""One seed is one picture: in any range, order and company, after a stop, a kill and in any number of processes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import torch

from core.errors import SpecError
from core.gan.jobs.sample_plan import make_plan
from core.gan.jobs.sample_spec import SampleSpec
from core.gan.sampling.sample_worker import LocalSampleWorker
from core.images import image, provenance
from core.manifest import manifest
from core.manifest.verify import verify
from core.networks.classifier_file import read as read_classifier
from core.runs.rescore import rescore
from core.storage.run_paths import output_path
from core.storage.store import Store
from tests.core.gan.samples import checkpoint, night, pixels, spec_of
from tests.core.networks.test_classifier_file import classifier, written

ROOT = Path(__file__).resolve().parents[4]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkpoint(tmp_path_factory.mktemp("networks") / "digits.safetensors")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, file: Path) -> dict[int, str]:
    """Seeds 0 to 39 in one night, drawn in two processes."""
    out = tmp_path_factory.mktemp("whole") / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "2")  # as many cores as the worker sees
        rows = night(spec_of(file, out, "0-39"))
    assert {row["status"] for row in rows} == {"done"}
    assert verify(Store(out)).whole == 40
    assert {row["engine"].split()[-1] for row in rows} == {"threads-1"}
    stamp = provenance.read_stamp(Store(out).path(output_path("samples/digits/7.png")))
    row = next(row for row in rows if row["seed"] == 7)
    assert (stamp["kind"], stamp["seed"], stamp["key"]) == ("sample", 7, row["key"])
    assert (stamp["checkpoint"], stamp["weights"]) == ("digits", row["weights"])
    found = pixels(rows)
    assert len(set(found.values())) == 40
    return found


def drawn(spec: SampleSpec) -> dict[int, tuple[bytes, str]]:
    """What one worker in this process makes of a spec, seed by seed, in pieces of no even size."""
    plan, worker = make_plan(spec), LocalSampleWorker("cpu")
    worker.open(plan.context)
    wanted = list(zip(plan.jobs["seed"].to_pylist(), plan.jobs["key"].to_pylist(), strict=True))
    found: list[tuple[bytes, str]] = []
    for first in range(0, len(wanted), 11):
        found += worker.draw(wanted[first : first + 11])
    return {seed: each for (seed, _), each in zip(wanted, found, strict=True)}


@pytest.fixture
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("seeds", ["17", "39,3,20-31,5", "30-45"])
def test_other_ranges_and_orders_give_the_same_pictures(
    tmp_path: Path, file: Path, whole: dict[int, str], seeds: str
) -> None:
    found = {seed: sha for seed, (_, sha) in drawn(spec_of(file, tmp_path / "run", seeds)).items()}
    assert found.items() & whole.items() == {(seed, whole[seed]) for seed in found if seed in whole}
    assert found


@pytest.mark.usefixtures("one_thread")
def test_lossy_formats_are_hashed_as_they_are_read(tmp_path: Path, file: Path, whole: dict[int, str]) -> None:
    ((data, sha),) = drawn(spec_of(file, tmp_path / "run", "3", recipe={"format": "jpg", "quality": 60})).values()
    assert sha == image.pixels_sha256(data) != whole[3]


def test_a_second_night_goes_on_and_psi_makes_anew(
    tmp_path: Path, file: Path, whole: dict[int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # then the worker itself draws
    out = tmp_path / "run"
    rows = night(spec_of(file, out, "0-9"))
    assert pixels(rows) == {seed: whole[seed] for seed in range(10)}
    times = {row["seed"]: row["finished"] for row in rows}
    rows = night(spec_of(file, out, "5-19", recipe={"psi": 0.5}))
    changed = {row["seed"]: row["pixels_sha256"] for row in rows if row["seed"] >= 5}
    assert not set(changed.values()) & set(whole.values())
    assert {row["seed"]: row["finished"] for row in rows if row["seed"] < 5} == {seed: times[seed] for seed in range(5)}
    assert verify(Store(out)).faults == ()


def test_samples_are_labelled_by_the_scorer_of_the_spec_and_again_by_another(
    tmp_path: Path, file: Path, whole: dict[int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    spec = spec_of(file, tmp_path / "run", "0-2", scorer="genres")
    rows = night(spec)
    assert pixels(rows) == {seed: whole[seed] for seed in range(3)}
    assert {row["scorer"] for row in rows} == {read_classifier("genres").version}
    assert all(0 < row["probability"] <= 1 for row in rows)
    mine = written(tmp_path, classifier())
    found = rescore(Store(spec.out), spec, str(mine))
    assert (found.judged, found.faults) == (3, [])
    again = manifest.read(Store(spec.out)).to_pylist()
    assert {row["label"] for row in again} <= {"cat", "dog"}
    assert pixels(again) == pixels(rows)
    with pytest.raises(SpecError, match="name a `--scorer`"):
        rescore(Store(spec.out), spec, None)


def test_a_night_that_is_killed_goes_on_to_the_same_pictures(
    tmp_path: Path, file: Path, whole: dict[int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "2")  # then workers draw, who must not outlive the night
    out = tmp_path / "run"
    script = f"""
from tests.core.networks.test_classifier_file import classifier, written
from tests.core.gan.samples import *
from pathlib import Path
night(spec_of(Path({str(file)!r}), Path({str(out)!r}), "0-39,100-20000"))
"""
    killed = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 90
    while not list(out.glob("outputs/samples/digits/.tmp-*")) and time.monotonic() < deadline:
        time.sleep(0.02)
    family = psutil.Process(killed.pid).children(recursive=True)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    gone, alive = psutil.wait_procs(family, timeout=30)
    assert not alive, "no orphan goes on drawing"
    assert len(gone) >= 1
    rows = night(spec_of(file, out, "0-39"))
    assert {seed: found for seed, found in pixels(rows).items() if seed < 40} == whole
    assert not list(out.rglob(".tmp-*"))
    assert os.listdir(out / "outputs") == ["samples"]


def test_a_checkpoint_that_changes_after_the_plan_is_not_drawn_from(tmp_path: Path) -> None:
    file = checkpoint(tmp_path / "a.safetensors")
    plan = make_plan(spec_of(file, tmp_path / "run", "1"))
    checkpoint(file, scale=2.0)
    with pytest.raises(SpecError, match="was changed since the night was planned"):
        LocalSampleWorker("cpu").open(plan.context)
