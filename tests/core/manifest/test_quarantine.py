"""Setting aside: what is wrong leaves `outputs/`, nothing is lost, and nothing outside the run is touched."""

from pathlib import Path

import pytest

from core.manifest.quarantine import SET_ASIDE, Move, set_aside
from core.manifest.verify import OutputFault, verify
from core.planning.reuse import finished_jobs
from core.storage.run_paths import OUTPUTS, output_path
from core.storage.store import TEMPORARY, Store
from tests.conftest import Studio
from tests.runs import add_rows, contents, made_run, row

CAT, SEA, SUN = "wave/cat.jpg.png", "wave/trip/sea.png.png", "night/sun.jpg.png"


@pytest.fixture
def store(studio: Studio) -> Store:
    return made_run(studio, (CAT, SEA, SUN))


def moved(store: Store) -> list[Move]:
    with store.lock():
        return set_aside(store, verify(store, held=True).faults)


def test_what_is_wrong_is_moved_to_the_same_path_and_made_again(store: Store) -> None:
    whole = contents(store.root)
    store.path(output_path(CAT)).write_bytes(b"broken")
    store.path(output_path("wave/dog.png")).write_bytes(b"stray")
    store.path(output_path(SUN)).unlink()
    assert {move.to for move in moved(store)} == {
        "set-aside/outputs/wave/cat.jpg.png",
        "set-aside/outputs/wave/dog.png",
    }
    after = contents(store.root)
    assert after["set-aside/outputs/wave/cat.jpg.png"] == b"broken"
    assert after["set-aside/outputs/wave/dog.png"] == b"stray"
    assert after[output_path(SEA)] == whole[output_path(SEA)]
    assert [fault.kind for fault in verify(store).faults] == ["missing", "missing"]
    finished = finished_jobs(store.root, [])
    assert not finished.is_made(CAT, CAT)
    assert finished.is_made(SEA, SEA)


def test_a_path_that_is_taken_gets_another_folder(store: Store) -> None:
    for data in (b"one", b"two", b"three"):
        store.path(output_path("wave/dog.png")).write_bytes(data)
        moved(store)
    kept = {name: data for name, data in contents(store.root).items() if name.endswith("dog.png")}
    assert kept == {
        "set-aside/outputs/wave/dog.png": b"one",
        "set-aside-2/outputs/wave/dog.png": b"two",
        "set-aside-3/outputs/wave/dog.png": b"three",
    }


def test_a_file_where_a_folder_is_needed_costs_nothing(store: Store) -> None:
    store.path("outputs/pets").write_bytes(b"a file")
    moved(store)
    store.put("outputs/pets/dog.png", b"in a folder")
    assert [move.to for move in moved(store)] == ["set-aside-2/outputs/pets/dog.png"]
    assert contents(store.root)["set-aside/outputs/pets"] == b"a file"


def test_a_half_written_file_survives_the_next_nights_sweep(store: Store) -> None:
    store.path(output_path(f"wave/{TEMPORARY}1-1")).write_bytes(b"half")
    assert [move.to for move in moved(store)] == [f"set-aside/outputs/wave/{TEMPORARY.removeprefix('.')}1-1"]
    store.remove_temporary_files()
    assert b"half" in contents(store.root).values()


def test_a_link_is_moved_and_not_what_it_points_to(store: Store, tmp_path: Path) -> None:
    (tmp_path / "private").mkdir()
    (tmp_path / "private/cat.jpg.png").write_bytes(b"mine")
    (store.root / OUTPUTS / "wave").rename(store.root / "kept")
    (store.root / OUTPUTS / "wave").symlink_to(tmp_path / "private")
    store.path(output_path(SUN)).unlink()
    store.path(output_path(SUN)).symlink_to(tmp_path / "private/cat.jpg.png")
    assert {move.to for move in moved(store)} == {"set-aside/outputs/wave", f"set-aside/{output_path(SUN)}"}
    assert contents(tmp_path / "private") == {"cat.jpg.png": b"mine"}
    assert (store.root / "set-aside/outputs/wave").is_symlink()


def test_a_folder_in_a_pictures_place_goes_whole_unless_other_pictures_lie_in_it(store: Store) -> None:
    store.path(output_path(SUN)).unlink()
    store.path(output_path(SUN)).mkdir()
    (store.path(output_path(SUN)) / "note.txt").write_bytes(b"why?")
    add_rows(store, row("wave"))
    moves = {move.name: move for move in moved(store)}
    assert moves[output_path(SUN)].to == f"set-aside/{output_path(SUN)}"
    assert moves["outputs/wave"].to is None
    assert len(moves) == 2
    after = contents(store.root)
    assert after[f"set-aside/{output_path(SUN)}/note.txt"] == b"why?"
    assert output_path(CAT) in after


@pytest.mark.parametrize("way", [SET_ASIDE, OUTPUTS])
def test_links_out_of_the_run_are_not_followed(store: Store, tmp_path: Path, way: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    if (store.root / way).exists():
        (store.root / way).rename(elsewhere)
    else:
        elsewhere.mkdir()
    (store.root / way).symlink_to(elsewhere)
    (store.root / OUTPUTS / "stray.png").write_bytes(b"stray")
    before = contents(elsewhere)
    moves = moved(store)
    assert moves
    assert all(move.to is None and move.message for move in moves)
    assert contents(elsewhere) == before


@pytest.mark.parametrize(
    "name", ["outputs/../spec.toml", "spec.toml", "outputs", "outputs/wave/..", "../library/cat.jpg"]
)
def test_only_what_lies_in_outputs_is_ever_moved(store: Store, name: str) -> None:
    before = contents(store.root.parent)
    (move,) = set_aside(store, [OutputFault("stray", name, "hostile")])
    assert move.to is None
    assert contents(store.root.parent) == before


def test_a_folder_behind_a_link_within_the_run_is_left_alone(store: Store) -> None:
    store.put("parts/1.png", b"not a picture, but the run's")
    (store.root / OUTPUTS / "linked").symlink_to("../parts")
    (move,) = set_aside(store, [OutputFault("damaged", "outputs/linked/1.png", "hostile", "linked/1.png")])
    assert move.to is None
    assert store.exists("parts/1.png")


def test_what_cannot_be_moved_is_said(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.path(output_path("wave/dog.png")).write_bytes(b"stray")

    def refused(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.rename", refused)
    (move,) = moved(store)
    assert (move.to, move.message) == (None, "could not be moved (Permission denied)")
