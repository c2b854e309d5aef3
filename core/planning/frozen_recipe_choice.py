"""Recipe of a plan: the one that an earlier plan of the run chose and froze, or one that is chosen now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.config.spec import Spec
from core.errors import NocturneError, SpecError, StoreBroken
from core.planning.cost_calibration import calibrate_cost
from core.planning.cost_model import CostModel
from core.planning.file_digests import MeasuredFile
from core.planning.plan_file import read_context
from core.planning.recipe_choice import RecipeChoice, choose_recipe, fits_request, median_size, request_of, request_text
from core.storage.run_paths import PLAN
from core.storage.store import Store

CHOICE_KEY = "choice"
"""Where the plan's context holds what was chosen."""


@dataclass(frozen=True)
class Decision:
    """The spec as it is planned, with a recipe in place of its question if it asks one."""

    spec: Spec
    cost: CostModel
    choice: RecipeChoice | None = None
    before: RecipeChoice | None = None
    """What the run's last plan had, if this is another choice than that one or was made anew."""
    anew: bool = False
    """Whether it was chosen now."""
    note: str = ""

    def earlier_spec(self, asked: Spec) -> Spec | None:
        """The spec with the recipe that it had before; None if there is none, or none that its changes fit."""
        try:
            return self.before.applied(asked) if self.before else None
        except SpecError:
            return None

    def description(self, changed: int, remade: int, total: int) -> str:
        """What was chosen, in a sentence or two; `changed` of the plan's `total` jobs have another recipe by it, `remade`
        of which were made before.
        """
        choice = self.choice
        if choice is None:
            return self.note
        said = f"{request_text(choice.asked)}: {choice.words()}, {choice.predicted()}"
        if not fits_request(choice):
            said += "; no recipe is so quick here"
        if not self.anew:
            return f"{said}; chosen on {choice.day} and kept until `run --replan`.{self.note}"
        if self.before is not None:
            had = f"{self.before.words()} ({request_text(self.before.asked)})"
            said += f". Before, it was {had}: {changed:,} of {total:,} jobs change, {remade:,} of them made already"
        return f"{said}.{self.note}"


def decide(
    spec: Spec,
    assets: Sequence[MeasuredFile],
    cost: CostModel,
    replan: bool,
    say: Callable[[str], None] = lambda _: None,
) -> Decision:
    """The recipe of a plan over these assets. What the run's last plan chose for the same question stands unless `replan`;
    a new run takes the choice of the first run to reuse that was asked the same, so that its pictures can be taken over.

    Raises SpecError if the spec's own changes fit no recipe.
    """
    asked = request_of(spec)
    if asked is None:
        note = "The spec names its preset, so there was nothing to choose again." if replan else ""
        return Decision(spec, cost, note=note)
    before, note = _read_frozen(spec.out)
    known = [each for each in (before, *_frozen_elsewhere(spec, before)) if each is not None and each.asked == asked]
    if known and not replan:
        return Decision(known[0].applied(spec), cost, known[0], before, note=note)
    if spec.seconds_per_picture is not None and not cost.jobs:
        cost = calibrate_cost(spec.device, say)
    choice = choose_recipe(spec, cost, *median_size(assets))
    return Decision(choice.applied(spec), cost, choice, before, anew=True, note=note)


def _frozen_elsewhere(spec: Spec, before: RecipeChoice | None) -> list[RecipeChoice | None]:
    """What the runs to reuse chose; they are looked at for a run's first plan alone."""
    return [] if before else [_read_frozen(run)[0] for run in spec.reuse]


def _read_frozen(run: Path) -> tuple[RecipeChoice | None, str]:
    """What the last plan of a run chose, if it did, and a sentence if that cannot be known."""
    store = Store(run)
    if not store.exists(PLAN):
        return None, ""
    try:
        context = read_context(store)
        return RecipeChoice.model_validate(context[CHOICE_KEY]) if CHOICE_KEY in context else None, ""
    except StoreBroken:
        raise
    except (OSError, ValueError, KeyError, TypeError, RecursionError, NocturneError):
        return None, " What the last plan chose cannot be read any more."
