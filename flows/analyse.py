"""Flow `analyse`: a folder of pictures looked at, one row a picture."""

from __future__ import annotations

import warnings
from typing import Any

from flows.prefect_environment import prepare

_warning = prepare()
if _warning:
    warnings.warn(_warning, RuntimeWarning, stacklevel=2)

from prefect import flow  # noqa: E402
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner  # noqa: E402

from core.survey.spec import AnalyseSpec  # noqa: E402
from flows.survey_flow import surveyed  # noqa: E402

_runner: TaskRunner[Any] = ThreadPoolTaskRunner(max_workers=1)


@flow(name="analyse", task_runner=_runner)
def analyse(spec: AnalyseSpec) -> dict[str, Any]:
    """See colours, mood and structure of the pictures of a folder, those alone that are not in the table yet.

    Returns counts, and where the table lies. Raises SpecError, RunBusy, StoreBroken, NocturneError.
    """
    return surveyed(spec)
