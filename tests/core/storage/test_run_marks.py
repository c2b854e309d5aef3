"""Run folders of every kind and version are known by their names; a folder of pictures is none."""

from pathlib import Path

import pytest

from core.storage.run_marks import mark_of, run_mark

OLD = Path(__file__).resolve().parents[2] / "compatibility/data/v0.1/runs"


@pytest.mark.parametrize(
    ("name", "kind"),
    [("liked", "run"), ("gan", "training"), ("appraise", "survey"), ("analyse", "survey")],
)
def test_run_mark_knows_folders_of_earlier_versions(name: str, kind: str) -> None:
    assert run_mark(OLD / name) == kind


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        ({"spec.toml", "plan.parquet", ".lock", "parts/"}, "run"),
        ({"spec.toml", "features/", ".lock"}, "classifier training"),
        ({"train.toml", "training.json", ".lock"}, "training"),
        ({".lock", "overlays/", "palettes/"}, "survey"),
        ({"evaluation.json", "evaluation.md", "nearest.html"}, "evaluation"),
        ({"pairs.csv", "reasons.csv", "spec.toml"}, "proposal"),
    ],
)
def test_mark_of_what_this_version_writes(names: set[str], kind: str) -> None:
    assert mark_of(names) == kind


@pytest.mark.parametrize(
    "names",
    [
        *({"a.jpg", "b.jpg"}, {"spec.toml", "a.jpg"}, {"manifest.csv", "outputs/"}, {"outputs/", "thumbs/"}),
        *({"spec.toml", "outputs/"}, {".lock"}, set()),
    ],
)
def test_mark_of_a_folder_of_pictures_is_none(names: set[str]) -> None:
    assert mark_of(names) is None


def test_run_mark_of_what_cannot_be_listed_is_none(tmp_path: Path) -> None:
    assert run_mark(tmp_path / "gone") is None
