"""Flow `train-style`: train a network that paints in one pass, in stretches, from a catalog to a network file."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from flows.prefect_environment import prepare

_warning = prepare()
if _warning:
    warnings.warn(_warning, RuntimeWarning, stacklevel=2)

from prefect import flow  # noqa: E402
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner  # noqa: E402

from core.stylize.train.train_spec import TrainStyleSpec  # noqa: E402
from core.stylize.train.training import training_on  # noqa: E402
from core.training.session import TrainingSession, open_session  # noqa: E402
from flows.prefect_server import end_with_this_process  # noqa: E402
from flows.training_flow import trained  # noqa: E402

_runner: TaskRunner[Any] = ThreadPoolTaskRunner(max_workers=1)


@flow(name="train-style", task_runner=_runner)
def train_style(spec: TrainStyleSpec) -> dict[str, Any]:
    """Train until the spec's steps are done, going on from the last checkpoint if there is one.

    Returns step, steps, the last figures, the best held-out loss, and the folder. Raises SpecError, RunBusy,
    NotFinite, StoreBroken.
    """
    end_with_this_process()
    with open_session(TrainingSession(spec.rooted(Path.cwd()), training_on)) as session:
        return trained(session)
