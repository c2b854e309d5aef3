"""What the commands that only look say of scores and picks."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import SpecError
from core.manifest import manifest
from flows.commands.inspect_commands import explain_score, show_manifest
from tests.conftest import Studio
from tests.runs import made_run, row

PARTS = {"score_content": 0.7, "score_style": 0.5, "score_quality": 0.4, "score_coherence": 0.9, "flaw": "blocking"}


@pytest.fixture
def run(studio: Studio) -> Path:
    store = made_run(studio, ("wave/a.png",))
    (made,) = manifest.read(store).to_pylist()
    manifest.begin(store, manifest.table([{**made, **PARTS, "score": 0.2}, row("wave/b.png")]))
    return studio.out


def test_a_score_is_explained(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    explain_score(run, "wave/a.png")
    said = capsys.readouterr().out
    assert "wave/a.png scores 0.200. Nearly all of the asset is kept" in said
    assert "quality    0.400, weight 1, mostly for its blocking" in said
    with pytest.raises(SpecError, match="no output wave/z"):
        explain_score(run, "wave/z.png")


def test_picks_are_joined_to_the_rows(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picks, to = tmp_path / "picks.csv", tmp_path / "rows.csv"
    picks.write_text("output,pick\nwave/a.png,favourite\n")
    show_manifest(run, False, None, None, None, picks, False, False)
    assert "favourite" in capsys.readouterr().out
    show_manifest(run, False, None, None, to, picks, False, False)
    assert '"pick"' in to.read_text().splitlines()[0]


def test_show_manifest_writes_a_csv_for_spreadsheets(run: Path, tmp_path: Path) -> None:
    show_manifest(run, False, None, None, tmp_path / "a.csv", None, True, False)
    assert (tmp_path / "a.csv").read_bytes().startswith(b"\xef\xbb\xbf")


@pytest.mark.parametrize("name", [None, "a.json"])
def test_show_manifest_writes_nothing_else_for_spreadsheets(run: Path, tmp_path: Path, name: str | None) -> None:
    with pytest.raises(SpecError, match=r"--spreadsheet is for a \.csv file"):
        show_manifest(run, False, None, None, tmp_path / name if name else None, None, True, False)
