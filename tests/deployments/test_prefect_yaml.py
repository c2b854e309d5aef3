"""deployments/prefect.yaml: what it names exists, and its parameters are a spec. `make e2e-lite` runs it for real."""

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from core.config.spec import Spec
from core.gan.jobs.sample_spec import SampleSpec
from core.gan.train.train_spec import TrainSpec
from core.stylize.train.train_spec import TrainStyleSpec
from core.survey.spec import AnalyseSpec, AppraiseSpec

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def deployments() -> dict[str, dict[str, Any]]:
    parsed = yaml.safe_load((ROOT / "deployments/prefect.yaml").read_text())
    return {each["name"]: each for each in parsed["deployments"]}


def test_the_deployments_are_there(deployments: dict[str, dict[str, Any]]) -> None:
    assert {"nightly", "on-demand", "sample"} <= set(deployments)
    assert {deployments[name]["entrypoint"] for name in ("nightly", "on-demand")} == {"flows.batch:batch"}
    assert deployments["sample"]["entrypoint"] == "flows.sample:sample"
    assert len({each["work_pool"]["name"] for each in deployments.values()}) == 1


@pytest.mark.parametrize("name", ["nightly", "on-demand"])
def test_parameters_are_a_spec_of_shipped_pictures(deployments: dict[str, dict[str, Any]], name: str) -> None:
    spec = Spec.model_validate(deployments[name]["parameters"]["spec"])
    assert (ROOT / spec.library).is_dir()
    assert (ROOT / spec.catalog).is_dir()


def test_samples_have_a_spec_of_their_own(deployments: dict[str, dict[str, Any]]) -> None:
    spec = SampleSpec.model_validate(deployments["sample"]["parameters"]["spec"])
    assert spec.checkpoint.suffix == ".safetensors"


def test_training_has_a_spec_of_its_own(deployments: dict[str, dict[str, Any]]) -> None:
    assert deployments["train-gan"]["entrypoint"] == "flows.train_gan:train_gan"
    spec = TrainSpec.model_validate(deployments["train-gan"]["parameters"]["spec"])
    assert (ROOT / spec.data).is_dir()


def test_training_of_styles_has_a_spec_of_its_own(deployments: dict[str, dict[str, Any]]) -> None:
    assert deployments["train-style"]["entrypoint"] == "flows.train_style:train_style"
    spec = TrainStyleSpec.model_validate(deployments["train-style"]["parameters"]["spec"])
    assert all((ROOT / folder).is_dir() for folder in (spec.catalog, *spec.contents))


def test_surveys_have_specs_of_their_own(deployments: dict[str, dict[str, Any]]) -> None:
    for model in (AppraiseSpec, AnalyseSpec):
        assert deployments[model.kind]["entrypoint"] == f"flows.{model.kind}:{model.kind}"
        spec = model.model_validate(deployments[model.kind]["parameters"]["spec"])
        assert (ROOT / spec.pictures).is_dir()


def test_nightly_has_a_schedule_in_a_time_zone_and_one_run_at_a_time(deployments: dict[str, dict[str, Any]]) -> None:
    nightly = deployments["nightly"]
    (schedule,) = nightly["schedules"]
    assert len(schedule["cron"].split()) == 5
    ZoneInfo(schedule["timezone"])
    assert nightly["concurrency_limit"]["limit"] == 1
    assert deployments["on-demand"].get("schedules", []) == []
