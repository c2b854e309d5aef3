"""Provenance stamp of a stylised picture: recipe, seed, digests of asset and artworks, as JSON in the file."""

from __future__ import annotations

import json

from core.config.methods import ALGORITHM
from core.config.recipe import Recipe
from core.images import provenance
from core.planning.inputs import StyleFiles
from core.planning.jobs import Job
from core.stylize.optimise.optimise import OptimisationStep


def stamp_of(job: Job, recipe: Recipe, style: StyleFiles, step: OptimisationStep | None) -> str:
    """The text that goes into the file of a job's picture; `step` is where it was left, if it is not the job's own."""
    return provenance.stamp(
        {
            "kind": "stylize",
            **({"step": step.step, "steps": step.steps} if step else {"key": job.key}),
            "recipe": json.loads(recipe.model_dump_json()),
            "preset": job.preset,
            "seed": job.seed,
            "weights": job.weights,
            "algorithm": ALGORITHM[recipe.method],
            "asset": job.asset,
            "asset_sha256": job.asset_sha256,
            **({"mask_sha256": job.mask_sha256} if job.mask_sha256 else {}),
            **({"regions_sha256": job.regions_sha256, "regions": style.regions} if job.regions_sha256 else {}),
            "style": job.style,
            "artworks": [[sha, weight] for sha, weight in zip(style.sha256, style.weights, strict=True)],
        }
    )
