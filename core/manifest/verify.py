"""Verification of a run: the pixel hash of every output against the manifest, and files that no row names.

Verifying only looks, and may be done while a night goes on.
"""

from __future__ import annotations

import contextlib
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from core.errors import NocturneError
from core.manifest import manifest
from core.manifest.output_check import ExpectedOutput, OutputTrouble, PixelCheck, expected_path
from core.manifest.outputs_on_disk import DiskEntry, list_outputs
from core.progress import ProgressCallback
from core.safe_text import comparable
from core.storage.store import TEMPORARY, Store

FAULT_KINDS = ("missing", "altered", "damaged", "unread", "stray")
"""What can be wrong: no file; other pixels; no picture; one that cannot be read now; a file that no row names."""

HAVE_FILES = frozenset({"done", "rejected"})
"""Values of `status` whose rows have a picture."""

THREADS = 4
AHEAD = 64
"""Pictures in flight before the oldest is waited for."""


@dataclass(frozen=True, slots=True)
class OutputFault:
    """One thing that is wrong. `name` is where it lies below the run folder, `message` what was found there.

    `output` is the row that it spoils, None for a stray file. What is not `movable` is left to a person.
    """

    kind: str
    name: str
    message: str
    output: str | None = None
    movable: bool = True


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What a look at a run found. `rows` have pictures, `whole` of them the right one.

    `young` are pictures that the night now going on has written and not committed yet.
    """

    rows: int
    whole: int
    young: int
    running: bool
    faults: tuple[OutputFault, ...]

    def count(self, kind: str) -> int:
        """How many faults there are of a kind."""
        return sum(fault.kind == kind for fault in self.faults)


class Ledger:
    """What the manifest says at one moment: rows that have files, and the status of all other rows."""

    def __init__(self, store: Store) -> None:
        self.claims: dict[str, ExpectedOutput] = {}
        self.files: set[str] = set()
        self.others: dict[str, str] = {}
        rows = manifest.read(store, ["output", "status", "pixels_sha256", "width", "height"])
        for batch in rows.to_batches(max_chunksize=10_000):
            cells = (column.to_pylist() for column in batch.columns)
            for output, status, pixels, width, height in zip(*cells, strict=True):
                self._add(store, ExpectedOutput(output or "", pixels, width, height, status or ""))
        self.folders = _folders(self.files)

    def _add(self, store: Store, claim: ExpectedOutput) -> None:
        status = claim.status
        if status in HAVE_FILES:
            self.claims[claim.output] = claim
        with contextlib.suppress(NocturneError):  # a path that is refused is no claim to any file
            name = store.path(expected_path(store, claim)).relative_to(store.root).as_posix()
            if status in HAVE_FILES:
                self.files.add(name)
            else:
                self.others[name] = status


def verify(store: Store, tick: ProgressCallback | None = None, held: bool = False) -> VerifyReport:
    """Decode every picture of a run and compare its pixels with the manifest; look for files that no row names.

    `tick(done, total)` is told of every picture. `held` says that the caller has the run's lock. Raises NocturneError
    when the manifest is damaged or memory runs out.
    """
    running = not held and is_running(store)
    # Files first: a file that is written after this is not seen, so it is not missed in the rows.
    found, shut = list_outputs(store)
    ledger = Ledger(store)
    rows, remade = len(ledger.claims), 0
    faults = list(_faults(store, ledger, ledger.claims.values(), tick))
    spelt = _spelt_otherwise(store, found, ledger)
    unclaimed = [file for file in found if file.name not in spelt and _is_unclaimed(file, ledger)]
    if not held and (faults or unclaimed):
        running = running or is_running(store)
        faults, remade, ledger = _recheck(store, ledger, faults)
        unclaimed = [
            file for file in unclaimed if _is_unclaimed(file, ledger) and os.path.lexists(store.root / file.name)
        ]
    young = {file.name for file in unclaimed if running and _is_uncommitted(file, ledger)}
    strays = [_stray(file, ledger) for file in unclaimed if file.name not in young]
    unread = [OutputFault("unread", name, message, movable=False) for name, message in shut]
    ordered = sorted([*faults, *unread, *strays], key=lambda fault: (FAULT_KINDS.index(fault.kind), fault.name))
    return VerifyReport(rows, rows - remade - len(faults), len(young) + remade, running, tuple(ordered))


def is_running(store: Store) -> bool:
    """Whether a night goes on. A folder that may not be written to has none that this user could meet."""
    with contextlib.suppress(OSError):
        return store.is_locked()
    return False


def _faults(
    store: Store, ledger: Ledger, claims: Iterable[ExpectedOutput], tick: ProgressCallback | None = None
) -> Iterator[OutputFault]:
    """The faults of some rows, in their order."""
    check = PixelCheck(store)
    wanted = list(claims)
    for done, (claim, trouble) in enumerate(_in_threads(check.trouble, wanted), start=1):
        if trouble is not None:
            yield _fault(claim, trouble, ledger)
        if tick is not None:
            tick(done, len(wanted))


def _fault(claim: ExpectedOutput, trouble: OutputTrouble, ledger: Ledger) -> OutputFault:
    # A folder that stands where a picture should be may hold the pictures of other rows: it is not moved.
    movable = trouble.movable and (trouble.is_link or trouble.name not in ledger.folders)
    return OutputFault(trouble.kind, trouble.name, trouble.message, claim.output, movable)


def _in_threads(
    work: Callable[[ExpectedOutput], OutputTrouble | None], claims: Sequence[ExpectedOutput]
) -> Iterator[tuple[ExpectedOutput, OutputTrouble | None]]:
    """`work` of every claim, in order, with a bounded number in flight."""
    waiting: deque[tuple[ExpectedOutput, Future[OutputTrouble | None]]] = deque()
    pool = ThreadPoolExecutor(THREADS)
    try:
        for claim in claims:
            waiting.append((claim, pool.submit(work, claim)))
            if len(waiting) == AHEAD:
                oldest, future = waiting.popleft()
                yield oldest, future.result()
        for claim, future in waiting:
            yield claim, future.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _recheck(store: Store, before: Ledger, faults: Sequence[OutputFault]) -> tuple[list[OutputFault], int, Ledger]:
    """Faults that stand when the manifest is read again, how many rows are being made anew, and that manifest.

    A night that began since the first look may have taken a row back and written its picture anew. It says so in the
    manifest before it writes, so a fault stands if its row has not changed.
    """
    now = Ledger(store)
    stand: list[OutputFault] = []
    again: list[ExpectedOutput] = []
    for fault in faults:
        claim = now.claims.get(fault.output or "")
        if claim is not None and claim == before.claims[claim.output] and fault.kind != "missing":
            stand.append(fault)
        elif claim is not None:
            again.append(claim)
    remade = len(faults) - len(stand) - len(again)
    return [*stand, *_faults(store, now, again)], remade, now


def _spelt_otherwise(store: Store, found: Sequence[DiskEntry], ledger: Ledger) -> set[str]:
    """Files of rows that lie there under another case or Unicode composition, on a volume to which that is one name."""
    listed = {file.name for file in found}
    claimed = {comparable(name): name for name in ledger.files - listed}
    others = {name: claimed.get(comparable(name)) for name in listed - ledger.files} if claimed else {}
    return {name for name, own in others.items() if own is not None and os.path.lexists(store.root / own)}


def _is_unclaimed(file: DiskEntry, ledger: Ledger) -> bool:
    """Whether no row with a picture names this file, or a file behind this link."""
    return file.name not in ledger.files and not (file.kind == "link" and file.name in ledger.folders)


def _is_uncommitted(file: DiskEntry, ledger: Ledger) -> bool:
    """Whether a night that goes on may just have written this file."""
    return _is_temporary(file) or ledger.others.get(file.name) == "pending"


def _is_temporary(file: DiskEntry) -> bool:
    return file.name.rpartition("/")[2].startswith(TEMPORARY)


def _stray(file: DiskEntry, ledger: Ledger) -> OutputFault:
    status = ledger.others.get(file.name)
    if _is_temporary(file):
        words = "a half-written file that a stopped night left; the next night sweeps it away"
    elif status is not None:
        words = f"its row is {status}, not done: the file is of an earlier recipe, or its night was stopped"
    else:
        words = {"file": "no row names it", "link": "a link that no row names"}.get(file.kind, "not a regular file")
    return OutputFault("stray", file.name, words)


def _folders(names: Iterable[str]) -> set[str]:
    """Every folder on the way to these files, OUTPUTS too."""
    found: set[str] = set()
    for name in names:
        folder = name.rpartition("/")[0]
        while folder and folder not in found:
            found.add(folder)
            folder = folder.rpartition("/")[0]
    return found
