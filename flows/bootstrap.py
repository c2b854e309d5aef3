"""The decorator of flows, and Prefect imported only after its environment is set.

A module of a flow imports this one before anything that imports Prefect; of our own modules its name sorts first.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from flows.cli.utf8_mode import check_file_names
from flows.prefect_server.environment import prepare
from flows.prefect_server.log_lines import escape_log_lines

check_file_names()
_warning = prepare()
if _warning:
    warnings.warn(_warning, RuntimeWarning, stacklevel=3)

from prefect import Flow, flow  # noqa: E402
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner  # noqa: E402

escape_log_lines()

P = ParamSpec("P")
R = TypeVar("R")


def nocturne_flow(name: str, tasks_at_once: int = 1) -> Callable[[Callable[P, R]], Flow[P, R]]:
    """Makes a function a flow whose tasks run in threads of this process."""
    runner: TaskRunner[Any] = ThreadPoolTaskRunner(max_workers=tasks_at_once)
    return flow(name=name, task_runner=runner)
