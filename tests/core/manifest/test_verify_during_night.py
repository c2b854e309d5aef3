"""Verifying a run while a night goes on, or begins: what is young or being made anew is no fault."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.manifest import manifest, verify
from core.storage.run_paths import output_path
from core.storage.store import TEMPORARY, Store
from tests import pictures
from tests.conftest import Studio
from tests.runs import add_rows, made_run, pending, row

CAT, SEA, SUN = "wave/cat.jpg.png", "wave/trip/sea.png.png", "night/sun.jpg.png"


@pytest.fixture
def store(studio: Studio) -> Store:
    return made_run(studio, (CAT, SEA, SUN))


def at(store: Store, output: str) -> Path:
    return store.path(output_path(output))


def faults(store: Store) -> list[tuple[str, str]]:
    return [(fault.kind, fault.name) for fault in verify.verify(store).faults]


def before_reading(monkeypatch: pytest.MonkeyPatch, *events: Callable[[], object]) -> None:
    """Have each event happen just before one more reading of the manifest."""
    waiting, real = list(events), manifest.read

    def read(*arguments: Any) -> Any:
        if waiting:
            waiting.pop(0)()
        return real(*arguments)

    monkeypatch.setattr(verify.manifest, "read", read)


def test_a_picture_whose_row_is_not_committed_yet_is_young(store: Store) -> None:
    add_rows(store, pending("wave/new.png"))
    at(store, "wave/new.png").write_bytes(pictures.png())
    at(store, f"wave/{TEMPORARY}1-1").write_bytes(b"half")
    assert [kind for kind, _ in faults(store)] == ["stray", "stray"]
    with store.lock():
        report = verify.verify(store)
    assert (report.running, report.young, report.faults, report.whole) == (True, 2, (), 3)


def test_that_a_night_goes_on_is_said_of_a_whole_run_too(store: Store) -> None:
    with store.lock():
        assert verify.verify(store) == verify.VerifyReport(3, 3, 0, True, ())
        assert not verify.verify(store, held=True).running


def test_a_stray_file_is_stray_while_a_night_goes_on_too(store: Store) -> None:
    at(store, "wave/dog.png").write_bytes(b"anything")
    with store.lock():
        assert faults(store) == [("stray", "outputs/wave/dog.png")]


def test_what_appears_after_the_files_were_listed_is_neither_stray_nor_missing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_rows(store, pending("wave/new.png"), pending("wave/later.png"))

    def made() -> None:
        at(store, "wave/later.png").write_bytes(pictures.png())
        at(store, "wave/new.png").write_bytes(pictures.png())
        manifest.write_part(store, [{**row("wave/new.png", pictures.png()), "key": "new wave/new.png"}])

    before_reading(monkeypatch, made)
    report = verify.verify(store)
    assert (report.faults, report.rows, report.whole) == ((), 4, 4)


def test_a_row_that_a_new_night_took_back_is_not_a_fault(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The night began after the first look at the manifest, and has written over two of the pictures."""
    at(store, SUN).unlink()  # a true fault beside them
    rows = {each["output"]: each for each in manifest.read(store).to_pylist()}
    fresh = pictures.png()

    def new_night() -> None:
        again = [pending(CAT), pending(SEA), rows[SUN]]
        manifest.begin(store, manifest.table(again))
        manifest.write_part(store, [{**row(CAT, fresh), "key": f"new {CAT}"}])

    for output in (CAT, SEA):
        at(store, output).write_bytes(fresh)
    before_reading(monkeypatch, lambda: None, new_night)
    report = verify.verify(store)
    assert [(fault.kind, fault.output) for fault in report.faults] == [("missing", SUN)]
    assert (report.rows, report.whole, report.young) == (3, 1, 1)


def test_a_missing_picture_that_was_made_again_meanwhile_is_whole(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = at(store, CAT).read_bytes()
    at(store, CAT).unlink()
    before_reading(monkeypatch, lambda: None, lambda: at(store, CAT).write_bytes(data))
    assert faults(store) == []
