"""What nights leave behind, and that a damaged record of one is passed over."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.planning.night_records import last_night, record_night
from core.storage.run_paths import NIGHTS
from core.storage.store import Store


def test_the_latest_record_is_the_last_night(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert last_night(store) is None
    for day in (3, 1, 2):
        record_night(store, datetime(2026, 3, day, tzinfo=UTC), {"made": day})
    assert (last_night(store) or {})["made"] == 3


@pytest.mark.parametrize("data", [b"", b"{", b"[1]", b"null", b"\xff\xfe", b'{"made": 9}', b"[" * 100_000])
def test_a_damaged_record_is_passed_over(tmp_path: Path, data: bytes) -> None:
    store = Store(tmp_path)
    record_night(store, datetime(2026, 3, 1, tzinfo=UTC), {"made": 1})
    store.put(f"{NIGHTS}/2026-03-02T00-00-00.000Z.json", data)
    found = last_night(store)
    assert found is not None
    assert found["made"] == 1
    assert json.dumps(found)
