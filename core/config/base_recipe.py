"""Base class of recipes: frozen parameters with a stable digest, and the model of their overrides.

The digest is part of every key, so a field that is added later must not change it where the field changes nothing:

    hue: Annotated[float, ADDED_LATER] = Field(default=0.0, title="Hue", description="Turn of the hues, in degrees.")
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, create_model
from pydantic.fields import FieldInfo


@dataclass(frozen=True)
class AddedLater:
    """Marks a field that recipes had not from the beginning: at its default it is left out of the digest.

    The default has to be neutral: what was made before the field was there is made alike with it. Files of earlier versions
    lack the field and are read with its default; presets may hold another value, and are then other recipes.
    """


ADDED_LATER = AddedLater()


class RecipeModel(BaseModel):
    """Parameters that decide what is made."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def digest(self) -> str:
        """The recipe's stable hash, 16 hex digits: of its canonical JSON, so field order does not matter."""
        return self.digest_of(frozenset())

    def digest_of(self, left_out: frozenset[str]) -> str:
        """The same without some of its fields."""
        values = self.model_dump(mode="json", exclude={*left_out, *self._neutral()})
        text = json.dumps(values, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def _neutral(self) -> set[str]:
        """Fields added later that hold their neutral value."""
        fields = type(self).model_fields.items()
        return {
            name
            for name, field in fields
            if ADDED_LATER in field.metadata and getattr(self, name) == field.get_default(call_default_factory=True)
        }


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
