"""Predicted seconds, and shards of equal length."""

from pathlib import Path

import pytest

from core.cost import Cost, gflop, load_cost, save_cost
from core.recipe import Recipe
from core.shards import MAX_JOBS, Sharder


def test_work_grows_with_pixels_and_steps() -> None:
    base = gflop(Recipe(steps=10), 256, 256)
    assert gflop(Recipe(steps=20), 256, 256) == pytest.approx(2 * base)
    assert gflop(Recipe(steps=10), 512, 256) == pytest.approx(2 * base)


def test_the_model_learns_the_machines_rate(tmp_path: Path) -> None:
    recipe, cost = Recipe(steps=10), load_cost("cpu", tmp_path)
    assert cost.jobs == 0
    learned = cost.learned([(recipe, 256, 256, cost.overhead + 50.0)] * 5)
    assert learned.seconds(recipe, 256, 256) == pytest.approx(cost.overhead + 50.0)
    slower = learned.learned([(recipe, 256, 256, cost.overhead + 100.0)] * 5)
    assert slower.seconds(recipe, 256, 256) == pytest.approx(cost.overhead + 75.0)
    assert save_cost(slower, tmp_path)
    assert load_cost("cpu", tmp_path) == slower


def test_each_precision_has_its_own_rate() -> None:
    exact, quick = Recipe(precision="float32"), Recipe(precision="auto")
    learned = Cost(overhead=0).learned([(exact, 64, 64, 20.0), (quick, 64, 64, 10.0)])
    assert learned.seconds(exact, 64, 64) == pytest.approx(2 * learned.seconds(quick, 64, 64))


def test_one_odd_job_does_not_spoil_the_model() -> None:
    jobs = [(Recipe(), 64, 64, 1.0)] * 9 + [(Recipe(), 64, 64, 900.0)]
    assert Cost(overhead=0).learned(jobs).seconds(Recipe(), 64, 64) == pytest.approx(1.0)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"rates": 3, "overhead": 1, "jobs": 1}', "\xff"])
def test_a_damaged_memory_of_the_speed_is_forgotten(tmp_path: Path, text: str) -> None:
    save_cost(Cost("cpu", jobs=5), tmp_path)
    (tmp_path / "cost-cpu.json").write_text(text)
    assert load_cost("cpu", tmp_path).jobs == 0


def test_a_long_job_has_a_shard_to_itself() -> None:
    sharder = Sharder(60)
    assert [sharder.place(seconds) for seconds in (10, 500, 10, 10)] == [0, 1, 2, 2]
    assert sharder.count == 3


def test_quick_jobs_do_not_make_endless_shards() -> None:
    sharder = Sharder(60)
    assert {sharder.place(0.0) for _ in range(2 * MAX_JOBS)} == {0, 1}
