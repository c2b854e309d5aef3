"""The exception tree and the manifest's reasons are one thing."""

import pickle

import pytest

from core.errors import REASONS, TRANSIENT, JobError, Missing


@pytest.mark.parametrize("kind", JobError.__subclasses__())
def test_every_job_error_is_a_reason(kind: type[JobError]) -> None:
    assert kind.reason in REASONS
    assert kind.__doc__


def test_each_class_has_a_reason_of_its_own() -> None:
    reasons = [kind.reason for kind in JobError.__subclasses__()]
    assert len(set(reasons)) == len(reasons)
    assert set(reasons) >= TRANSIENT


def test_an_error_says_what_is_wrong_and_what_to_do_also_from_another_process() -> None:
    error = pickle.loads(pickle.dumps(Missing("'a; b.jpg' is gone", "put it back.")))
    assert (str(error), error.what, error.remedy) == (
        "'a; b.jpg' is gone; put it back.",
        "'a; b.jpg' is gone",
        "put it back.",
    )
    assert str(Missing("it is gone")) == "it is gone"
