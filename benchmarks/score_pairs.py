"""Does the score rank obvious pairs rightly, on photographs that took no part in setting it?

    python benchmarks/score_pairs.py [--seed 2026] [--cases 50] [--setting] [--cache DIR] [--json FILE]

Each case gives four pairs: a good transfer against one of 5 steps, that against noise, and the good one against itself
blurred and as a JPEG of quality 5. `--setting` takes the photographs and the seed that the score was set on. Exit code 1 if
fewer than 97 % are right. The first run takes a quarter of an hour on one core; transfers are kept in the cache folder.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from pathlib import Path

import torch
from rich.console import Console

from core.networks import device
from core.scoring.score import Scorer, Scores
from core.storage.cache_dir import cache_folder
from score_pair_pictures import Case, Maker

SETTING_SEED = 1
ORDER = (("good", "few"), ("few", "noise"), ("good", "blurred"), ("good", "jpeg"))
"""What must score above what."""
TARGET = 0.97


def judged(case: Case, scorer: Scorer) -> dict[str, Scores]:
    """The scores of a case's pictures."""
    against = scorer.reference(case.asset), [(scorer.reference(case.style), 1.0)]
    return {name: scorer.score(getattr(case, name), *against) for name in ("good", "few", "noise", "blurred", "jpeg")}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--cases", type=int, default=50)
    parser.add_argument("--setting", action="store_true", help="what the score was set on, in place of what it was not")
    parser.add_argument("--cache", type=Path, default=cache_folder() / "score-pairs")
    parser.add_argument("--json", type=Path, help="also write every score to this file")
    options = parser.parse_args()
    device.make_deterministic()
    options.cache.mkdir(parents=True, exist_ok=True)
    maker, scorer = Maker(options.cache, not options.setting), Scorer(torch.device("cpu"))
    console, right, rows = Console(width=120), Counter[tuple[str, str]](), {}
    for number in range(options.cases):
        case = maker.case(SETTING_SEED if options.setting else options.seed, number)
        found = judged(case, scorer)
        rows[case.name] = {name: {"score": scores.score, **scores.columns} for name, scores in found.items()}
        right.update(pair for pair in ORDER if found[pair[0]].score > found[pair[1]].score)
        wrong = [" > ".join(pair) for pair in ORDER if found[pair[0]].score <= found[pair[1]].score]
        values = "  ".join(f"{name} {scores.score:.3f}" for name, scores in found.items())
        console.print(f"{case.name:60} {values}  {', '.join(wrong)}", highlight=False, soft_wrap=True)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))
    for pair in ORDER:
        console.print(f"{' > '.join(pair)}: {right[pair]} of {options.cases}", highlight=False)
    share = right.total() / (options.cases * len(ORDER))
    console.print(f"{right.total()} of {options.cases * len(ORDER)} pairs: {share:.1%}", highlight=False)
    return 0 if share >= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
