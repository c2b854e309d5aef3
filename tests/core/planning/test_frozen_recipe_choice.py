"""A recipe that is chosen for a quality or a time: once, by the first plan, and kept in the plan."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from core.config.presets import PRESETS, QUALITIES
from core.config.spec import Spec
from core.errors import SpecError
from core.planning.cost_model import CostModel, picture_seconds
from core.planning.file_digests import MeasuredFile
from core.planning.plan_file import read_context
from core.planning.planner import Plan
from core.planning.recipe_choice import RecipeChoice, choose_recipe, fits_request, median_size
from core.runs.stylize_plan import make_plan
from core.storage.run_paths import PLAN
from core.stylize.feedforward import style_lookup
from tests.conftest import Studio
from tests.core.runs.test_stylize_plan import make, spec_of, states
from tests.core.stylize.networks import seeded_file

QUICK, SLOW = CostModel(rates={"any": 1e-4}, jobs=5), CostModel(rates={"any": 1e-2}, jobs=5)
"""Two opinions of one machine's speed."""
SIZE = (4000, 3000)
TIMES = {"seconds_per_picture": 1.0, "recipe": {"size": 256}}


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("network") / "catalog.safetensors"
    path.write_bytes(seeded_file(["a"]))
    return path


@pytest.fixture(autouse=True)
def packaged(network: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test hangs on what the packaged network is trained on."""
    monkeypatch.setattr(style_lookup, "PACKAGED", network)


def plan(studio: Studio, cost: CostModel = QUICK, replan: bool = False, **changes: Any) -> Plan:
    return make_plan(spec_of(studio, **changes), cost=cost, replan=replan)


def recipes(made: Plan) -> set[str]:
    return set(made.jobs["recipe"].to_pylist())


def asking(studio: Studio, **changes: Any) -> Spec:
    return spec_of(studio, **changes)


@pytest.mark.parametrize(("quality", "preset"), QUALITIES.items())
def test_a_quality_is_a_preset_and_its_own_changes_stay(studio: Studio, quality: str, preset: str) -> None:
    made = plan(studio, quality=quality, recipe={"brush": 2.0})
    assert recipes(made) == {PRESETS[preset].changed({"brush": 2.0}).digest()}
    assert set(made.jobs["preset"].to_pylist()) == {preset}
    assert made.summary.choice.startswith(f"quality {quality}: preset {preset}, predicted ")
    assert spec_of(studio, quality=quality).base_recipe() == PRESETS[preset]


def test_a_better_recipe_is_chosen_where_there_is_more_time(studio: Studio) -> None:
    found = [
        choose_recipe(asking(studio, seconds_per_picture=time), QUICK, *SIZE) for time in (0.4, 0.7, 1.0, 1.5, 3.0, 1e6)
    ]
    assert all(choice.seconds <= choice.asked["seconds_per_picture"] for choice in found if fits_request(choice))
    work = [choice.recipe.passes(*SIZE) * choice.recipe.size**2 for choice in found]
    assert work == sorted(work)
    assert len(set(work)) > 3
    assert found[-1].recipe == PRESETS["best"]
    between = choose_recipe(asking(studio, seconds_per_picture=0.97 * found[-1].seconds), QUICK, *SIZE)
    assert (between.preset, between.recipe.steps) == ("best", round(0.875 * PRESETS["best"].steps))
    assert between.words().startswith(f"preset best with steps = {between.recipe.steps}")


def test_what_a_time_buys_hangs_on_the_specs_own_changes(studio: Studio) -> None:
    small, large = (
        choose_recipe(asking(studio, seconds_per_picture=1.0, recipe={"size": size}), QUICK, *SIZE)
        for size in (128, 2048)
    )
    assert picture_seconds(QUICK, small.recipe.changed({"size": 128}), *SIZE) == small.seconds
    assert small.recipe.passes(*SIZE) > large.recipe.passes(*SIZE)


def test_a_time_that_no_recipe_keeps_gets_the_quickest_and_is_told(studio: Studio) -> None:
    made = plan(studio, SLOW, seconds_per_picture=0.001)
    assert set(made.jobs["preset"].to_pylist()) == {next(iter(QUALITIES.values()))}
    assert "no recipe is so quick here" in made.summary.choice


def test_a_machine_that_was_never_measured_is_measured_before_a_time_is_kept(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    monkeypatch.setattr(
        "core.planning.frozen_recipe_choice.calibrate_cost", lambda device, _: asked.append(device) or QUICK
    )
    measured, guessed = plan(studio, CostModel(), **TIMES), plan(studio, QUICK, **TIMES)
    assert recipes(measured) == recipes(guessed)
    assert asked == ["auto"]
    plan(studio, CostModel(), quality="good")
    assert asked == ["auto"]


def test_the_choice_stands_though_the_machine_seems_slower(studio: Studio) -> None:
    first = plan(studio, QUICK, **TIMES)
    assert recipes(plan(studio, SLOW, **TIMES)) != recipes(first), "nothing is kept before a plan is"
    store = make(studio, first)
    again = plan(studio, SLOW, **TIMES)
    assert recipes(again) == recipes(first)
    assert again.summary.done == again.summary.total == 4
    assert "kept until `run --replan`" in again.summary.choice
    make(studio, again)
    studio.picture("library/new.png", 9, (60, 60))
    later = plan(studio, SLOW, **TIMES)
    assert recipes(later) == recipes(first), "assets that come later do not change it"
    assert (later.summary.done, later.summary.todo) == (4, 2)
    assert read_context(store)["choice"]["asked"] == {"seconds_per_picture": 1.0, "recipe": {"size": 256}}


def test_retry_takes_the_kept_choice(studio: Studio) -> None:
    first = plan(studio, QUICK, **TIMES)
    make(studio, first, fail="cat")
    retried = make_plan(spec_of(studio, **TIMES), retry=True, cost=SLOW)
    assert recipes(retried) == recipes(first)
    assert (retried.summary.todo, retried.summary.done) == (2, 2)


def test_replan_chooses_again_and_counts_what_changes(studio: Studio) -> None:
    first = plan(studio, QUICK, **TIMES)
    make(studio, first, fail="cat")
    same = plan(studio, QUICK, replan=True, **TIMES)
    assert recipes(same) == recipes(first)
    assert "0 of 4 jobs change, 0 of them made already" in same.summary.choice
    other = plan(studio, SLOW, replan=True, **TIMES)
    assert recipes(other).isdisjoint(recipes(first))
    assert "4 of 4 jobs change, 2 of them made already" in other.summary.choice
    had = RecipeChoice.model_validate(first.context.choice).words()
    assert f"Before, it was {had} (seconds_per_picture 1)" in other.summary.choice
    assert other.summary.todo == 4
    make(studio, other)
    assert recipes(plan(studio, QUICK, **TIMES)) == recipes(other), "what was chosen again is kept"


def test_jobs_whose_style_decides_for_itself_do_not_change(studio: Studio) -> None:
    finalise = PRESETS["gatys"].model_dump(mode="json", exclude={"backbone", "weights"})
    (studio.catalog / "catalog.toml").write_text(
        '[styles.wave]\nfile = "wave.png"\n[styles.wave.recipe]\n'
        + "\n".join(f"{name} = {json.dumps(value)}" for name, value in finalise.items() if value is not None)
    )
    make(studio, plan(studio, quality="draft"))
    changed = plan(studio, quality="best")
    assert "2 of 4 jobs change, 2 of them made already" in changed.summary.choice
    assert {name for name, state in states(changed).items() if state == "todo"} == {
        "night/cat.jpg.png",
        "night/trip/sea.png.png",
    }


def test_another_question_is_answered_anew_and_that_is_told(studio: Studio) -> None:
    make(studio, plan(studio, quality="draft"))
    made = plan(studio, quality="best")
    assert made.summary.choice.startswith("quality best: preset best, ")
    assert f"Before, it was preset {QUALITIES['draft']} (quality draft)" in made.summary.choice
    assert made.summary.todo == 4
    make(studio, made)
    assert plan(studio, quality="draft").summary.todo == 4
    assert plan(studio, preset="best").summary.done == 4, "the same recipe by another name is the same job"


def test_what_a_run_to_reuse_chose_is_taken_so_that_its_pictures_are(studio: Studio) -> None:
    first = plan(studio, QUICK, **TIMES)
    make(studio, first)
    other = studio.root / "other"
    taken = plan(studio, SLOW, **TIMES, out=other, reuse=[str(studio.out)])
    assert recipes(taken) == recipes(first)
    assert taken.summary.adopt == 4
    assert recipes(plan(studio, SLOW, replan=True, **TIMES, out=other, reuse=[str(studio.out)])) != recipes(first)


def test_a_plan_that_cannot_be_read_costs_the_choice_and_is_told(studio: Studio) -> None:
    store = make(studio, plan(studio, QUICK, **TIMES))
    table = pq.read_table(store.path(PLAN))
    damaged = {"context": json.dumps({**read_context(store), "choice": {"preset": "nonesuch"}})}
    pq.write_table(table.replace_schema_metadata(damaged), store.path(PLAN))
    assert "cannot be read any more" in plan(studio, QUICK, **TIMES).summary.choice
    store.path(PLAN).write_bytes(b"PAR1")
    made = plan(studio, SLOW, **TIMES)
    assert "cannot be read any more" in made.summary.choice
    assert made.summary.todo == 4


def test_a_spec_with_a_preset_has_nothing_to_choose(studio: Studio) -> None:
    assert plan(studio, preset="draft").summary.choice == ""
    assert "nothing to choose" in plan(studio, preset="draft", replan=True).summary.choice
    assert plan(studio, replan=True).context.choice is None


def test_changes_that_fit_no_recipe_are_a_sentence(studio: Studio) -> None:
    with pytest.raises(SpecError, match=r"the recipe: .*`depth`"):
        plan(studio, seconds_per_picture=5, recipe={"format": "jpg", "depth": 16})


def test_the_median_is_of_pictures_that_can_be_used() -> None:
    sizes = [(10, 10), (20, 20), (30, 30)]
    found = [MeasuredFile("x", width, height) for width, height in sizes]
    assert median_size([*found, *[MeasuredFile(reason="unreadable")] * 9]) == (20, 20)
    assert min(median_size([replace(found[0], reason="missing")])) > 0


@pytest.mark.parametrize(
    ("fields", "first"),
    [
        ({"preset": "good", "quality": "best"}, "preset"),
        ({"preset": "good", "seconds_per_picture": 3}, "preset"),
        ({"quality": "draft", "seconds_per_picture": 3}, "quality"),
    ],
)
def test_two_that_choose_are_refused(tmp_path: Path, fields: dict[str, Any], first: str) -> None:
    with pytest.raises(SpecError, match=f"`{first}` chooses the recipe already"):
        Spec.from_values({"library": str(tmp_path), "catalog": str(tmp_path), **fields}, "flags")


@pytest.mark.parametrize("fields", [{"quality": "best"}, {"seconds_per_picture": 2.5}])
def test_a_question_survives_the_specs_own_toml(studio: Studio, fields: dict[str, Any]) -> None:
    text = spec_of(studio, **fields).toml()
    assert "preset" not in text
    assert next(iter(fields)) in text
