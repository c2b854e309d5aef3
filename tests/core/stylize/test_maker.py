"""Making jobs of style transfer: files that change under it, and pixels that depend on the job alone."""

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core import image
from core.engine.maker import Tick
from core.errors import Changed, JobError, Missing
from core.layout import asset_thumb, output_path, output_thumb, style_thumb
from core.night import begin_night, read_context, read_shard
from core.plan import make_plan
from core.provenance import read_stamp
from core.spec import spec_from
from core.store import Store
from core.stylize.maker import StylizeMaker, thinned
from core.stylize.recent import Recent
from core.stylize.sources import brushed
from tests.conftest import Studio


@pytest.fixture(scope="module")
def maker() -> StylizeMaker:
    return StylizeMaker("cpu")


def no_tick(step: int, steps: int, loss: float) -> None:
    """Nobody looks."""


def planned(studio: Studio, maker: StylizeMaker, **recipe: Any) -> tuple[Store, list[Any]]:
    values = {
        "library": str(studio.library),
        "catalog": str(studio.catalog),
        "out": str(studio.out),
        "shard_seconds": 3600,
    }
    spec = spec_from({**values, "recipe": {"size": 40, "steps": 3, "coarse_steps": 0, **recipe}}, "test")
    store = Store(studio.out)
    begin_night(store, make_plan(spec))
    maker.open(store, read_context(store))
    return store, read_shard(store, 0)


def made(maker: StylizeMaker, jobs: Sequence[Any], tick: Tick = no_tick) -> dict[str, dict[str, Any]]:
    return {job.output: maker.write(job, maker.make(job, maker.decode(job), tick)) for job in jobs}


def test_order_and_neighbours_do_not_change_pixels(studio: Studio, maker: StylizeMaker) -> None:
    _, jobs = planned(studio, maker)
    forward = made(maker, jobs)
    again = StylizeMaker("cpu")
    planned(studio, again)
    backward = made(again, jobs[::-1])
    alone = made(again, jobs[2:3])
    pixels = {output: row["pixels_sha256"] for output, row in forward.items()}
    assert {output: row["pixels_sha256"] for output, row in backward.items()} == pixels
    assert len(set(pixels.values())) == 4
    assert alone[jobs[2].output] == forward[jobs[2].output]


def test_what_is_written(studio: Studio, maker: StylizeMaker) -> None:
    store, jobs = planned(studio, maker, format="jpg")
    ticks: list[int] = []
    rows = made(maker, jobs[:1], lambda step, steps, loss: ticks.append(step))
    (job,) = jobs[:1]
    assert ticks == [1, 2, 3]
    for name in (output_path(job.output), output_thumb(job.output), asset_thumb(job.asset), style_thumb(job.style)):
        assert store.exists(name), name
    stamp = read_stamp(store.path(output_path(job.output)))
    assert (stamp["key"], stamp["asset"], stamp["style"]) == (job.key, job.asset, job.style)
    assert stamp["recipe"]["format"] == "jpg"
    row = rows[job.output]
    assert (row["width"], row["height"], len(row["losses"])) == (40, 32, 3)
    assert row["losses"][0] > row["losses"][-1] > 0


@pytest.mark.parametrize("keep", ["luminance", "match"])
def test_colours_of_an_asset_are_its_own_jobs_alone(studio: Studio, maker: StylizeMaker, keep: str) -> None:
    """What is remembered of a style that took one asset's colours must not serve another asset."""
    grey = np.asarray(Image.open(studio.library / "cat.jpg").convert("L"))
    Image.fromarray(grey).save(studio.library / "grey.png")
    store, jobs = planned(studio, maker, keep_color=keep)
    forward = {output: row["pixels_sha256"] for output, row in made(maker, jobs).items()}
    fresh = StylizeMaker("cpu")
    planned(studio, fresh, keep_color=keep)
    assert {output: row["pixels_sha256"] for output, row in made(fresh, jobs[::-1]).items()} == forward
    for job in jobs:
        pixels = np.asarray(Image.open(store.path(output_path(job.output)))).astype(int)
        spread = (pixels.max(2) - pixels.min(2)).max()
        assert (spread == 0) == (job.asset == "grey.png"), (job.output, spread)


def test_a_seed_gives_its_own_picture_where_the_recipe_has_noise(studio: Studio, maker: StylizeMaker) -> None:
    _, jobs = planned(studio, maker, init="noise")
    job = jobs[0]
    other = type(job)(**{**{name: getattr(job, name) for name in job.__slots__}, "seed": 1, "output": "other.png"})
    rows = made(maker, [job, other])
    assert rows[job.output]["pixels_sha256"] != rows["other.png"]["pixels_sha256"]


@pytest.mark.parametrize(
    ("harm", "error"),
    [
        (lambda path: path.unlink(), Missing),
        (lambda path: path.write_bytes(b"another picture"), Changed),
    ],
)
def test_a_file_that_changed_since_the_plan(studio: Studio, harm: Any, error: type[JobError]) -> None:
    fresh = StylizeMaker("cpu")
    _, jobs = planned(studio, fresh)
    path = Path(studio.library, jobs[0].asset)
    harm(path)
    with pytest.raises(error, match=path.name):
        fresh.decode(jobs[0])


def test_a_missing_artwork_fails_its_own_jobs(studio: Studio, maker: StylizeMaker) -> None:
    fresh = StylizeMaker("cpu")
    _, jobs = planned(studio, fresh)
    (studio.catalog / "wave.png").unlink()
    for job in jobs:
        if job.style == "wave":
            with pytest.raises(Missing, match=r"wave\.png"):
                fresh.decode(job)
        else:
            fresh.decode(job)


def test_loss_histories_are_thinned_evenly() -> None:
    assert thinned([3.0, 2.0], 64) == [3.0, 2.0]
    long = thinned([float(n) for n in range(1000)], 64)
    assert (len(long), long[0], long[-1]) == (64, 0.0, 999.0)
    assert max(after - before for before, after in itertools.pairwise(long)) <= 17


def test_recent_keeps_within_its_budget_and_the_last_always() -> None:
    recent: Recent[str, bytes] = Recent(10, len)
    calls: list[str] = []

    def get(name: str, size: int) -> bytes:
        return recent.get(name, lambda: calls.append(name) or bytes(size))

    for name, size in (("a", 6), ("b", 4), ("a", 6), ("c", 4), ("a", 6), ("b", 4), ("huge", 99), ("huge", 99)):
        get(name, size)
    assert calls == ["a", "b", "c", "b", "huge"]


@pytest.mark.parametrize(
    ("own", "brush", "expected"), [(800, 1, 400), (800, 0.5, 200), (800, 2, 800), (800, 4, 1600), (100, 2, 200)]
)
def test_brush_is_the_artworks_size_relative_to_the_picture(own: int, brush: float, expected: int) -> None:
    artwork = image.Picture(np.zeros((own // 2, own, 3), np.uint8))
    assert brushed(artwork, 400, brush).size == (expected, expected // 2)
