"""Does everything run on this GPU, twice alike, and how much of it is used? `python benchmarks/gpu.py`, at most 8 minutes.

Needs torch and a few packages, but neither Prefect nor an install: a checkout will do. Prints a row for each thing that it
looks at and goes on after faults; `--json FILE` has the same to keep or to send. The exit code is 1 if something failed or a
budget is missed. `--device cpu --quick` tests the benchmark itself.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import gpu_packages
from gpu_coordinator import DeviceRefusedError, Row, rows
from gpu_report import faults, line, missed, put
from gpu_sections import sections

MINUTES = 8.0


def main() -> int:
    """Run the sections, print what they find, and return the exit code."""
    args = _arguments()
    if lacking := gpu_packages.missing():
        print(gpu_packages.sentence(lacking), file=sys.stderr)
        return 1
    chosen = [each for each in sections(args.quick) if args.only.lower() in each.name.lower()]
    begun, found = time.monotonic(), list[Row]()
    try:
        for row in rows(chosen, args.device, args.quick, args.minutes * 60):
            found.append(row)
            print(line(row, time.monotonic() - begun), flush=True)
    except DeviceRefusedError as error:
        print(error, file=sys.stderr)
        return 1
    on_budget = [] if args.quick or args.only or args.device == "cpu" else missed(found)
    problems = [*faults(found), *on_budget]
    if args.json:
        put(args.json, args.device, found, problems)
    print(*(problems or ["Everything runs, and no budget is missed."]), sep="\n")
    return 1 if problems else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cuda", help="cuda, cuda:1, mps or cpu")
    parser.add_argument("--quick", action="store_true", help="small work, to test the benchmark itself")
    parser.add_argument("--minutes", type=float, default=MINUTES, help="after which what is left is skipped")
    parser.add_argument("--only", default="", help="sections whose name has this in it; budgets are left out")
    parser.add_argument("--json", type=Path, help="file to write everything to")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
