"""Rescoring: judge a run's pictures again; scores and labels are made anew, and no pixel is."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from core.config.run_spec import RunSpec
from core.config.spec import Spec
from core.errors import JobError, Missing, NocturneError, SpecError, StoreBroken
from core.images import image
from core.manifest import manifest
from core.networks import classifier_file
from core.networks import device as devices
from core.planning.jobs import Job
from core.planning.plan_file import read_context, read_planned
from core.progress import ProgressCallback
from core.runs.finalise import finalise
from core.runs.run_kinds import kind_of
from core.scoring.labeller import Labeller
from core.storage.run_paths import PLAN, picture_paths
from core.storage.store import Store

COMMIT_EVERY = 30.0
"""Seconds of work that a kill may cost."""
NAMED = 20
"""Pictures that could not be judged and are named, at most."""

Row = dict[str, Any]
Judge = Callable[[Row], Row]
"""Gives the columns of a made picture's row that judging fills. Raises JobError."""


@dataclass
class RescoreSummary:
    """What became of the pictures of a run that was judged again."""

    judged: int = 0
    left: int = 0
    """Made from another recipe than the plan's, or no longer planned: their rows stay."""
    faults: list[str] = field(default_factory=list)
    """Why pictures could not be judged; their rows stay."""
    scorer: str | None = None
    """Name and digest of the classifier that labelled them."""


def rescore(
    store: Store, spec: RunSpec, scorer: str | None, tick: ProgressCallback = lambda *_: None
) -> RescoreSummary:
    """Judge every picture of the run that was made, by the spec's weights and a scorer; without one, labels stay.

    Call it under the run's lock. What a kill leaves is a manifest with some rows judged. Raises SpecError for a run
    without plan or a wrong scorer, StorageFailed or StoreBroken.
    """
    if not store.exists(PLAN):
        raise SpecError(f"{store.root} has no plan yet", "`nocturne run` makes one.")
    rows = manifest.merge(store)
    rows = rows.filter(pc.is_in(rows["status"], pa.array(["done", "rejected"])))
    found = RescoreSummary()
    jobs = {job.output: job for job in read_planned(store)}
    judge = _judge_of(store, spec, scorer, jobs, found)
    wanted = [row for row in rows.to_pylist() if _is_planned(row, jobs)]
    found.left = rows.num_rows - len(wanted)
    for batch in _batches(_judged(wanted, judge, found, tick)):
        manifest.write_part(store, batch)
    finalise(store, spec)
    return found


def _is_planned(row: Row, jobs: dict[str, Job]) -> bool:
    job = jobs.get(row["output"])
    return job is not None and job.key == row["key"]


def _judged(rows: list[Row], judge: Judge, found: RescoreSummary, tick: ProgressCallback) -> Iterator[Row]:
    for number, row in enumerate(rows, start=1):
        try:
            judged = {**row, **judge(row)}
        except JobError as error:
            found.faults.append(f"{row['output']} keeps its scores: {error}")
        else:
            found.judged += 1
            yield judged
        tick(number, len(rows))


def _batches(rows: Iterator[Row]) -> Iterator[list[Row]]:
    batch: list[Row] = []
    begun = time.monotonic()
    for row in rows:
        batch.append(row)
        if time.monotonic() - begun >= COMMIT_EVERY:
            yield batch
            batch, begun = [], time.monotonic()
    if batch:
        yield batch


def _judge_of(store: Store, spec: RunSpec, scorer: str | None, jobs: Mapping[str, Job], found: RescoreSummary) -> Judge:
    classifier = None if scorer is None else classifier_file.read(scorer)
    found.scorer = None if classifier is None else classifier.version
    judge: Judge = kind_of(spec).load("judge")(store, spec, scorer, jobs)
    return judge


def label_judge(store: Store, spec: RunSpec, scorer: str | None, _: Mapping[str, Job]) -> Judge:
    """Labels of a scorer alone, for pictures that have no score of their own. Raises SpecError without a scorer."""
    if scorer is None:
        raise SpecError(f"{store.root} is a run of samples, which have no scores but labels", "name a `--scorer`.")
    labeller = Labeller(classifier_file.read(scorer), devices.choose(spec.device.partition(",")[0]))
    return lambda row: labeller.columns(_picture(store, row, None).rgb)


def score_judge(store: Store, spec: Spec, scorer: str | None, jobs: Mapping[str, Job]) -> Judge:
    """Scores as the night's own, against asset and style at the size of the recipe."""
    from core.stylize.jobs.backend import StylizeBackend
    from core.stylize.jobs.context import StylizeContext

    backend = StylizeBackend(StylizeBackend.resolve(spec.device.partition(",")[0]), warm=False)
    context = StylizeContext.model_validate(read_context(store))
    backend.open(store, context.model_copy(update={"scorer": scorer, "score_weights": spec.score_weights}))

    def judge(row: Row) -> Row:
        job = jobs[row["output"]]
        return backend.rescored(job, _picture(store, row, spec.max_pixels), backend.decode(job))

    return judge


def _picture(store: Store, row: Row, max_pixels: int | None) -> image.Picture:
    """The picture of a row. Raises Missing and what else reading it can raise."""
    for name in picture_paths(row["output"], row["status"]):
        try:
            path, there = store.contained_path(name), store.exists(name)
        except StoreBroken as error:
            raise Missing(error.what, error.remedy) from error
        except NocturneError:
            continue
        if there:
            return image.read(path, image.MAX_PIXELS if max_pixels is None else max(max_pixels, image.MAX_PIXELS))
    raise Missing(f"{row['output']} is gone", "`nocturne run` makes it again.")
