"""Gallery of a run, in the words of its kind."""

from __future__ import annotations

from pathlib import Path

from core.config.run_spec import RunSpec
from core.manifest import manifest
from core.report.gallery import build_gallery
from core.runs.run_kinds import kind_of
from core.storage.store import Store


def build_run_gallery(store: Store, spec: RunSpec) -> Path:
    """Write the gallery of what the manifest has. Returns the path of its page. Raises StorageFailed."""
    return build_gallery(store, manifest.read(store), store.root.name, kind_of(spec).words)
