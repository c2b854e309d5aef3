"""`nocturne inspire` as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path

from tests.conftest import Studio
from tests.flows.command import here


def test_a_board_with_a_draft(studio: Studio, tmp_path: Path) -> None:
    (studio.library / "broken.jpg").write_bytes(b"no picture")
    out = tmp_path / "board"
    ended = here("inspire", studio.library, "-o", out, "--catalog", studio.catalog, "--drafts", 1, "--json")
    assert ended.code == 0, ended.err
    told = json.loads(ended.out)
    assert (told["pictures"], len(told["drafts"])) == (3, 1)
    page = Path(told["page"]).read_text()
    assert "drafts/00.jpg" in page
    assert (out / "drafts/00.jpg").stat().st_size > 500
    assert "broken.jpg" in page
    assert (out / "overlays/cat.jpg.saliency.jpg").is_file()
