"""The gallery's script, run in a real browser without a window."""

import json
import subprocess
from pathlib import Path
from urllib.parse import unquote

from core.report.gallery import build_gallery
from core.storage import run_paths
from core.storage.store import Store
from tests.core.report.nights import HOSTILE, done, failed, pending, put_pictures
from tests.core.report.test_gallery import EVIL, Page, on_disk
from tests.needs import browser, needs_chromium

pytestmark = needs_chromium
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--window-size=1400,6000",
    "--virtual-time-budget=4000",
]


def dumped(page: Path, profile: Path, state: str = "") -> Page:
    """The page as it is after its script ran."""
    command = [str(browser()), *FLAGS, f"--user-data-dir={profile}", "--dump-dom", page.as_uri() + state]
    return Page(subprocess.run(command, check=True, capture_output=True, timeout=60).stdout.decode())


def cards(page: Page) -> list[str]:
    """The status of every card, in the order of the page; the template's own card has none."""
    kinds = [(attrs.get("class") or "").split() for tag, attrs in page.elements if tag == "a"]
    return [status for kind in kinds if kind[:1] == ["card"] for status in kind[1:]]


def test_hostile_names_are_shown_and_every_link_leads_to_its_file(tmp_path):
    store = Store(tmp_path / "a run's #1 100% folder?")
    rows = [done(name) for name in HOSTILE]
    put_pictures(store, rows)
    without = [failed(EVIL, output="evil.png", message=EVIL), pending("later.jpg")]
    page = dumped(build_gallery(store, rows + without, EVIL), tmp_path / "profile", "#sort=name")

    assert page.elements[0] == ("html", {"lang": "en", "data-ready": str(len(rows) + 2)})
    assert page.text.split(" · Nocturne")[0].strip() == EVIL
    assert sorted(cards(page)) == ["done"] * len(HOSTILE) + ["failed", "pending"]
    links = page.values("img", "src") + [link for link in page.values("a", "href") if link != "#"]
    dead = {unquote(link) for link in links if not on_disk(store, link).is_file()}
    assert dead == {f"../{run_paths.asset_thumb(row['asset'])}" for row in without}
    assert len(links) >= 4 * len(HOSTILE)


def test_the_state_in_the_address_filters_and_opens(tmp_path):
    store = Store(tmp_path)
    rows = [done("a.jpg"), failed("b.jpg", "timeout"), failed("c.jpg", "unreadable")]
    page = build_gallery(store, rows, "tonight")
    shown = dumped(page, tmp_path / "profile", "#reason=timeout&open=wave%2Fb.jpg.png")
    assert "1 of 3 · timeout" in shown.text
    assert cards(shown) == ["failed"]
    assert [attrs for tag, attrs in shown.elements if tag == "dialog" and "open" in attrs]
    assert f"nocturne retry {tmp_path}" in shown.text


def test_the_order_in_the_address_is_the_order_of_the_cards(tmp_path):
    store = Store(tmp_path)
    named = ["a.jpg", "b9.jpg", "b10.jpg", "c.jpg"]
    rows = [pending("a.jpg"), done("b10.jpg", score=0.2), done("b9.jpg", score=0.9), done("c.jpg", score=0.5)]
    page = build_gallery(store, rows, "tonight")
    text = dumped(page, tmp_path / "profile").text
    assert sorted(named, key=text.index) == ["b9.jpg", "c.jpg", "b10.jpg", "a.jpg"]
    text = dumped(page, tmp_path / "profile", "#sort=name").text
    assert sorted(named, key=text.index) == named


def test_no_rows_say_so(tmp_path):
    page = dumped(build_gallery(Store(tmp_path), [], "tonight"), tmp_path / "profile")
    assert "A quiet night" in page.text
    assert page.elements[0][1]["data-ready"] == "0"


REVIEWER = """
const press = (on, key) => on.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
const card = (name) => [...document.querySelectorAll(".card")].find((card) => card.textContent.includes(name));
press(card("a.jpg"), "k");
press(card("b,c.jpg"), "f");
press(card("d.jpg"), "r");
press(card("e.jpg"), "k");
press(card("e.jpg"), "k");
press(card("broken.jpg"), "k");
const show = (text) => (document.documentElement.dataset.csv = JSON.stringify(text));
URL.createObjectURL = (blob) => (blob.text().then(show), "#");
document.querySelector(".export").click();
"""


def test_keys_pick_and_the_picks_are_exported(tmp_path):
    """Keep, favourite and reject; the same key again lets go; a job without a picture cannot be picked."""
    store = Store(tmp_path)
    rows = [*(done(name) for name in ("a.jpg", "b,c.jpg", "d.jpg", "e.jpg")), failed("broken.jpg")]
    page = build_gallery(store, rows, "tonight")
    script = page.parent / "gallery.js"
    script.write_text(script.read_text() + REVIEWER)
    shown = dumped(page, tmp_path / "profile")
    picked = sorted(attrs["data-pick"] for _, attrs in shown.elements if attrs.get("data-pick"))
    assert picked == ["favourite", "keep", "reject"]
    lines = json.loads(shown.elements[0][1]["data-csv"] or "").split("\r\n")
    assert lines[0] == "output,pick,run"
    assert set(lines[1:-1]) == {
        f"wave/a.jpg.png,keep,{tmp_path}",
        f'"wave/b,c.jpg.png",favourite,{tmp_path}',
        f"wave/d.jpg.png,reject,{tmp_path}",
    }


def test_near_identical_pictures_can_be_shown_once(tmp_path):
    rows = [done(f"{n}.jpg", score=n / 10, alike="wave/1.jpg.png" if n < 4 else None) for n in range(1, 6)]
    page = build_gallery(Store(tmp_path), rows, "tonight")
    every, once = (dumped(page, tmp_path / "profile", state) for state in ("", "#alike=one"))
    assert len(cards(every)) == 5
    assert every.text.count("3 alike") == 3
    assert len(cards(once)) == 3
    assert "3.jpg" in once.text


def test_the_large_view_says_why(tmp_path):
    row = done("a.jpg", score_quality=0.4, score_coherence=0.9, flaw="blocking", percentile=87.5)
    shown = dumped(build_gallery(Store(tmp_path), [row], "tonight"), tmp_path / "profile", "#open=wave%2Fa.jpg.png")
    assert "it is blocky, as if it had been compressed too far." in shown.text
    assert "percentile 88" in shown.text
    assert {"1: no technical fault that asset and style have not."} <= {*shown.values("dt", "title")}


def test_samples_and_stylised_pictures_of_one_run_are_shown_each_in_their_way(tmp_path):
    store = Store(tmp_path)
    drawn = {**done("7"), "kind": "sample", "asset": None, "style": None, "checkpoint": "digits"}
    rows = [done("cat.jpg", kind="stylize"), drawn]
    put_pictures(store, [rows[0]])
    page = dumped(build_gallery(store, rows, "mixed"), tmp_path / "profile", "#sort=name")
    assert sorted(set(cards(page))) == ["done", "sample"]
    assert cards(page).count("sample") == 1
