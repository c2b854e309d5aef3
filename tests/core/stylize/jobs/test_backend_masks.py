"""Making jobs with masks and region maps, from the files to the pixels on the disk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from core.config.spec import Spec
from core.errors import Changed, JobError, Unreadable, Unsupported
from core.images import image
from core.images.provenance import read_stamp
from core.planning.jobs import Job
from core.planning.plan_file import begin_night, read_shard
from core.runs.run_kinds import RUN_KINDS
from core.runs.stylize_plan import make_plan
from core.scoring.score import Scorer
from core.storage.run_paths import output_path
from core.storage.store import Store
from core.stylize.jobs.backend import StylizeBackend
from tests.conftest import Studio
from tests.core.stylize.conftest import finished

DUSK = '[styles.dusk]\nregions = {"#0000ff" = "wave", "#ff0000" = "night", "#000000" = "keep"}\n'
WIDTH, HEIGHT = 96, 64


@pytest.fixture(scope="module")
def backend() -> StylizeBackend:
    return StylizeBackend("cpu")


@pytest.fixture
def guided(studio: Studio) -> Studio:
    """One asset, a mask whose left half is white, and a region map of two styles and a corner that is kept."""
    (studio.library / "trip/sea.png").unlink()
    (studio.library / "cat.jpg").unlink()
    studio.picture("library/cat.png", 1, (WIDTH, HEIGHT))
    studio.picture("catalog/wave.png", 3, (64, 64))
    Image.new("RGB", (64, 64), "#f0c020").save(studio.catalog / "night.jpg")
    (studio.catalog / "catalog.toml").write_text(DUSK)
    for folder in ("masks", "regions"):
        (studio.root / folder).mkdir()
    half(studio.root / "masks/cat.png", "L", "black", "white")
    half(studio.root / "regions/cat.png", "RGB", "#0000ff", "#ff0000")
    return studio


def half(path: Path, mode: str, right: str, left: str, scale: int = 1) -> None:
    picture = Image.new(mode, (WIDTH * scale, HEIGHT * scale), right)
    ImageDraw.Draw(picture).rectangle((0, 0, WIDTH * scale // 2 - 1, HEIGHT * scale - 1), fill=left)
    picture.save(path)


def job_of(studio: Studio, backend: StylizeBackend, style: str, *folders: str, **recipe: Any) -> Job:
    values: dict[str, Any] = {name: str(getattr(studio, name)) for name in ("library", "catalog", "out")}
    values |= {folder: str(studio.root / folder) for folder in folders} | {"include_styles": [style]}
    values["recipe"] = {"size": 96, "steps": 6, "coarse_steps": 0, "feather": 0.1, **recipe}
    store = Store(studio.out)
    begin_night(store, make_plan(Spec.from_values(values, "test")))
    backend.open(store, RUN_KINDS["stylize"].context_of(store))
    (job,) = read_shard(store, 0)
    return job


def made(
    studio: Studio, backend: StylizeBackend, style: str, *folders: str, **recipe: Any
) -> tuple[Any, dict[str, Any]]:
    """The pixels of the output, as numbers, and its row."""
    job = job_of(studio, backend, style, *folders, **recipe)
    row = backend.write(job, finished(backend, job))
    return np.asarray(Image.open(studio.out / output_path(job.output))).astype(int), row


def asset(studio: Studio) -> Any:
    return np.asarray(Image.open(studio.library / "cat.png")).astype(int)


@pytest.mark.parametrize("keep", ["none", "luminance", "match"])
def test_a_black_mask_leaves_the_asset_bit_for_bit(guided: Studio, backend: StylizeBackend, keep: str) -> None:
    Image.new("L", (WIDTH, HEIGHT)).save(guided.root / "masks/cat.png")
    pixels, row = made(guided, backend, "wave", "masks", keep_color=keep)
    assert np.array_equal(pixels, asset(guided))
    assert row["pixels_sha256"] == image.pixels_sha256(image.read(guided.library / "cat.png"))
    assert len(row["losses"]) == 1, "nothing is painted"
    assert np.isfinite(row["score"])


def test_a_half_mask_leaves_that_half(guided: Studio, backend: StylizeBackend) -> None:
    pixels, _ = made(guided, backend, "wave", "masks")
    change = np.abs(pixels - asset(guided)).max(2)
    assert not change[:, WIDTH // 2 :].any()
    columns = change[:, : WIDTH // 2].mean(0)
    assert columns[:40].mean() > 8
    assert columns[-1] < columns[-3] < columns[:40].mean(), "the edge is soft"


def test_grey_lies_between_the_asset_and_what_white_gives(guided: Studio, backend: StylizeBackend) -> None:
    found = {}
    for level in (128, 255):
        Image.new("L", (WIDTH, HEIGHT), level).save(guided.root / "masks/cat.png")
        found[level], _ = made(guided, backend, "wave", "masks")
    assert np.abs(found[128] - (found[255] + asset(guided)) / 2).max() <= 2


def test_a_mask_of_another_size_is_fitted(guided: Studio, backend: StylizeBackend) -> None:
    half(guided.root / "masks/cat.png", "L", "black", "white", scale=3)
    pixels, _ = made(guided, backend, "wave", "masks")
    change = np.abs(pixels - asset(guided)).max(2)
    assert not change[:, WIDTH // 2 :].any()
    assert change[:, :40].mean() > 8


def test_the_asset_is_kept_at_the_size_that_is_delivered(guided: Studio, backend: StylizeBackend) -> None:
    pixels, row = made(guided, backend, "wave", "masks", size=48, output_size="asset")
    assert (row["width"], row["height"]) == (WIDTH, HEIGHT)
    change = np.abs(pixels - asset(guided)).max(2)
    assert not change[:, WIDTH // 2 :].any()
    assert change[:, :40].mean() > 8


def test_two_regions_get_their_own_styles_and_the_rest_is_kept(guided: Studio, backend: StylizeBackend) -> None:
    """`night` is plain yellow, `wave` is noise of every colour."""
    path = guided.root / "regions/cat.png"
    picture = Image.open(path)
    ImageDraw.Draw(picture).rectangle((80, 0, WIDTH, 20), fill="#000000")
    picture.save(path)
    pixels, row = made(guided, backend, "dusk", "regions", steps=30)
    assert np.array_equal(pixels[:21, 80:], asset(guided)[:21, 80:])
    yellow = np.abs(pixels - np.array([0xF0, 0xC0, 0x20])).mean((0, 2))
    assert yellow[:40].mean() < 0.5 * yellow[56:78].mean()
    assert np.isfinite(row["score"])
    stamp = read_stamp(guided.out / output_path("dusk/cat.png.png"))
    assert stamp["regions"] == [["#0000ff", 1], ["#ff0000", 1], ["#000000", 0]]
    assert len(stamp["regions_sha256"]) == 64


def test_a_style_whose_colour_is_not_in_the_map_is_not_missed(guided: Studio, backend: StylizeBackend) -> None:
    Image.new("RGB", (WIDTH, HEIGHT), "#ff0000").save(guided.root / "regions/cat.png")
    pixels, row = made(guided, backend, "dusk", "regions", steps=20)
    assert np.abs(pixels - np.array([0xF0, 0xC0, 0x20])).mean() < 60
    assert all(np.isfinite(row["losses"]))


def test_a_mask_cuts_regions_as_well(guided: Studio, backend: StylizeBackend) -> None:
    pixels, row = made(guided, backend, "dusk", "masks", "regions")
    assert np.array_equal(pixels[:, WIDTH // 2 :], asset(guided)[:, WIDTH // 2 :])
    assert len(row) == len(made(guided, backend, "wave")[1])


def test_style_is_judged_where_it_is_wanted(guided: Studio, backend: StylizeBackend) -> None:
    """A small mask does not make a good transfer a bad one."""
    pixels, row = made(guided, backend, "night", "masks", steps=20)
    scorer = Scorer(torch.device("cpu"))
    before, artwork = (
        scorer.reference(image.read(path).rgb) for path in (guided.library / "cat.png", guided.catalog / "night.jpg")
    )
    whole = scorer.score(pixels.astype(np.uint8), before, [(artwork, 1.0)])
    assert row["style_distance"] < whole.style_distance - 0.05
    assert row["content_distance"] == pytest.approx(whole.content_distance, abs=1e-4)


def test_a_score_does_not_hang_on_the_edges_of_a_recipe_before(guided: Studio, backend: StylizeBackend) -> None:
    made(guided, backend, "dusk", "regions", feather=0.0)
    (_, after), (_, alone) = (
        made(guided, each, "dusk", "regions", feather=0.5) for each in (backend, StylizeBackend("cpu"))
    )
    assert after["style_distance"] == alone["style_distance"]


@pytest.mark.parametrize(
    ("folder", "harm", "error", "words"),
    [
        ("masks", lambda path: Image.new("L", (WIDTH, HEIGHT), 9).save(path), Changed, "not the file that was planned"),
        ("masks", lambda path: path.unlink(), JobError, "cat.png"),
        ("regions", lambda path: path.write_bytes(b"GIF89a"), JobError, "cat.png"),
    ],
)
def test_files_that_change_after_the_plan(
    guided: Studio,
    backend: StylizeBackend,
    folder: str,
    harm: Callable[[Path], None],
    error: type[JobError],
    words: str,
) -> None:
    job = job_of(guided, backend, "dusk" if folder == "regions" else "wave", folder)
    harm(guided.root / folder / "cat.png")
    with pytest.raises(error, match=words):
        StylizeBackend.decode(backend, job)


@pytest.mark.parametrize(
    ("folder", "spoil", "error", "words"),
    [
        ("masks", lambda path: half(path, "RGB", "#0000ff", "#ff0000"), Unsupported, r"mask .*cat\.png has colours"),
        ("regions", lambda path: half(path, "RGB", "#0000ff", "#00ff00"), Unsupported, r"an area of #00ff00"),
        ("regions", lambda path: path.write_bytes(path.read_bytes()[:-40]), Unreadable, r"cat\.png"),
    ],
)
def test_what_cannot_be_a_mask_or_a_map_fails_its_job(
    guided: Studio,
    backend: StylizeBackend,
    folder: str,
    spoil: Callable[[Path], None],
    error: type[JobError],
    words: str,
) -> None:
    spoil(guided.root / folder / "cat.png")
    job = job_of(guided, backend, "dusk" if folder == "regions" else "wave", folder)
    with pytest.raises(error, match=words):
        backend.decode(job)
