"""Jobs painted in one pass, and polished: from the files to the pixels on the disk."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from core.config.methods import ALGORITHM
from core.config.spec import Spec
from core.engine.commit import Committer
from core.engine.cpu_time import CpuTimer
from core.engine.parallel_executor import ParallelExecutor
from core.engine.staged_executor import StagedExecutor
from core.engine.stages import Stages
from core.errors import Changed
from core.images import image
from core.images.border_crop import artwork_cropped
from core.images.provenance import read_stamp
from core.manifest import manifest
from core.planning.jobs import Job
from core.planning.plan_file import begin_night, read_shard
from core.runs.run_kinds import RUN_KINDS
from core.runs.stylize_plan import make_plan
from core.storage.run_paths import output_path
from core.storage.store import Store
from core.stylize.feedforward import network_tiles
from core.stylize.jobs import feedforward_jobs
from core.stylize.jobs.backend import StylizeBackend
from core.stylize.jobs.interactive import InteractiveSession
from core.stylize.jobs.lane_backend import LaneBackend
from tests.conftest import Studio
from tests.core.images.framed import in_a_frame, noise
from tests.core.stylize.conftest import finished
from tests.core.stylize.networks import RECIPE, seeded_file

WIDTH, HEIGHT = 96, 64


@pytest.fixture(scope="module")
def backend() -> StylizeBackend:
    return StylizeBackend("cpu")


@pytest.fixture
def network(studio: Studio) -> Path:
    """A network that knows the style `wave`; `night` it must predict. The one asset is large enough to be seen."""
    (studio.library / "trip/sea.png").unlink()
    (studio.library / "cat.jpg").unlink()
    studio.picture("library/cat.png", 1, (WIDTH, HEIGHT))
    path = studio.root / "net.safetensors"
    path.write_bytes(seeded_file([hashlib.sha256((studio.catalog / "wave.png").read_bytes()).hexdigest()]))
    return path


def jobs_of(studio: Studio, backend: Any, network: Path, *styles: str, **values: Any) -> list[Job]:
    folders = {name: str(getattr(studio, name)) for name in ("library", "catalog", "out")}
    recipe = {"size": WIDTH, "network": str(network), "precision": "float32", **values.pop("recipe", {})}
    given = {"preset": "fast", "shard_seconds": 3600, "include_styles": list(styles), **folders, **values}
    store = Store(studio.out)
    begin_night(store, make_plan(Spec.from_values({**given, "recipe": recipe}, "test")))
    backend.open(store, RUN_KINDS["stylize"].context_of(store))
    return list(read_shard(store, 0))


def rows_of(backend: StylizeBackend, jobs: list[Job]) -> list[dict[str, Any]]:
    return [backend.write(job, finished(backend, job)) for job in jobs]


def painted(studio: Studio, backend: StylizeBackend, network: Path, style: str = "wave", **values: Any) -> Any:
    (job,) = jobs_of(studio, backend, network, style, **values)
    rows_of(backend, [job])
    return np.asarray(Image.open(studio.out / output_path(job.output))).astype(int)


def asset(studio: Studio) -> Any:
    return np.asarray(Image.open(studio.library / "cat.png")).astype(int)


def far(a: Any, b: Any) -> float:
    return float(np.abs(a - b).mean())


def test_what_is_written(studio: Studio, backend: StylizeBackend, network: Path) -> None:
    (job,) = jobs_of(studio, backend, network, "wave")
    (row,) = rows_of(backend, [job])
    path = studio.out / output_path(job.output)
    assert (row["width"], row["height"], row["loss"], row["losses"]) == (WIDTH, HEIGHT, None, None)
    assert np.isfinite(row["score"])
    assert row["pixels_sha256"] == image.pixels_sha256(image.read(path))
    stamp = read_stamp(path)
    assert (stamp["recipe"]["method"], stamp["weights"], stamp["algorithm"]) == ("fast", job.weights, ALGORITHM["fast"])
    model = backend._one_pass._model(backend._recipes[job.recipe])
    x = torch.from_numpy(asset(studio)).permute(2, 0, 1).float()[None] / 255
    expected = model.network(x, model.embeddings[:1])[0].permute(1, 2, 0) * 255
    assert np.abs(np.asarray(Image.open(path)) - expected.numpy()).max() <= 0.51


def test_seeds_are_one_picture_unless_noise_is_asked_for(
    studio: Studio, backend: StylizeBackend, network: Path
) -> None:
    for amount, several in ((0.0, 1), (0.05, 2)):
        jobs = jobs_of(studio, backend, network, "wave", variants=2, recipe={"start_noise": amount})
        rows = rows_of(backend, jobs) + rows_of(backend, jobs)
        assert len({row["pixels_sha256"] for row in rows}) == several


def test_an_unknown_style_is_predicted_from_its_artwork(studio: Studio, backend: StylizeBackend, network: Path) -> None:
    first = painted(studio, backend, network, "night")
    studio.picture("catalog/night.jpg", 9)
    assert far(painted(studio, backend, network, "night"), first) > 1
    assert far(painted(studio, backend, network, "wave"), first) > 1


def test_a_blend_lies_between_its_artworks(studio: Studio, backend: StylizeBackend, network: Path) -> None:
    (studio.catalog / "catalog.toml").write_text(
        "[styles]\n"
        + "".join(
            f'{name}.artworks = [{{file = "wave.png", weight = {wave}}}, {{file = "night.jpg", weight = {night}}}]\n'
            for name, wave, night in (("mostly_wave", 99.0, 1.0), ("mostly_night", 1.0, 99.0))
        )
    )
    found = {name: painted(studio, backend, network, name) for name in ("mostly_wave", "mostly_night")}
    (studio.catalog / "catalog.toml").unlink()
    pure = {name: painted(studio, backend, network, name) for name in ("wave", "night")}
    for name in ("wave", "night"):
        other = "night" if name == "wave" else "wave"
        assert far(found[f"mostly_{name}"], pure[name]) < 0.2 * far(found[f"mostly_{name}"], pure[other])


def test_strength_goes_to_the_identity_embedding(studio: Studio, backend: StylizeBackend, network: Path) -> None:
    none, half, full = (
        painted(studio, backend, network, recipe={"strength": strength}) for strength in (0.0, 0.5, 1.0)
    )
    assert far(none, painted(studio, backend, network, "night", recipe={"strength": 0.0})) < 0.1, "no style is left"
    assert 0 < far(half, none) < far(full, none)


def test_brush_scales_what_the_network_sees(studio: Studio, backend: StylizeBackend, network: Path) -> None:
    plain = painted(studio, backend, network)
    found = [painted(studio, backend, network, recipe={"brush": brush}) for brush in (0.5, 2.0)]
    assert all(each.shape == plain.shape and far(each, plain) > 0.5 for each in found)


@pytest.mark.parametrize("keep", ["luminance", "match"])
def test_colours_are_kept(studio: Studio, backend: StylizeBackend, network: Path, keep: str) -> None:
    kept = painted(studio, backend, network, recipe={"keep_color": keep})
    assert far(kept, painted(studio, backend, network)) > 0.5
    if keep == "luminance":
        spread = kept.max(2) - kept.min(2)
        assert np.corrcoef(spread.ravel(), (asset(studio).max(2) - asset(studio).min(2)).ravel())[0, 1] > 0.5


def test_pixels_are_those_of_one_thread_however_many_there_are(
    studio: Studio, backend: StylizeBackend, network: Path
) -> None:
    studio.picture("library/cat.png", 1, (320, 200))
    (job,) = jobs_of(studio, backend, network, "wave", recipe={"size": 320})
    before, found = torch.get_num_threads(), set()
    try:
        for threads in (1, 2, 4):
            torch.set_num_threads(threads)
            found.add(rows_of(backend, [job])[0]["pixels_sha256"])
            assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
    assert len(found) == 1


def test_a_style_in_the_colours_of_an_asset_hangs_on_the_size_at_which_that_is_seen(
    studio: Studio, backend: StylizeBackend, network: Path
) -> None:
    """What the backend remembers of one size must not be taken for another's."""
    own = {"keep_color": "match", "size": 48}
    fresh = painted(studio, StylizeBackend("cpu", warm=False), network, recipe=own)
    painted(studio, backend, network, recipe={"keep_color": "match", "size": WIDTH})
    assert np.array_equal(painted(studio, backend, network, recipe=own), fresh)


def test_masks_and_regions(studio: Studio, backend: StylizeBackend, network: Path) -> None:
    (studio.catalog / "catalog.toml").write_text(
        '[styles.dusk]\nregions = {"#0000ff" = "wave", "#ff0000" = "night", "#000000" = "keep"}\n'
    )
    for folder in ("masks", "regions"):
        (studio.root / folder).mkdir()
    mask = Image.new("L", (WIDTH, HEIGHT), "black")
    ImageDraw.Draw(mask).rectangle((0, 0, WIDTH, 39), fill="white")
    mask.save(studio.root / "masks/cat.png")
    regions = Image.new("RGB", (WIDTH, HEIGHT), "#ff0000")
    ImageDraw.Draw(regions).rectangle((0, 0, 47, HEIGHT), fill="#0000ff")
    ImageDraw.Draw(regions).rectangle((80, 0, WIDTH, HEIGHT), fill="#000000")
    regions.save(studio.root / "regions/cat.png")
    folders = {name: str(studio.root / name) for name in ("masks", "regions")}
    found = painted(studio, backend, network, "dusk", **folders, recipe={"feather": 0.05})
    assert np.array_equal(found[40:], asset(studio)[40:])
    assert np.array_equal(found[:, 80:], asset(studio)[:, 80:])
    wave, night = (painted(studio, backend, network, style) for style in ("wave", "night"))
    assert far(found[:30, :40], wave[:30, :40]) < 0.1 < far(found[:30, :40], night[:30, :40])
    assert far(found[:30, 56:72], night[:30, 56:72]) < 0.1
    edge = found[:30, 46:50] - np.minimum(wave, night)[:30, 46:50]
    assert (edge >= -1).all(), "the edge is a blend"


def test_upsampled_deep_and_with_alpha(studio: Studio, backend: StylizeBackend, network: Path) -> None:
    rgba = Image.open(studio.library / "cat.png").convert("RGBA")
    rgba.putalpha(Image.linear_gradient("L").resize((WIDTH, HEIGHT)))
    rgba.save(studio.library / "cat.png")
    recipe = {"size": 48, "output_size": "asset", "depth": 16, "format": "tiff"}
    (job,) = jobs_of(studio, backend, network, "wave", recipe=recipe)
    (row,) = rows_of(backend, [job])
    assert (row["width"], row["height"]) == (WIDTH, HEIGHT)
    assert image.read(studio.out / output_path(job.output)).alpha is not None


def test_a_picture_in_tiles_differs_little_from_the_whole(
    studio: Studio, backend: StylizeBackend, network: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As small a one is its own miniature: statistics are the same."""
    monkeypatch.setattr(network_tiles, "SIDE", 48)
    studio.picture("library/cat.png", 1, (160, 128))
    whole = painted(studio, backend, network, recipe={"size": 160})
    for depth in (8, 16):
        recipe = {"size": 160, "whole_megapixels": 0.02, "depth": depth, "format": "png"}
        assert np.abs(painted(studio, backend, network, recipe=recipe) - whole).max() <= 1


def test_lanes_do_not_change_pixels(studio: Studio, network: Path) -> None:
    studio.picture("library/sea.png", 5, (WIDTH, HEIGHT))
    studio.picture("library/tall.png", 6, (HEIGHT, WIDTH))
    backend = LaneBackend("cpu")
    jobs = jobs_of(studio, backend, network, recipe={"lanes": 4})

    def rows(group: list[Job]) -> list[Any]:
        made = backend.make(group, backend.decode(group), lambda *_: None)
        return backend.write(group, backend.score(group, made))

    together = rows(jobs)
    assert len(jobs) == 6
    for job, row in zip(jobs, together, strict=True):
        (alone,) = rows([job])
        assert isinstance(row, dict)
        assert isinstance(alone, dict)
        assert (row["pixels_sha256"], row["score"]) == (alone["pixels_sha256"], alone["score"])


def test_a_network_that_changed_since_the_plan_is_not_painted_with(
    studio: Studio, backend: StylizeBackend, network: Path
) -> None:
    jobs = jobs_of(studio, backend, network, "wave")
    network.write_bytes(seeded_file(["a", "b"]))
    with pytest.raises(Changed, match="not the one that was planned"):
        backend.decode(jobs[0])


def test_polishing_starts_from_the_pass_and_ends_by_steps_or_by_loss(
    studio: Studio, backend: StylizeBackend, network: Path
) -> None:
    def losses(**recipe: Any) -> list[float]:
        jobs = jobs_of(studio, backend, network, "wave", preset="polish", recipe={"patience": 0, **recipe})
        return list(rows_of(backend, jobs)[0]["losses"])

    full = losses(steps=8)
    assert len(full) == 8
    assert min(full) < 0.9 * full[0]
    target = full[3] * 1.001
    until = losses(steps=8, polish_to=target)
    assert until == full[: len(until)]
    assert until[-1] <= target < until[-2]
    one = painted(studio, backend, network, preset="polish", recipe={"steps": 1})
    assert far(one, painted(studio, backend, network)) < 0.6, "the first step looks at what was painted"


def test_an_interactive_session_shows_both_methods(studio: Studio, backend: StylizeBackend, network: Path) -> None:
    for preset, steps in (("fast", 1), ("polish", 3)):
        (job,) = jobs_of(studio, backend, network, "wave", preset=preset, recipe={"steps": 3, "patience": 0})
        session, told = InteractiveSession(backend, job), list[int]()
        result = session.paint(lambda step, _, told=told: told.append(step.step))
        assert told[-1] == steps
        assert session.best is not None
        if preset == "fast":
            assert torch.equal(session.best.picture, result)
        assert session.preview(result).size == (WIDTH, HEIGHT)


def test_pictures_painted_side_by_side_are_those_painted_one_by_one(studio: Studio, network: Path) -> None:
    """Also a large one among them, which is painted in tiles by all cores."""
    for number in range(8):
        studio.picture(f"library/p{number}.png", 10 + number, (WIDTH, HEIGHT))
    studio.picture("library/wide.png", 9, (3 * WIDTH, 2 * HEIGHT))
    backend = LaneBackend("cpu")
    jobs = jobs_of(studio, backend, network, recipe={"size": 3 * WIDTH, "whole_megapixels": 0.02, "precision": "auto"})
    backend.parallel_groups, store = 4, Store(studio.out)
    context = RUN_KINDS["stylize"].context_of(store)
    found: list[dict[str, dict[str, Any]]] = []
    for several in (False, True):
        told: list[Any] = []
        stages = Stages(backend, Committer(store, told.append), context, lambda _: None, CpuTimer())
        work = ParallelExecutor(stages, backend) if several else StagedExecutor(stages)
        for job in jobs:
            work.submit((job,))
        work.finish()
        work.run()
        rows = manifest.read(store).to_pylist()
        found.append(
            {row["output"]: {name: row[name] for name in ("pixels_sha256", "score", "status")} for row in rows}
        )
    assert len(found[0]) == len(jobs) == 20
    assert {row["status"] for row in found[0].values()} == {"done"}
    assert found[0] == found[1]


def test_the_frame_of_an_artwork_is_no_part_of_its_style(
    studio: Studio, network: Path, backend: StylizeBackend
) -> None:
    network.write_bytes(seeded_file(["a"], RECIPE.model_copy(update={"trim": True})))
    photograph = in_a_frame(noise(90, 120), 12)
    for name, rgb in (
        ("framed", photograph),
        ("alone", artwork_cropped(photograph)),
        ("other", noise(90, 120, seed=1)),
    ):
        Image.fromarray(rgb).save(studio.catalog / f"{name}.png")
    framed, alone, other = (painted(studio, backend, network, name) for name in ("framed", "alone", "other"))
    assert np.array_equal(framed, alone)
    assert far(framed, other) > 1


def test_an_embedding_is_predicted_in_one_thread(
    studio: Studio, network: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sums round by the number of threads; it would hang on what else is made in the run."""
    backend = StylizeBackend("cpu", warm=False)  # one that has kept no embedding yet
    seen: list[int] = []
    look, before = feedforward_jobs.look_of, torch.get_num_threads()

    def watched(*arguments: Any) -> Any:
        seen.append(torch.get_num_threads())
        return look(*arguments)

    monkeypatch.setattr(feedforward_jobs, "look_of", watched)
    jobs = jobs_of(studio, backend, network, "night")
    torch.set_num_threads(2)
    try:
        rows_of(backend, jobs)
    finally:
        torch.set_num_threads(before)
    assert seen == [1]
