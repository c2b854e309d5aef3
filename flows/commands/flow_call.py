"""Calling a flow from a command: Prefect made ready, and its stops and failures turned into one sentence."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from rich.console import Console

from core.errors import NocturneError, Stopped
from flows.console import print_line


def prepare_prefect(out: Console, verbose: bool, run: Path) -> None:
    """Set Prefect's environment, and print a warning if its server does not answer, or if its home is one in the run.

    Raises NocturneError if Prefect could not start a server that it needs.
    """
    from flows.prefect_server.environment import prepare
    from flows.prefect_server.home import use_writable_home

    for words in (use_writable_home(run), prepare(quiet=not verbose)):
        if words:
            print_line(out, words)


def flow_of(kind: str) -> Callable[..., Any]:
    """The flow that is named as this kind of spec. Raises ImportError."""
    name = kind.replace("-", "_")
    flow: Callable[..., Any] = getattr(import_module(f"flows.{name}"), name)
    return flow


def call_flow(
    flow: Callable[..., Any],
    *arguments: Any,
    stopped: Stopped,
    failed: Callable[[str], NocturneError],
    tell: Callable[[str], object] = lambda _: None,
) -> Any:
    """The answer of a flow, once `prepare_prefect` is called. `tell` is called if Prefect's own server is long in coming.

    Raises `stopped` if the process is terminated, what `failed` makes of a sentence if Prefect fails, and NocturneError as
    the flow does.
    """
    from prefect import Flow
    from prefect.exceptions import TerminationSignal

    from flows.prefect_server.own_server import start_own_server

    try:
        if isinstance(flow, Flow):
            start_own_server(tell)
        return flow(*arguments)
    except TerminationSignal as error:
        raise stopped from error
    except NocturneError:
        raise
    except Exception as error:
        raise failed(f"Prefect failed ({type(error).__name__}: {error})") from error
