"""Registry of the kinds of run: what plans, makes, judges, curates, checks and shows a run of each, by name.

Everything is a reference `module:name` that is loaded when it is first used: a night of style transfer loads nothing of
GANs, the doctor nothing that may be broken, and what lies in a layer above is named here and never imported. A new kind is a
spec, a context, a plan, a backend and a flow of its own, and one entry of RUN_KINDS.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.config.base_spec import placed, read_toml
from core.config.run_spec import RunSpec
from core.errors import SpecError
from core.progress import StageCallback
from core.safe_text import printable, truncated
from core.storage.run_paths import SPEC
from core.storage.store import Store

if TYPE_CHECKING:  # the doctor imports this module, and nothing that may be broken
    from core.planning.planner import Plan
    from core.planning.run_context import RunContext


@dataclass(frozen=True)
class RunKind:
    """A kind of run. Its methods load what they need."""

    name: str
    """`kind` in a spec's TOML, and in the manifest."""
    known_by: str
    """A field that its specs must have and no other kind's: it tells a TOML without `kind` apart."""
    spec: str
    """Class of its specs, a RunSpec."""
    context: str
    """Class of its contexts, a RunContext."""
    plan: str
    """`make_plan(spec, retry, tick, ...) -> Plan`."""
    backend: str
    """Class of its backend; see core.engine.backend."""
    flow: str
    """Prefect flow that makes a night of it: `flow(spec, retry)`."""
    checks: str
    """`checks(spec)`: the doctor's, by name."""
    judge: str
    """`judge(store, spec, scorer, jobs)`: how pictures that were made are judged again."""
    scores: str | None = None
    """`apply_scores(store, spec, rows) -> rows`: what follows from the scores once parts are merged."""
    curate: str | None = None
    """`curate(store, spec) -> Selection`: what `RunSpec.curates` asks for, once all is made."""

    def load(self, part: str) -> Any:
        """What a field refers to, imported now."""
        module, _, name = getattr(self, part).partition(":")
        return getattr(importlib.import_module(module), name)

    def make_plan(self, spec: RunSpec, retry: bool = False, tick: StageCallback | None = None, **choices: bool) -> Plan:
        """The plan of a night; nothing is written. `replan` chooses anew what the spec leaves to be chosen, and `again`
        plans the rest of a night that goes on, where the kind knows of such. Raises SpecError.
        """
        made: Plan = self.load("plan")(spec, retry, tick, **{name: True for name, wanted in choices.items() if wanted})
        return made

    def context_of(self, store: Store) -> RunContext:
        """The context of the plan in a run folder."""
        from core.planning.plan_file import read_context

        context: RunContext = self.load("context").model_validate(read_context(store))
        return context

    def references(self) -> dict[str, str]:
        """Every `module:name` of the kind, by field."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in values.items() if isinstance(value, str) and ":" in value}


RUN_KINDS: Mapping[str, RunKind] = {
    kind.name: kind
    for kind in (
        RunKind(
            name="stylize",
            known_by="library",
            spec="core.config.spec:Spec",
            context="core.stylize.jobs.context:StylizeContext",
            plan="core.runs.stylize_plan:make_plan",
            backend="core.stylize.jobs.lane_backend:LaneBackend",
            flow="flows.batch:batch",
            checks="core.doctor.spec:stylize_checks",
            judge="core.runs.rescore:score_judge",
            scores="core.runs.finalise:apply_scores",
        ),
        RunKind(
            name="sample",
            known_by="checkpoint",
            spec="core.gan.jobs.sample_spec:SampleSpec",
            context="core.gan.sampling.sample_context:SampleContext",
            plan="core.gan.jobs.sample_plan:make_plan",
            backend="core.gan.jobs.backend:SampleBackend",
            flow="flows.sample:sample",
            checks="core.doctor.spec:sample_checks",
            judge="core.runs.rescore:label_judge",
            curate="core.runs.curate:curate_run",
        ),
    )
}


def kind_of(spec: RunSpec) -> RunKind:
    """The kind of a spec."""
    return RUN_KINDS[spec.kind]


def load_spec(path: Path) -> RunSpec:
    """The spec in a TOML file, of the kind that it names or that its fields tell. Raises SpecError."""
    values, source = read_toml(path), f"spec {path}"
    spec: type[RunSpec] = _kind_in(values, source).load("spec")
    return spec.from_values(placed(values, path.absolute().parent, spec), source)


def spec_of_run(store: Store) -> RunSpec:
    """The spec that lies in a run folder, wherever that was moved to. Raises SpecError."""
    return load_spec(store.path(SPEC)).model_copy(update={"out": store.root})


def _kind_in(values: Mapping[str, Any], source: str) -> RunKind:
    """The kind that plain values of a spec name, or else that one of their fields tells; style transfer by default."""
    named = values.get("kind")
    if named is None:
        told = (kind for kind in RUN_KINDS.values() if kind.known_by in values and kind.name != "stylize")
        return next(told, RUN_KINDS["stylize"])
    if not isinstance(named, str) or named not in RUN_KINDS:
        known = " or ".join(f"`{name}`" for name in RUN_KINDS)
        raise SpecError(f"{source}: `kind` (={truncated(printable(repr(named)))}): must be {known}.")
    return RUN_KINDS[named]
