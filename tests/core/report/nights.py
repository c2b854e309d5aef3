"""Runs to show in a gallery: rows, and the pictures that they name."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from core.safe_text import portable
from core.storage import run_paths
from core.storage.store import Store

HOSTILE = (
    "<script>document.title='pwned'<∕script>.jpg",
    "a b#c?d%41&e.jpg",
    "quote\"'`.jpg",
    "newline\nhere.jpg",
    "🌙 👩‍🎨.jpg",
    "sub dir/50% off;x=1.jpg",
    "line\u2028end.jpg",
    "cafe\u0301.jpg",
    "x" * 240 + ".jpg",
    "*star.jpg",
    "=equal.jpg",
    "{}.jpg",
    "$& $1.jpg",
    "javascript:alert(1).jpg",
    "bad\udce9.jpg",
)
"""Asset names that have broken galleries; all but the last part of each are legal on a Linux disk."""

STARTED = dt.datetime(2026, 3, 1, 1, 0, tzinfo=dt.UTC)
GIF = bytes.fromhex("47494638396101000100800000ff0000ffffff21f90400000000002c00000000010001000002024401003b")
"""A picture of one pixel; browsers look at the content, not at the suffix."""


def done(asset: str, style: str = "wave", **changes: Any) -> dict[str, Any]:
    """The row of a job that went well."""
    row = {
        "output": run_paths.output_name(style, asset, "png"),
        "asset": portable(asset),
        "style": style,
        "status": "done",
        "preset": "good",
        "recipe": "9f3ac2d41b7e0c55",
        "seed": 7,
        "width": 512,
        "height": 384,
        "score": 0.5,
        "score_content": 0.75,
        "score_style": 0.25,
        "seconds": 12.0,
        "started": STARTED,
        "finished": STARTED,
    }
    return row | changes


def failed(asset: str, reason: str | None = "unreadable", **changes: Any) -> dict[str, Any]:
    """The row of a job that did not go well."""
    nothing = dict.fromkeys(("width", "height", "score", "score_content", "score_style", "seconds"))
    message = f"{asset} cannot be read; restore it from a backup."
    return done(asset, **{**nothing, "status": "failed", "reason": reason, "message": message, **changes})


def pending(asset: str, **changes: Any) -> dict[str, Any]:
    """The row of a job that has not been tried."""
    nothing = dict.fromkeys(("reason", "message", "started", "finished"))
    return failed(asset, **{**nothing, "status": "pending", **changes})


def put_pictures(store: Store, rows: Sequence[dict[str, Any]]) -> None:
    """Write every picture that the gallery of `rows` may link to, as small as can be."""
    for row in rows:
        names = [run_paths.asset_thumb(row["asset"]), run_paths.style_thumb(row["style"])]
        if row["status"] == "done":
            names += [run_paths.output_path(row["output"]), run_paths.output_thumb(row["output"])]
        for name in names:
            if not store.exists(name):
                store.put(name, GIF)
