"""Run log: one JSON record in `nights/` for each execution of a run."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from core.errors import NocturneError
from core.storage.run_paths import NIGHTS
from core.storage.store import Store

MOST_BYTES = 16 << 20
"""Bytes of a record, over which it is passed over."""


def record_night(store: Store, started: datetime, record: dict[str, Any]) -> str:
    """Leave what a night did in `nights/<utc>.json`. Returns its name."""
    name = f"{NIGHTS}/{started:%Y-%m-%dT%H-%M-%S}.{started.microsecond // 1000:03d}Z.json"
    ended = datetime.now(UTC)
    whole = {"started": started.isoformat(), "ended": ended.isoformat(), **record}
    store.put(name, json.dumps(whole, indent=2, ensure_ascii=False).encode())
    return name


def problems_of(record: Mapping[str, Any] | None) -> list[str]:
    """What the plan of a recorded night had to say of its inputs; a record that others wrote may hold anything."""
    planned = (record or {}).get("planned")
    problems = planned.get("problems") if isinstance(planned, dict) else None
    return [each for each in problems if isinstance(each, str)] if isinstance(problems, list) else []


def last_night(store: Store) -> dict[str, Any] | None:
    """The record of the latest night that left one; damaged ones are passed over."""
    for name in reversed(list(store.names(NIGHTS, ".json"))):
        with contextlib.suppress(OSError, ValueError, RecursionError, NocturneError):
            record = json.loads(store.read(name, MOST_BYTES))
            if isinstance(record, dict) and isinstance(record.get("ended"), str):
                return record
    return None
