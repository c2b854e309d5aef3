"""Verifying a run: every fault is found and named, nothing is touched, and a night may go on meanwhile."""

import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from core.errors import NocturneError, OutOfMemory
from core.manifest import verify
from core.manifest.output_check import ExpectedOutput, PixelCheck
from core.manifest.verify import OutputFault
from core.storage.run_paths import MANIFEST, OUTPUTS, output_path
from core.storage.store import TEMPORARY, Store
from tests import pictures
from tests.conftest import Studio
from tests.properties.kit import examples
from tests.runs import add_rows, contents, made_run, pending, row

CAT, SEA, SUN = "wave/cat.jpg.png", "wave/trip/sea.png.png", "night/sun.jpg.png"


@pytest.fixture
def store(studio: Studio) -> Store:
    return made_run(studio, (CAT, SEA, SUN))


def at(store: Store, output: str) -> Path:
    return store.path(output_path(output))


def faults(store: Store) -> list[tuple[str, str]]:
    return [(fault.kind, fault.name) for fault in verify.verify(store).faults]


def only(store: Store) -> OutputFault:
    (fault,) = verify.verify(store).faults
    return fault


def test_a_whole_run_is_whole_and_is_not_written_to(store: Store) -> None:
    before = contents(store.root)
    told: list[tuple[int, int]] = []
    report = verify.verify(store, lambda done, total: told.append((done, total)))
    assert (report.rows, report.whole, report.young, report.faults) == (3, 3, 0, ())
    assert not report.running
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert contents(store.root) == before


def test_a_run_without_a_night_has_nothing_to_be_wrong(tmp_path: Path) -> None:
    assert verify.verify(Store(tmp_path)) == verify.VerifyReport(0, 0, 0, False, ())


def one_pixel(path: Path) -> None:
    with Image.open(path) as picture:
        values = np.array(picture)
    values[0, 0, 0] ^= 1
    Image.fromarray(values).save(path)


def other_size(path: Path) -> None:
    with Image.open(path) as picture:
        half = picture.resize((20, 16))
    half.save(path)


def fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def linked(target: str) -> Callable[[Path], None]:
    def link(path: Path) -> None:
        path.unlink()
        path.symlink_to(target)

    return link


DAMAGE: dict[str, tuple[Callable[[Path], Any], str, str]] = {
    "gone": (Path.unlink, "missing", "no such file"),
    "one pixel": (one_pixel, "altered", "other pixels"),
    "another size": (other_size, "altered", "is 20 x 16 pixels; 40 x 32 were made"),
    "cut short": (lambda path: path.write_bytes(path.read_bytes()[:-40]), "damaged", "is damaged (image file"),
    "empty": (lambda path: path.write_bytes(b""), "damaged", "is empty"),
    "a text": (lambda path: path.write_bytes(b"not a picture"), "damaged", "is not a picture"),
    "a bomb": (lambda path: path.write_bytes(pictures.huge_png(60_000, 60_000)), "damaged", "over the limit"),
    "a folder": (folder, "damaged", "is a folder"),
    "a pipe": (fifo, "damaged", "is not a regular file"),
    "a link out": (linked("/etc/passwd"), "damaged", "a link that leaves the run folder"),
    "a link out and back": (linked("../../../library/cat.jpg"), "damaged", "a link that leaves the run folder"),
    "a link to nothing": (linked("nowhere.png"), "damaged", "a link to nothing"),
    "a link to itself": (linked("cat.jpg.png"), "damaged", "cannot be opened"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_what_is_wrong_with_a_picture_is_said(store: Store, name: str) -> None:
    damage, kind, words = DAMAGE[name]
    damage(at(store, CAT))
    fault = only(store)
    assert (fault.kind, fault.name, fault.output) == (kind, output_path(CAT), CAT)
    assert words in fault.message
    assert str(store.root) not in fault.message
    assert "library" not in fault.message  # a remedy for assets would mislead
    assert verify.verify(store).whole == 2


def test_the_same_pixels_in_another_file_are_whole(store: Store) -> None:
    with Image.open(at(store, CAT)) as picture:
        picture.load()
    picture.save(at(store, CAT), compress_level=0)
    assert faults(store) == []


def test_a_link_within_the_run_is_no_fault(store: Store) -> None:
    kept = store.root / "elsewhere.png"
    at(store, CAT).rename(kept)
    at(store, CAT).symlink_to(kept)
    assert faults(store) == []


def test_a_folder_that_is_a_link_out_spoils_its_rows_and_is_named_itself(store: Store, tmp_path: Path) -> None:
    (store.root / OUTPUTS / "wave").rename(tmp_path / "moved")
    (store.root / OUTPUTS / "wave").symlink_to(tmp_path / "moved")
    assert faults(store) == [("damaged", "outputs/wave")] * 2


def test_outputs_that_are_a_link_out_are_not_listed(store: Store, tmp_path: Path) -> None:
    (store.root / OUTPUTS).rename(tmp_path / "moved")
    (tmp_path / "moved/private.txt").write_text("not the run's")
    (store.root / OUTPUTS).symlink_to(tmp_path / "moved")
    report = verify.verify(store)
    assert [(fault.kind, fault.name, fault.movable) for fault in report.faults] == [("damaged", OUTPUTS, False)] * 3


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("wave/dog.png", "no row names it"),
        (f"wave/{TEMPORARY}77-1", "half-written file that a stopped night left"),
        ("back\\slash/dog.png", "no row names it"),
        ("bad\udce9.png", "no row names it"),
        ("line\nfeed\x1b[31m.png", "no row names it"),
        ("wave/trip/deep/er/dog.png", "no row names it"),
    ],
)
def test_a_file_that_no_row_names_is_stray(store: Store, name: str, words: str) -> None:
    path = store.root / OUTPUTS / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"anything")
    fault = only(store)
    assert (fault.kind, fault.name, fault.output) == ("stray", f"{OUTPUTS}/{name}", None)
    assert words in fault.message


def test_links_and_pipes_that_no_row_names_are_stray_and_not_followed(store: Store, tmp_path: Path) -> None:
    (tmp_path / "private").mkdir()
    (tmp_path / "private/letter.txt").write_text("not the run's")
    (store.root / OUTPUTS / "linked").symlink_to(tmp_path / "private")
    os.mkfifo(store.root / OUTPUTS / "pipe")
    found = {fault.name: fault.message for fault in verify.verify(store).faults}
    assert found == {"outputs/linked": "a link that no row names", "outputs/pipe": "not a regular file"}


def test_rows_without_a_picture_claim_none(store: Store) -> None:
    add_rows(store, pending("wave/a.png"), pending("wave/b.png", "failed"))
    assert verify.verify(store).rows == 3
    assert faults(store) == []
    at(store, "wave/b.png").write_bytes(b"old")
    assert "its row is failed, not done" in only(store).message


def test_rejected_pictures_are_looked_at_too(store: Store) -> None:
    add_rows(store, row("wave/bad.png", status="rejected"))
    assert faults(store) == [("missing", "outputs/wave/bad.png")]


def test_a_row_without_a_digest_cannot_be_vouched_for(store: Store) -> None:
    picture = pictures.png()
    at(store, "wave/x.png").write_bytes(picture)
    add_rows(store, row("wave/x.png"))
    assert "no `pixels_sha256`" in only(store).message


REFUSED = ("../spec.toml", "../../outside.png", "a/../../../x.png", "nul\0.png", "a\\b.png")
HOSTILE = {**dict.fromkeys(REFUSED, "names a path that is refused"), "": "names no file", ".": "names no file"}


@pytest.mark.parametrize("output", HOSTILE)
def test_a_row_that_names_no_file_of_the_run_is_damaged_and_not_followed(store: Store, output: str) -> None:
    picture = pictures.png()
    (store.root.parent / "outside.png").write_bytes(picture)
    add_rows(store, row(output, picture))  # its pixels would be right
    fault = only(store)
    assert (fault.kind, fault.movable) == ("damaged", False)
    assert HOSTILE[output] in fault.message


def test_an_absolute_or_endless_output_stays_inside(store: Store) -> None:
    add_rows(store, row("/etc/passwd"), row("x" * 5000 + ".png"))
    found = verify.verify(store).faults
    assert [(fault.kind, fault.name[:20]) for fault in found] == [
        ("missing", "outputs/etc/passwd"),
        ("damaged", "outputs/xxxxxxxxxxxx"),
    ]


def test_a_damaged_manifest_is_one_sentence(store: Store) -> None:
    store.put(MANIFEST, b"PAR1 nonsense")
    with pytest.raises(NocturneError, match=r"manifest\.parquet is not"):
        verify.verify(store)


def test_want_of_memory_is_not_taken_for_damage(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_memory(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("core.images.decoding.decode", no_memory)
    with pytest.raises(OutOfMemory, match=r"\.png' cannot be checked for want of memory"):
        verify.verify(store)


@examples(60)
@given(st.binary(max_size=200))
def test_any_bytes_are_a_fault_and_never_a_crash(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as root:
        store = Store(root)
        store.put("outputs/x.png", data)
        trouble = PixelCheck(store).trouble(ExpectedOutput("x.png", "0" * 64, 4, 4))
        assert trouble is not None
        assert trouble.kind in ("altered", "damaged")


def test_few_pictures_are_in_hand_at_once() -> None:
    lock, begun = threading.Lock(), 0

    def work(_: ExpectedOutput) -> None:
        nonlocal begun
        with lock:
            begun += 1

    results = verify._in_threads(work, [ExpectedOutput(str(number), None, None, None) for number in range(5000)])
    next(results)
    assert begun <= verify.AHEAD
    assert [claim.output for claim, _ in results] == [str(number) for number in range(1, 5000)]


def test_it_needs_no_torch() -> None:
    code = "import sys; import core.manifest.verify, core.manifest.quarantine; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
