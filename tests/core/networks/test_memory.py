"""What a process keeps of what it freed."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.needs import needs_linux

FAULTS = """
import resource, sys, threading
import numpy as np
from core.networks.memory import retain_freed_memory
if sys.argv[1] == "keep":
    retain_freed_memory()
def passes(count):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(count):
        blocks = [np.ones(4 << 20, np.uint8) for _ in range(6)]
        del blocks
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
def work():
    passes(3)
    print(passes(20))
thread = threading.Thread(target=work)
thread.start() if sys.argv[2] == "thread" else work()
"""


@needs_linux  # other systems have another allocator
@pytest.mark.parametrize("where", ["main", "thread"])
def test_freed_pages_are_used_again(where: str) -> None:
    left, kept = (_faults(how, where) for how in ("leave", "keep"))
    assert kept < 20 * 600  # of 6,144 pages a pass
    assert kept < left / 4


def _faults(how: str, where: str) -> int:
    command = [sys.executable, "-c", FAULTS, how, where]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


GIVEN_BACK = """
import threading
import numpy as np
from core.networks.memory import release_freed_memory, retain_freed_memory
retain_freed_memory()
def work():
    blocks = [np.ones(16 << 20, np.uint8) for _ in range(12)]
    last = np.ones(1000, np.uint8)  # above them: freed blocks below it stay
    del blocks
    before = resident()
    release_freed_memory()
    print(before - resident())
def resident():
    return int(open("/proc/self/status").read().split("VmRSS:")[1].split()[0])
thread = threading.Thread(target=work)
thread.start()
"""


@needs_linux  # other systems have another allocator
def test_what_another_thread_freed_is_given_back() -> None:
    ran = subprocess.run([sys.executable, "-c", GIVEN_BACK], capture_output=True, text=True, check=True)
    assert int(ran.stdout) > 30_000  # kB
