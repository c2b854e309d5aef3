"""The plan of a night of style transfer: every asset x style x recipe x seed that a spec asks for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from core import naming
from core.choosing import KEY, Decision, decide
from core.cost import Cost, disk_bytes, load_cost, picture_seconds, sizes
from core.inputs import Inputs
from core.jobs import KeyMaker
from core.mirror import Companion
from core.pairs import Pair, pair_up
from core.planning import Plan, Planner, Tick
from core.recipe import Recipe
from core.spec import Spec
from core.stylize.repertoire import digest_for


def make_plan(
    spec: Spec, retry: bool = False, tick: Tick | None = None, cost: Cost | None = None, replan: bool = False
) -> Plan:
    """Plan a night; nothing is written into the run folder. `retry` plans the failed jobs alone; `replan` chooses the
    recipe anew, if the spec leaves it to be chosen.

    Raises SpecError for a wrong spec, catalog or pairs file, an empty library, or missing weights.
    """
    spec.check()
    tick = tick or (lambda *_: None)
    inputs = Inputs(spec, tick)
    decision = decide(spec, inputs.assets, cost or load_cost(spec.device), replan, lambda what: tick(what, 0, 0))
    planner = _Planner(decision, decision.earlier_spec(spec), inputs, retry, tick)
    jobs = planner.table()
    planner.summary.choice = decision.told(planner.changed, planner.remade, planner.summary.total)
    return Plan(jobs, planner.context(), planner.summary, inputs.style_problems())


class _Planner(Planner):
    """Walks the pairs once; what several jobs share is worked out once. `earlier`: the spec with the recipe that it had
    before; `changed` counts jobs with another one now, `remade` those of them that were made.
    """

    def __init__(self, decision: Decision, earlier: Spec | None, inputs: Inputs, retry: bool, tick: Tick) -> None:
        self.spec = spec = decision.spec
        super().__init__(spec.out, spec.reuse, spec.shard_seconds, retry, tick)
        self.inputs, self.changed, self.remade = inputs, 0, 0
        self._cost, self._choice, self._earlier = decision.cost, decision.choice, earlier
        self._tells_seeds_apart = naming.tells_seeds_apart(spec.name)
        self.summary.assets, self.summary.styles = len(inputs.library.assets), len(inputs.styles)
        self.summary.hidden, self.summary.others = inputs.library.hidden, inputs.library.others
        self.summary.linked_folders = inputs.library.linked_folders
        self._recipes: dict[str, tuple[Recipe, str, bool]] = {}
        self._keys: dict[tuple[int, str], KeyMaker] = {}

    def context(self) -> dict[str, Any]:
        """What a worker needs to know besides its jobs, as plain JSON values."""
        return {
            "run": self.spec.out.name,
            "library": os.fspath(self.spec.library),
            "masks": self.spec.masks and os.fspath(self.spec.masks),
            "regions": self.spec.regions and os.fspath(self.spec.regions),
            "max_pixels": self.spec.max_pixels,
            "styles": {style.name: asdict(style) for style in self.inputs.style_files},
            "recipes": {digest: recipe.model_dump(mode="json") for recipe, digest, _ in self._recipes.values()},
            "score_weights": self.spec.score_weights.model_dump(mode="json"),
            "unit": max((recipe.lanes for recipe, *_ in self._recipes.values()), default=1),
            **({KEY: self._choice.model_dump(mode="json")} if self._choice else {}),
        }

    def rows(self) -> Iterator[dict[str, Any]]:
        """A row for each pair and variant."""
        for pair in pair_up(self.spec.pairs, self.inputs.library.assets, self.inputs.styles, self.spec.seed):
            for variant in range(self.spec.variants):
                if self.spec.limit is not None and self.summary.total >= self.spec.limit:
                    return
                yield self._row(pair, variant)

    def _row(self, pair: Pair, variant: int) -> dict[str, Any]:
        inputs = self.inputs
        asset, found = inputs.library.assets[pair.asset], inputs.assets[pair.asset]
        style, (recipe, digest, changed) = inputs.styles[pair.style], self._recipe(pair)
        seed = (self.spec.seed + variant) % 2**31
        keys = self._key_maker(pair.style, recipe, digest)
        mask, regions = self._companions(pair)
        key = keys.key(found.sha256, seed, *(each.found.sha256 if each else None for each in (mask, regions)))
        _, delivered = sizes(recipe, found.width, found.height)
        seconds = picture_seconds(self._cost, recipe, found.width, found.height)
        output = self._output(style.name, asset.name, recipe.format, key, seed, variant)
        self._count_changed(output, changed)
        row = {
            "kind": "stylize",
            "output": output,
            "asset": asset.name,
            "asset_file": os.fsencode(asset.file),
            "asset_sha256": found.sha256,
            "style": style.name,
            "style_sha256": inputs.style_digests[pair.style],
            "recipe": digest,
            **_of("mask", mask),
            **_of("regions", regions),
            "preset": self.spec.start,
            "seed": seed,
            "weights": keys.weights,
            "key": key,
            "seconds": seconds,
            "limit": self.spec.time_limit or max(120.0, 10 * seconds),
        }
        suspects = (found, inputs.style_faults[pair.style], mask and mask.found, regions and regions.found)
        faults = ((each.reason, each.message or "") for each in suspects if each and each.reason)
        return self.place(row, next(faults, None), disk_bytes(recipe, *delivered))

    def _companions(self, pair: Pair) -> tuple[Companion | None, Companion | None]:
        """The mask and the region map of a job, if it is to have them."""
        masks, regions = self.inputs.masks, self.inputs.regions
        wanted = bool(self.inputs.styles[pair.style].regions)
        return masks[pair.asset] if masks else None, regions[pair.asset] if regions and wanted else None

    def _output(self, style: str, asset: str, suffix: str, key: str, seed: int, variant: int) -> str:
        """The job's place, by the spec's pattern; variants that the pattern does not tell apart are marked."""
        values = {
            "style": style,
            "asset": asset,
            "preset": self.spec.start,
            "seed": str(seed),
            "key": key[: naming.KEY_DIGITS],
            "ext": suffix,
        }
        marked = variant > 0 and not self._tells_seeds_apart
        return self.names.unique(lambda mark: naming.rendered(self.spec.name, values, mark), key, marked)

    def _recipe(self, pair: Pair) -> tuple[Recipe, str, bool]:
        """A pair's recipe, its digest, and whether it had another one before."""
        style = self.inputs.styles[pair.style]
        changes = (style.overrides(), pair.overrides)
        wanted = repr([sorted(change.items()) for change in changes])
        if wanted not in self._recipes:
            source = f"style {style.name!r}"
            recipe = self.spec.recipe_of(*changes, source=source)
            before = self._earlier.recipe_of(*changes, source=source) if self._earlier else recipe
            self._recipes[wanted] = (recipe, recipe.digest(), before != recipe)
        return self._recipes[wanted]

    def _count_changed(self, output: str, changed: bool) -> None:
        """Count a job that has another recipe than before, and whether it was made with that one."""
        if changed:
            earlier = self.finished.rows.get(output)
            self.changed += 1
            self.remade += earlier is not None and earlier.status in ("done", "rejected")

    def _key_maker(self, style: int, recipe: Recipe, digest: str) -> KeyMaker:
        if (style, digest) not in self._keys:
            files = self.inputs.style_files[style]
            weights = digest_for(recipe, files.pairs, files.regions)
            self._keys[style, digest] = KeyMaker(files.pairs, recipe, weights, files.regions)
        return self._keys[style, digest]


def _of(what: str, companion: Companion | None) -> dict[str, Any]:
    """The columns of a job that say which mask or region map it has."""
    file, sha256 = (companion.file, companion.found.sha256) if companion else ("", "")
    return {f"{what}_file": os.fsencode(file), f"{what}_sha256": sha256}
