"""A studio as each earlier version left it, in a folder of the test's own."""

from __future__ import annotations

import json
import lzma
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

DATA = Path(__file__).parent / "data"


@dataclass(frozen=True)
class OldStudio:
    """The folder, and what is known of it beside it."""

    root: Path
    expected: dict[str, Any]

    def run(self, name: str) -> Path:
        """One of its run folders."""
        return self.root / "runs" / name

    def rows(self, name: str) -> list[dict[str, Any]]:
        """The manifest of a run as the file has it, whatever Nocturne makes of it."""
        rows: list[dict[str, Any]] = pq.read_table(self.run(name) / "manifest.parquet").to_pylist()
        return rows


@pytest.fixture(params=sorted(path.name for path in DATA.iterdir()))
def old(request: pytest.FixtureRequest, tmp_path: Path) -> OldStudio:
    """A copy of what a version left: its checkpoints unpacked, its specs with the paths that they have here."""
    root = tmp_path / "studio"
    shutil.copytree(DATA / request.param, root)
    expected = json.loads((root / "expected.json").read_text())
    for packed in root.rglob("*.xz"):
        packed.with_suffix("").write_bytes(lzma.decompress(packed.read_bytes()))
        packed.unlink()
    for spec in root.rglob("*.toml"):
        spec.write_text(spec.read_text().replace(f'"{expected["studio"]}/', f'"{root}/'))
    return OldStudio(root, expected)
