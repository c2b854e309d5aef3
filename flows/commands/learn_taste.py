"""`nocturne learn-taste`: from picks to a taste that a spec can name."""

from __future__ import annotations

import json
from pathlib import Path

from core.config.preference_model import MEASURES
from core.errors import SpecError
from core.manifest.picks import read_picks
from core.scoring.preference_fit import collect_examples, fit_preferences
from core.storage.store import Store
from core.text import printable


def learn_taste(picks: Path, run: Path | None, to: Path, as_json: bool) -> None:
    """Learn a taste and write it to `to`, a .json file. Raises SpecError."""
    if to.suffix.lower() != ".json":
        raise SpecError(f"--to {to}: a taste is a .json file.")
    given = collect_examples(read_picks(picks), run)
    taste = fit_preferences(given)
    Store(to.absolute().parent).put(to.name, taste.model_dump_json(indent=1).encode())
    if as_json:
        print(json.dumps({**taste.model_dump(include={"kept", "rejected", "rank"}), "left_out": given.left_out}))
        return
    print(printable(f"{to}: learnt from {taste.kept} pictures kept and {taste.rejected} rejected."))
    if given.left_out:
        print(f"{given.left_out} picks have no measures in a manifest and were left out.")
    print(
        f"Of pairs of one kept and one rejected that it was not shown it ranks {taste.rank:.0%} right; chance is 50%."
    )
    for name, weight in zip(MEASURES, taste.weights, strict=False):
        print(f"  {name.removeprefix('score_'):10} {weight:+.2f}")
    print("Name it as `taste` in a spec: the score is then how likely you are to keep a picture.")
