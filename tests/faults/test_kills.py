"""A handful of kills, and that the harness sees what it looks for; `make faults` plays them all."""

from pathlib import Path

import pytest

from core.manifest import manifest
from core.storage.run_paths import OUTPUTS, PARTS
from core.storage.store import TEMPORARY, Store
from tests.faults.kills import Round, gated_rounds, named_rounds, play, random_rounds, undisturbed
from tests.faults.studio import SCALE, FaultStudio, faults_of

AT = {
    "group at output 5 half",
    "worker at output 5 renamed",
    "group at part 2 written",
    "group at manifest 1 renamed",
    "parent at manifest 2 half",
    "group at part 1 removed",
    "group at gallery 4 before",
}


def test_killed_anywhere_nothing_is_lost(tmp_path: Path) -> None:
    rounds: list[Round] = [round_ for round_ in named_rounds() if str(round_) in AT]
    assert len(rounds) == len(AT)
    verdicts = play([*rounds, *random_rounds(2, seed=5, most=1.5)], tmp_path)
    assert {str(verdict.round): verdict.faults for verdict in verdicts if verdict.faults} == {}
    assert [str(verdict.round) for verdict in verdicts[: len(AT)] if not verdict.killed] == []
    assert (
        max(verdict.redone for verdict in verdicts) * SCALE <= 45
    )  # 30 s and what was in the stages, on a busy machine


def test_killed_while_pictures_are_tried_again_nothing_is_lost(tmp_path: Path) -> None:
    at = {"group at plan 2 renamed", "group at part 3 written", "group at manifest 3 before"}
    rounds = [round_ for round_ in gated_rounds(2, seed=5) if round_.doom is None or str(round_) in at]
    verdicts = play(rounds, tmp_path, gated=True)
    assert {str(verdict.round): verdict.faults for verdict in verdicts if verdict.faults} == {}
    assert at - {str(verdict.round) for verdict in verdicts if verdict.killed} == set()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    folder = tmp_path_factory.mktemp("whole")
    expected, _ = undisturbed(FaultStudio(folder / "studio"), folder)
    return folder / "run", expected


def test_the_harness_sees_what_is_wrong(whole: tuple[Path, dict[str, str]]) -> None:
    run, expected = whole
    store, output = Store(run), min(expected)
    assert faults_of(run, expected) == []
    assert any("lost" in fault for fault in faults_of(run, {**expected, "style0/more.png": "0"}))
    assert any("other pixels" in fault for fault in faults_of(run, {**expected, output: "0"}))
    picture = store.read(f"{OUTPUTS}/{output}")
    store.put(f"{OUTPUTS}/{output}", picture[:-40])
    assert any("corrupt" in fault for fault in faults_of(run, expected))
    store.put(f"{OUTPUTS}/{output}", picture)
    store.put(f"{OUTPUTS}/style0/other.png", picture)
    assert any("stray" in fault for fault in faults_of(run, expected))
    store.remove(f"{OUTPUTS}/style0/other.png")
    (run / f"{OUTPUTS}/{TEMPORARY}1-1").write_bytes(b"half")
    assert any("temporary" in fault for fault in faults_of(run, expected))
    store.remove_temporary_files()
    manifest.write_part(store, [{"output": "style0/unknown.png", "status": "done", "key": "k"}])
    found = faults_of(run, expected)
    assert any("not planned" in fault for fault in found)
    assert any("part left" in fault for fault in found)
    assert list(store.names(PARTS))
