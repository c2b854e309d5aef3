"""Run folders of every kind and version are known by their names; a folder of pictures is none."""

from pathlib import Path

import pytest

from core.classifier import features
from core.classifier import training as classifier_training
from core.manifest.quarantine import SET_ASIDE
from core.storage.run_marks import RECORDS, mark_of, run_mark
from core.storage.run_paths import LOCK, MADE, MANIFEST
from core.survey import analysis, appraisal, proposal
from core.training import folder as training_folder
from flows.commands import evaluation_report

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
        ({classifier_training.SPEC, f"{features.FOLDER}/", LOCK}, "classifier training"),
        ({classifier_training.SPEC, classifier_training.CONFUSION, classifier_training.CARD}, "classifier training"),
        ({training_folder.SPEC, training_folder.PLAN, LOCK}, "training"),
        ({training_folder.SPEC, f"{training_folder.CHECKPOINTS}/"}, "training"),
        ({LOCK, f"{analysis.OVERLAYS}/", f"{analysis.PALETTES}/"}, "survey"),
        ({LOCK, f"{appraisal.EXPLAINED}/"}, "survey"),
        ({MANIFEST, f"{analysis.THUMBS}/"}, "survey"),
        (set(evaluation_report.FILES), "evaluation"),
        ({proposal.PAIRS, proposal.REASONS, proposal.SPEC}, "proposal"),
    ],
)
def test_mark_of_what_this_version_writes(names: set[str], kind: str) -> None:
    assert mark_of(names) == kind


def test_what_runs_of_any_kind_keep_is_known_by_name() -> None:
    folders = {training_folder.CHECKPOINTS, training_folder.SAMPLES, features.FOLDER, SET_ASIDE, appraisal.EXPLAINED}
    assert folders | {analysis.PALETTES, analysis.OVERLAYS, analysis.THUMBS} <= set(MADE)
    of_trainings = {training_folder.SPEC, training_folder.PLAN, training_folder.CSV, training_folder.PLOT}
    of_classifiers = {classifier_training.FIGURES, classifier_training.CARD, classifier_training.RELIABILITY}
    assert of_trainings | of_classifiers | set(evaluation_report.FILES) <= RECORDS
    assert {training_folder.TIMELAPSE, classifier_training.CONFUSION, proposal.PAIRS, proposal.REASONS} <= RECORDS


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
