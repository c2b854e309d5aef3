"""The page of nearest pairs: order, escaping, and that it holds all it shows."""

from __future__ import annotations

import io
import re

import pytest
from PIL import Image

from core.report import nearest
from core.report.nearest import ComparisonCounts, NearestMatch, data_url, nearest_page
from tests.core.report.nights import HOSTILE
from tests.core.report.test_gallery import EVIL, Page


def encoded(kind: str = "JPEG", colour: str = "navy") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8), colour).save(file, kind)
    return file.getvalue()


SAMPLE, ORIGINAL = encoded(colour="navy"), encoded(colour="gold")


def pair(name: str, nearness: float, verdict: str = "apart", **changes: object) -> NearestMatch:
    plain = {"sample": SAMPLE, "original": ORIGINAL, "original_name": "painting.jpg", "mirrored": False, "bits": 60}
    values = {
        **plain,
        "sample_name": name,
        "ratio": nearness,
        "usual_bits": 82.0,
        "nearness": nearness,
        "verdict": verdict,
    }
    return NearestMatch(**{**values, **changes})  # type: ignore[arg-type]


def tally(**changes: object) -> ComparisonCounts:
    plain = {"samples": 40, "originals": 950, "copies": 2, "close": 3, "features": "network, 64 px", "copy_at": 0.5}
    return ComparisonCounts(**{**plain, "close_at": 0.6, **changes})  # type: ignore[arg-type]


PAIRS = [pair("far", 1.1), pair("copied", 0.1, "copy", mirrored=True, bits=9), pair("near", 0.55, "close")]


def built(pairs: list[NearestMatch] = PAIRS, title: str = "paintings", **changes: object) -> Page:
    return Page(nearest_page(title, pairs, tally(**changes)).decode())


def text(page: Page) -> str:
    return " ".join(page.text.split())


def test_the_most_suspicious_come_first_with_their_figures() -> None:
    page = built()
    kinds = [attrs["class"] for tag, attrs in page.elements if tag == "li"]
    assert kinds == ["pair copy", "pair close", "pair apart"]
    assert re.search(
        r"copied.*distance 0\.10 9 bits, usual 82.*near.*worth a look.*0\.55.*far.*no copy.*1\.10", text(page)
    )
    for words in (
        "near-copy rate 5.0%",
        "samples 40",
        "training pictures 950",
        "At 0.5 of what is usual",
        "network, 64 px",
    ):
        assert words in " ".join(text(page).split()) or words.split()[-1] in text(page)


def test_pictures_lie_in_the_page_and_a_mirrored_original_is_shown_mirrored() -> None:
    page = built()
    shown = page.values("img", "src")
    assert shown[:2] == [data_url(SAMPLE), data_url(ORIGINAL)]
    assert all(source.startswith("data:image/jpeg;base64,") for source in shown)
    assert [attrs.get("class") for tag, attrs in page.elements if tag == "figure"] == [None, "mirrored", *[None] * 4]


def test_nothing_is_loaded_from_elsewhere_and_the_styles_are_whole() -> None:
    page = nearest_page("paintings", PAIRS, tally()).decode()
    assert set(re.findall(r"\w+://[^\s'\")]+", page)) <= {"http://www.w3.org/2000/svg"}
    assert not {"link"} & {tag for tag, attrs in Page(page).elements if not attrs.get("href", "").startswith("data:")}
    for rule in ("--night:", ".masthead {", ".pairs {"):
        assert rule in page


@pytest.mark.parametrize("name", [EVIL, *HOSTILE])
def test_hostile_names_stay_text(name: str) -> None:
    page = built([pair(name, 0.3, "copy", original_name=name)], title=name)
    plain = built([pair("a", 0.3, "copy", original_name="b")], title="c")
    assert [tag for tag, _ in page.elements] == [tag for tag, _ in plain.elements]


def test_what_is_left_out_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearest, "SHOWN", 2)
    page = built()
    assert "The 2 nearest of 3 pairs are shown" in text(page)
    assert "no copy" not in text(page)


def test_a_set_without_samples_has_a_page() -> None:
    assert "Nothing was compared" in text(built([], samples=0, copies=0, close=0))


def test_a_note_is_shown() -> None:
    assert "Only half of them." in text(built(note="Only half of them."))


@pytest.mark.parametrize(("kind", "media"), [("JPEG", "jpeg"), ("PNG", "png"), ("WEBP", "webp"), ("AVIF", "avif")])
def test_encoded_pictures_are_known_by_their_beginning(kind: str, media: str) -> None:
    assert data_url(encoded(kind)).startswith(f"data:image/{media};base64,")


@pytest.mark.parametrize("data", [b"", b"<svg onload=alert(1)>", b"GIF89a"])
def test_what_is_no_picture_is_not_shown(data: bytes) -> None:
    with pytest.raises(ValueError, match="not an encoded"):
        data_url(data)
