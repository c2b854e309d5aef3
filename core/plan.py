"""The plan of a night of style transfer: every asset x style x recipe x seed that a spec asks for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from core import naming
from core.cost import Cost, delivery_seconds, disk_bytes, load_cost
from core.delivery import longest_side
from core.inputs import Inputs
from core.jobs import KeyMaker, fitted
from core.mirror import Companion
from core.pairs import Pair, pair_up
from core.planning import Plan, Planner, Tick
from core.recipe import Recipe
from core.spec import Spec
from core.weights import digest as weights_digest


def make_plan(spec: Spec, retry: bool = False, tick: Tick | None = None, cost: Cost | None = None) -> Plan:
    """Plan a night; nothing is written into the run folder. `retry` plans the failed jobs alone.

    Raises SpecError for a wrong spec, catalog or pairs file, an empty library, or missing weights.
    """
    spec.check()
    planner = _Planner(spec, retry, tick or (lambda *_: None), cost or load_cost(spec.device))
    jobs = planner.table()
    return Plan(jobs, planner.context(), planner.summary, planner.inputs.style_problems())


class _Planner(Planner):
    """Walks the pairs once; what several jobs share is worked out once."""

    def __init__(self, spec: Spec, retry: bool, tick: Tick, cost: Cost) -> None:
        super().__init__(spec.out, spec.reuse, spec.shard_seconds, retry, tick)
        self.spec, self.cost = spec, cost
        self._tells_seeds_apart = naming.tells_seeds_apart(spec.name)
        self.inputs = inputs = Inputs(spec, tick)
        self.summary.assets, self.summary.styles = len(inputs.library.assets), len(inputs.styles)
        self.summary.hidden, self.summary.others = inputs.library.hidden, inputs.library.others
        self.summary.linked_folders = inputs.library.linked_folders
        self._recipes: dict[str, tuple[Recipe, str]] = {}
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
            "recipes": {digest: recipe.model_dump(mode="json") for recipe, digest in self._recipes.values()},
            "unit": max((recipe.lanes for recipe, _ in self._recipes.values()), default=1),
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
        style, (recipe, digest) = inputs.styles[pair.style], self._recipe(pair)
        seed = (self.spec.seed + variant) % 2**31
        keys = self._key_maker(pair.style, recipe, digest)
        mask, regions = self._companions(pair)
        key = keys.key(found.sha256, seed, *(each.found.sha256 if each else None for each in (mask, regions)))
        size = fitted(found.width, found.height, recipe.size)
        longest = longest_side(recipe.output_size, max(size), max(found.width, found.height))
        delivered = fitted(found.width, found.height, longest)
        seconds = self.cost.seconds(recipe, *size) + delivery_seconds(recipe, *delivered)
        row = {
            "kind": "stylize",
            "output": self._output(style.name, asset.name, recipe.format, key, seed, variant),
            "asset": asset.name,
            "asset_file": os.fsencode(asset.file),
            "asset_sha256": found.sha256,
            "style": style.name,
            "style_sha256": inputs.style_digests[pair.style],
            "recipe": digest,
            **_of("mask", mask),
            **_of("regions", regions),
            "preset": self.spec.preset,
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
            "preset": self.spec.preset,
            "seed": str(seed),
            "key": key[: naming.KEY_DIGITS],
            "ext": suffix,
        }
        marked = variant > 0 and not self._tells_seeds_apart
        return self.names.unique(lambda mark: naming.rendered(self.spec.name, values, mark), key, marked)

    def _recipe(self, pair: Pair) -> tuple[Recipe, str]:
        style = self.inputs.styles[pair.style]
        changes = (style.overrides(), pair.overrides)
        wanted = repr([sorted(change.items()) for change in changes])
        if wanted not in self._recipes:
            recipe = self.spec.recipe_of(*changes, source=f"style {style.name!r}")
            self._recipes[wanted] = (recipe, recipe.digest())
        return self._recipes[wanted]

    def _key_maker(self, style: int, recipe: Recipe, digest: str) -> KeyMaker:
        if (style, digest) not in self._keys:
            weights, files = weights_digest(recipe.weights, recipe.backbone), self.inputs.style_files[style]
            self._keys[style, digest] = KeyMaker(files.pairs, recipe, weights, files.regions)
        return self._keys[style, digest]


def _of(what: str, companion: Companion | None) -> dict[str, Any]:
    """The columns of a job that say which mask or region map it has."""
    file, sha256 = (companion.file, companion.found.sha256) if companion else ("", "")
    return {f"{what}_file": os.fsencode(file), f"{what}_sha256": sha256}
