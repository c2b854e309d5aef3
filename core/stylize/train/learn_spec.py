"""Spec of `learn-style`: which styles of a catalog a network is to learn, from what, for how long."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from core.config.spec_fields import Device, MaxMegapixels, PlainPath, SystemFolders
from core.stylize.feedforward.style_lookup import network_path

WRITTEN = "network.safetensors"
"""Name of the file in the catalog's folder that is written where no other is named."""


class LearnStyleSpec(BaseModel):
    """How embeddings of styles are refined."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    kind: ClassVar[str] = "learn-style"

    catalog: PlainPath = Field(title="Catalog", description="Folder of artworks, with an optional catalog.toml.")
    network: PlainPath | None = Field(
        None,
        title="Network",
        description="Network file to begin with; empty: the one that is written, if it is there, else the packaged one.",
    )
    to: PlainPath | None = Field(
        None,
        title="To",
        description=f"File to write; empty: {WRITTEN} in the catalog's folder. May be the network itself.",
    )
    only: list[str] = Field(
        [], title="Only", description="Names of styles to refine, known or not; none: those the network does not know."
    )
    contents: list[PlainPath] = Field(
        [],
        title="Contents",
        description="Folders of pictures that are painted while it learns; none: photographs that come along.",
    )
    steps: int = Field(300, ge=1, le=100_000, title="Steps", description="Steps for each style, at most.")
    rate: float = Field(0.06, gt=0, le=10, title="Rate", description="Adam's learning rate of an embedding.")
    system_folders: SystemFolders = False
    max_megapixels: MaxMegapixels = 120.0
    threads: int | None = Field(None, ge=1, le=1024, title="Threads", description="CPU threads; empty: all.")
    device: Device = "auto"

    @property
    def written(self) -> Path:
        """The file that is written."""
        return self.to or self.catalog / WRITTEN

    @property
    def begun_with(self) -> Path:
        """The network file that is read. Raises SpecError if it is the packaged one, and not there."""
        return self.network or (self.written if self.written.exists() else network_path("packaged"))

    def paths(self) -> Iterator[tuple[str, Path]]:
        """Every path that the spec names, by field."""
        named = (("catalog", self.catalog), ("network", self.network), ("--to", self.to))
        yield from ((name, path) for name, path in named if path is not None)
        yield from (("contents", folder) for folder in self.contents)

    @property
    def max_pixels(self) -> int:
        """The pixel limit in pixels."""
        return int(self.max_megapixels * 1e6)
