"""Curating a run: copies and the least real are kept apart, again and again alike, and a larger `keep` brings some back."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core.errors import SpecError
from core.gan.jobs import selection
from core.gan.jobs.sample_plan import make_plan
from core.gan.jobs.sample_spec import SampleSpec
from core.gan.jobs.selection import CurationResult, score, select_samples
from core.images import image
from core.manifest import manifest
from core.manifest.verify import verify
from core.planning.plan_file import begin_night
from core.runs.curate import curate_run
from core.storage.run_paths import output_path
from core.storage.store import Store
from tests.core.gan.photographs import tiles
from tests.core.gan.samples import TINY, checkpoint, rows_of, spec_of

COPIED, NOISE, HONEST = 0, 1, 6


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("training")
    for place, tile in enumerate(tiles()[0][:40]):
        Image.fromarray(tile).save(folder / f"{place:02}.png")
    return folder


@pytest.fixture
def spec(tmp_path: Path, data: Path) -> SampleSpec:
    """A run in which seed 0 is a copy of a training picture, seed 1 is noise, and the others are pictures like them."""
    file = checkpoint(tmp_path / "net.safetensors", TINY.changed({"size": 64, "channels": 3}))
    return drawn(spec_of(file, tmp_path / "run", "0-7", keep=2, data=str(data)))


def drawn(spec: SampleSpec) -> SampleSpec:
    training, others = tiles()
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    store, plan = Store(spec.out), make_plan(spec)
    begin_night(store, plan)
    rows: list[dict[str, Any]] = []
    for row, rgb in zip(manifest.read(store).to_pylist(), [training[3], noise, *others[:HONEST]], strict=True):
        picture = image.Picture(np.ascontiguousarray(rgb))
        store.put(output_path(row["output"]), image.encode(picture, "png"))
        made = {"pixels_sha256": image.pixels_sha256(picture), "width": 64, "height": 64, "status": "done"}
        rows.append({**row, **made})
    manifest.write_part(store, rows)
    manifest.merge(store)
    return spec


def statuses(spec: SampleSpec) -> dict[int, str]:
    return {row["seed"]: row["reason"] or row["status"] for row in rows_of(spec.out)}


def test_the_best_are_kept_and_the_others_lie_apart_with_their_reason(spec: SampleSpec) -> None:
    found = select_samples(Store(spec.out), spec)
    assert found == CurationResult(True, kept=2, near_duplicates=1, low_scores=5)
    said = statuses(spec)
    assert (said[COPIED], said[NOISE]) == ("near_duplicate", "low_score")
    rows = {row["seed"]: row for row in rows_of(spec.out)}
    assert "03.png" in rows[COPIED]["message"]
    assert all(0 < row["score"] < 1 for row in rows.values())
    assert len(list(Store(spec.out).names("outputs"))) == 2
    assert len(list(Store(spec.out).names("rejected"))) == 6
    report = verify(Store(spec.out))
    assert (report.whole, report.faults) == (8, ())


def test_the_page_shows_the_copy_beside_what_it_copies(spec: SampleSpec) -> None:
    curate_run(Store(spec.out), spec)
    page = Store(spec.out).read("gallery/nearest.html").decode()
    assert "samples/net/0.png" in page
    assert "03.png" in page
    assert page.index("samples/net/0.png") < page.index("samples/net/3.png")


def test_what_was_judged_is_not_judged_again_and_is_not_drawn_again(
    spec: SampleSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = select_samples(Store(spec.out), spec)
    rows = rows_of(spec.out)
    monkeypatch.setattr(selection, "_curated", None)
    assert select_samples(Store(spec.out), spec) == first
    assert rows_of(spec.out) == rows
    assert make_plan(spec).summary.work == 0


def test_a_larger_keep_brings_pictures_back_but_no_copy(spec: SampleSpec) -> None:
    select_samples(Store(spec.out), spec)
    more = spec.model_copy(update={"keep": 8})
    assert select_samples(Store(spec.out), more) == CurationResult(True, kept=7, near_duplicates=1, low_scores=0)
    assert len(list(Store(spec.out).names("outputs"))) == 7
    assert verify(Store(spec.out)).faults == ()


def test_nothing_is_judged_before_all_are_drawn(spec: SampleSpec) -> None:
    more = spec.model_copy(update={"seeds": "0-9"})
    begin_night(Store(spec.out), make_plan(more))
    assert select_samples(Store(spec.out), more) == CurationResult(judged=False)
    assert set(statuses(spec).values()) == {"done", "pending"}


def test_a_folder_without_training_pictures_is_refused_before_the_night(spec: SampleSpec, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(SpecError, match="has 0 pictures to compare with"):
        make_plan(spec.model_copy(update={"data": tmp_path / "empty"}))


def test_a_score_is_higher_the_nearer_a_sample_lies() -> None:
    assert score(1.0) == 0.5
    assert 1 > score(0.1) > score(1.0) > score(10.0) > 0
