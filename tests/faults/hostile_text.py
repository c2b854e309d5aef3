"""Whether a text that a person will look at is safe: nothing in it steers a terminal, and no name is markup."""

from __future__ import annotations

import csv
import io
import re
import unicodedata

STEERING = ("Cc", "Cf", "Zl", "Zp", "Cs")
JOINER = "\u200d"
"""Holds emoji together; it steers nothing."""

MARKUP = re.compile(r"<(script>alert|img src=x|s>&)|</script><script>|onerror=alert\(1\)>")
"""What names of these tests look like where a page takes them for its own."""


def unsafe(name: str, data: bytes) -> list[str]:
    """What is wrong with the text `data` of the file or command `name`."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        return [f"not UTF-8: {error}"]
    found = {char for char in text if unicodedata.category(char) in STEERING} - {"\n", JOINER}
    faults = [f"characters {sorted(found)!r}"] if found else []
    if name.endswith((".js", ".html")) and (hit := MARKUP.search(text)):
        faults.append(f"markup {text[hit.start() : hit.start() + 60]!r}")
    if name.endswith(".csv"):
        widths = {len(row) for row in csv.reader(io.StringIO(text), strict=True)}
        faults += [] if len(widths) == 1 else [f"rows of {sorted(widths)} fields"]
    return faults
