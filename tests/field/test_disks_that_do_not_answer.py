"""What a disk does not give is not taken for what is not there: nothing is made anew for it, set aside or called damaged.

From public reports: vshulcz/deja-vu#931 (a disk that was unplugged: "not built", and built again),
InterCooperative-Network/icn#2732 (what could not be read was verified as empty).
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.errors import Missing, StoreBroken
from core.manifest import manifest
from core.manifest.quarantine import set_aside
from core.manifest.verify import verify
from core.planning.plan_file import read_context
from core.runs import rescore
from core.storage.run_paths import MANIFEST, PLAN
from core.storage.store import Store
from core.survey import table
from core.training.folder import TrainingFolder
from tests.conftest import Studio
from tests.core.runs.test_stylize_plan import make, planned
from tests.flows.command import here
from tests.runs import made_run

CODES = (errno.EIO, errno.EACCES, errno.ESTALE)
Silence = Callable[[Path], None]


@pytest.fixture(params=CODES, ids=errno.errorcode.get)
def silence(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Silence:
    """Have the disk give neither a file or folder, nor what lies in it."""

    def refuse(silent: Path) -> None:
        for name in ("open", "stat", "lstat", "scandir"):
            real = getattr(os, name)

            def answer(path: Any, *rest: Any, real: Any = real, **more: Any) -> Any:
                if isinstance(path, str | os.PathLike) and str(path).startswith(str(silent)):
                    raise OSError(request.param, os.strerror(request.param), str(path))
                return real(path, *rest, **more)

            monkeypatch.setattr(os, name, answer)

    return refuse


def test_a_manifest_that_is_not_given_is_not_empty(silence: Silence, studio: Studio) -> None:
    store = make(studio, planned(studio))
    silence(store.root / MANIFEST)
    with pytest.raises(StoreBroken, match="correct its permissions, or look at its disk"):
        planned(studio)
    with pytest.raises(StoreBroken):
        manifest.merge(store)


def test_a_part_that_is_not_given_is_not_damaged(silence: Silence, studio: Studio) -> None:
    store = made_run(studio, ("wave/cat.jpg.png",))
    name = manifest.write_part(store, manifest.read(store))
    silence(store.root / name)
    with pytest.raises(StoreBroken):
        manifest.set_aside_damaged(store)


def test_pictures_that_are_not_given_are_not_made_again(silence: Silence, studio: Studio) -> None:
    store = make(studio, planned(studio))
    silence(store.root / "outputs/wave")
    with pytest.raises(StoreBroken):
        planned(studio)


def test_verify_moves_no_picture_that_it_could_not_read(silence: Silence, studio: Studio) -> None:
    store = made_run(studio, ("wave/cat.jpg.png", "night/cat.jpg.png"))
    silence(store.root / "outputs/wave")
    report = verify(store)
    assert {(fault.kind, fault.movable) for fault in report.faults} == {("unread", False)}
    assert report.whole == 1
    assert [move.to for move in set_aside(store, report.faults)] == [None] * len({each.name for each in report.faults})


def test_nor_one_alone(silence: Silence, studio: Studio) -> None:
    store = made_run(studio, ("wave/cat.jpg.png",))
    silence(store.root / "outputs/wave/cat.jpg.png")
    assert [fault.kind for fault in verify(store).faults] == ["unread"]


@pytest.mark.parametrize("name", [MANIFEST, PLAN])
def test_a_survey_and_a_plan_that_are_not_given_are_there(silence: Silence, name: str, tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.put(name, b"x")
    silence(tmp_path / name)
    with pytest.raises(StoreBroken):
        store.exists(name)
    with pytest.raises(StoreBroken):
        table.read(store, manifest.SCHEMA) if name == MANIFEST else read_context(store)


def test_a_training_that_is_not_given_is_not_begun_anew(silence: Silence, tmp_path: Path) -> None:
    folder: TrainingFolder[Any, Any] = TrainingFolder(tmp_path, lambda _: None, object)  # type: ignore[type-var]
    folder.store.put("training.json", b"{}")
    silence(tmp_path / "training.json")
    with pytest.raises(StoreBroken):
        folder.plan()


def test_no_command_advises_to_move_it_away(silence: Silence, studio: Studio) -> None:
    store = made_run(studio, ("wave/cat.jpg.png",))
    silence(store.root / MANIFEST)
    for command in ("status", "manifest", "verify", "gallery"):
        ended = here(command, store.root)
        assert (ended.code, "cannot be read" in ended.err, "move it away" in ended.err) == (3, True, False)


def test_a_picture_that_cannot_be_read_is_not_judged(silence: Silence, studio: Studio) -> None:
    store = made_run(studio, ("wave/cat.jpg.png",))
    silence(store.root / "outputs/wave")
    with pytest.raises(Missing, match="cannot be read"):
        rescore._picture(store, {"output": "wave/cat.jpg.png", "status": "done"}, None)
