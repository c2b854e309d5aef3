"""Update of the cost model from the times of a night's jobs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from core.config.recipe import Recipe
from core.planning.cost_model import CostModel, delivery_seconds, load_cost, network_of, save_cost
from core.planning.jobs import fitted
from core.planning.run_context import RunContext
from core.storage.run_paths import PLAN
from core.storage.store import Store

SAMPLE = 500
"""Jobs of a night that are looked at, the last ones."""

ENOUGH = 20
"""Jobs from which it can be said how many are made at once."""


def learn_cost(device: str, store: Store, context: RunContext, rows: pa.Table) -> None:
    """Correct the cost model of `device` by the jobs that the run's plan had made; nothing is learned from copies."""
    plan = pq.read_table(store.path(PLAN), pre_buffer=False, filters=[("state", "=", "todo")], columns=["output"])
    made = rows.filter(pc.and_(pc.is_in(rows["output"], plan["output"]), pc.equal(rows["status"], "done")))
    context.learn_cost(device, made)


def learn_pictures(device: str, made: pa.Table, recipes: Mapping[str, Recipe]) -> None:
    """Correct the speed of style transfer by rows of made pictures; `recipes` by digest."""
    made = made.filter(pc.is_in(made["recipe"], pa.array(recipes, pa.string())))
    samples = [
        _work_of(recipes[row["recipe"]], row["width"], row["height"], row["seconds"])
        for row in made.select(["recipe", "width", "height", "seconds"]).to_pylist()[-SAMPLE:]
    ]
    if samples:
        used = [recipes[digest] for digest in pc.unique(made["recipe"]).to_pylist()]
        save_cost(_with_overlap(load_cost(device).with_jobs(samples), made, used))


def learn_samples(device: str, made: pa.Table, network: str) -> None:
    """Correct the speed of sampling from a network by rows of drawn samples."""
    known = [each for each in made["seconds"].to_pylist()[-SAMPLE:] if each is not None]
    if known:
        save_cost(load_cost(device).with_samples(network, known))


def _with_overlap(cost: CostModel, made: pa.Table, recipes: Sequence[Recipe]) -> CostModel:
    """The model that knows how many jobs were made at once, if there were enough, and all of one network."""
    lasted = (pc.max(made["finished"]).as_py() - pc.min(made["started"]).as_py()).total_seconds()
    if len(made) < ENOUGH or len(set(map(network_of, recipes))) > 1 or lasted <= 0:
        return cost
    return cost.with_overlap(recipes[0], pc.sum(made["seconds"]).as_py() / lasted)


def _work_of(recipe: Recipe, width: int, height: int, seconds: float) -> tuple[Recipe, int, int, float]:
    """The size at which an output was made, and the seconds that it took, without what delivering it took."""
    return recipe, *fitted(width, height, recipe.size), seconds - delivery_seconds(recipe, width, height)
