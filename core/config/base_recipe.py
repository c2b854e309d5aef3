"""What recipes of every kind share: they are frozen, have a stable hash, and can be changed field by field."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, create_model
from pydantic.fields import FieldInfo


class RecipeModel(BaseModel):
    """Parameters that decide what is made."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def digest(self) -> str:
        """The recipe's stable hash, 16 hex digits: of its canonical JSON, so field order does not matter."""
        return self.digest_of(frozenset())

    def digest_of(self, left_out: frozenset[str]) -> str:
        """The same without some of its fields."""
        text = json.dumps(self.model_dump(mode="json", exclude=set(left_out)), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def overrides_of(recipe: type[RecipeModel]) -> type[BaseModel]:
    """A model, named after the recipe, with each of its fields, optional: what a spec may change in a preset.

    Values are checked when they are merged.
    """
    fields: dict[str, Any] = {
        name: (_as_given(field) | None, Field(None, title=field.title, description=field.description))
        for name, field in recipe.model_fields.items()
    }
    made: type[BaseModel] = create_model(
        f"{recipe.__name__}Overrides",
        __config__=ConfigDict(extra="forbid", frozen=True),
        __doc__="Recipe fields to change in the preset; what is left empty stays as the preset has it.",
        **fields,
    )
    return made


def _as_given(field: FieldInfo) -> Any:
    """The type of a field, with what brings other types to it; the rest is checked when the recipe is merged."""
    brought = [each for each in field.metadata if isinstance(each, BeforeValidator)]
    return Annotated[field.annotation, *brought] if brought else field.annotation
