"""A process that answers: a line of JSON in, a line of JSON out. Nothing but the standard library: peers' interpreters
run it too.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

Values = dict[str, Any]


def serve(answer: Callable[[Values], Values]) -> None:
    """Answer every line of standard input until it ends. What the work itself prints goes to standard error."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        out.write(json.dumps(answer(json.loads(line))) + "\n")
        out.flush()


def timed(paint: Callable[[str, str], None]) -> Callable[[Values], Values]:
    """Answers `{"pairs": [[from, to], ...]}` with the seconds and CPU seconds that painting them took."""

    def answer(asked: Values) -> Values:
        wall, cpu = time.perf_counter(), time.process_time()
        for source, to in asked["pairs"]:
            paint(source, to)
        return {"seconds": time.perf_counter() - wall, "cpu_seconds": time.process_time() - cpu}

    return answer
