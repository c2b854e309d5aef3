"""Keys of files that are decoded otherwise than before: just what is made of them is made again, all else stays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from core.config.spec import Spec
from core.images import decoding
from core.runs.single_job import single_job
from core.runs.stylize_plan import make_plan
from core.stylize.feedforward.train_recipe import TransferRecipe
from core.stylize.train.training_data import load
from tests.conftest import Studio
from tests.pictures import chunk


def tag(path: Path) -> None:
    """Save a picture as a PNG that says that its values are linear light."""
    with Image.open(path) as picture:
        picture.convert("RGB").save(path, "PNG")
    data = path.read_bytes()
    path.write_bytes(data[:33] + chunk(b"gAMA", (100_000).to_bytes(4, "big")) + data[33:])


def keys(studio: Studio, **changes: Any) -> dict[str, str]:
    values = {"library": str(studio.library), "catalog": str(studio.catalog), "out": str(studio.out), **changes}
    rows = make_plan(Spec.from_values(values, "test")).jobs.to_pylist()
    return {row["output"]: row["key"] for row in rows}


def changed(studio: Studio, monkeypatch: pytest.MonkeyPatch, **changes: Any) -> set[str]:
    """Outputs whose keys are others than before the rules changed."""
    with monkeypatch.context() as before:
        before.setattr(decoding, "revision", lambda *_: "")
        earlier = keys(studio, **changes)
    return {output for output, key in keys(studio, **changes).items() if earlier[output] != key}


def test_keys_of_files_that_are_read_as_before_stay(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    assert changed(studio, monkeypatch) == set()


def test_an_asset_that_is_read_otherwise(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    tag(studio.library / "cat.jpg")
    assert changed(studio, monkeypatch) == {output for output in keys(studio) if output.endswith("/cat.jpg.png")}


def test_an_artwork_that_is_read_otherwise(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    tag(studio.catalog / "wave.png")
    assert changed(studio, monkeypatch) == {output for output in keys(studio) if output.startswith("wave/")}


def test_a_mask_that_is_read_otherwise(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    masks = studio.library.parent / "masks"
    masks.mkdir()
    with Image.open(studio.library / "cat.jpg") as picture:
        Image.new("RGB", picture.size, (90, 90, 90)).save(masks / "cat.png")
    tag(masks / "cat.png")
    found = changed(studio, monkeypatch, masks=str(masks))
    assert found == {output for output in keys(studio) if output.endswith("/cat.jpg.png")}


def test_a_single_job_has_the_key_of_the_runs(studio: Studio) -> None:
    for path in (studio.library / "cat.jpg", studio.catalog / "wave.png"):
        tag(path)
    values = {"preset": "draft", "recipe": {"size": 40}, "seed": 7}
    posed = single_job(studio.library / "cat.jpg", [str(studio.catalog / "wave.png")], values)
    job = posed.job(posed.spec.base_recipe(), posed.spec.start, posed.spec.seed)
    assert job.key == keys(studio, **values)["wave/cat.jpg.png"]


def test_a_training_knows_that_its_artworks_are_read_otherwise(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    def digests() -> tuple[str, str]:
        """As before the rules changed, and now."""
        recipe = TransferRecipe()
        with monkeypatch.context() as before:
            before.setattr(decoding, "revision", lambda *_: "")
            earlier = load(studio.catalog, [studio.library], [], recipe).digest
        return earlier, load(studio.catalog, [studio.library], [], recipe).digest

    earlier, now = digests()
    assert earlier == now
    tag(studio.catalog / "wave.png")
    earlier, now = digests()
    assert earlier != now
