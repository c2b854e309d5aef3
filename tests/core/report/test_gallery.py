import html.parser
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from core.errors import StoreBroken
from core.manifest.manifest import table
from core.report import gallery
from core.report.gallery import build_gallery
from core.report.pages import href
from core.storage.store import TEMPORARY, Store
from tests.core.report.nights import HOSTILE, done, failed, pending, put_pictures

EVIL = "</title></script><script>document.title='pwned'</script><img src=x onerror=alert(1)>"


class Page(html.parser.HTMLParser):
    """The elements of a page, as (tag, attributes), and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += f" {data}"

    def values(self, tag: str, name: str) -> list[str]:
        return [attrs[name] for found, attrs in self.elements if found == tag and attrs.get(name)]


def built(store: Store, rows, title: str = "tonight") -> Page:
    return Page(build_gallery(store, rows, title).read_text("utf-8"))


def on_disk(store: Store, link: str) -> Path:
    return store.path("gallery") / unquote(urlsplit(link).path)


def test_the_page_and_all_it_loads_are_written_and_nothing_else(tmp_path):
    store = Store(tmp_path)
    path = build_gallery(store, table([done("a.jpg")]), "tonight")
    assert path == tmp_path / "gallery" / "index.html"
    names = [file.name for file in sorted((tmp_path / "gallery").iterdir())]
    assert names == ["data.js", "gallery.css", "gallery.js", "index.html"]
    assert not list(tmp_path.rglob(f"{TEMPORARY}*"))
    page = Page(path.read_text("utf-8"))
    for link in [*page.values("script", "src"), page.values("link", "href")[-1]]:
        assert on_disk(store, link).is_file()


def test_nothing_is_loaded_from_elsewhere(tmp_path):
    build_gallery(Store(tmp_path), [done("a.jpg")], "tonight")
    for file in (tmp_path / "gallery").iterdir():
        addresses = set(re.findall(r"\w+://[^\s'\")]+", file.read_text("utf-8")))
        assert addresses <= {"http://www.w3.org/2000/svg"}, file


def test_the_header_counts(tmp_path):
    rows = [done(f"{n}.jpg", score=n / 2000) for n in range(1200)]
    rows += [failed("x.jpg", "timeout"), failed("y.jpg"), failed("z.jpg"), pending("p.jpg")]
    text = " ".join(built(Store(tmp_path), rows).text.split())
    for words in ("made 1,200", "failed 3", "pending 1", "compute time 4 h", "median score 0.30"):
        assert words in text
    assert "unreadable 2 timeout 1" in text
    assert "1,204 assets, 1 style, 1,204 jobs" in text


def test_hostile_names_and_title_stay_text(tmp_path):
    rows = [failed(EVIL, "internal", style=EVIL, message=EVIL)]
    page = built(Store(tmp_path), rows, title=EVIL)
    plain = built(Store(tmp_path), [failed("a.jpg", "internal")], title="tonight")
    assert [tag for tag, _ in page.elements] == [tag for tag, _ in plain.elements]
    assert page.values("button", "data-style") == [EVIL]
    assert EVIL in page.text


def test_links_to_styles_lead_to_their_files_and_missing_ones_are_not_linked(tmp_path):
    store = Store(tmp_path)
    rows = [done("a.jpg", style=name.replace("/", " ")) for name in HOSTILE[:-1]]
    put_pictures(store, rows)
    links = built(store, [*rows, done("a.jpg", style="no picture")]).values("img", "src")
    assert len(links) == len(rows)
    assert all(on_disk(store, link).is_file() for link in links)


def test_a_link_says_the_path_and_nothing_more():
    link = href("../thumbs/a b#c?d%41&\"e'.jpg")
    assert not set(link) & set(" #?&\"'<>")
    assert unquote(urlsplit(link).path) == "../thumbs/a b#c?d%41&\"e'.jpg"


@pytest.mark.parametrize("rows", [[], table([]), [failed("a.jpg"), failed("b.jpg", "timeout")]])
def test_a_run_without_pictures_has_a_page_without_scores(tmp_path, rows):
    page = built(Store(tmp_path), rows)
    assert "rect" not in [tag for tag, _ in page.elements]
    assert "median score –" in " ".join(page.text.split())


def test_what_is_left_out_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(gallery, "ROWS_LIMIT", 1)
    assert "The newest 1 of 2 jobs are shown" in built(Store(tmp_path), [done("a.jpg"), done("b.jpg")]).text


def test_a_page_that_is_built_anew_loads_no_stale_files(tmp_path):
    store = Store(tmp_path)
    first = built(store, [done("a.jpg")]).values("script", "src")
    assert built(store, [done("a.jpg")]).values("script", "src") == first
    assert built(store, [done("a.jpg"), done("b.jpg")]).values("script", "src") != first


def test_a_failed_write_leaves_the_old_page_whole(tmp_path, monkeypatch):
    store = Store(tmp_path)
    before = build_gallery(store, [done("a.jpg")], "before").read_bytes()

    def refuse(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(StoreBroken, match="No space left"):
        build_gallery(store, [done("a.jpg")], "after")
    assert (tmp_path / "gallery/index.html").read_bytes() == before
    assert not list(tmp_path.rglob(f"{TEMPORARY}*"))


def test_a_manifest_that_others_wrote_steers_nothing(tmp_path: Path) -> None:
    rows = [failed("cat.jpg", reason="\x1b[2J"), done("dog.jpg", style="../"), done("owl.jpg", style="C:\\x")]
    page = build_gallery(Store(tmp_path), table(rows), "run").read_text()
    assert "\x1b" not in page
    assert "%1B[2J" in page
