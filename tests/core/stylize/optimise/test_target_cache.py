"""Targets on the disk: served for the very same pixels and settings alone, within bounds, and never needed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch

from core.config.recipe import Recipe
from core.networks.backbone import Backbone
from core.stylize.optimise import targets
from core.stylize.optimise.target_cache import TargetCache
from core.stylize.optimise.targets import StyleTargets, style_targets
from tests.core.stylize.conftest import QUICK, waves

ARTWORK = waves(40, 50, 6, 1)


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows by one for each look at an artwork."""
    looks: list[int] = []
    real = targets.picture_targets
    monkeypatch.setattr(targets, "picture_targets", lambda *given: (looks.append(1), real(*given))[1])
    return looks


def _equal(one: StyleTargets, other: StyleTargets) -> bool:
    return all(
        torch.equal(a[layer][name], b[layer][name])
        for a, b in zip(one.scales, other.scales, strict=True)
        for layer in a
        for name in ("mean", "gram")
    )


def _made(tmp_path: Path, backbone: Backbone, recipe: Recipe = QUICK, artwork: torch.Tensor = ARTWORK) -> StyleTargets:
    return style_targets([artwork], [1], recipe, backbone, TargetCache(tmp_path))


def test_another_process_is_served_the_same_bits(tmp_path: Path, backbone: Backbone, looked: list[int]) -> None:
    first, again = _made(tmp_path, backbone), _made(tmp_path, backbone)
    assert len(looked) == 1
    assert _equal(first, again)
    assert _equal(first, style_targets([ARTWORK], [1], QUICK, backbone))


def test_changed_pixels_and_settings_are_looked_at_anew(tmp_path: Path, backbone: Backbone, looked: list[int]) -> None:
    _made(tmp_path, backbone)
    changed = ARTWORK.clone()
    changed[0, 3, 3] += 1e-6
    _made(tmp_path, backbone, artwork=changed)
    _made(tmp_path, backbone, QUICK.changed({"style_layers": ("relu1_1", "relu2_1")}))
    _made(tmp_path, backbone, QUICK.changed({"size": 192, "coarse_steps": 2}))
    assert len(looked) == 1 + 1 + 1 + 2
    _made(tmp_path, backbone, QUICK.changed({"style_weight": 3.0, "steps": 99, "strength": 0.5}))
    assert len(looked) == 5


@pytest.mark.parametrize("damage", [b"", b"rubbish", None])
def test_a_damaged_file_is_made_again(
    tmp_path: Path, backbone: Backbone, looked: list[int], damage: bytes | None
) -> None:
    first = _made(tmp_path, backbone)
    (file,) = (tmp_path / "targets").iterdir()
    data = bytearray(file.read_bytes())
    data[-5] ^= 1
    file.write_bytes(bytes(data) if damage is None else damage)
    assert _equal(first, _made(tmp_path, backbone))
    assert len(looked) == 2


def test_a_folder_that_cannot_be_written_costs_time_alone(tmp_path: Path, backbone: Backbone) -> None:
    (tmp_path / "targets").write_text("a file where the folder should be")
    assert _equal(_made(tmp_path, backbone), style_targets([ARTWORK], [1], QUICK, backbone))


def test_what_was_used_longest_ago_goes_first(tmp_path: Path) -> None:
    cache = TargetCache(tmp_path, budget=3000)
    pictures = [waves(4, 4, n) for n in range(4)]
    for age, picture in enumerate(pictures):
        cache.get(picture, {}, lambda: {"a": torch.zeros(200)})
        for file in (tmp_path / "targets").iterdir():
            stamp = file.stat().st_mtime - (10 if age == 0 else 1)
            os.utime(file, (stamp, stamp))
    made: list[int] = []
    for number in (3, 2, 0):
        cache.get(pictures[number], {}, lambda n=number: (made.append(n), {"a": torch.zeros(200)})[1])  # type: ignore[misc]
    assert made == [0]
    assert sum(file.stat().st_size for file in (tmp_path / "targets").iterdir()) <= 3000
