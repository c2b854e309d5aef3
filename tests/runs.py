"""Runs whose pictures are there and whose manifest is right, without a night that made them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.images import image
from core.manifest import manifest
from core.storage.run_paths import SPEC, output_path
from core.storage.store import Store
from tests.conftest import Studio

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def row(output: str, data: bytes | None = None, **more: Any) -> dict[str, Any]:
    """The row of a done job, whose picture file holds `data`."""
    made: dict[str, Any] = {"output": output, "key": output, "status": "done", "style": "wave", "finished": NOW}
    if data is not None:
        width, height = image.from_bytes(data).size
        made |= {"pixels_sha256": image.pixels_sha256(data), "width": width, "height": height}
    return {**made, **more}


def pending(output: str, status: str = "pending") -> dict[str, Any]:
    """The row of a job that has no picture."""
    return {"output": output, "key": f"new {output}", "status": status, "style": "wave"}


def made_run(studio: Studio, outputs: tuple[str, ...]) -> Store:
    """A run in the studio's `run` folder with a picture for every output, each another one."""
    store = Store(studio.out)
    store.put(SPEC, b'library = "../library"\ncatalog = "../catalog"\n')
    rows = []
    for seed, output in enumerate(outputs):
        path = studio.picture(f"run/{output_path(output)}", 100 + seed)
        rows.append(row(output, path.read_bytes()))
    manifest.begin(store, manifest.table(rows))
    return store


def add_rows(store: Store, *rows: dict[str, Any]) -> None:
    """Plan these rows beside those that there are."""
    manifest.begin(store, manifest.table([*manifest.read(store).to_pylist(), *rows]))


def contents(folder: Path) -> dict[str, bytes | str]:
    """Every file below a folder with its bytes, and every link with its target; the lock is left out."""
    return {
        str(path.relative_to(folder)): f"-> {path.readlink()}" if path.is_symlink() else path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_symlink() or (path.is_file() and path.name != ".lock")
    }
