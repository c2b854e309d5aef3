"""How many pictures a second are appraised and analysed? `python benchmarks/surveys.py [--pictures FOLDER]`.

Measures only, by both surveys one after the other, decoding included, at 512 px, in as many processes as there are cores,
two at most. Without a folder, the pictures are cuts of the photographs that scikit-image and scikit-learn carry. Beside wall
time stands the processors' own: on a busy machine the first says little.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image

from core.images import image
from core.survey.spec import NOBODY, AnalyseSpec, AppraiseSpec, SurveySpec
from core.survey.survey import Survey
from core.survey.survey_kinds import KINDS
from core.survey.worker_pool import default_processes
from fast_quality import evenly
from figure_rows import HEAD, Row, show
from recommended import cuts

COUNT, SIDE = 200, 512
TARGET = 8.0


def written(folder: Path, given: Path | None) -> None:
    """COUNT JPEGs with a longest side of SIDE pixels."""
    found = cuts(COUNT) if given is None else (image.read(path).rgb for path in evenly(given, COUNT))
    for number, rgb in enumerate(found):
        picture = Image.fromarray(rgb)
        scale = SIDE / max(picture.size)
        size = round(picture.width * scale), round(picture.height * scale)
        picture.resize(size, Image.Resampling.LANCZOS).save(folder / f"{number:03d}.jpg", quality=92)


def timed(spec: SurveySpec) -> tuple[float, float, int]:
    """Wall and processor seconds of a survey from its second picture a process on, and the pictures of that time.

    What a process loads before its first picture is not of a picture; it is spent once, whatever the folder's size.
    """
    moments: list[tuple[float, int]] = []

    def tick(what: str, done: int, _: int) -> None:
        if what == "pictures":
            moments.append((time.perf_counter(), done))

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with Survey(spec, KINDS[spec.kind], tick) as survey:
        survey.complete()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    begun = moments[2 * (spec.processes or 1)]
    cpu = (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)
    return moments[-1][0] - begun[0], cpu, moments[-1][1] - begun[1]


def rows(given: Path | None) -> Iterator[Row]:
    """Each survey, and both."""
    processes, seconds = min(2, default_processes()), {}
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["NOCTURNE_CACHE"] = f"{scratch}/cache"
        pictures = Path(scratch) / "pictures"
        pictures.mkdir()
        written(pictures, given)
        for name, spec in specs(pictures, Path(scratch), processes):
            wall, cpu, count = timed(spec)
            seconds[name] = wall / count
            load = f"{1000 * cpu / COUNT:.0f} ms of a core a picture, loading included"
            yield Row(f"{name}, measures only", f"{count / wall:.1f} pictures/s in {processes} processes; {load}")
    both = 1 / sum(seconds.values())
    what = f"appraise and analyse, measures only, {SIDE} px, decoding included, {processes} processes"
    yield Row(what, f"{both:.1f} pictures/s", f"{TARGET:g}", both >= TARGET)


def specs(pictures: Path, scratch: Path, processes: int) -> Iterator[tuple[str, SurveySpec]]:
    """The two surveys, without what is more than a measure."""
    common: dict[str, Any] = {"pictures": pictures, "processes": processes}
    yield "appraise", AppraiseSpec.model_validate({**common, "out": scratch / "a", "scorer": NOBODY})
    yield "analyse", AnalyseSpec.model_validate({**common, "out": scratch / "b", "measures_only": True})


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=Path, help="folder of pictures")
    args = parser.parse_args()
    print(HEAD)
    show(rows(args.pictures))


if __name__ == "__main__":
    main()
