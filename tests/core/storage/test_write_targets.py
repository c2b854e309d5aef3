"""What may be written: never over a source, a record of a run, or a device; nor a run into another kind of run."""

import os
from pathlib import Path

import pytest

from core.errors import SpecError
from core.storage.run_marks import RUN, SURVEY
from core.storage.write_targets import check_run_folder, check_target, write_file


def test_check_target_names_what_is_wrong(tmp_path: Path) -> None:
    source = tmp_path / "photo.png"
    source.touch()
    (tmp_path / "link.png").symlink_to(source)
    os.link(source, tmp_path / "hard.png")
    check_target("-o", tmp_path / "new.png", [source])
    for path, words in [
        (tmp_path / "none/new.png", "the folder .*none does not exist"),
        (tmp_path, "is a folder"),
        (source, "a file that is in use"),
        (tmp_path / "a\\b.png", "no backslash"),
        (tmp_path / "link.png", "a file that is in use"),
        (tmp_path / "hard.png", "a file that is in use"),
        (tmp_path / "none/../photo.png", "does not exist"),
        (tmp_path / "photo.png/x.png", "is not a folder|Not a directory"),
        (tmp_path / ("x" * 300 + ".png"), "File name too long"),
        (Path("/dev/stdout"), "is a device"),
        (Path("/dev/null"), "is a device"),
        (Path("/sys/x.png"), "is a device|may not be written"),
        (Path("/proc/self/x.png"), "is a device|may not be written"),
    ]:
        with pytest.raises(SpecError, match=words):
            check_target("-o", path, [source])
    if os.geteuid():
        tmp_path.chmod(0o500)
        with pytest.raises(SpecError, match="may not be written"):
            check_target("-o", tmp_path / "new.png", [source])


def test_check_target_refuses_a_fifo(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.png")
    with pytest.raises(SpecError, match="is a device"):
        check_target("-o", tmp_path / "x.png", [])


def test_write_file_replaces_a_plain_file_and_no_source(tmp_path: Path) -> None:
    write_file(tmp_path / "deep/a.txt", b"1", [])
    write_file(tmp_path / "deep/a.txt", b"2", [])
    assert (tmp_path / "deep/a.txt").read_bytes() == b"2"
    with pytest.raises(SpecError, match="in use"):
        write_file(tmp_path / "deep/a.txt", b"3", [tmp_path / "deep/a.txt"])


def test_write_file_replaces_what_is_meant_to_be(tmp_path: Path) -> None:
    write_file(tmp_path / "a", b"1", [])
    write_file(tmp_path / "a", b"2", [], replaces=tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == b"2"


def test_a_derived_name_replaces_only_what_is_ours(tmp_path: Path) -> None:
    (tmp_path / "out-0010.png").write_bytes(b"mine")
    with pytest.raises(SpecError, match="was not written by Nocturne"):
        check_target("--save-every", tmp_path / "out-0010.png", [], ours=lambda _: False)
    check_target("--save-every", tmp_path / "out-0010.png", [], ours=lambda _: True)
    check_target("--save-every", tmp_path / "out-0020.png", [], ours=lambda _: False)


@pytest.mark.parametrize(
    "name",
    ["manifest.parquet", "plan.parquet", "spec.toml", "parts/0001.parquet", "outputs/wave/a.png", "nights/x.json"],
)
def test_check_target_keeps_out_of_the_record_of_a_run(name: str, tmp_path: Path) -> None:
    for each in ("spec.toml", "plan.parquet"):
        (tmp_path / each).touch()
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    with pytest.raises(SpecError, match="is part of the run in"):
        check_target("--to", tmp_path / name, [])
    check_target("--to", tmp_path / "rows.csv", [])


def test_a_run_folder_takes_its_own_kind_alone(tmp_path: Path) -> None:
    for each in ("spec.toml", "plan.parquet"):
        (tmp_path / each).touch()
    check_run_folder("out", tmp_path, RUN)
    with pytest.raises(SpecError, match="is the folder of a run; choose another"):
        check_run_folder("out", tmp_path, SURVEY)


def test_a_folder_with_somebody_elses_record_is_refused(tmp_path: Path) -> None:
    (tmp_path / "spec.toml").touch()
    with pytest.raises(SpecError, match=r"has a spec\.toml that no run wrote"):
        check_run_folder("out", tmp_path, RUN, ["spec.toml"])
    check_run_folder("out", tmp_path / "new", RUN, ["spec.toml"])
