"""Jobs and their output names."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from typing import Any

from core.safe_text import comparable, volume_safe
from core.storage.run_paths import output_name


@dataclass(frozen=True, slots=True)
class Job:
    """One output to be made: `stylize`, of an asset in a style, or `sample`, of a seed from a checkpoint.

    `asset_file` is the asset's path below the library as the disk has it, `mask_file` and `regions_file` are those of its
    mask and its region map below theirs. `retry_of` is the output of the first try, where the gate asks for another. What
    the job has not is empty.
    """

    output: str
    asset: str
    asset_file: str
    asset_sha256: str
    style: str
    style_sha256: str
    recipe: str
    preset: str
    seed: int
    weights: str
    key: str
    attempt: int
    seconds: float
    limit: float
    kind: str = "stylize"
    checkpoint: str = ""
    mask_file: str = ""
    mask_sha256: str = ""
    regions_file: str = ""
    regions_sha256: str = ""
    retry_of: str = ""

    def __reduce__(self) -> tuple[type[Job], tuple[Any, ...]]:
        """Thousands travel to the worker: as the arguments of a call they are half as long on the way."""
        return Job, tuple(getattr(self, name) for name in JOB_FIELDS)


FILE_FIELDS = ("asset_file", "mask_file", "regions_file")
"""Fields that are paths as the disk has them, of any bytes."""

JOB_FIELDS = tuple(field.name for field in fields(Job))


class OutputNames:
    """Gives each job of a plan its own output path; a path that is taken gets a mark from the key.

    Paths are compared as volumes do that ignore case and composition, on every volume, and so are their small views. In a
    fresh run a path depends on the jobs before it alone. What was made for a job keeps its path, whichever version of
    Nocturne named it, and a path that differs from that of an earlier row in its spelling alone is taken.

    `rows` are the outputs of the run's earlier rows, `made` the (output, key) of those with a picture.
    """

    def __init__(self, rows: Iterable[str] = (), made: Iterable[tuple[str, str]] = ()) -> None:
        self._outputs: set[str] = set()
        self._taken: set[str] = set()
        self._views: set[str] = set()
        self._folders: set[str] = set()
        self._made = {(volume_safe(output), key): output for output, key in made}
        self._earlier = defaultdict[str, set[str]](set)
        for output in rows:
            self._earlier[comparable(output)].add(output)

    def name(self, style: str, asset: str, suffix: str, key: str, variant: int) -> str:
        """`<style>/<asset>.<suffix>`; further variants, and jobs that would clash, `...~<key[:10]>.<suffix>`."""
        return self.unique(lambda mark: output_name(style, asset, suffix, mark), key, bool(variant))

    def unique(self, render: Callable[[str], str], key: str, marked: bool = False) -> str:
        """What `render` gives without a mark, or if that is taken or `marked` says so, with one from the key."""
        marks = (f"{key[:10]}-{serial}" if serial > 1 else key[:10] for serial in itertools.count(1))
        for mark in marks if marked else itertools.chain([""], marks):
            output = self._beside_files(render(mark))
            made = self._made.pop((output, key), None)
            if made is not None and made not in self._outputs:
                return self._take(made)
            if self._is_free(output):
                break
        return self._take(output)

    def _is_free(self, output: str) -> bool:
        form = comparable(output)
        taken = form in self._taken or form in self._folders or _view(form) in self._folders
        return not taken and self._earlier.get(form, {output}) >= {output}

    def _take(self, output: str) -> str:
        form = comparable(output)
        self._outputs.add(output)
        self._taken.add(form)
        self._views.add(_view(form))
        self._folders.update(itertools.accumulate(form.split("/")[:-1], "{}/{}".format))
        return output

    def _beside_files(self, output: str) -> str:
        """The path with a `~` behind each folder that would have to be where an output is, or its small view."""
        folders, _, name = output.rpartition("/")
        path = ""
        for folder in folders.split("/") if folders else ():
            path += folder
            while comparable(path) in self._taken or comparable(path) in self._views:
                path += "~"
            path += "/"
        return path + name


def _view(form: str) -> str:
    """The small view of an output, beside those of others."""
    return form + ".jpg"


def fitted(width: int, height: int, longest: int) -> tuple[int, int]:
    """Width and height after the longest side is brought down to `longest`; never enlarged, no side under 1 px.

    >>> fitted(4000, 3000, 512)
    (512, 384)
    """
    scale = min(1.0, longest / max(width, height, 1))
    return max(1, round(width * scale)), max(1, round(height * scale))


def planned_columns(job: Job) -> dict[str, Any]:
    """The columns of the job's manifest row that are known before it is made."""
    return {
        "output": job.output,
        "kind": job.kind,
        "asset": job.asset or None,
        "asset_sha256": job.asset_sha256 or None,
        "style": job.style or None,
        "style_sha256": job.style_sha256 or None,
        "mask_sha256": job.mask_sha256 or None,
        "regions_sha256": job.regions_sha256 or None,
        "checkpoint": job.checkpoint or None,
        "recipe": job.recipe,
        "preset": job.preset or None,
        "seed": job.seed,
        "weights": job.weights,
        "key": job.key,
        "attempt": job.attempt,
        "retry_of": job.retry_of or None,
    }
