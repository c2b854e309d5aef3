"""Input files of a plan: assets, artworks, masks and region maps, each hashed and checked once before any job."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from core.config.spec import Spec
from core.errors import SpecError
from core.images.formats import listed
from core.planning.catalog import Style, load_catalog, style_digest
from core.planning.file_digests import DigestCache, MeasuredFile
from core.planning.library import Asset, scan
from core.planning.mask_files import Companion, companions
from core.progress import StageCallback
from core.safe_text import printable
from core.storage.passed_over import PassedOver

SMALLEST_ARTWORK = 32
"""Pixels that an artwork's shorter side has at least: in less, there is no stroke to be learned."""


@dataclass(frozen=True)
class StyleFiles:
    """What a worker needs of a style: its artworks' absolute paths, digests and weights."""

    name: str
    files: tuple[str, ...]
    sha256: tuple[str, ...]
    weights: tuple[float, ...]
    regions: tuple[tuple[str, int], ...] = ()
    """Where it is a style of regions: each colour, and how many of the artworks are its own; 0 where it is kept."""
    pixels: tuple[str, ...] = ()
    """What stands for the artworks' pixels in keys; without them, their SHA-256 does."""

    @property
    def pairs(self) -> list[tuple[str, float]]:
        """The ordered (artwork sha256, weight) pairs, which tell whether a network has learnt the style."""
        return list(zip(self.sha256, self.weights, strict=True))

    @property
    def key_pairs(self) -> list[tuple[str, float]]:
        """The ordered (digest of an artwork's pixels, weight) pairs that are part of a key."""
        return list(zip(self.pixels or self.sha256, self.weights, strict=True))


class Inputs:
    """What a spec's library and catalog hold, in their order.

    `assets` and `style_faults` say what is wrong with a file, if anything; `style_files` is what a worker needs.
    `masks` and `regions` are what goes with each asset, None where the spec has no folder of them.
    """

    def __init__(self, spec: Spec, tick: StageCallback) -> None:
        """Scan, load and measure. Raises SpecError for a wrong catalog or an empty library."""
        self._spec, self._tick = spec, tick
        self.library = scan(spec.library, spec.include, spec.exclude, system_folders=spec.system_folders)
        self.catalog_passed, self._companions_passed = PassedOver(), dict[str, PassedOver]()
        self.styles = load_catalog(
            spec.catalog,
            spec.include_styles,
            spec.exclude_styles,
            system_folders=spec.system_folders,
            passed=self.catalog_passed,
        )
        if not self.library.assets:
            where = f"library {spec.library}"
            raise SpecError(f"{where} has no picture to use{self.library.why_empty()}", f"put {listed()} files there.")
        self._check_regions()
        self._digests = DigestCache()
        self.assets = self._measured_assets()
        self.masks = self._companions("mask", spec.masks)
        self.regions = self._companions("region map", spec.regions)
        artworks = self._measured_artworks()
        self.style_faults = [next((m for m in found if m.reason), None) for found in artworks]
        self.style_files = [self._files(*both) for both in zip(self.styles, artworks, strict=True)]
        self.style_digests = [style_digest(style.pairs, style.regions) for style in self.style_files]

    def problems(self) -> list[str]:
        """A sentence on a digest cache that is held, for each kind of folder that was not entered, and for each style that
        cannot be used.
        """
        scanned = {
            f"library {self._spec.library}": self.library.passed,
            f"catalog {self._spec.catalog}": self.catalog_passed,
            **self._companions_passed,
        }
        not_entered = [sentence for where, passed in scanned.items() for sentence in passed.sentences(where)]
        return [*self._digests.notices, *not_entered] + [
            f"style {style.name} cannot be used, and all its jobs fail: {fault.message}"
            for style, fault in zip(self.styles, self.style_faults, strict=True)
            if fault is not None
        ]

    def passed(self) -> list[PassedOver]:
        """What was passed over in each folder that was scanned."""
        return [self.library.passed, self.catalog_passed, *self._companions_passed.values()]

    def hides(self) -> Callable[[str | None, str | None], bool]:
        """Tells of an asset and a style that no job is planned of whether they, or what goes with the asset, may lie in a
        folder that cannot be entered.
        """
        hiding = [passed.hides() for passed in (self.library.passed, *self._companions_passed.values())]
        styles, hides_styles = {style.name for style in self.styles}, bool(self.catalog_passed.closed)
        return lambda asset, style: (
            any(hides(asset or "") for hides in hiding) or (hides_styles and style not in styles)
        )

    def _check_regions(self) -> None:
        """Raises SpecError where there are region maps and no style of regions, or the other way round."""
        folder, style = self._spec.regions, next((style for style in self.styles if style.regions), None)
        if style and folder is None:
            raise SpecError(
                f"style {style.name!r} has regions",
                "give the folder of region maps as `regions`, or leave the style out by `exclude_styles`.",
            )
        if folder is not None and style is None:
            raise SpecError(
                f"regions {folder} are for nothing: no style has regions. Describe one in {self._spec.catalog}/"
                'catalog.toml, such as [styles.dusk] regions = {"#ff0000" = "wave", "#000000" = "keep"}.'
            )

    def _companions(self, kind: str, root: Path | None) -> list[Companion] | None:
        if root is None:
            return None
        both = list(zip(self.library.assets, self.assets, strict=True))
        passed = self._companions_passed[f"{kind}s {root}"] = PassedOver()
        return companions(
            kind,
            root,
            both,
            self._spec.max_pixels,
            lambda d, t: self._tick(f"hash {kind}s", d, t),
            system_folders=self._spec.system_folders,
            passed=passed,
            digests=self._digests,
        )

    def _measured_assets(self) -> list[MeasuredFile]:
        assets = self.library.assets
        root = os.fspath(self.library.root)
        paths = [os.path.join(root, asset.file) for asset in assets if not asset.problem]
        found = iter(self._digests.measure(paths, self._spec.max_pixels, partial(self._tick, "hash assets")))
        return [_refused(asset) if asset.problem else next(found) for asset in assets]

    def _measured_artworks(self) -> list[list[MeasuredFile]]:
        """Each style's artworks, tried whole: one that cannot be used is to be known before the night, not within it."""
        usable = [[] if style.problem else style.artworks for style in self.styles]
        paths = [os.fspath(self._spec.catalog / artwork.file) for artworks in usable for artwork in artworks]
        found = iter(self._digests.measure_whole(paths, self._spec.max_pixels, partial(self._tick, "try artworks")))
        return [
            [MeasuredFile(reason="unsupported", message=style.problem)]
            if style.problem
            else [_large_enough(artwork.file, next(found)) for artwork in artworks]
            for style, artworks in zip(self.styles, usable, strict=True)
        ]

    def _files(self, style: Style, found: list[MeasuredFile]) -> StyleFiles:
        files = tuple(os.fspath(self._spec.catalog / artwork.file) for artwork in style.artworks)
        weights = tuple(artwork.weight for artwork in style.artworks)
        regions = tuple((region.colour, len(region.artworks)) for region in style.regions)
        digests = tuple(each.sha256 for each in found), tuple(each.pixel_digest for each in found)
        return StyleFiles(style.name, files, digests[0], weights, regions, digests[1])


def too_small(name: str, width: int, height: int) -> str | None:
    """What is wrong with an artwork of so many pixels, if it is too small."""
    if min(width, height) >= SMALLEST_ARTWORK:
        return None
    return (
        f"{name} is {width}x{height} pixels: an artwork needs {SMALLEST_ARTWORK} at least on its shorter side; "
        "use a larger picture of it."
    )


def _large_enough(name: str, found: MeasuredFile) -> MeasuredFile:
    problem = None if found.reason else too_small(printable(name), found.width, found.height)
    return replace(found, reason="unsupported", message=problem) if problem else found


def _refused(asset: Asset) -> MeasuredFile:
    return MeasuredFile(reason="unsupported", message=asset.problem)
