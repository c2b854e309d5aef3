"""Planning with masks and region maps: keys, and rows for what is missing or does not fit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core.config.spec import Spec, load_spec
from core.errors import SpecError
from core.images import image
from core.manifest import manifest
from core.planning.plan_file import begin_night, read_context, read_shard
from core.planning.planner import Plan
from core.runs.stylize_plan import make_plan
from core.storage.run_paths import output_path
from core.storage.store import Store
from tests.conftest import Studio

DUSK = '[styles.dusk]\nregions = {"#0000FF" = "wave", "#ff0000" = "night", "#000000" = "keep"}\n'


@pytest.fixture
def guided(studio: Studio) -> Studio:
    """A studio with a mask and a region map for each asset, and a style of regions."""
    for name, size in (("cat", (40, 32)), ("trip/sea", (32, 40))):
        for folder, mode in (("masks", "L"), ("regions", "RGB")):
            path = studio.root / folder / f"{name}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new(mode, size, "white" if mode == "L" else "#0000ff").save(path)
    (studio.catalog / "catalog.toml").write_text(DUSK)
    return studio


def planned(studio: Studio, *folders: str, **changes: Any) -> Plan:
    values = {"library": studio.library, "catalog": studio.catalog, "out": studio.out, **changes}
    values |= {folder: studio.root / folder for folder in folders}
    return make_plan(Spec.from_values({k: str(v) if isinstance(v, Path) else v for k, v in values.items()}, "test"))


def rows(plan: Plan) -> dict[str, dict[str, Any]]:
    return {row["output"]: row for row in plan.jobs.to_pylist()}


def keys(plan: Plan) -> dict[str, str]:
    return {output: row["key"] for output, row in rows(plan).items()}


def made(studio: Studio, plan: Plan) -> None:
    """Pretend that a night made the plan."""
    store = Store(studio.out)
    begin_night(store, plan)
    data = image.encode(image.Picture(np.zeros((1, 1, 3), np.uint8)), "png")
    done = []
    for shard in range(plan.summary.shards):
        for job in read_shard(store, shard):
            store.put(output_path(job.output), data)
            sha = image.pixels_sha256(data)
            done.append(
                {"output": job.output, "key": job.key, "status": "done", "pixels_sha256": sha, "width": 1, "height": 1}
            )
    manifest.write_part(store, done)


def test_a_style_of_regions_is_a_style_like_others(guided: Studio) -> None:
    found = rows(planned(guided, "regions"))
    assert set(found) == {f"{s}/{a}.png" for s in ("dusk", "night", "wave") for a in ("cat.jpg", "trip/sea.png")}
    job = found["dusk/trip/sea.png.png"]
    assert (job["regions_file"], job["mask_file"]) == (b"trip/sea.png", b"")
    assert len(job["regions_sha256"]) == 64
    assert found["wave/cat.jpg.png"]["regions_sha256"] == ""


def test_what_a_worker_needs_comes_back_from_the_run_folder(guided: Studio) -> None:
    plan = planned(guided, "masks", "regions", include_styles=["dusk"])
    store = Store(guided.out)
    begin_night(store, plan)
    (first, *_), context = read_shard(store, 0), read_context(store)
    assert (first.mask_file, first.regions_file) == ("cat.png", "cat.png")
    assert (context["masks"], context["regions"]) == (str(guided.root / "masks"), str(guided.root / "regions"))
    assert context["styles"]["dusk"]["regions"] == [["#0000ff", 1], ["#ff0000", 1], ["#000000", 0]]
    row = next(row for row in manifest.read(store).to_pylist() if row["output"] == first.output)
    assert (row["mask_sha256"], row["regions_sha256"]) == (first.mask_sha256, first.regions_sha256)


def test_runs_without_masks_have_the_keys_they_had(guided: Studio) -> None:
    plain = keys(planned(guided, exclude_styles=["dusk"]))
    assert plain.items() <= keys(planned(guided, "regions")).items()
    assert not set(plain.values()) & set(keys(planned(guided, "masks", exclude_styles=["dusk"])).values())


def test_a_changed_mask_remakes_its_own_jobs_alone(guided: Studio) -> None:
    made(guided, planned(guided, "masks", "regions"))
    assert planned(guided, "masks", "regions").summary.done == 6
    Image.new("L", (40, 32), 128).save(guided.root / "masks/cat.png")
    states = {output: row["state"] for output, row in rows(planned(guided, "masks", "regions")).items()}
    assert {output for output, state in states.items() if state == "todo"} == {
        f"{style}/cat.jpg.png" for style in ("dusk", "night", "wave")
    }


def test_a_changed_region_map_or_colour_remakes_its_own_jobs_alone(guided: Studio) -> None:
    before = keys(planned(guided, "regions"))
    Image.new("RGB", (40, 32), "#ff0000").save(guided.root / "regions/cat.png")
    after = keys(planned(guided, "regions"))
    assert {output for output in before if before[output] != after[output]} == {"dusk/cat.jpg.png"}
    (guided.catalog / "catalog.toml").write_text(DUSK.replace('"night"', '"keep"'))
    again = keys(planned(guided, "regions"))
    assert {output for output in after if again[output] != after[output]} == {
        "dusk/cat.jpg.png",
        "dusk/trip/sea.png.png",
    }


def test_a_lost_mask_is_a_row_and_what_was_made_without_masks_does_not_stand(guided: Studio) -> None:
    made(guided, planned(guided, exclude_styles=["dusk"]))
    (guided.root / "masks/cat.png").unlink()
    found = rows(planned(guided, "masks", exclude_styles=["dusk"]))
    assert {output: row["state"] for output, row in found.items()} == {
        "night/cat.jpg.png": "failed",
        "wave/cat.jpg.png": "failed",
        "night/trip/sea.png.png": "todo",
        "wave/trip/sea.png.png": "todo",
    }
    assert found["wave/cat.jpg.png"]["reason"] == "missing"
    assert found["wave/cat.jpg.png"]["message"] == f"cat.jpg has no mask; put one at {guided.root}/masks/cat.png."


def test_a_lost_region_map_spares_the_other_styles(guided: Studio) -> None:
    (guided.root / "regions/cat.png").unlink()
    found = rows(planned(guided, "regions"))
    failed = {output: row["message"] for output, row in found.items() if row["state"] == "failed"}
    assert failed == {"dusk/cat.jpg.png": f"cat.jpg has no region map; put one at {guided.root}/regions/cat.png."}


def test_another_shape_is_a_row(guided: Studio) -> None:
    Image.new("L", (32, 40)).save(guided.root / "masks/cat.png")
    Image.new("L", (320, 400)).save(guided.root / "masks/trip/sea.png")
    found = rows(planned(guided, "masks", include_styles=["wave"]))
    assert found["wave/cat.jpg.png"]["reason"] == "unsupported"
    assert "32x40 pixels and cat.jpg 40x32" in found["wave/cat.jpg.png"]["message"]
    assert found["wave/trip/sea.png.png"]["state"] == "todo"


@pytest.mark.parametrize(
    ("folders", "changes", "fault"),
    [
        ((), {}, r"style 'dusk' has regions; give the folder of region maps as `regions`"),
        (("regions",), {"exclude_styles": ["dusk"]}, r"regions .* are for nothing: no style has regions"),
        ((), {"masks": "/nowhere"}, r"masks /nowhere is not a folder"),
        ((), {"regions": "/nowhere"}, r"regions /nowhere is not a folder"),
    ],
)
def test_what_cannot_be_meant_is_one_sentence(
    guided: Studio, folders: tuple[str, ...], changes: dict[str, Any], fault: str
) -> None:
    with pytest.raises(SpecError, match=fault):
        planned(guided, *folders, **changes)


def test_folders_are_taken_from_where_the_spec_lies(guided: Studio) -> None:
    file = guided.root / "tonight.toml"
    file.write_text('library = "library"\ncatalog = "catalog"\nmasks = "masks"\nregions = "regions"\nout = "run"\n')
    spec = load_spec(file)
    assert (spec.masks, spec.regions) == (guided.root / "masks", guided.root / "regions")
    assert load_spec(file).toml().count("masks =") == 1
