"""The machine's speed, learned from what a night took."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from core.cost import delivery_seconds, load_cost, save_cost
from core.jobs import fitted
from core.layout import PLAN
from core.night import read_context
from core.recipe import Recipe
from core.store import Store

SAMPLE = 500
"""Jobs of a night that are looked at, the last ones."""


def learn(device: str, store: Store, rows: pa.Table) -> None:
    """Correct the cost model of `device` by the jobs that the run's plan had made; nothing is learned from copies."""
    plan = pq.read_table(store.path(PLAN), pre_buffer=False, filters=[("state", "=", "todo")], columns=["output"])
    made = rows.filter(pc.and_(pc.is_in(rows["output"], plan["output"]), pc.equal(rows["status"], "done")))
    context = read_context(store)
    if context.get("kind") == "sample":
        _learn_samples(device, context["network"], made["seconds"].to_pylist()[-SAMPLE:])
        return
    recipes = {digest: Recipe.model_validate(data) for digest, data in context["recipes"].items()}
    samples = [
        _worked(recipes[row["recipe"]], row["width"], row["height"], row["seconds"])
        for row in made.select(["recipe", "width", "height", "seconds"]).to_pylist()[-SAMPLE:]
        if row["recipe"] in recipes
    ]
    if samples:
        save_cost(load_cost(device).learned(samples))


def _worked(recipe: Recipe, width: int, height: int, seconds: float) -> tuple[Recipe, int, int, float]:
    """The size at which an output was made, and the seconds that it took, without what delivering it took."""
    return recipe, *fitted(width, height, recipe.size), seconds - delivery_seconds(recipe, width, height)


def _learn_samples(device: str, network: str, seconds: list[float | None]) -> None:
    known = [each for each in seconds if each is not None]
    if known:
        save_cost(load_cost(device).learned_samples(network, known))
