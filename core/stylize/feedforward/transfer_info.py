"""Metadata of a network file: its recipe, the styles that it has learnt, and digests of its tensors; needs no torch."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from core.stylize.feedforward.train_recipe import TransferRecipe

Artwork = tuple[Annotated[str, Field(pattern="^[0-9a-f]{64}$")], Annotated[float, Field(gt=0, allow_inf_nan=False)]]
"""SHA-256 of an artwork's file, and its weight in the style."""


class KnownStyle(BaseModel):
    """A style that a network has learnt, and whose artworks they are."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(max_length=200)
    artworks: tuple[Artwork, ...] = Field(min_length=1)
    title: str = ""
    artist: str = ""
    licence: str = ""
    credit: str = ""


@dataclass(frozen=True)
class TransferInfo:
    """What a network file says of itself. Digests are of tensors, whatever file they are in, 16 hex digits each."""

    path: Path
    name: str
    recipe: TransferRecipe
    step: int
    styles: tuple[KnownStyle, ...]
    """Row by row of the embeddings."""
    digest: str
    """Of the network and the identity embedding: of all pictures that it paints."""
    embeddings: tuple[str, ...]
    """Of each style's own embedding: another style that is refined or added leaves it."""
    predictor: str
    """Of what predicts embeddings, and how artworks are looked at for it."""
    data: dict[str, Any] = field(default_factory=dict)
    """What it was trained on."""
    training: dict[str, Any] = field(default_factory=dict)
    """State of a training that is no tensor."""
    whole: bool = False
    """Whether training can go on from it."""
