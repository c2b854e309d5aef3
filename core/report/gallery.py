"""The gallery: one static folder that shows a run, opened from disk with no network.

    gallery/index.html   header and frame, every name escaped by jinja2
    gallery/data.js      the rows (core/report/data.py)
    gallery/gallery.css  gallery/gallery.js

Pictures are not copied: the page links to `outputs/` and to the small views in `thumbs/`, which are written
when each output is committed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa

from core.manifest.refused_names import fail_refused_rows
from core.report.data import ROWS_LIMIT, data_file
from core.report.gallery_words import GalleryWords, shared_words
from core.report.pages import TEMPLATES, environment, href
from core.report.rows import Rows, columns
from core.report.summary import RunSummary, duration, summarise
from core.safe_text import portable, printable
from core.storage import run_paths
from core.storage.store import Store

SHEETS = ("page.css", "masthead.css", "toolbar.css", "card.css", "lightbox.css", "details.css", "review.css")
SCRIPTS = ("review.js", "model.js", "card.js", "grid.js", "controls.js", "lightbox.js", "details.js", "main.js")
"""Sources of gallery.css and gallery.js, in order; pages opened from disk cannot load JavaScript modules."""


def build_gallery(store: Store, rows: Rows, title: str, problems: Sequence[str] = ()) -> Path:
    """Write the gallery of manifest rows into the run folder of `store`, under the problems of its inputs. Returns the path
    of its page.

    Every file is put whole, the page last. Raises StorageFailed when one cannot be written.
    """
    rows = fail_refused_rows(rows) if isinstance(rows, pa.Table) else rows
    summary = summarise(rows)
    words = shared_words(columns(rows, ("kind",))["kind"])
    files = {"data.js": data_file(rows, store), "gallery.css": _joined(SHEETS), "gallery.js": _script()}
    page = _page(store, summary, title, words, _stamp(files.values()), problems)
    folder = PurePosixPath(run_paths.GALLERY).parent
    for name, data in files.items():
        store.put(str(folder / name), data)
    store.put(run_paths.GALLERY, page)
    return store.path(run_paths.GALLERY)


def _page(
    store: Store, summary: RunSummary, title: str, words: GalleryWords, stamp: str, problems: Sequence[str]
) -> bytes:
    made = environment(href=href, duration=duration, score=_score)
    page = made.get_template("index.html").render(
        title=portable(title),
        summary=summary,
        words=words,
        reasons={printable(reason): jobs for reason, jobs in summary.reasons.items()},
        problems=[printable(each) for each in problems],
        styles=_styles(store, summary),
        bars=_bars(summary.histogram),
        stamp=stamp,
        rows_limit=ROWS_LIMIT,
    )
    return page.encode()


def _styles(store: Store, summary: RunSummary) -> list[dict[str, Any]]:
    return [
        {
            "name": portable(name),
            "tally": tally,
            "thumb": _style_view(store, name),
        }
        for name, tally in summary.styles.items()
    ]


def _style_view(store: Store, name: str) -> str | None:
    """The small view of a style, if it has one."""
    thumb = run_paths.thumb_there(store.exists, run_paths.style_thumb, name)
    return f"../{thumb}" if store.exists(thumb) else None


def _bars(histogram: Sequence[int]) -> list[tuple[int, float]]:
    """Place and height, 0 to 1, of the histogram's bars; one that counts anything can be seen."""
    highest = max(histogram)
    return [(place, max(0.03, jobs / highest)) for place, jobs in enumerate(histogram) if jobs]


def _score(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _joined(names: Sequence[str]) -> bytes:
    return b"\n".join((TEMPLATES / name).read_bytes() for name in names)


def _script() -> bytes:
    return b'(() => {\n"use strict";\n\n' + _joined(SCRIPTS) + b"})();\n"


def _stamp(files: Iterable[bytes]) -> str:
    """What changes when a file does, so that a browser shows no stale copy."""
    digest = hashlib.sha256()
    for data in files:
        digest.update(data)
    return digest.hexdigest()[:12]
