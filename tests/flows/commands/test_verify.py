"""`nocturne verify`: what it prints, what it returns, and that it moves nothing unless it is told to."""

import json
from pathlib import Path

import pytest

from core.errors import NocturneError, RunBusy, SpecError
from core.storage.run_paths import output_path
from core.storage.store import Store
from flows.commands import verify
from flows.commands.verify import verify_run
from tests.conftest import Studio
from tests.flows.command import here
from tests.runs import contents, made_run

CAT, SEA = "wave/cat.jpg.png", "wave/trip/sea.png.png"


@pytest.fixture
def store(studio: Studio) -> Store:
    return made_run(studio, (CAT, SEA))


def damage(store: Store) -> None:
    store.path(output_path(CAT)).write_bytes(b"broken")
    store.path(output_path(SEA)).unlink()
    (store.root / "outputs/wave/\x1b[31m[bold]dog\n.png").write_bytes(b"stray")


def test_the_command_says_what_is_wrong_and_what_to_do(store: Store) -> None:
    whole = here("verify", store.root)
    assert (whole.code, whole.err, whole.out.split()) == (0, "", ["whole", "2", "of", "2"])
    damage(store)
    before = contents(store.root)
    ended = here("verify", store.root, env={"COLUMNS": "200"})
    assert (ended.code, ended.err) == (3, "")
    words = " ".join(ended.out.split())
    assert "whole 0 of 2 missing 1 damaged 1 stray 1" in words
    assert "outputs/wave/cat.jpg.png damaged is not a picture" in words
    assert "outputs/wave/%1B[31m[bold]dog%0A.png" in words
    assert "Missing: the same `nocturne run` makes these pictures again" in words
    assert f"Damaged: `nocturne verify --set-aside {store.root}` moves them" in words
    assert "nothing is ever deleted" in words
    assert "\x1b" not in ended.out
    assert contents(store.root) == before


def test_json_is_one_object_with_every_fault(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    damage(store)
    assert verify_run(store.root, as_json=True, aside=False) == 3
    document = json.loads(capsys.readouterr().out)
    counts = {name: document[name] for name in ("rows", "whole", "missing", "altered", "damaged", "stray", "exit_code")}
    assert counts == {"rows": 2, "whole": 0, "missing": 1, "altered": 0, "damaged": 1, "stray": 1, "exit_code": 3}
    assert {fault["name"]: fault["output"] for fault in document["faults"]} == {
        output_path(SEA): SEA,
        output_path(CAT): CAT,
        "outputs/wave/\x1b[31m[bold]dog\n.png": None,
    }
    assert document["moves"] == []


def test_set_aside_moves_and_says_so(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    damage(store)
    assert verify_run(store.root, as_json=False, aside=True) == 3
    text = capsys.readouterr().out
    assert "Moved to set-aside/: 2; nothing was deleted." in text
    assert "Missing and damaged: the same `nocturne run`" in text
    assert contents(store.root)[f"set-aside/{output_path(CAT)}"] == b"broken"
    assert verify_run(store.root, as_json=True, aside=False) == 3
    assert json.loads(capsys.readouterr().out)["missing"] == 2


def test_what_stays_is_named(store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (store.root / "outputs").rename(tmp_path / "elsewhere")
    (store.root / "outputs").symlink_to(tmp_path / "elsewhere")
    assert verify_run(store.root, as_json=False, aside=True) == 3
    assert "Not moved: outputs " in capsys.readouterr().out


def test_nothing_is_moved_while_a_night_goes_on(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    damage(store)
    before = contents(store.root)
    with store.lock():
        with pytest.raises(RunBusy):
            verify_run(store.root, as_json=False, aside=True)
        assert verify_run(store.root, as_json=False, aside=False) == 3
    assert "A night goes on" in capsys.readouterr().out
    assert contents(store.root) == before


def test_a_folder_that_cannot_be_locked_is_one_sentence(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Store, "lock", refused)
    with pytest.raises(NocturneError, match=r"cannot be locked \(Permission denied\)"):
        verify_run(store.root, as_json=False, aside=True)
    assert verify_run(store.root, as_json=False, aside=False) == 0


def test_a_folder_that_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="is not a run folder"):
        verify_run(tmp_path, as_json=False, aside=False)


def test_many_faults_are_cut(store: Store, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify, "SHOWN", 3)
    for number in range(5):
        (store.root / f"outputs/{number}.png").write_bytes(b"stray")
    verify_run(store.root, as_json=False, aside=False)
    text = capsys.readouterr().out
    assert "outputs/2.png" in text
    assert "outputs/3.png" not in text
    assert "and 2 more; --json lists them all" in text
