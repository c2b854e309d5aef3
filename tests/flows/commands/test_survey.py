"""`nocturne appraise` and `nocturne analyse` as a user runs them."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from PIL import Image

from tests.conftest import Studio
from tests.flows.command import here

Env = dict[str, str]


@pytest.mark.parametrize("kind", ["appraise", "analyse"])
def test_a_folder_is_surveyed_and_gone_on_with(kind: str, studio: Studio, prefect_env: Env) -> None:
    (studio.library / "broken.jpg").write_bytes(b"no picture")
    ended = here(kind, studio.library, "--out", studio.out, "--json", env=prefect_env)
    assert ended.code == 3, ended.err
    record = json.loads(ended.out)
    assert (record["pictures"], record["looked"], record["failed"], record["left"]) == (3, 2, 1, 0)
    rows = pq.read_table(record["table"]).to_pylist()
    assert [(row["asset"], row["status"], row["reason"]) for row in rows] == [
        ("broken.jpg", "failed", "unreadable"),
        ("cat.jpg", "done", None),
        ("trip/sea.png", "done", None),
    ]
    (studio.library / "broken.jpg").unlink()
    again = here(kind, studio.library, "--out", studio.out, env=prefect_env)
    assert again.code == 0, again.err
    assert "looked at now  0" in again.out


def test_a_wrong_survey_is_refused_in_a_sentence(tmp_path: Path) -> None:
    Image.new("RGB", (9, 9)).save(tmp_path / "a.png")
    for flags, words in (
        ([tmp_path / "absent", "--out", tmp_path / "o"], "is not a folder"),
        ([tmp_path], "`out` is missing"),
        ([tmp_path, "--out", tmp_path], "choose another"),
        ([tmp_path, "--out", tmp_path / "o", "--processes", "0"], "processes"),
    ):
        ended = here("analyse", *flags)
        assert ended.code == 2
        assert words in ended.err
        assert "Traceback" not in ended.err
