"""The kinds of runs: style transfer and sampling. What a kind needs is loaded when a run of it begins, and not before."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from core.config.base_spec import read_toml
from core.config.spec import Spec
from core.gan.jobs.sample_spec import SampleSpec

if TYPE_CHECKING:  # the doctor imports this module, and nothing that may be broken
    from core.planning.planner import Plan, Tick

AnySpec: TypeAlias = Spec | SampleSpec


@dataclass(frozen=True)
class Kind:
    """Who plans a kind of job, and which backend makes it, as `module:name`."""

    plan: str
    backend: str


KINDS: dict[str, Kind] = {
    "stylize": Kind("core.runs.stylize_plan:make_plan", "core.stylize.jobs.lane_backend:LaneMaker"),
    "sample": Kind("core.gan.jobs.sample_plan:make_plan", "core.gan.jobs.backend:SampleMaker"),
}


def plan_of(
    spec: AnySpec, retry: bool = False, tick: Tick | None = None, replan: bool = False, again: bool = False
) -> Plan:
    """The plan of a night of any kind; nothing is written. `replan` chooses anew what the spec leaves to be chosen, and
    `again` plans the rest of a night that goes on; a sampling leaves nothing and is made at once. Raises SpecError.
    """
    module, _, name = KINDS[spec.kind].plan.partition(":")
    made: Plan = getattr(importlib.import_module(module), name)(
        spec, retry, tick, **({"replan": True} if replan else {}), **({"again": True} if again else {})
    )
    return made


def load_any(path: Path) -> AnySpec:
    """The spec in a TOML file, of whichever kind: one that names a checkpoint samples it. Raises SpecError."""
    values = read_toml(path, (*Spec.path_fields, *SampleSpec.path_fields))
    return any_spec(values, f"spec {path}")


def any_spec(values: dict[str, Any], source: str) -> AnySpec:
    """A spec of whichever kind from plain values. Raises SpecError naming `source`."""
    return (SampleSpec if "checkpoint" in values else Spec).from_values(values, source)
