"""Health checks of a spec: its folders, styles with their artworks, weights or checkpoint, and device."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.config.recipe import Recipe
from core.config.run_spec import RunSpec
from core.config.spec import Spec
from core.doctor.check_result import Check, CheckResult, ok, problem, problem_of, warning
from core.errors import JobError, NocturneError, SpecError
from core.gan.jobs.sample_spec import SampleSpec
from core.images.formats import OTHER_PICTURE_SUFFIXES, listed
from core.runs.run_kinds import kind_of, load_spec
from core.storage.allowed_roots import check_inside
from core.storage.passed_over import PassedOver
from core.storage.run_paths import SPEC

if TYPE_CHECKING:
    from core.planning.catalog import Style
    from core.planning.library import Library

SHOWN = 10
"""Faulty pictures that are named; the rest are counted."""


def spec_at(path: Path, out: Path | None = None) -> RunSpec:
    """The spec in a file or a run folder, with `out` in place of its own. Raises SpecError, for a path in it that lies
    outside the allowed roots too: nothing of it is looked at.
    """
    folder = path if path.is_dir() else None
    spec, place = load_spec(path / SPEC if folder else path), out or folder
    found = spec if place is None else spec.model_copy(update={"out": place.absolute()})
    check_inside(found.paths())
    return found


def spec_checks(spec: RunSpec) -> list[tuple[str, Check]]:
    """The checks of a spec, by name, as its kind has them, and those of its devices."""
    checks: list[tuple[str, Check]] = kind_of(spec).load("checks")(spec)
    return [*checks, ("spec's device", lambda: device(spec))]


def sample_checks(spec: SampleSpec) -> list[tuple[str, Check]]:
    """The checks of a spec of sampling."""
    return [("spec", lambda: checkpoint(spec))]


def stylize_checks(spec: Spec) -> list[tuple[str, Check]]:
    """The checks of a spec of style transfer."""
    return [
        ("spec", lambda: folders(spec)),
        ("library", lambda: library(spec)),
        ("artworks", lambda: artworks(spec)),
        ("recipes", lambda: recipes(spec)),
    ]


def folders(spec: Spec) -> Iterator[CheckResult]:
    """What `nocturne run` looks at before any work. Raises SpecError."""
    spec.check()
    yield ok("spec", f"library {spec.library}, catalog {spec.catalog}, out {spec.out}")


def checkpoint(spec: SampleSpec) -> Iterator[CheckResult]:
    """Whether the checkpoint is whole, and has the class that is asked for. Raises SpecError."""
    from core.gan.checkpoints.checkpoint import read_info
    from core.gan.checkpoints.classes import check_label

    spec.check()
    info = read_info(spec.checkpoint)
    check_label(info, spec.recipe.label)
    recipe = info.recipe
    yield ok("spec", f"{spec.checkpoint}: {recipe.architecture}, {recipe.size} px, step {info.step:,}; out {spec.out}")


def library(spec: Spec) -> Iterator[CheckResult]:
    """Whether the library has pictures to stylise, and what in it is passed over."""
    from core.planning.library import scan

    found = scan(spec.library, spec.include, spec.exclude, system_folders=spec.system_folders)
    usable = [asset for asset in found.assets if not asset.problem]
    if not usable:
        remedy = f"Put {listed()} files there, or correct `include` and `exclude`."
        yield problem("library", f"{spec.library} has no picture to use{found.why_empty()}", remedy)
        return
    yield ok("library", f"{len(usable):,} pictures")
    yield from _passed_over("library", found.passed)
    unusable = list(_unusable(found))
    if unusable:
        more = f" (and {len(unusable) - 1:,} more)" if len(unusable) > 1 else ""
        remedy = "Each gets a row that says why it was not made; nothing else is held up."
        yield warning("library", f"{unusable[0]}{more}", remedy)


def _passed_over(name: str, passed: PassedOver) -> Iterator[CheckResult]:
    """A warning for each kind of folder that is not entered, and for patterns that fit nothing."""
    for sentence in passed.sentences():
        what, _, remedy = sentence.rpartition("; ")
        yield warning(name, what, remedy[:1].upper() + remedy[1:])


def _unusable(found: Library) -> Iterator[str]:
    """What is wrong with links out of the library, and with files whose beginning is of a kind that is not read."""
    from core.images import image

    for asset in found.assets:
        if asset.problem:
            yield asset.problem
        elif os.path.splitext(asset.file)[1].lower() in OTHER_PICTURE_SUFFIXES:
            try:
                image.probe(found.root / asset.file, 2**62)
            except JobError as error:
                yield str(error)


def artworks(spec: Spec) -> Iterator[CheckResult]:
    """Whether every artwork of every style that is used decodes. Raises SpecError for a wrong catalog."""
    from core.images import decode_probe

    passed = PassedOver()
    styles = _styles(spec, passed)
    yield from _passed_over("artworks", passed)
    files = [
        (style, spec.catalog / artwork.file) for style in styles if not style.problem for artwork in style.artworks
    ]
    found = decode_probe.find_faults([os.fspath(file) for _, file in files], spec.max_pixels)
    faults = [(style.name, style.problem.rpartition("; ")[0]) for style in styles if style.problem]
    faults += [(style.name, fault.what) for (style, _), fault in zip(files, found, strict=True) if fault]
    for name, what in faults[:SHOWN]:
        yield problem(
            "artworks",
            f"style {name}: {what}",
            "Replace the artwork, or leave the style out: no job of it can be made.",
        )
    if len(faults) > SHOWN:
        yield problem("artworks", f"{len(faults) - SHOWN:,} more", "Correct those above, then run the doctor again.")
    if not faults:
        yield ok("artworks", f"{len(files):,} of {len(styles):,} styles decode")


def recipes(spec: Spec) -> Iterator[CheckResult]:
    """Whether the weights and networks that the recipes name load. Raises SpecError for a wrong catalog or pairs file."""
    from core.networks import weights

    used = _recipes_used(spec)
    for network in sorted({recipe.network for recipe in used if recipe.method != "optimise"}):
        try:
            yield ok("recipes", f"network {network!r} loads, {_styles_of(network)}")
        except SpecError as error:
            yield problem_of("recipes", error)
    for name, backbone in sorted({(recipe.weights, recipe.backbone) for recipe in used if recipe.method != "fast"}):
        try:
            yield ok("recipes", f"weights {name!r} load, digest {weights.load(name, backbone).digest}")
        except SpecError as error:
            yield problem_of("recipes", error)


def device(spec: RunSpec) -> Iterator[CheckResult]:
    """Whether every device that the spec names is there and computes."""
    from core.doctor.networks import compute_error

    for name in spec.device.split(","):
        try:
            fault = compute_error(name)
        except SpecError as error:
            yield problem_of("spec's device", error)
            continue
        if fault:
            remedy = "Repair the device's driver, or choose another --device."
            yield problem("spec's device", f"{name} cannot compute: {fault}", remedy)
        elif shortage := _shortage(spec, name):
            yield problem_of("spec's device", shortage)
        else:
            yield ok("spec's device", f"{name} computes")


def _shortage(spec: RunSpec, name: str) -> NocturneError | None:
    """What a run of style transfer says of a GPU that has not enough memory free for its pictures."""
    from core.networks.device import choose
    from core.networks.device_checks import check_memory
    from core.planning.cost_model import device_bytes

    if isinstance(spec, Spec):
        recipe = spec.base_recipe()
        try:
            check_memory(choose(name), device_bytes(recipe), f"a picture of {recipe.size:,} px")
        except NocturneError as error:
            return error
    return None


def _styles_of(network: str) -> str:
    """How many styles a network knows, once it is loaded. Raises SpecError."""
    from core.networks import device
    from core.stylize.feedforward import style_lookup, transfer_file

    info = transfer_file.load(style_lookup.network_path(network), device.choose("cpu"), "float32").info
    return f"knows {len(info.styles):,} styles, digest {info.digest}"


def _styles(spec: Spec, passed: PassedOver) -> list[Style]:
    """The styles of a spec. What the scan passed over is added to `passed`. Raises SpecError for a wrong catalog."""
    from core.planning.catalog import load_catalog

    return load_catalog(
        spec.catalog, spec.include_styles, spec.exclude_styles, system_folders=spec.system_folders, passed=passed
    )


def _recipes_used(spec: Spec) -> list[Recipe]:
    """Every recipe that a job of the spec would use."""
    from core.planning.library import scan
    from core.planning.pairs import pair_up

    styles = _styles(spec, PassedOver())
    changes: dict[str, list[tuple[dict[str, Any], ...]]] = {style.name: [(style.overrides(),)] for style in styles}
    if spec.pairs.lower().endswith(".csv"):
        assets = scan(spec.library, spec.include, spec.exclude, system_folders=spec.system_folders).assets
        changes = {style.name: [] for style in styles}
        for pair in pair_up(spec.pairs, assets, styles, spec.seed):
            style = styles[pair.style]
            change = (style.overrides(), pair.overrides)
            if change not in changes[style.name]:
                changes[style.name].append(change)
    return [
        spec.recipe_of(*change, source=f"style {name!r}") for name, several in changes.items() for change in several
    ]
