"""No command replaces what it reads, or a record of somebody's run: every option that writes, against every victim.

The table of writers is held to the command line itself: an option that writes and is not in it fails a test.
"""

from __future__ import annotations

import lzma
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from core.storage.run_marks import run_mark
from flows.cli.application import app
from tests.conftest import Studio
from tests.flows.command import here
from tests.runs import contents

DATA = Path(__file__).resolve().parents[1] / "compatibility/data/v0.1"
NETWORK = Path(__file__).resolve().parents[2] / "data/networks/catalog.safetensors"

Arguments = Callable[[Path, Path], list[Any]]
"""The arguments of a command that writes to the second path, in the studio at the first."""

QUICK = ("--size", 48, "--steps", 2)

FILES: dict[tuple[str, str], Arguments] = {
    ("style", "to"): lambda at, to: ["style", at / "photo.png", at / "art.png", "-o", to, *QUICK],
    ("style", "animate"): lambda at, to: [
        *("style", at / "photo.png", at / "art.png", "-o", at / "new.png", "--animate", to, *QUICK)
    ],
    ("sweep", "to"): lambda at, to: ["sweep", at / "photo.png", at / "art.png", "-o", to, "--x", "steps=1,2", *QUICK],
    ("manifest", "to"): lambda at, to: ["manifest", at / "run", "--picks", at / "picks.csv", "--to", to],
    ("learn-taste", "to"): lambda at, to: ["learn-taste", at / "picks.csv", "--run", at / "run", "-o", to],
    ("export-gan", "to"): lambda at, to: ["export-gan", at / "gan.safetensors", to],
    ("export-style", "to"): lambda at, to: ["export-style", at / "net.safetensors", to],
    ("export", "to"): lambda at, to: ["export", at / "net.safetensors", "-o", to],
    ("interpolate", "to"): lambda at, to: [
        "interpolate",
        at / "gan.safetensors",
        "-o",
        to,
        "--seeds",
        "1,2",
        "--frames",
        2,
    ],
    ("learn-style", "to"): lambda at, to: [
        *("learn-style", at / "catalog", "--network", at / "net.safetensors", "--to", to, "--steps", 1)
    ],
}
"""Options that name a file, by command."""

SPEC = ("--library", "library", "--catalog", "catalog", "--preset", "fast")
FOLDERS: dict[tuple[str, str], Arguments] = {
    ("run", "out"): lambda at, to: ["run", "--library", at / "library", "--catalog", at / "catalog", "--out", to],
    ("plan", "out"): lambda at, to: ["plan", "--library", at / "library", "--catalog", at / "catalog", "--out", to],
    ("sample", "out"): lambda at, to: ["sample", "--checkpoint", at / "gan.safetensors", "--out", to],
    ("train-gan", "out"): lambda at, to: ["train-gan", "--data", at / "library", "--out", to],
    ("train-style", "out"): lambda at, to: [
        *("train-style", "--catalog", at / "catalog", "--contents", at / "library", "--out", to)
    ],
    ("train-classifier", "out"): lambda at, to: ["train-classifier", "--data", at / "library", "--out", to],
    ("appraise", "out"): lambda at, to: ["appraise", at / "library", "--out", to, "--scorer", "none"],
    ("analyse", "out"): lambda at, to: ["analyse", at / "library", "--out", to],
    ("recommend", "out"): lambda at, to: ["recommend", at / "library", "--catalog", at / "catalog", "-o", to],
    ("inspire", "out"): lambda at, to: ["inspire", at / "library", "-o", to, "--catalog", at / "catalog"],
    ("evaluate-gan", "out"): lambda at, to: [
        *("evaluate-gan", at / "gan.safetensors", "--data", at / "library", "--out", to, "--samples", 6)
    ],
}
"""Options that name a folder, by command."""

KIND = {
    **dict.fromkeys(("run", "plan", "sample"), "run"),
    **dict.fromkeys(("train-gan", "train-style"), "training"),
    "train-classifier": "classifier training",
    **dict.fromkeys(("appraise", "analyse", "inspire"), "survey"),
    "recommend": "proposal",
    "evaluate-gan": "evaluation",
}

ELSEWHERE = {("sweep", "cells"), ("doctor", "out")}
"""Options with tests of their own, and one that writes nothing that stays."""

VICTIMS = (
    *("photo.png", "art.png", "gan.safetensors", "net.safetensors", "picks.csv"),
    *("run/spec.toml", "run/plan.parquet", "run/manifest.parquet", "run/manifest.csv", "run/outputs/night/cat.jpg.png"),
    *("gan/checkpoints/step-000000001.safetensors", "gan/train.toml", "survey/manifest.csv"),
)

MAY_BE_REPLACED = {  # neither read nor a record, or meant to be replaced, as the help says
    *(("export-style", "gan.safetensors"), ("export-gan", "net.safetensors")),
    *(("learn-style", "gan.safetensors"), ("learn-style", "net.safetensors")),
}

MARKS = {
    "run": ("spec.toml", "plan.parquet", "manifest.parquet", "manifest.csv", "outputs/x.png"),
    "training": ("train.toml", "training.json", "checkpoints/step-000000001.safetensors"),
    "classifier training": ("spec.toml", "confusion.png", "figures.json", "card.md"),
    "survey": ("manifest.parquet", "manifest.csv"),
    "proposal": ("pairs.csv", "reasons.csv", "spec.toml"),
    "evaluation": ("evaluation.json", "evaluation.md", "nearest.html"),
}


@pytest.fixture(scope="module")
def studio_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = Studio(tmp_path_factory.mktemp("writers") / "studio")
    at = made.root
    for seed, name in enumerate(("photo.png", "art.png", "library/a/1.png", "library/b/2.png", "catalog/w.png")):
        made.picture(name, seed)
    (at / "gan.safetensors").write_bytes(lzma.decompress((DATA / "gan.safetensors.xz").read_bytes()))
    (at / "net.safetensors").write_bytes(NETWORK.read_bytes())
    (at / "picks.csv").write_text("output,pick,run\nnight/cat.jpg.png,keep,\n")
    for folder, kind in (("run", "run"), ("gan", "training"), ("survey", "survey")):
        for name in MARKS[kind]:
            put(at / folder / name)
    put(at / "run/outputs/night/cat.jpg.png")
    return at


def put(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(f"the record {path.name}".encode())


def named_in(command: Any) -> Iterator[str]:
    """The parameters of a command that name what it writes."""
    for parameter in command.params:
        if parameter.name in ("to", "out", "animate", "cells"):
            yield parameter.name


def test_every_option_that_writes_is_in_the_table() -> None:
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    there = {(name, parameter) for name, command in commands.items() for parameter in named_in(command)}
    assert there == FILES.keys() | FOLDERS.keys() | ELSEWHERE


@pytest.mark.parametrize(
    ("writer", "victim"), [(w, v) for w in FILES for v in VICTIMS if (w[0], v) not in MAY_BE_REPLACED]
)
def test_a_file_is_not_replaced(writer: tuple[str, str], victim: str, studio_folder: Path) -> None:
    source = studio_folder / victim
    before = source.read_bytes()
    ended = here(*FILES[writer](studio_folder, source))
    assert (ended.code, source.read_bytes()) == (2, before)
    assert "Traceback" not in ended.err
    assert ended.err.strip()


@pytest.mark.parametrize("link", ["symlink", "hard link", "detour"])
@pytest.mark.parametrize("writer", [writer for writer in FILES if writer[0] != "learn-style"], ids=" ".join)
def test_nor_by_another_name_of_it(writer: tuple[str, str], link: str, studio_folder: Path, tmp_path: Path) -> None:
    command, _ = writer
    victim = {
        **dict.fromkeys(("export-gan", "interpolate"), "gan.safetensors"),
        **dict.fromkeys(("export-style", "export"), "net.safetensors"),
        **dict.fromkeys(("manifest", "learn-taste"), "picks.csv"),
    }.get(command, "photo.png")
    suffix = {"interpolate": ".webp", "export": ".onnx", "learn-taste": ".json", "learn-style": ".safetensors"}.get(
        command, Path(victim).suffix
    )
    source, name = studio_folder / victim, tmp_path / f"other{suffix}"
    if writer == ("style", "animate"):
        name = name.with_suffix(".webp")
    if link == "symlink":
        name.symlink_to(source)
    elif link == "hard link":
        os.link(source, name)
    else:
        name = source.parent / ".." / source.parent.name / source.name
    before = source.read_bytes()
    assert here(*FILES[writer](studio_folder, name)).code == 2
    assert source.read_bytes() == before


@pytest.mark.parametrize(("writer", "kind"), [(w, kind) for w in FOLDERS for kind in MARKS if KIND[w[0]] != kind])
def test_a_folder_of_another_kind_stays_as_it_is(
    writer: tuple[str, str], kind: str, studio_folder: Path, tmp_path: Path
) -> None:
    for name in MARKS[kind]:
        put(tmp_path / name)
    assert run_mark(tmp_path) == kind
    before = contents(tmp_path)
    ended = here(*FOLDERS[writer](studio_folder, tmp_path))
    assert (ended.code, contents(tmp_path)) == (2, before)
    assert f"is the folder of a {kind}" in ended.err


def test_save_every_does_not_replace_its_photograph_or_painting(studio_folder: Path, tmp_path: Path) -> None:
    for name in ("out-0002.png", "out-0004.png"):
        (tmp_path / name).write_bytes((studio_folder / "photo.png").read_bytes())
    before = contents(tmp_path)
    sources = (tmp_path / "out-0002.png", tmp_path / "out-0004.png")
    ended = here("style", *sources, "-o", tmp_path / "out.png", "--save-every", 2, *QUICK)
    assert (ended.code, contents(tmp_path)) == (2, before)
    ended = here("style", studio_folder / "photo.png", studio_folder / "art.png", "-o", tmp_path / "out.png",
                 "--save-every", 2, *QUICK)  # fmt: skip
    assert (ended.code, contents(tmp_path)) == (2, before)
    assert "was not written by Nocturne" in ended.err


def test_cells_do_not_replace_a_photograph(studio_folder: Path, tmp_path: Path) -> None:
    photo = tmp_path / "steps=1.png"
    photo.write_bytes((studio_folder / "photo.png").read_bytes())
    before = contents(tmp_path)
    ended = here("sweep", photo, studio_folder / "art.png", "-o", tmp_path / "sheet.png", "--cells", tmp_path,
                 "--x", "steps=1,2", "--size", 48)  # fmt: skip
    assert (ended.code, contents(tmp_path)) == (2, before)


def test_frames_do_not_replace_pictures(studio_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "0001.png").write_bytes((studio_folder / "photo.png").read_bytes())
    before = contents(tmp_path)
    command = ("interpolate", studio_folder / "gan.safetensors", "--seeds", "1,2", "--frames", 2)
    ended = here(*command, "-o", tmp_path)
    assert (ended.code, contents(tmp_path)) == (2, before)
    assert here(*command, "-o", tmp_path / "new").code == 0
    assert here(*command, "-o", tmp_path / "new").code == 0  # its own frames are made anew


def test_an_archive_beside_an_onnx_file_is_not_replaced(studio_folder: Path, tmp_path: Path) -> None:
    put(tmp_path / "x.npz")
    ended = here("export", studio_folder / "net.safetensors", "-o", tmp_path / "x.onnx")
    assert ended.code == 2
    assert contents(tmp_path) == {"x.npz": b"the record x.npz"}
