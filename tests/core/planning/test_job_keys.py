"""Keys of jobs: all that decides pixels is in them, and nothing else."""

from typing import Any

import pytest

from core.config.methods import ALGORITHM
from core.config.presets import PRESETS
from core.config.recipe import Recipe
from core.planning.catalog import style_digest
from core.planning.file_digests import MeasuredFile
from core.planning.job_keys import KeyMaker, asset_digest
from tests.golden import golden, sha256

BASE = {"asset": "a" * 64, "style": [("s" * 64, 1.0)], "recipe": Recipe(), "seed": 0, "weights": "w"}


def key(**changes: object) -> str:
    given: dict[str, Any] = {**BASE, **changes}
    return KeyMaker(given["style"], given["recipe"], given["weights"]).key(given["asset"], given["seed"])


def test_everything_that_decides_pixels_is_in_the_key() -> None:
    keys = {
        key(),
        key(asset="b" * 64),
        key(style=[("s" * 64, 2.0)]),
        key(style=[("t" * 64, 1.0)]),
        key(recipe=Recipe(steps=61)),
        key(seed=1),
        key(weights="v"),
    }
    assert len(keys) == 7
    assert key() == key(recipe=Recipe.model_validate(Recipe().model_dump()))


def test_the_algorithm_number_is_in_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    before = key()
    monkeypatch.setitem(ALGORITHM, "optimise", ALGORITHM["optimise"] + 1)
    assert key() != before


def test_keys_are_those_of_the_first_version() -> None:
    """They may change with a method's `algorithm` alone: what is asserted here are pictures that need not be made again."""
    jobs = golden("keys.json")["jobs"]
    assert len(jobs) == 200
    for job in jobs:
        recipe = golden_recipe(job)
        whole = recipe.changed({"decoding": "full"})  # as all were, before presets asked for another one
        assert (whole.digest(), style_digest(*style_of(job))[:16]) == (job["recipe"], job["style_sha256"]), job
        assert golden_key(job, recipe) == job["key"], job


def golden_recipe(job: dict[str, Any]) -> Recipe:
    """The preset with the changes of style and pair, and the strength of a further try."""
    recipe = PRESETS[job["preset"]]
    for changes in job.get("changes", []):
        recipe = recipe.changed(changes)
    return recipe.changed({"strength": recipe.strength * job["strength"]}) if "strength" in job else recipe


def style_of(job: dict[str, Any]) -> tuple[list[tuple[str, float]], list[tuple[str, int]]]:
    pairs = [(sha256(artwork), weight) for artwork, weight in job["style"]]
    return pairs, [(colour, count) for colour, count in job.get("regions", [])]


def golden_key(job: dict[str, Any], recipe: Recipe) -> str:
    style, regions = style_of(job)
    # A mask that is lost has the empty text for a digest.
    mask, region_map = (job.get(name) and sha256(job[name]) for name in ("mask", "map"))
    keys = KeyMaker(style, recipe, sha256(job["weights"])[:16], regions)
    return keys.key(sha256(job["asset"]), job["seed"], mask, region_map)[:32]


@pytest.mark.parametrize(
    ("file", "size", "changed"),
    [
        ("a.jpg", (2048, 900), True),
        ("a.JPEG", (900, 2048), True),
        ("a.jpg", (2047, 900), False),
        ("a.png", (9000, 9), False),
    ],
)
def test_reduced_decoding_is_in_the_keys_of_those_alone_that_it_changes(
    file: str, size: tuple[int, int], changed: bool
) -> None:
    found, recipe = MeasuredFile("a" * 64, *size), Recipe(size=512)
    whole, reduced = (asset_digest(found, file, recipe.changed({"decoding": each})) for each in ("full", "reduced"))
    assert whole == found.pixel_digest
    assert (reduced != whole) == changed
    assert key(recipe=recipe) == key(recipe=recipe.changed({"decoding": "reduced"}))


def test_a_file_that_could_not_be_read_has_no_digest() -> None:
    assert asset_digest(MeasuredFile(), "a.jpg", PRESETS["fast"]) == ""
