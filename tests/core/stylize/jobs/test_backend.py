"""Making jobs of style transfer: files that change under it, and pixels that depend on the job alone."""

import itertools
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from core.config.spec import Spec
from core.errors import Changed, JobError, Missing, NocturneError, TooLarge
from core.images import credit_metadata, image
from core.images.colour.icc import SRGB
from core.images.open_image import identify
from core.images.provenance import read_stamp
from core.networks import device_checks
from core.networks.device_checks import DeviceMemory
from core.planning.plan_file import begin_night, read_shard
from core.runs.run_kinds import RUN_KINDS
from core.runs.stylize_plan import make_plan
from core.storage.run_paths import asset_thumb, output_path, output_thumb, style_thumb
from core.storage.store import Store
from core.stylize.images.lru_cache import LruCache
from core.stylize.images.pixels import brushed
from core.stylize.jobs.backend import StylizeBackend, thinned
from core.stylize.optimise.optimise import OnStep
from tests import icc_profiles
from tests.conftest import Studio
from tests.core.stylize.conftest import finished

WIDE = icc_profiles.rgb(2.2, ((0.6097, 0.3111, 0.0195), (0.2053, 0.6257, 0.0609), (0.1492, 0.0632, 0.7446)))
"""A profile with the primaries of Adobe RGB (1998)."""


@pytest.fixture(scope="module")
def backend() -> StylizeBackend:
    return StylizeBackend("cpu")


def planned(studio: Studio, backend: StylizeBackend, **recipe: Any) -> tuple[Store, list[Any]]:
    values = {
        "library": str(studio.library),
        "catalog": str(studio.catalog),
        "out": str(studio.out),
        "shard_seconds": 3600,
    }
    spec = Spec.from_values({**values, "recipe": {"size": 40, "steps": 3, "coarse_steps": 0, **recipe}}, "test")
    store = Store(studio.out)
    begin_night(store, make_plan(spec))
    backend.open(store, RUN_KINDS["stylize"].context_of(store))
    return store, read_shard(store, 0)


def made(backend: StylizeBackend, jobs: Sequence[Any], on_step: OnStep = lambda _: None) -> dict[str, dict[str, Any]]:
    return {job.output: backend.write(job, finished(backend, job, on_step)) for job in jobs}


def test_a_gpu_that_others_hold_is_refused_before_the_first_picture(
    studio: Studio, backend: StylizeBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device_checks, "device_memory", lambda _: DeviceMemory(10**8, 24 * 10**9))
    with pytest.raises(NocturneError, match=r"0\.1 of 24\.0 GB free.*a picture of 40 px needs about 0\.3 GB"):
        planned(studio, backend)


def test_order_and_neighbours_do_not_change_pixels(studio: Studio, backend: StylizeBackend) -> None:
    _, jobs = planned(studio, backend)
    forward = made(backend, jobs)
    again = StylizeBackend("cpu")
    planned(studio, again)
    backward = made(again, jobs[::-1])
    alone = made(again, jobs[2:3])
    pixels = {output: row["pixels_sha256"] for output, row in forward.items()}
    assert {output: row["pixels_sha256"] for output, row in backward.items()} == pixels
    assert len(set(pixels.values())) == 4
    assert alone[jobs[2].output] == forward[jobs[2].output]


def test_what_is_written(studio: Studio, backend: StylizeBackend) -> None:
    store, jobs = planned(studio, backend, format="jpg")
    ticks: list[int] = []
    rows = made(backend, jobs[:1], lambda step: ticks.append(step.step))
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
def test_colours_of_an_asset_are_its_own_jobs_alone(studio: Studio, backend: StylizeBackend, keep: str) -> None:
    """What is remembered of a style that took one asset's colours must not serve another asset."""
    grey = np.asarray(Image.open(studio.library / "cat.jpg").convert("L"))
    Image.fromarray(grey).save(studio.library / "grey.png")
    store, jobs = planned(studio, backend, keep_color=keep)
    forward = {output: row["pixels_sha256"] for output, row in made(backend, jobs).items()}
    fresh = StylizeBackend("cpu")
    planned(studio, fresh, keep_color=keep)
    assert {output: row["pixels_sha256"] for output, row in made(fresh, jobs[::-1]).items()} == forward
    for job in jobs:
        pixels = np.asarray(Image.open(store.path(output_path(job.output)))).astype(int)
        spread = (pixels.max(2) - pixels.min(2)).max()
        assert (spread == 0) == (job.asset == "grey.png"), (job.output, spread)


@pytest.mark.parametrize(
    ("recipe", "size"),
    [
        ({"output_size": "asset", "format": "tiff", "depth": 16}, (96, 72)),
        ({"output_size": "asset", "keep_color": "luminance", "keep_profile": True}, (96, 72)),
        ({"output_size": 64, "format": "webp"}, (64, 48)),
        ({"output_size": 64, "format": "avif"}, (64, 48)),
        ({"output_size": 20, "depth": 16}, (20, 15)),
    ],
)
def test_what_is_delivered(
    studio: Studio, backend: StylizeBackend, recipe: dict[str, Any], size: tuple[int, int]
) -> None:
    """An asset with all that a file can carry: orientation, profile, alpha, credits, print size."""
    for path in studio.library.rglob("*.*"):
        path.unlink()
    rgba = np.dstack([gradient(72, 96), np.full((72, 96), 255, np.uint8)])
    rgba[10:20, 5:60, 3] = 100
    tags = Image.Exif()
    tags[0x0112], tags[0x013B], tags[0x8298] = 6, "Ann", "(c) Ann"
    turned = Image.fromarray(rgba).transpose(Image.Transpose.ROTATE_90)
    turned.save(studio.library / "a.png", exif=tags.tobytes(), dpi=(300, 150), icc_profile=WIDE)
    store, jobs = planned(studio, backend, **recipe)
    job = jobs[0]
    row = made(backend, [job])[job.output]
    path = store.path(output_path(job.output))
    data = path.read_bytes()
    assert (row["width"], row["height"]) == size
    assert row["pixels_sha256"] == image.pixels_sha256(data)
    picture = image.from_bytes(data)
    assert picture.size == size
    assert picture.alpha is not None
    scale = size[0] / 96
    assert abs(int(picture.alpha[round(15 * scale), round(30 * scale)]) - 100) <= (1 if scale >= 0.5 else 10)
    assert picture.alpha[-1, -1] == 255
    with path.open("rb") as file:
        header = identify(file, "output")
        said = credit_metadata.read(header, file)
        assert header.info["icc_profile"] == (WIDE if recipe.get("keep_profile") else SRGB)
    assert (said.artist, said.copyright, said.dpi) == ("Ann", "(c) Ann", pytest.approx((150, 300), abs=0.1))
    assert read_stamp(path)["key"] == job.key
    if recipe.get("depth") == 16 and recipe.get("format") == "tiff":
        assert tifffile.imread(path).dtype == np.uint16


def test_an_output_that_cannot_be_is_refused_before_it_is_made(
    studio: Studio, backend: StylizeBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, jobs = planned(studio, backend, output_size="asset")
    monkeypatch.setattr(image, "MAX_PIXELS", 1000)
    with pytest.raises(TooLarge, match=r"cat\.jpg would be delivered at .* set output_size"):
        backend.decode(jobs[0])


def gradient(height: int, width: int) -> Any:
    y, x = np.mgrid[:height, :width]
    return np.stack([40 + x, 60 + y, 200 - x], axis=-1).astype(np.uint8)


def test_a_seed_gives_its_own_picture_where_the_recipe_has_noise(studio: Studio, backend: StylizeBackend) -> None:
    _, jobs = planned(studio, backend, init="noise")
    job = jobs[0]
    other = type(job)(**{**{name: getattr(job, name) for name in job.__slots__}, "seed": 1, "output": "other.png"})
    rows = made(backend, [job, other])
    assert rows[job.output]["pixels_sha256"] != rows["other.png"]["pixels_sha256"]


@pytest.mark.parametrize(
    ("harm", "error"),
    [
        (lambda path: path.unlink(), Missing),
        (lambda path: path.write_bytes(b"another picture"), Changed),
    ],
)
def test_a_file_that_changed_since_the_plan(studio: Studio, harm: Any, error: type[JobError]) -> None:
    fresh = StylizeBackend("cpu")
    _, jobs = planned(studio, fresh)
    path = Path(studio.library, jobs[0].asset)
    harm(path)
    with pytest.raises(error, match=path.name):
        fresh.decode(jobs[0])


def test_a_missing_artwork_fails_its_own_jobs(studio: Studio, backend: StylizeBackend) -> None:
    fresh = StylizeBackend("cpu")
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
    recent: LruCache[str, bytes] = LruCache(10, len)
    calls: list[str] = []

    def get(name: str, size: int) -> bytes:
        return recent.get(name, lambda: calls.append(name) or bytes(size))

    for name, size in (("a", 6), ("b", 4), ("a", 6), ("c", 4), ("a", 6), ("b", 4), ("huge", 99), ("huge", 99)):
        get(name, size)
    assert calls == ["a", "b", "c", "b", "huge"]


def test_recent_makes_a_value_once_for_all_threads_that_ask_for_it_meanwhile() -> None:
    recent: LruCache[str, object] = LruCache(10)
    asking, calls = threading.Barrier(5, timeout=20), list[str]()

    def made() -> object:
        calls.append("a")
        time.sleep(0.1)
        return object()

    def ask(_: int) -> object:
        asking.wait()
        return recent.get("a", made)

    with ThreadPoolExecutor(5) as pool:
        assert len(set(map(id, pool.map(ask, range(5))))) == 1
    assert calls == ["a"]


def test_recent_asks_again_after_a_failure() -> None:
    recent: LruCache[str, int] = LruCache(10)
    with pytest.raises(ZeroDivisionError):
        recent.get("a", lambda: 1 // 0)
    assert recent.get("a", lambda: 7) == 7


@pytest.mark.parametrize(
    ("own", "brush", "expected"), [(800, 1, 400), (800, 0.5, 200), (800, 2, 800), (800, 4, 1600), (100, 2, 200)]
)
def test_brush_is_the_artworks_size_relative_to_the_picture(own: int, brush: float, expected: int) -> None:
    artwork = image.Picture(np.zeros((own // 2, own, 3), np.uint8))
    assert brushed(artwork, 400, brush).size == (expected, expected // 2)
