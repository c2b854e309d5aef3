"""What every property here says: a file is read as something valid, or refused in one sentence; and how files are spoilt."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from core.errors import NocturneError
from core.safe_text import printable

T = TypeVar("T")

LONGEST = 1_200
"""Characters of a message: a sentence, not the file."""

PATIENCE = 5.0
"""CPU seconds that reading one small file may take."""


def examples(count: int) -> settings:
    """So many examples, the same on every run."""
    slow = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    return settings(max_examples=count, deadline=None, derandomize=True, database=None, suppress_health_check=slow)


def read_or_refused(call: Callable[[], T], *names: Path | str) -> T | None:
    """What `call` gives, or None if it refuses in one printable sentence with one of `names` in it; soon, either way."""
    begun = time.process_time()
    try:
        return call()
    except NocturneError as error:
        refusal(error, *names)
        return None
    finally:
        assert time.process_time() - begun < PATIENCE


def refusal(error: NocturneError, *names: Path | str) -> str:
    """The message of an error, once it is known to be one printable sentence that names the file."""
    message = str(error)
    assert printable(message) == message, message
    assert len(message) <= LONGEST, message
    assert message.endswith("."), message
    assert any(str(name) in message for name in names), message
    return message


@st.composite
def spoilt(draw: st.DrawFn, whole: bytes) -> bytes:
    """A valid file with a few of its bytes changed, put in, taken out or said twice, or the end cut off."""
    data = bytearray(whole)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(0, len(data) - 1)))
        length = draw(st.sampled_from((1, 1, 2, 4, 16, 100)))
        how = draw(st.sampled_from(("set", "set", "put in", "take out", "twice", "cut")))
        if how == "set":
            new = draw(st.binary(min_size=length, max_size=length))
            data[at : at + length] = new
        elif how == "put in":
            data[at:at] = draw(st.binary(max_size=length))
        elif how == "take out":
            del data[at : at + length]
        elif how == "twice":
            data[at:at] = data[at : at + length]
        else:
            del data[at:]
    return bytes(data)


def spoilt_text(whole: str) -> st.SearchStrategy[bytes]:
    """A valid text with parts of it doubled, moved, lost, or in the place of each other."""
    lines = whole.splitlines(keepends=True)
    shuffled = st.lists(st.sampled_from(lines), max_size=2 * len(lines)).map("".join)
    return st.one_of(spoilt(whole.encode()), shuffled.map(str.encode), st.binary(max_size=300))
