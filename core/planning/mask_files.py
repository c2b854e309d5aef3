"""Companion files of assets: for `a/b.jpg` in the library a mask or region map `a/b.png` (any suffix) in another folder."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from core.planning.file_digests import DigestCache, MeasuredFile
from core.planning.library import Asset, scan
from core.progress import ProgressCallback
from core.safe_text import composed, printable, truncated
from core.storage.passed_over import PassedOver


@dataclass(frozen=True, slots=True)
class Companion:
    """The picture that goes with an asset: its path below its folder as the disk has it, and what was measured of it.

    If there is none that can be used, `found` has the reason. `hidden`: it may lie in a folder that cannot be entered.
    """

    file: str
    found: MeasuredFile
    hidden: bool = False


def companions(
    kind: str,
    root: Path,
    assets: Sequence[tuple[Asset, MeasuredFile]],
    max_pixels: int,
    tick: ProgressCallback,
    *,
    system_folders: bool = False,
    passed: PassedOver | None = None,
    digests: DigestCache | None = None,
) -> list[Companion]:
    """The companion of each asset in the folder `root`, which messages call a `kind`; nothing is decoded.

    It has the asset's proportions, to the pixel; its size is free. `a/b.jpg.png` comes before `a/b.png`. What the scan
    passed over is added to `passed`; files are measured through `digests`.
    """
    library = scan(root, system_folders=system_folders)
    if passed is not None:
        passed.add(library.passed)
    by_name, hides = _by_name(library.assets), library.passed.hides()
    chosen = [_chosen(kind, root, asset, by_name) for asset, _ in assets]
    paths = [os.path.join(root, each.file) for each in chosen if isinstance(each, Asset)]
    measured = iter((digests or DigestCache()).measure(paths, max_pixels, tick))
    return [
        Companion(each.file, _of_its_shape(kind, root, each, next(measured), *asset))
        if isinstance(each, Asset)
        else Companion("", each, each.reason == "missing" and hides(asset[0].name))
        for each, asset in zip(chosen, assets, strict=True)
    ]


def _by_name(files: Sequence[Asset]) -> dict[str, list[Asset]]:
    """Pictures by their path without the suffix."""
    found: dict[str, list[Asset]] = defaultdict(list)
    for file in files:
        found[composed(os.path.splitext(file.file)[0])].append(file)
    return found


def _chosen(kind: str, root: Path, asset: Asset, by_name: dict[str, list[Asset]]) -> Asset | MeasuredFile:
    """The one picture that goes with an asset, or why there is none."""
    stem = os.path.splitext(asset.file)[0]
    there = by_name.get(composed(asset.file)) or by_name.get(composed(stem)) or []
    if not there:
        wanted = printable(os.path.join(root, stem))
        return MeasuredFile(reason="missing", message=f"{asset.name} has no {kind}; put one at {wanted}.png.")
    if len(there) > 1:
        names = " and ".join(sorted(truncated(each.name) for each in there)[:2])
        return MeasuredFile(
            reason="unsupported", message=f"{asset.name} has more than one {kind}: {names}; leave one of them."
        )
    if there[0].problem:
        return MeasuredFile(reason="unsupported", message=f"{kind} {there[0].problem}")
    return there[0]


def _of_its_shape(
    kind: str, root: Path, file: Asset, found: MeasuredFile, asset: Asset, of_asset: MeasuredFile
) -> MeasuredFile:
    """What was measured of a companion, or that it has not the asset's proportions."""
    if found.reason or of_asset.reason:
        return found
    where = printable(os.path.join(root, file.file))
    sizes = (found.width, found.height), (of_asset.width, of_asset.height)
    message = other_proportions(kind, where, sizes[0], asset.name, sizes[1])
    return replace(found, reason="unsupported", message=message) if message else found


def other_proportions(kind: str, file: str, size: tuple[int, int], asset: str, of_asset: tuple[int, int]) -> str | None:
    """What is wrong with a mask or a region map `file` of another shape than its asset's, each (width, height)."""
    if in_proportion(size, of_asset):
        return None
    sizes = f"has {size[0]}x{size[1]} pixels and {asset} {of_asset[0]}x{of_asset[1]}"
    return f"{kind} {file} {sizes}; make it of the same proportions."


def in_proportion(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether two pictures, each (width, height), can be one picture at two sizes, rounded to whole pixels.

    >>> in_proportion((4000, 3000), (333, 250)), in_proportion((4000, 3000), (320, 256))
    (True, False)
    """
    return abs(one[0] * other[1] - other[0] * one[1]) <= max(*one, *other)
