"""Base class of the specs of runs, of every kind: `kind` in their TOML, and what a run's session asks of its spec."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tomli_w
from pydantic import model_validator

from core.config.base_spec import BaseSpec


class RunSpec(BaseSpec):
    """A spec that a run makes pictures by. Each kind declares its fields in the order of its form, these among them."""

    if TYPE_CHECKING:
        out: Path
        scorer: str | None
        spare_disk: float
        device: str

    @model_validator(mode="before")
    @classmethod
    def _kind_is_its_own(cls, values: Any) -> Any:
        """Takes `kind` out of plain values, since the class says it. Raises ValueError for another kind."""
        if not isinstance(values, dict) or "kind" not in values:
            return values
        if values["kind"] != cls.kind:
            raise ValueError(f"`kind` is {values['kind']!r}, and this is a spec of kind {cls.kind!r}; correct `kind`")
        return {name: value for name, value in values.items() if name != "kind"}

    def toml(self) -> str:
        """The spec as TOML, its kind first; what is empty is left out."""
        return tomli_w.dumps({"kind": self.kind, **self.model_dump(mode="json", exclude_none=True)})

    @abstractmethod
    def check(self) -> None:
        """Look at what is named before any work. Raises SpecError with one clear sentence."""

    @property
    def retries(self) -> bool:
        """Whether a night plans further tries of pictures that score too low."""
        return False

    @property
    def curates(self) -> bool:
        """Whether a night ends with keeping the best pictures and rejecting the others."""
        return False

    @property
    def weights_of_scores(self) -> Mapping[str, float]:
        """What the parts of the overall score weigh; empty where pictures have no such parts."""
        return {}

    @property
    def taste_file(self) -> Path | None:
        """The file of the taste that scores follow, if there is one."""
        return None
