"""The plan of a night of style transfer: every asset x style x recipe x seed that a spec asks for."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from core.config import output_names
from core.config.recipe import Recipe
from core.config.retry_policy import Retake, is_low, parse_gate
from core.config.spec import Spec
from core.errors import SpecError
from core.planning.cost_model import CostModel, disk_bytes, load_cost, picture_seconds, sizes
from core.planning.frozen_recipe_choice import Decision, decide
from core.planning.inputs import Inputs
from core.planning.job_keys import KeyMaker, asset_digest
from core.planning.mask_files import Companion
from core.planning.pairs import Pair, pair_up
from core.planning.planner import Plan, Planner
from core.progress import StageCallback
from core.runs.auto_pairs import AutoPairs, auto_pairs
from core.storage.run_paths import OUTPUTS
from core.stylize.feedforward.style_lookup import digest_for
from core.stylize.jobs.context import StylizeContext


def make_plan(
    spec: Spec,
    retry: bool = False,
    tick: StageCallback | None = None,
    cost: CostModel | None = None,
    replan: bool = False,
    again: bool = False,
) -> Plan:
    """Plan a night; nothing is written into the run folder. `retry` plans the failed jobs alone; `replan` chooses the
    recipe anew, if the spec leaves it to be chosen. `again` plans a night that goes on: what failed is not tried once more.

    Raises SpecError for a wrong spec, catalog or pairs file, an empty library, or missing weights.
    """
    spec.check()
    tick = tick or (lambda *_: None)
    inputs = Inputs(spec, tick)
    decision = decide(spec, inputs.assets, cost or load_cost(spec.device), replan, lambda what: tick(what, 0, 0))
    hidden = bool(inputs.catalog_passed.closed)
    auto = auto_pairs(spec, inputs.library.assets, inputs.styles, replan, tick, some_hidden=hidden)
    planner = _Planner(decision, decision.earlier_spec(spec), inputs, auto, retry, tick, again)
    jobs = planner.table()
    _check_no_circle(spec, jobs)
    chosen = (
        ""
        if auto and not decision.choice
        else decision.description(planner.changed, planner.remade, planner.summary.total)
    )
    planner.summary.choice = " ".join(filter(None, (chosen, auto.explanation if auto else "")))
    return Plan(jobs, planner.context(), planner.summary, inputs.problems(), inputs.hides())


def _check_no_circle(spec: Spec, jobs: pa.Table) -> None:
    """Raises SpecError if an output would lie in the library, of which the next night would make further ones."""
    library = os.path.relpath(os.path.realpath(spec.library), os.path.realpath(spec.out / OUTPUTS))
    if not library.startswith(os.pardir) and pc.any(pc.starts_with(jobs["output"], f"{library}/")).as_py():
        raise SpecError(
            f"library {spec.library} is where outputs of the run {spec.out} are to lie",
            "choose another --out, or leave out the style of that name.",
        )


class _Planner(Planner):
    """Walks the pairs once; what several jobs share is worked out once. `earlier`: the spec with the recipe that it had
    before; `changed` counts jobs with another one now, `remade` those of them that were made.
    """

    def __init__(
        self,
        decision: Decision,
        earlier: Spec | None,
        inputs: Inputs,
        auto: AutoPairs | None,
        retry: bool,
        tick: StageCallback,
        again: bool,
    ) -> None:
        self.spec = spec = decision.spec
        super().__init__(spec.out, spec.reuse, spec.shard_seconds, retry, tick, again=again)
        self.inputs, self.changed, self.remade, self._auto = inputs, 0, 0, auto
        self._cost, self._choice, self._earlier = decision.cost, decision.choice, earlier
        self._tells_seeds_apart = output_names.tells_seeds_apart(spec.name)
        self.summary.assets, self.summary.styles = len(inputs.library.assets), len(inputs.styles)
        for passed in inputs.passed():
            self.summary.pass_over(passed)
        self._gate = parse_gate(spec.gate)
        self._recipes: dict[tuple[str, int], tuple[Recipe, str, bool]] = {}
        self._keys: dict[tuple[int, str], KeyMaker] = {}

    def context(self) -> StylizeContext:
        """What a worker needs to know besides its jobs."""
        return StylizeContext(
            run=self.spec.out.name,
            library=self.spec.library,
            masks=self.spec.masks,
            regions=self.spec.regions,
            max_pixels=self.spec.max_pixels,
            styles={style.name: style for style in self.inputs.style_files},
            recipes={digest: recipe for recipe, digest, _ in self._recipes.values()},
            scorer=self.spec.scorer,
            score_weights=self.spec.score_weights,
            unit=max((recipe.lanes for recipe, *_ in self._recipes.values()), default=1),
            choice=self._choice.model_dump(mode="json") if self._choice else None,
            auto=self.spec.pairs if self._auto else None,
        )

    def rows(self) -> Iterator[dict[str, Any]]:
        """A row for each pair and variant."""
        pictures = 0
        for pair in self._pairs():
            for variant in range(self.spec.variants):
                if self.spec.limit is not None and pictures >= self.spec.limit:
                    return
                pictures += 1
                yield from self._tries(pair, variant)

    def _pairs(self) -> Iterator[Pair]:
        """What is to be paired, but for what has its mask or region map in a folder that cannot be entered: of that nothing
        is known, and its rows stay.
        """
        assets, styles = self.inputs.library.assets, self.inputs.styles
        found = (
            self._auto.pairs(assets, styles) if self._auto else pair_up(self.spec.pairs, assets, styles, self.spec.seed)
        )
        return (pair for pair in found if not any(each and each.hidden for each in self._companions(pair)))

    def _tries(self, pair: Pair, variant: int) -> Iterator[dict[str, Any]]:
        """The job of a picture, and the gate's further ones as far as those before are made and score too low."""
        row = first = self._row(pair, variant)
        yield row
        for retake in self._gate.retakes:
            before = self.finished.rows.get(row["output"])
            made = row["state"] == "kept" and before is not None and before.status in ("done", "rejected")
            if not made or before is None or not is_low(before.score, self.spec.min_score):
                return
            row = self._row(pair, variant, retake, first["output"], row["attempt"])
            yield row

    def _row(
        self, pair: Pair, variant: int, retake: Retake | None = None, retry_of: str = "", before: int = 0
    ) -> dict[str, Any]:
        inputs = self.inputs
        asset, found = inputs.library.assets[pair.asset], inputs.assets[pair.asset]
        style, (recipe, digest, changed) = inputs.styles[pair.style], self._recipe(pair, retake)
        preset = (retake and retake.preset) or self.spec.start
        seed = (self.spec.seed + variant + (retake.seed_step if retake else 0) * self.spec.variants) % 2**31
        keys = self._key_maker(pair.style, recipe, digest)
        mask, regions = self._companions(pair)
        key = keys.key(
            asset_digest(found, asset.file, recipe),
            seed,
            *(each.found.pixel_digest if each else None for each in (mask, regions)),
        )
        _, delivered = sizes(recipe, found.width, found.height)
        seconds = picture_seconds(self._cost, recipe, found.width, found.height)
        named = {"style": style.name, "asset": asset.name, "preset": preset, "seed": str(seed), "ext": recipe.format}
        output = self._output(named, key, (variant > 0 and not self._tells_seeds_apart) or retake is not None)
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
            "preset": preset,
            "seed": seed,
            "retry_of": retry_of,
            "weights": keys.weights,
            "key": key,
            "seconds": seconds,
            "limit": self.spec.time_limit or max(120.0, 10 * seconds),
        }
        suspects = (found, inputs.style_faults[pair.style], mask and mask.found, regions and regions.found)
        faults = ((each.reason, each.message or "") for each in suspects if each and each.reason)
        return self.place(row, next(faults, None), disk_bytes(recipe, *delivered), before, self._cost.overlap(recipe))

    def _companions(self, pair: Pair) -> tuple[Companion | None, Companion | None]:
        """The mask and the region map of a job, if it is to have them."""
        masks, regions = self.inputs.masks, self.inputs.regions
        wanted = bool(self.inputs.styles[pair.style].regions)
        return masks[pair.asset] if masks else None, regions[pair.asset] if regions and wanted else None

    def _output(self, named: dict[str, str], key: str, marked: bool) -> str:
        """The job's place, by the spec's pattern; variants that the pattern does not tell apart are marked, and further
        tries.
        """
        values = {**named, "key": key[: output_names.KEY_DIGITS]}
        return self.names.unique(lambda mark: output_names.rendered(self.spec.name, values, mark), key, marked)

    def _recipe(self, pair: Pair, retake: Retake | None = None) -> tuple[Recipe, str, bool]:
        """A pair's recipe, its digest, and whether it had another one before."""
        style = self.inputs.styles[pair.style]
        changes = (style.overrides(), pair.overrides)
        wanted = repr([sorted(change.items()) for change in changes])
        if (wanted, 0) not in self._recipes:
            source = f"style {style.name!r}"
            recipe = self.spec.recipe_of(*changes, source=source)
            before = self._earlier.recipe_of(*changes, source=source) if self._earlier else recipe
            self._recipes[wanted, 0] = (recipe, recipe.digest(), before != recipe)
            # All that a worker may be asked for tonight is known to it from the beginning, and its networks are there.
            for further in self._gate.retakes:
                other = retaken(self.spec, further, recipe, changes, source)
                self._recipes[wanted, further.number] = (other, other.digest(), False)
                self._key_maker(pair.style, other, other.digest())
        return self._recipes[wanted, retake.number if retake else 0]

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
            self._keys[style, digest] = KeyMaker(files.key_pairs, recipe, weights, files.regions)
        return self._keys[style, digest]


def retaken(spec: Spec, retake: Retake, recipe: Recipe, changes: Sequence[dict[str, Any]], source: str) -> Recipe:
    """The recipe of a further try: another preset with the same changes, or another strength. Raises SpecError."""
    if retake.preset is not None:
        chosen = {"preset": retake.preset, "quality": None, "seconds_per_picture": None}
        return spec.model_copy(update=chosen).recipe_of(*changes, source=source)
    return recipe.changed({"strength": recipe.strength * retake.strength}) if retake.strength != 1 else recipe


def _of(what: str, companion: Companion | None) -> dict[str, Any]:
    """The columns of a job that say which mask or region map it has."""
    file, sha256 = (companion.file, companion.found.sha256) if companion else ("", "")
    return {f"{what}_file": os.fsencode(file), f"{what}_sha256": sha256}
