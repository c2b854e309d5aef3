"""Artifacts of a flow run in Prefect's dashboard. A server that went away costs a warning, not the night."""

from __future__ import annotations

import html
import os
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

from prefect import get_run_logger
from prefect.artifacts import (
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)

from core.planning.night_records import problems_of
from core.report.summary import duration
from core.safe_text import printable
from flows.prefect_server.environment import reachable

ARTIFACT_ROWS = 200
"""Rows of the table in the dashboard, which draws every one of them at once."""

PAUSE = 60.0
"""Seconds for which a server that did not answer is left alone."""


class ArtifactSender:
    """Sends artifacts to the server; after one that it did not answer, it is left alone for a while."""

    def __init__(self) -> None:
        self._silent_until = 0.0

    def send(self, action: Callable[[], Any]) -> Any:
        """The answer to `action`, or None when the server gives none."""
        if time.monotonic() < self._silent_until:
            return None
        try:
            address = os.environ.get("PREFECT_API_URL")
            if address and not reachable(address):  # Prefect itself would go on trying for a minute
                raise ConnectionError("the server does not answer")
            return action()
        except Exception as error:  # a view of the night must not end it
            self._silent_until = time.monotonic() + PAUSE
            get_run_logger().warning("The dashboard could not be told (%s: %s).", type(error).__name__, error)
            return None


class Dashboard:
    """The artifacts of one flow run."""

    def __init__(self, run: str) -> None:
        self._run = run
        self._progress: UUID | None = None
        self._send = ArtifactSender().send

    def begin(self) -> None:
        """Show a progress bar."""
        self._progress = self._send(
            lambda: create_progress_artifact(0.0, key="progress", description=f"Run {self._run}: jobs ended")
        )

    def advance(self, share: float) -> None:
        """Move the bar; `share` is 0 to 1."""
        progress = self._progress
        if progress is not None:
            self._send(lambda: update_progress_artifact(progress, 100.0 * share))

    def end(self, record: dict[str, Any]) -> None:
        """Leave the table of styles and the gallery's path."""
        about = f"Run {self._run}"
        table = _styles(record["manifest"])
        self._send(lambda: create_table_artifact(table, key="styles", description=f"{about}: outputs by style"))
        text = _page(self._run, record)
        self._send(lambda: create_markdown_artifact(text, key="gallery", description=f"{about}: where to look"))


def _styles(merged: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "style": style,
            "done": tally["done"],
            "failed": tally["failed"],
            "pending": tally["pending"],
            "median score": None if tally["median_score"] is None else round(tally["median_score"], 3),
            "time": duration(tally["seconds"]),
        }
        for style, tally in list(merged["styles"].items())[:ARTIFACT_ROWS]
    ]


def _page(run: str, record: dict[str, Any]) -> str:
    merged = record["manifest"]
    reasons = "".join(f"\n- {reason}: {count}" for reason, count in merged["reasons"].items())
    problems = "".join(f"\n- {html.escape(printable(problem))}" for problem in problems_of(record))
    gallery = printable(record["gallery"]).replace("`", "%60")
    return (
        f"# {html.escape(printable(run))}\n\n"
        f"{merged['done']} done, {merged['failed']} failed, {merged['pending']} pending.{reasons}{problems}\n\n"
        f"Gallery: `{gallery}`\n"
    )
