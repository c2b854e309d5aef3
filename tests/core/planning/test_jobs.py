"""Keys and output names."""

from core.config.recipe import Recipe
from core.planning.jobs import OutputNames, fitted, job_key

BASE = {"asset": "a" * 64, "style": [("s" * 64, 1.0)], "recipe": Recipe(), "seed": 0, "weights": "w"}


def key(**changes: object) -> str:
    return job_key(**{**BASE, **changes})  # type: ignore[arg-type]


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


def test_the_algorithm_number_is_in_the_key(monkeypatch: object) -> None:
    import core.planning.jobs

    before = key()
    core.planning.jobs.ALGORITHM["optimise"] += 1
    try:
        assert key() != before
    finally:
        core.planning.jobs.ALGORITHM["optimise"] -= 1


def test_every_output_has_its_own_name() -> None:
    names = OutputNames()
    made = [
        names.name("wave", "cat.jpg", "png", "0123456789abc", 0),
        names.name("wave", "cat.jpg", "png", "fedcba9876543", 1),
        names.name("wave", "cat.jpg", "png", "aaaaaaaaaaaaa", 0),
        names.name("wave", "cat.jpg", "png", "aaaaaaaaaaaaa", 0),
        names.name("wave", "a\n.jpg", "png", "bbbbbbbbbbbbb", 0),
        names.name("wave", "a%0A.jpg", "png", "ccccccccccccc", 0),
    ]
    assert made[:2] == ["wave/cat.jpg.png", "wave/cat.jpg~fedcba9876.png"]
    assert len(set(made)) == 6


def test_fitted_never_enlarges_and_never_vanishes() -> None:
    assert fitted(100, 50, 512) == (100, 50)
    assert fitted(5000, 1, 512) == (512, 1)
    assert fitted(1, 1, 512) == (1, 1)
