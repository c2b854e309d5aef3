from __future__ import annotations

import re
from dataclasses import replace

from core.report.board import (
    SHOWN,
    InspirationPage,
    PagePicture,
    PaletteColour,
    PictureGroup,
    SimilarPicture,
    StyleDraft,
    inspiration_page,
)

EVIL = "<script>alert(1)</script>\x1b.jpg"


def seen(name: str, point: tuple[float, float] | None = (0.5, -9.0)) -> PagePicture:
    return PagePicture(
        name=name,
        thumb=f"thumbs/{name}.jpg" if point else None,
        palette=[PaletteColour("#102030", 0.6, "dark blue"), PaletteColour("#ffffff", 0.4, "white")] if point else [],
        overlays={"edges": f"overlays/{name}.edges.jpg"} if point else {},
        files={"ase": f"palettes/{name}.ase"} if point else {},
        mood="calm, docile" if point else None,
        point=point,
        measures={"warmth": -0.123456 if point else None},
        near=[SimilarPicture(0, 0.87)],
    )


def test_names_are_escaped_and_measures_explained() -> None:
    board = InspirationPage(
        title=EVIL,
        pictures=[seen(EVIL), seen("blank.png", None)],
        meanings={"warmth": "-1 all cool to 1 all warm."},
        caveat="Colours alone.",
        failed=[(EVIL, "cannot be read")],
        groups=[PictureGroup("calm, blue", [0, 1], [PaletteColour("#102030", 1.0, "dark blue")])],
        drafts=[StyleDraft(0, EVIL, None, None, "it is lighter", 0.9, "nocturne style")],
        notes=[EVIL],
    )
    page = inspiration_page(board).decode()
    assert "<script" not in page
    assert "script-src 'none'" in page
    assert "-0.123" in page
    assert "does not apply" in page
    assert "-1 all cool to 1 all warm." in page
    assert "thumbs/%3Cscript%3E" in page
    assert "Colours alone." in page
    assert "top:96.0%" in page  # arousal beyond the edge is drawn at the edge


def test_a_long_board_says_what_it_leaves_out() -> None:
    board = InspirationPage("many", [seen(f"{k}.png") for k in range(SHOWN + 5)], {"warmth": "x"}, "y")
    board = replace(board, drafts=[StyleDraft(SHOWN + 1, "wave", None, None, "it is lighter", 0.9, "nocturne style")])
    board = replace(
        board, pictures=[replace(board.pictures[0], near=[SimilarPicture(SHOWN, 0.9)]), *board.pictures[1:]]
    )
    page = inspiration_page(board).decode()
    assert page.count('class="picture"') == SHOWN
    assert set(re.findall(r'href="#(p\d+)"', page)) <= set(re.findall(r'id="(p\d+)"', page)), "no link leads nowhere"
    assert f"The first {SHOWN} of {SHOWN + 5} are shown" in page
