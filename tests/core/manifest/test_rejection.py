"""Rejected pictures: rows and files move together, back as well, and a kill between the two is mended."""

import os
from pathlib import Path
from typing import Any

import pytest

from core.manifest import manifest, verify
from core.manifest.rejection import KeepDecision, apply_decisions
from core.planning.reuse import finished_jobs
from core.storage.run_paths import output_path, rejected_path
from core.storage.store import Store
from tests.conftest import Studio
from tests.runs import made_run

GOOD, BAD = "samples/net/1.png", "samples/net/2.png"
KEPT = KeepDecision(0.75)
COPY = KeepDecision(0.25, "near_duplicate", "it is a copy of cat.jpg.")


@pytest.fixture
def store(studio: Studio) -> Store:
    return made_run(studio, (GOOD, BAD))


def row_of(store: Store, output: str) -> dict[str, Any]:
    return next(row for row in manifest.read(store).to_pylist() if row["output"] == output)


def test_a_rejected_picture_is_moved_and_its_row_says_why(store: Store) -> None:
    assert apply_decisions(store, {GOOD: KEPT, BAD: COPY}) == 2
    row = row_of(store, BAD)
    assert (row["status"], row["reason"], row["message"]) == ("rejected", "near_duplicate", "it is a copy of cat.jpg.")
    assert (row["score"], row_of(store, GOOD)["score"], row_of(store, GOOD)["status"]) == (0.25, 0.75, "done")
    assert list(store.names("outputs")) == [output_path(GOOD)]
    assert list(store.names("rejected")) == [rejected_path(BAD)]
    assert verify.verify(store).faults == ()
    assert finished_jobs(store.root, []).is_made(BAD, BAD)


def test_judging_again_changes_nothing_and_a_better_judgement_brings_it_back(store: Store) -> None:
    apply_decisions(store, {GOOD: KEPT, BAD: COPY})
    assert apply_decisions(store, {GOOD: KEPT, BAD: COPY}) == 0
    assert apply_decisions(store, {BAD: KeepDecision(0.25)}) == 1
    assert (row_of(store, BAD)["status"], row_of(store, BAD)["reason"]) == ("done", None)
    assert sorted(store.names("outputs")) == [output_path(GOOD), output_path(BAD)]
    assert list(store.names("rejected")) == []


def test_a_kill_between_row_and_file_is_mended(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        apply_decisions(store, {BAD: COPY})
    monkeypatch.undo()
    assert row_of(store, BAD)["status"] == "rejected"
    assert list(store.names("rejected")) == []
    assert verify.verify(store).faults == ()
    assert finished_jobs(store.root, []).is_made(BAD, BAD)
    assert apply_decisions(store, {BAD: COPY}) == 0
    assert list(store.names("rejected")) == [rejected_path(BAD)]


def test_what_was_not_made_is_not_judged(store: Store, tmp_path: Path) -> None:
    manifest.begin(store, manifest.table([{"output": BAD, "key": "new", "status": "pending"}]))
    assert apply_decisions(store, {BAD: COPY}) == 0
    assert row_of(store, BAD)["status"] == "pending"
