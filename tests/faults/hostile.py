"""A real night over thousands of hostile files, judged: no crash, no hang, no outcome that the table does not allow.

    python -m tests.faults.hostile --count 2000 --seed 1

It ends with exit code 1 when a figure that should be 0 is not.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from core.manifest import manifest
from core.storage.run_paths import MANIFEST_CSV, PLAN
from core.storage.store import Store
from tests.faults.bases import photo
from tests.faults.hostile_text import unsafe
from tests.faults.mutations import Mutant, mutants
from tests.faults.night import PEAK
from tests.faults.outcomes import MEGAPIXELS
from tests.faults.verdict import PATIENCE, Record, judge_rows, judge_second, slow_headers

ROOT = Path(__file__).resolve().parents[2]
STYLE = "<s>&'\"\x1b[2J.png"
ADDRESS_SPACE = 4 << 20
"""Kilobytes that each process may ask for: what is really inflated shows up as `out_of_memory`, which no row allows."""

MOST_MEMORY = 1_000.0
"""Megabytes that a process of a night may need: a picture at the pixel limit takes half of it."""

NIGHT = 600.0
"""Seconds after which a night hangs."""


@dataclass
class Night:
    """What one night over the files took, and how it ended."""

    code: int
    seconds: float
    planning: float
    megabytes: float
    said: str


def run(root: Path, count: int, seed: int) -> Record:
    """Write `count` files under `root`, have two nights over them, and judge what came of it."""
    inputs = list(mutants(count, seed, root / "library"))
    _write(root, inputs)
    before = _seen(root)
    first = _night(root)
    record = Record(count, slowest=0.0, planning=first.planning, megabytes=first.megabytes)
    _judge_ending(record, first)
    if record.crashes:
        return record
    rows = manifest.read(Store(root / "run"))
    made = _made(root)
    assets = [mutant for mutant in inputs if mutant.is_asset]
    judge_rows(record, rows.to_pylist(), assets, root / "library")
    if first.planning > PATIENCE:  # many files on a busy machine, or one that takes so long?
        record.hangs += slow_headers([root / "library" / os.fsdecode(asset.file) for asset in assets])
    _judge_texts(record, root)
    second = _night(root)
    record.nights = first.seconds + second.seconds
    _judge_ending(record, second)
    judge_second(record, rows, manifest.read(Store(root / "run")), _made(root) - made)
    record.files_elsewhere += sorted(before ^ _seen(root))
    return record


def _write(root: Path, inputs: list[Mutant]) -> None:
    for folder in ("library", "catalog", "home", "tmp", "here"):
        (root / folder).mkdir()
    photo(3, 64, 48).save(root / "catalog" / STYLE)
    for mutant in inputs:
        mutant.put(root / "library")
    spec = {name: str(root / name) for name in ("library", "catalog")} | {"out": str(root / "run"), "device": "cpu"}
    spec |= {"max_megapixels": MEGAPIXELS, "recipe": {"size": 64}, "shard_seconds": 3600.0}  # type: ignore[dict-item]
    (root / "spec.json").write_text(json.dumps(spec))


def _night(root: Path) -> Night:
    """One night in processes of its own, with so much address space and no more."""
    limited = ["/bin/sh", "-c", 'ulimit -v "$0" 2>/dev/null; exec "$@"', str(ADDRESS_SPACE)]
    begun, at = time.monotonic(), time.time()
    with (root / "said.txt").open("w+b") as said:
        child = subprocess.Popen(
            [*limited, sys.executable, "-m", "tests.faults.night", str(root / "spec.json")],
            cwd=root / "here",
            env=_environment(root),
            stdout=said,
            stderr=subprocess.STDOUT,
        )
        try:
            code = child.wait(NIGHT)
        except subprocess.TimeoutExpired:
            child.kill()
            code = child.wait()
        said.seek(0)
        words = said.read().decode(errors="replace")
    megabytes = float(words.rpartition(PEAK)[2]) if PEAK in words else 0.0
    plan = root / "run" / PLAN
    planning = plan.stat().st_mtime - at if plan.exists() else NIGHT
    return Night(code, time.monotonic() - begun, planning, megabytes, words)


def _environment(root: Path) -> dict[str, str]:
    folders = {"HOME": "home", "TMPDIR": "tmp", "NOCTURNE_CACHE": "cache"}
    own = {name: str(root / folder) for name, folder in folders.items()}
    pace = json.dumps({"log": str(root / "run" / "made.log")})
    return {**os.environ, **own, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", "FAKE_BACKEND": pace}


def _judge_ending(record: Record, night: Night) -> None:
    record.megabytes = max(record.megabytes, night.megabytes)
    if night.seconds > NIGHT:
        record.hangs.append("the night did not end")
    if night.code not in (0, 3):
        record.crashes.append(f"exit code {night.code}: {night.said[-2000:]}")
    if night.megabytes > MOST_MEMORY:
        record.hangs.append(f"a process needed {night.megabytes:,.0f} MB")


def _judge_texts(record: Record, root: Path) -> None:
    """Everything that a person reads of the run, in a browser, a table or a terminal."""
    run_folder = root / "run"
    texts = {name: (run_folder / name).read_bytes() for name in ("gallery/data.js", "gallery/index.html", MANIFEST_CSV)}
    for words in (["status"], ["manifest"], ["manifest", "--failed"], ["manifest", "--sort", "asset"]):
        command = [str(Path(sys.executable).with_name("nocturne")), words[0], str(run_folder), *words[1:]]
        ended = subprocess.run(command, capture_output=True, env=_environment(root), cwd=root / "here", check=False)
        texts[" ".join(words)] = ended.stdout + ended.stderr
        if ended.returncode not in (0, 3) or ended.stderr:
            record.crashes.append(f"nocturne {' '.join(words)}: {ended.returncode}, {ended.stderr[-500:]!r}")
    for name, text in texts.items():
        record.unsafe_texts += [f"{name}: {fault}" for fault in unsafe(name, text)]


def _made(root: Path) -> Counter[str]:
    """How often each output was made, by the backend's own log."""
    log = root / "run" / "made.log"
    return Counter(json.loads(line)[0] for line in log.read_text().splitlines()) if log.exists() else Counter()


def _seen(root: Path) -> set[str]:
    """Everything below `root` but the run and the cache, with its length and time of change."""
    found = set()
    for folder, folders, files in os.walk(root):
        if Path(folder) == root:
            folders[:] = [name for name in folders if name not in ("run", "cache")]
            files = [name for name in files if name != "said.txt"]
        for name in files:
            path = os.path.join(folder, name)
            status = os.lstat(path)
            found.add(f"{path!r} {status.st_size} {status.st_mtime_ns}")
    return found


def main() -> int:
    """Run it as a command."""
    parser = argparse.ArgumentParser(description="A night over hostile files.")
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="Folder to work in, which must not exist; it is kept.")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hostile-") as temporary:
        root = options.keep or Path(temporary) / "studio"
        root.mkdir(parents=True)
        record = run(root, options.count, options.seed)
    print(record.table())
    return 1 if any(record.faults.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
