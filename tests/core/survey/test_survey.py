from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pyarrow.csv as pacsv
import pytest
from PIL import Image

from core.child_process import ChildProcess
from core.errors import NocturneError, RunBusy, SpecError
from core.images import decoding
from core.survey import worker_pool
from core.survey.spec import SurveySpec
from core.survey.survey import Survey
from core.survey.survey_kinds import SurveyKind
from tests.core.survey.annotators import CANNOT_START, MEAN
from tests.pictures import chunk


def painted(folder: Path, **colours: tuple[int, int, int]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, colour in colours.items():
        Image.new("RGB", (9, 7), colour).save(folder / f"{name}.png")
    return folder


def spec(tmp_path: Path, processes: int = 2, **more: Any) -> SurveySpec:
    return SurveySpec(pictures=tmp_path / "pictures", out=tmp_path / "out", processes=processes, **more)


def surveyed(spec: SurveySpec, kind: SurveyKind = MEAN) -> tuple[dict[str, dict[str, Any]], int]:
    """Rows by asset, and how many pictures were looked at."""
    with Survey(spec, kind) as survey:
        rows = survey.complete().to_pylist()
        return {row["asset"]: row for row in rows}, survey.counts.looked


def test_each_picture_has_a_row_and_what_is_known_stays(tmp_path: Path) -> None:
    folder = painted(tmp_path / "pictures", a=(10, 0, 0), b=(20, 0, 0))
    rows, looked = surveyed(spec(tmp_path))
    assert looked == 2
    assert [(name, row["red"], row["status"], row["width"], row["height"]) for name, row in rows.items()] == [
        ("a.png", 10, "done", 9, 7),
        ("b.png", 20, "done", 9, 7),
    ]
    assert (tmp_path / "out/seen/a.png.txt").read_bytes() == b"seen"
    painted(folder, b=(30, 0, 0), c=(40, 0, 0))
    (folder / "a.png").rename(folder / "d.png")
    rows, looked = surveyed(spec(tmp_path))
    assert looked == 3  # b changed, c is new, d has another name
    assert {name: row["red"] for name, row in rows.items()} == {"b.png": 30, "c.png": 40, "d.png": 10}
    again, looked = surveyed(spec(tmp_path))
    assert looked == 0
    assert again == rows
    assert pacsv.read_csv(tmp_path / "out/manifest.csv")["asset"].to_pylist() == ["b.png", "c.png", "d.png"]


def test_what_was_committed_before_a_kill_is_not_looked_at_again(tmp_path: Path) -> None:
    painted(tmp_path / "pictures", a=(10, 0, 0), b=(20, 0, 0))
    with Survey(spec(tmp_path), MEAN) as survey:
        survey.annotate_span(0)  # and never folded in
    rows, looked = surveyed(spec(tmp_path))
    assert (looked, len(rows)) == (0, 2)
    assert not list((tmp_path / "out/parts").glob("*.parquet"))


def test_bad_and_crashing_pictures_become_rows(tmp_path: Path) -> None:
    folder = painted(tmp_path / "pictures", crash=(255, 0, 0), raises=(0, 255, 0), nan=(0, 0, 255), good=(5, 0, 0))
    (folder / "broken.jpg").write_bytes(b"not a picture")
    (folder / "away.png").symlink_to("/etc/hostname")
    rows, _ = surveyed(spec(tmp_path))
    reasons = {name: row["reason"] for name, row in rows.items()}
    assert reasons == {
        "away.png": "unsupported",
        "broken.jpg": "unreadable",
        "crash.png": "internal",
        "good.png": None,
        "nan.png": None,
        "raises.png": "internal",
    }
    assert rows["nan.png"]["red"] is None
    assert "crash.png was in hand 2 times" in rows["crash.png"]["message"]
    assert "green%1B" in rows["raises.png"]["message"]
    assert all(row["message"] for row in rows.values() if row["status"] == "failed")


@pytest.mark.parametrize(("count", "processes"), [(6, 1), (7, 2), (20, 3)])
def test_there_are_as_many_processes_as_are_worth_while(
    count: int, processes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[worker_pool.ChildProcess] = []

    def watched(*arguments: Any, **options: Any) -> worker_pool.ChildProcess:
        started.append(ChildProcess(*arguments, **options))
        return started[-1]

    monkeypatch.setattr(worker_pool, "ChildProcess", watched)
    painted(tmp_path / "pictures", **{f"p{k}": (k, 0, 0) for k in range(count)})
    rows, _ = surveyed(spec(tmp_path, processes=3))
    assert {name: row["red"] for name, row in rows.items()} == {f"p{k}.png": k for k in range(count)}
    assert len(started) == processes


def test_a_crash_in_one_of_several_processes_costs_one_row(tmp_path: Path) -> None:
    folder = painted(tmp_path / "pictures", **{f"p{k}": (k, 0, 0) for k in range(14)})
    painted(folder, crash=(255, 0, 0), crash2=(255, 0, 0))
    rows, _ = surveyed(spec(tmp_path))
    assert {name for name, row in rows.items() if row["status"] == "failed"} == {"crash.png", "crash2.png"}
    assert {row["reason"] for row in rows.values()} == {None, "internal"}
    assert {name: row["red"] for name, row in rows.items() if row["red"] is not None} == {
        f"p{k}.png": k for k in range(14)
    }


def test_another_look_is_taken_of_everything(tmp_path: Path) -> None:
    painted(tmp_path / "pictures", a=(10, 0, 0))
    surveyed(spec(tmp_path))
    newer = SurveyKind(MEAN.name, 2, MEAN.annotator, MEAN.columns)
    assert surveyed(spec(tmp_path), newer)[1] == 1


def test_its_own_files_are_not_looked_at(tmp_path: Path) -> None:
    folder = painted(tmp_path / "pictures", a=(10, 0, 0))
    inside = SurveySpec(pictures=folder, out=folder / "survey", processes=1)
    surveyed(inside)
    shutil.copy(folder / "a.png", folder / "survey/a.png")
    assert list(surveyed(inside)[0]) == ["a.png"]


def test_what_cannot_be_surveyed_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    with pytest.raises(SpecError, match="no picture to look at"):
        surveyed(spec(tmp_path))
    with pytest.raises(SpecError, match="choose another"):
        surveyed(SurveySpec(pictures=tmp_path / "pictures", out=tmp_path / "pictures"))
    painted(tmp_path / "pictures", a=(10, 0, 0))
    with pytest.raises(NocturneError, match="can start"):
        surveyed(spec(tmp_path), CANNOT_START)
    with Survey(spec(tmp_path), MEAN), pytest.raises(RunBusy):
        surveyed(spec(tmp_path))


def test_a_survey_that_is_stopped_keeps_what_it_has(tmp_path: Path) -> None:
    painted(tmp_path / "pictures", **{f"p{k}": (k, 0, 0) for k in range(20)})

    def stop(what: str, done: int, total: int) -> None:
        if what == "pictures" and done == 3:
            survey.workers.stop.set()

    with Survey(spec(tmp_path), MEAN, stop) as survey:
        survey.complete()
    rows, looked = surveyed(spec(tmp_path))
    assert (len(rows), 20 - looked) == (20, survey.counts.looked)
    assert 3 <= survey.counts.looked <= 5


def test_a_picture_that_is_read_by_other_rules_is_looked_at_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = painted(tmp_path / "pictures", a=(100, 0, 0), b=(100, 0, 0))
    tag = chunk(b"gAMA", (100_000).to_bytes(4, "big"))
    data = (folder / "b.png").read_bytes()
    (folder / "b.png").write_bytes(data[:33] + tag + data[33:])
    with monkeypatch.context() as before:
        before.setattr(decoding, "revision", lambda *_: "")
        surveyed(spec(tmp_path))
    rows, looked = surveyed(spec(tmp_path))
    assert (looked, rows["a.png"]["red"], rows["b.png"]["red"]) == (1, 100, 168)
    assert surveyed(spec(tmp_path))[1] == 0
