"""Lines of Prefect's log in which nothing that a file says can speak to a terminal, or to what shows them later."""

from __future__ import annotations

import logging

from core.safe_text import printable

LOGGERS = ("prefect.flow_runs", "prefect.task_runs")
"""What flows and tasks write to."""


def escape_log_lines() -> None:
    """Make every line that flows and tasks log printable, before any handler has it. Setting it twice is setting it once."""
    for name in LOGGERS:
        logging.getLogger(name).addFilter(_escape)


def _escape(record: logging.LogRecord) -> bool:
    record.msg = "\n".join(printable(line) for line in record.getMessage().split("\n"))
    record.args = None
    return True
