"""A survey as a flow: its spans, table and page, and what the dashboard shows. Import it after `flows.bootstrap`."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from prefect import get_run_logger
from prefect.artifacts import create_markdown_artifact, create_progress_artifact, update_progress_artifact
from prefect.exceptions import TerminationSignal

from core.storage.run_paths import MANIFEST
from core.survey.results import finish_survey
from core.survey.spec import SurveySpec
from core.survey.survey import open_survey
from core.survey.survey_kinds import KINDS
from flows.dashboard import ArtifactSender
from flows.prefect_server.lifetime import end_with_this_process
from tasks.survey_span import survey_span


def run_survey(spec: SurveySpec) -> dict[str, Any]:
    """Look at what a spec's folder holds and is not known yet, span by span, then write the table and the page.

    Returns counts, the folder, and the paths of table and page. Raises SpecError, RunBusy, StoreBroken, NocturneError.
    """
    end_with_this_process()
    sender = ArtifactSender()
    with open_survey(spec.rooted(Path.cwd()), KINDS[spec.kind]) as survey:
        out = str(survey.spec.out)
        about = f"{spec.kind.capitalize()} {survey.spec.pictures.name}"
        progress = sender.send(lambda: create_progress_artifact(0.0, key="survey", description=f"{about}: pictures"))
        for span in range(survey.spans):
            future = survey_span.submit(out, span)
            try:
                future.result()
            except (TerminationSignal, KeyboardInterrupt):
                survey.workers.stop.set()  # the span ends with its rows committed
                future.wait()
                raise
            if progress is not None:
                share = 100.0 * survey.counts.looked / max(1, len(survey.pending))
                sender.send(partial(update_progress_artifact, progress, share))
            if survey.workers.stop.is_set():
                break
        record = finish_survey(survey)
        get_run_logger().info(
            "%d pictures, %d failed; table: %s", record["pictures"], record["failed"], record["table"]
        )
        text = f"# {about}\n\n{record['pictures']} pictures, {record['failed']} failed.\n\nTable: `{out}/{MANIFEST}`\n"
        sender.send(lambda: create_markdown_artifact(text, key="survey-table", description=about))
    return record
