"""Studies: files are judged before anything is computed, and the job is the one that a run would make."""

from pathlib import Path

import pytest

from core.config.spec import Spec
from core.errors import SpecError
from core.runs.single_job import output_format, single_job
from core.runs.stylize_plan import make_plan
from tests.conftest import Studio


def test_the_job_has_the_key_and_the_names_of_a_runs(studio: Studio) -> None:
    values = {"preset": "draft", "recipe": {"size": 40}, "seed": 7}
    posed = single_job(studio.library / "cat.jpg", [str(studio.catalog / "wave.png")], values)
    job = posed.job(posed.spec.base_recipe(), posed.spec.start, posed.spec.seed)
    folders = {"library": str(studio.library), "catalog": str(studio.catalog), "out": str(studio.out)}
    planned = make_plan(Spec.from_values({**folders, **values}, "test")).jobs.to_pylist()
    (row,) = [row for row in planned if row["output"] == "wave/cat.jpg.png"]
    for name in ("key", "output", "asset", "asset_sha256", "style", "style_sha256", "recipe", "preset", "seed"):
        assert getattr(job, name) == row[name], name


def test_a_blend_has_its_weights_in_order(studio: Studio) -> None:
    artworks = [f"{studio.catalog / 'wave.png'}:2.5", str(studio.catalog / "night.jpg")]
    posed = single_job(studio.library / "cat.jpg", artworks, {})
    assert (posed.style.name, posed.style.weights) == ("wave+night", (2.5, 1.0))
    assert [Path(file).name for file in posed.style.files] == ["wave.png", "night.jpg"]


def test_a_file_whose_name_ends_like_a_weight_is_a_file(studio: Studio) -> None:
    odd = studio.catalog / "wave.png:2"
    (studio.catalog / "wave.png").rename(odd)
    posed = single_job(studio.library / "cat.jpg", [str(odd)], {})
    assert posed.style.files == (str(odd),)
    assert single_job(studio.library / "cat.jpg", [f"{odd}:3"], {}).style.weights == (3.0,)


@pytest.mark.parametrize("weight", ["0", "-1", "nan", "inf"])
def test_a_weight_that_is_none(studio: Studio, weight: str) -> None:
    with pytest.raises(SpecError, match="weight is a number over 0"):
        single_job(studio.library / "cat.jpg", [f"{studio.catalog / 'wave.png'}:{weight}"], {})


def test_files_that_cannot_be_used(studio: Studio) -> None:
    good, wave = studio.library / "cat.jpg", str(studio.catalog / "wave.png")
    (studio.library / "text.jpg").write_text("no picture")
    tiny = studio.picture("catalog/tiny.png", 5, (40, 31))
    faults = [
        (studio.library / "dog.jpg", wave, "photograph .*dog.jpg does not exist"),
        (good, str(studio.catalog / "sea.png"), "artwork .*sea.png does not exist"),
        (studio.library / "text.jpg", wave, "text.jpg' is not a picture"),
        (studio.library, wave, "is a folder"),
        (good, str(tiny), r"tiny.png is 40x31 pixels: an artwork needs 32"),
    ]
    for asset, artwork, words in faults:
        with pytest.raises(SpecError, match=words):
            single_job(asset, [artwork], {})


def test_a_pixel_limit_and_a_wrong_field(studio: Studio) -> None:
    files = studio.library / "cat.jpg", [str(studio.catalog / "wave.png")]
    with pytest.raises(SpecError, match="over the limit of 1,000"):
        single_job(*files, {"max_megapixels": 0.001})
    with pytest.raises(SpecError, match=r"`size` .*greater than or equal to 16"):
        single_job(*files, {"recipe": {"size": 3}})


def test_the_suffix_names_the_format() -> None:
    assert output_format(Path("a/b.JPEG"), None) == "jpg"
    assert output_format(Path("b.webp"), "webp") == "webp"
    with pytest.raises(SpecError, match=r"written as \.jpg, "):
        output_format(Path("b.bmp"), None)
    with pytest.raises(SpecError, match="--format jpg"):
        output_format(Path("b.png"), "jpg")


def test_with_a_mask_it_is_the_job_of_a_run_with_masks(studio: Studio) -> None:
    mask = studio.picture("masks/cat.png", 8)
    studio.picture("masks/trip/sea.png", 9, (32, 40))
    posed = single_job(studio.library / "cat.jpg", [str(studio.catalog / "wave.png")], {}, mask)
    job = posed.job(posed.spec.base_recipe(), posed.spec.start, posed.spec.seed)
    folders = {"library": studio.library, "catalog": studio.catalog, "masks": studio.root / "masks", "out": studio.out}
    planned = make_plan(
        Spec.from_values({name: str(folder) for name, folder in folders.items()}, "test")
    ).jobs.to_pylist()
    (row,) = [row for row in planned if row["output"] == "wave/cat.jpg.png"]
    assert (job.key, job.mask_sha256) == (row["key"], row["mask_sha256"])
    assert mask in posed.files()


def test_a_mask_that_cannot_be_used(studio: Studio) -> None:
    asset, wave = studio.library / "cat.jpg", [str(studio.catalog / "wave.png")]
    with pytest.raises(SpecError, match=r"mask .*nowhere\.png does not exist"):
        single_job(asset, wave, {}, studio.root / "nowhere.png")
    with pytest.raises(SpecError, match=r"mask .*sea\.png has 32x40 pixels and .*cat\.jpg 40x32"):
        single_job(asset, wave, {}, studio.library / "trip/sea.png")
