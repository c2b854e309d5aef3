"""The oldest torch that is allowed, as pip is asked for it."""

from __future__ import annotations

import oldest_torch


def test_the_oldest_releases_are_those_of_the_project_file() -> None:
    found = oldest_torch.oldest((oldest_torch.ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert [requirement.partition("==")[0] for requirement in found] == ["torch", "torchvision"]
    assert all(requirement.endswith(".*") for requirement in found)


def test_a_release_is_asked_for_by_its_first_numbers() -> None:
    text = '[project]\ndependencies = ["numpy>=2", "torch>=2.10,<4", "torchvision>=0.25"]'
    assert oldest_torch.oldest(text) == ["torch==2.10.*", "torchvision==0.25.*"]
