"""Predicted seconds, and shards of equal length."""

from pathlib import Path

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from core.config.presets import PRESETS
from core.config.recipe import Recipe
from core.networks import transfer_flops
from core.networks.architecture import Name
from core.networks.backbone import Backbone
from core.planning.cost_model import CostModel, device_bytes, gflop, load_cost, network_of, save_cost
from core.planning.shards import MAX_JOBS, Sharder
from core.stylize.optimise.moments import moments
from tests.core.networks.seeded_weights import seeded


def test_work_grows_with_pixels_and_steps() -> None:
    base = gflop(Recipe(steps=10), 256, 256)
    assert gflop(Recipe(steps=20), 256, 256) == pytest.approx(2 * base)
    assert gflop(Recipe(steps=10), 512, 256) == pytest.approx(2 * base)


@pytest.mark.parametrize("name", ["vgg19", "resnet18", "resnet50"])
def test_the_work_of_a_pass_is_what_torch_counts(name: Name) -> None:
    recipe = Recipe(backbone=name, steps=1)
    layers = (*recipe.content_layers, *recipe.style_layers)
    backbone = Backbone(seeded(name), layers).to("meta")
    x = torch.zeros(1, 3, 64, 64, device="meta", requires_grad=True)
    with FlopCounterMode(display=False) as counter:
        found = backbone.features(x)
        torch.stack([moments(found[layer])[1].sum() for layer in recipe.style_layers]).sum().backward()
    assert gflop(recipe, 64, 64) == pytest.approx(counter.get_total_flops() / 1e9, rel=0.01)
    shallow = recipe.changed({"style_layers": layers[1:2], "content_layers": layers[1:2]})
    assert gflop(shallow, 64, 64) < gflop(recipe, 64, 64)


def test_the_model_learns_the_machines_rate(tmp_path: Path) -> None:
    recipe, cost = Recipe(steps=10), load_cost("cpu", tmp_path)
    assert cost.jobs == 0
    learned = cost.with_jobs([(recipe, 256, 256, cost.overhead + 50.0)] * 5)
    assert learned.seconds(recipe, 256, 256) == pytest.approx(cost.overhead + 50.0)
    slower = learned.with_jobs([(recipe, 256, 256, cost.overhead + 100.0)] * 5)
    assert slower.seconds(recipe, 256, 256) == pytest.approx(cost.overhead + 75.0)
    assert save_cost(slower, tmp_path)
    assert load_cost("cpu", tmp_path) == slower


def test_jobs_that_were_made_at_once_shorten_the_next_night(tmp_path: Path) -> None:
    quick, slow = PRESETS["fast"], PRESETS["good"]
    cost = load_cost("cpu", tmp_path)
    assert cost.overlap(quick) == 1.0
    learned = cost.with_overlap(quick, 3.0).with_overlap(quick, 2.0)
    assert learned.overlap(quick) == pytest.approx(2.5)
    assert learned.overlap(slow) == 1.0
    assert learned.with_overlap(slow, 0.5).overlap(slow) == 1.0, "idle time is not work at once"
    assert save_cost(learned, tmp_path)
    assert load_cost("cpu", tmp_path) == learned


def test_launches_and_rate_learn_by_one_factor_and_are_remembered(tmp_path: Path) -> None:
    good, fast = PRESETS["good"], PRESETS["fast"]
    cost = CostModel("cuda", {network_of(good): 1e-5}, overhead=0.0, launches={network_of(good): 4e-3})
    predicted = cost.seconds(good, 512, 384)
    assert predicted == pytest.approx(4e-3 * good.pass_count(512, 384) + 1e-5 * gflop(good, 512, 384))
    learned = cost.with_jobs([(good, 512, 384, 2 * predicted)] * 3)
    assert learned.launches[network_of(good)] == pytest.approx(6e-3)
    assert learned.rates[network_of(good)] == pytest.approx(1.5e-5)
    assert learned.seconds(good, 512, 384) == pytest.approx(1.5 * predicted)
    assert learned.with_jobs([(fast, 512, 384, 1.0)]).launches == learned.launches, "one pass launches nothing else"
    assert save_cost(learned, tmp_path)
    assert load_cost("cuda", tmp_path) == learned


def test_without_launches_a_rate_is_seconds_over_work_to_the_last_bit() -> None:
    recipe = Recipe(steps=7)
    learned = CostModel(overhead=0).with_jobs([(recipe, 256, 200, 12.3)])
    assert learned.rates == {network_of(recipe): 12.3 / gflop(recipe, 256, 200)}
    assert learned.launches == {}


def test_memory_grows_with_pixels_and_lanes_and_not_with_tiles() -> None:
    good, fast = PRESETS["good"], PRESETS["fast"]
    assert 0.6e9 < device_bytes(good) < 0.9e9, "of one picture of 512 px"
    assert device_bytes(good.changed({"lanes": 8})) == pytest.approx(8 * device_bytes(good), rel=0.4)
    assert device_bytes(good.changed({"precision": "float32"})) > device_bytes(good) > device_bytes(fast)
    assert device_bytes(good.changed({"size": 4096})) == device_bytes(good.changed({"size": 8192}))


def test_passes_are_counted_at_every_size_and_none_of_one_pass() -> None:
    assert PRESETS["good"].pass_count(512, 384) == 24 + 2 * 32
    assert PRESETS["good"].pass_count(4000, 3000) == 24 + 2 * 32, "made at 512 pixels"
    assert PRESETS["gatys"].pass_count(512, 384) == 300
    assert PRESETS["fast"].pass_count(512, 384) == 0
    tiled = PRESETS["good"].changed({"size": 4000, "coarse_steps": 0})
    assert tiled.pass_count(4000, 3000) == tiled.tile_steps


def test_each_precision_has_its_own_rate() -> None:
    exact, quick = Recipe(precision="float32"), Recipe(precision="auto")
    learned = CostModel(overhead=0).with_jobs([(exact, 64, 64, 20.0), (quick, 64, 64, 10.0)])
    assert learned.seconds(exact, 64, 64) == pytest.approx(2 * learned.seconds(quick, 64, 64))


def test_each_backbone_has_its_own_rate_and_a_new_one_is_like_the_others() -> None:
    vgg, resnet, other = (Recipe(backbone=name) for name in ("vgg19", "resnet50", "resnet18"))
    learned = CostModel(overhead=0).with_jobs(
        [(vgg, 64, 64, gflop(vgg, 64, 64)), (resnet, 64, 64, 2 * gflop(resnet, 64, 64))]
    )
    assert learned.seconds(vgg, 64, 64) == pytest.approx(gflop(vgg, 64, 64))
    assert learned.seconds(resnet, 64, 64) == pytest.approx(2 * gflop(resnet, 64, 64))
    assert learned.seconds(other, 64, 64) == pytest.approx(1.5 * gflop(other, 64, 64))


def test_one_odd_job_does_not_spoil_the_model() -> None:
    jobs = [(Recipe(), 64, 64, 1.0)] * 9 + [(Recipe(), 64, 64, 900.0)]
    assert CostModel(overhead=0).with_jobs(jobs).seconds(Recipe(), 64, 64) == pytest.approx(1.0)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"rates": 3, "overhead": 1, "jobs": 1}', "\xff"])
def test_a_damaged_memory_of_the_speed_is_forgotten(tmp_path: Path, text: str) -> None:
    save_cost(CostModel("cpu", jobs=5), tmp_path)
    (tmp_path / "cost-cpu.json").write_text(text)
    assert load_cost("cpu", tmp_path).jobs == 0


def test_a_long_job_has_a_shard_to_itself() -> None:
    sharder = Sharder(60)
    assert [sharder.place(seconds) for seconds in (10, 500, 10, 10)] == [0, 1, 2, 2]
    assert sharder.count == 3


def test_quick_jobs_do_not_make_endless_shards() -> None:
    sharder = Sharder(60)
    assert {sharder.place(0.0) for _ in range(2 * MAX_JOBS)} == {0, 1}


def test_one_pass_is_a_small_part_of_an_optimisation_and_hangs_on_its_size() -> None:
    cost, good, fast, polish = CostModel(), PRESETS["good"], PRESETS["fast"], PRESETS["polish"]
    assert cost.seconds(fast, 512, 269) < 0.1 * cost.seconds(good, 512, 269)
    assert gflop(fast, 512, 269) == pytest.approx(transfer_flops.gflop(269, 512))
    assert gflop(fast.changed({"brush": 0.5}), 512, 269) == pytest.approx(4 * gflop(fast, 512, 269))
    assert gflop(polish, 512, 269) > gflop(fast, 512, 269)
    assert cost.seconds(fast, 512, 269) < cost.seconds(polish, 512, 269) < cost.seconds(good, 512, 269)
    assert gflop(fast, 6000, 4000) > 1.2 * 24e6 / (512 * 269) * gflop(fast, 512, 269), "tiles have frames"


def test_one_pass_has_a_rate_of_its_own() -> None:
    fast, good = PRESETS["fast"], PRESETS["good"]
    cost = CostModel(rates={network_of(good): 0.01})
    taken = cost.seconds(fast, 512, 512) + 0.1
    learned = cost.with_jobs([(fast, 512, 512, taken)] * 3)
    assert learned.seconds(fast, 512, 512) == pytest.approx(taken)
    assert learned.seconds(good, 512, 512) == cost.seconds(good, 512, 512)
