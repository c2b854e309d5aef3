"""What a command says when its flow is stopped or Prefect fails."""

from typing import Any

import pytest
from prefect.exceptions import TerminationSignal

from core.errors import NocturneError, SpecError, Stopped
from flows.commands.flow_call import call_flow

STOPPED = Stopped("stopped by SIGTERM", "it is saved.")


def call(flow: Any, *arguments: Any) -> Any:
    return call_flow(flow, *arguments, stopped=STOPPED, failed=lambda what: NocturneError(what, "it goes on."))


def raises(error: BaseException) -> Any:
    def flow() -> None:
        raise error

    return flow


def test_call_flow_returns_what_the_flow_does() -> None:
    assert call(lambda spec, retry: {"spec": spec, "retry": retry}, "a spec", True) == {"spec": "a spec", "retry": True}


def test_call_flow_says_that_it_was_terminated() -> None:
    with pytest.raises(Stopped) as caught:
        call(raises(TerminationSignal(signal=15)))
    assert caught.value is STOPPED


def test_call_flow_names_a_failure_of_prefect_and_the_remedy() -> None:
    with pytest.raises(NocturneError, match=r"^Prefect failed \(RuntimeError: no server\); it goes on\.$"):
        call(raises(RuntimeError("no server")))


def test_call_flow_lets_our_own_errors_pass() -> None:
    with pytest.raises(SpecError, match="wrong"):
        call(raises(SpecError("wrong")))
