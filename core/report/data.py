"""The gallery's data file: the rows of a manifest as compact columns in a JavaScript file.

A page opened from disk may not fetch JSON, but it may load a script. Text that repeats is written once and
named by a number, so that a row costs some 90 bytes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

from core.report.gallery_words import words_of
from core.report.rows import Rows, columns, finite
from core.safe_text import portable
from core.scoring.explain_score import score_sentence
from core.storage import run_paths
from core.storage.store import Store

PREFIX = "window.nocturne = "
"""What stands before the JSON in the data file."""

ROWS_LIMIT = 50_000
"""Most rows that a gallery shows; browsers stop at pages about ten million pixels high."""

TEXTS = (
    *("kind", "status", "reason", "message", "preset", "recipe", "engine", "width", "height", "attempt", "best"),
    *("label", "known", "outlier", "scorer"),
)
"""Columns with few different values, written as `{"values": [...], "codes": [...]}`; -1 is null."""

NUMBERS = {
    "score": 3,
    "score_content": 3,
    "score_style": 3,
    "score_quality": 3,
    "score_coherence": 3,
    "percentile": 1,
    "content_distance": 3,
    "style_distance": 3,
    "probability": 2,
    "seconds": 2,
}
"""Columns written as plain numbers, and the decimals that are kept."""

OTHERS = ("output", "asset", "style", "checkpoint", "seed", "class_kept", "finished", "alike", "retry_of", "flaw")

NAMES = (*OTHERS, *TEXTS, *NUMBERS)


def data_file(rows: Rows, store: Store | None = None) -> bytes:
    """The data file of `rows`: PREFIX, a JSON object, and a semicolon, in ASCII.

    The newest ROWS_LIMIT rows are kept, and jobs that never ran are the first to be left out. Infinite and
    NaN numbers become null.
    """
    text = json.dumps(document(rows, store), separators=(",", ":"), allow_nan=False)
    # ASCII leaves out U+2028, which ended a line in older JavaScript; `<` could end the script element.
    for mark in "<>&":
        text = text.replace(mark, f"\\u{ord(mark):04x}")
    return f"{PREFIX}{text};\n".encode("ascii")


def document(rows: Rows, store: Store | None = None) -> dict[str, Any]:
    """What the data file says, before it is written as JSON."""
    named = columns(rows, NAMES)
    kept = _newest(named["finished"])
    named = {name: [values[place] for place in kept] for name, values in named.items()}
    drawn = [checkpoint is not None for checkpoint in named["checkpoint"]]
    named["asset"] = [
        f"seed {seed}" if sample else portable(asset or "")
        for sample, seed, asset in zip(drawn, named["seed"], named["asset"], strict=True)
    ]
    named["style"] = [
        portable((checkpoint if sample else style) or "")
        for sample, checkpoint, style in zip(drawn, named["checkpoint"], named["style"], strict=True)
    ]
    cells: dict[str, Any] = {name: _coded(named[name]) for name in TEXTS}
    cells |= {name: [_rounded(value, places) for value in named[name]] for name, places in NUMBERS.items()}
    cells["seed"] = _coded([None if seed is None else str(seed) for seed in named["seed"]])
    cells["class_kept"] = _coded(named["class_kept"])
    for name in ("alike", "retry_of"):
        cells[name] = _coded([None if output is None else portable(output) for output in named[name]])
    # Without numbers few sentences differ; those stand beside.
    cells["why"] = _coded(
        [score_sentence(dict(zip(named, row, strict=True))) for row in zip(*named.values(), strict=True)]
    )
    cells["finished"] = [None if time is None else int(time.timestamp()) for time in named["finished"]]
    cells["asset"] = _pictures(named["asset"], drawn, _called(store, run_paths.asset_thumb))
    cells["style"] = _pictures(named["style"], drawn, _called(store, run_paths.style_thumb))
    cells["output"] = _coded(_tails(named["output"], named["style"], named["asset"]))
    return {
        "count": len(kept),
        "words": {kind: asdict(words_of(kind)) for kind in sorted({*named["kind"]} - {None})},
        "paths": {
            "output": f"../{run_paths.output_path('{}')}",
            "rejected": f"../{run_paths.rejected_path('{}')}",
            "thumb": f"../{run_paths.output_thumb('{}')}",
        },
        "columns": cells,
    }


def _newest(finished: Sequence[Any]) -> Sequence[int]:
    if len(finished) <= ROWS_LIMIT:
        return range(len(finished))
    newest_first = sorted(
        range(len(finished)),
        key=lambda place: finished[place].timestamp() if finished[place] else 0.0,
        reverse=True,
    )
    return sorted(newest_first[:ROWS_LIMIT])


def _coded(values: Sequence[Any]) -> dict[str, list[Any]]:
    places: dict[Any, int] = {}
    codes = [-1 if value is None else places.setdefault(value, len(places)) for value in values]
    return {"values": list(places), "codes": codes}


def _called(store: Store | None, thumb: Callable[..., str]) -> Callable[[str], str]:
    """What small views are called, as the run folder has them if there is one."""
    return partial(run_paths.thumb_there, store.exists, thumb) if store else thumb


def _pictures(names: Sequence[str], drawn: Sequence[bool], thumb: Callable[[str], str]) -> dict[str, list[Any]]:
    """Names with their small views; what samples are called has none."""
    coded = _coded(names)
    without = {name for name, sample in zip(names, drawn, strict=True) if sample}
    return {**coded, "thumbs": ["" if name in without else f"../{thumb(name)}" for name in coded["values"]]}


def _tails(outputs: Sequence[str | None], styles: Sequence[str], assets: Sequence[str]) -> list[str | None]:
    """Output names with their `<style>/<asset>` written `*`; a name that begins otherwise is marked `=`."""
    return [
        None if output is None else _tail(portable(output), f"{style}/{asset}")
        for output, style, asset in zip(outputs, styles, assets, strict=True)
    ]


def _tail(output: str, head: str) -> str:
    return f"*{output[len(head) :]}" if output.startswith(head) else f"={output}"


def _rounded(value: float | None, places: int) -> float | None:
    return round(value, places) if value is not None and finite(value) else None
