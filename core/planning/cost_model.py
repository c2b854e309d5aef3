"""Cost model: predicted seconds and bytes of a job, by rates per GFLOP that every night corrects."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from core.config.output_options import longest_side
from core.config.recipe import Recipe
from core.errors import NocturneError
from core.images.formats import WRITABLE
from core.networks import transfer_flops
from core.networks.architecture import BACKBONES
from core.planning.jobs import fitted
from core.storage.cache_dir import cache_folder
from core.storage.store import Store

DEFAULT_RATE = 1 / 60.0
"""Seconds a GFLOP before anything was measured: two ordinary CPU cores."""

DEEP_SHARE = 2.5
"""How much larger 16 bits make a file: their low bytes hardly shrink."""

ONE_PASS_OVERHEAD = 0.07
"""Seconds to read, score and write a picture that is painted in one pass, besides those of its pixels."""
ONE_PASS_PIXEL = 2.2e-7
"""The seconds of a pixel: to decode, shrink, encode it. Measured at 512 and 1,024 px, on one core."""
STATISTICS_GFLOP = transfer_flops.gflop(1024, 1024)
"""Of the pass for the statistics of a picture that is painted in tiles."""
TILES = 1.4
"""Work in tiles, in passes over the whole: their frames are painted too."""

DELIVERY = 1.2e-6
"""Seconds a pixel to lift a picture and to encode it: measured at 100 megapixels, 0.7 to 1.5 by depth and colour."""

THUMB_BYTES = 20_000

GPU_BYTES = 0.25e9
"""Of a GPU's memory that weights and workspaces take."""
PIXEL_BYTES = {"float32": 3_400, "bfloat16": 2_400, "auto": 2_400}
"""And the optimisation of a pixel: activations, the history of L-BFGS, gradients on the way, of VGG-19."""
PASS_BYTES = 500
"""And a pixel that is painted in one pass."""
USUAL_ASPECT = 0.75


@dataclass(frozen=True)
class CostModel:
    """Predicts `overhead + launch * passes + rate * GFLOP` seconds for a job on one device, with a rate and a launch for
    each backbone and precision. `launches` are seconds of a pass whatever its size: milliseconds on a GPU, none on a CPU.

    `jobs` says how many it has learned from. `samples` are seconds a sample by the network that draws them, `at_once` is
    how many jobs were made at once, in the mean of a night, by the network that makes them.
    """

    device: str = "auto"
    rates: dict[str, float] = field(default_factory=dict)
    overhead: float = 0.3
    jobs: int = 0
    samples: dict[str, float] = field(default_factory=dict)
    at_once: dict[str, float] = field(default_factory=dict)
    launches: dict[str, float] = field(default_factory=dict)

    def seconds(self, recipe: Recipe, width: int, height: int) -> float:
        """Predicted seconds to make one output of this size."""
        return self._before(recipe, width, height) + self._of_network(recipe, width, height)

    def with_jobs(self, samples: Iterable[tuple[Recipe, int, int, float]]) -> CostModel:
        """A model corrected by (recipe, width, height, seconds) of finished jobs: median rates, half new, half old. What a
        launch takes is corrected by as much as the rate is.
        """
        rates: dict[str, list[float]] = {}
        launches: dict[str, list[float]] = {}
        for recipe, width, height, seconds in samples:
            taken = max(seconds - self._before(recipe, width, height), 1e-3)
            launching, predicted = self._launching(recipe, width, height), self._of_network(recipe, width, height)
            rate = taken * (1 - launching / predicted) / gflop(recipe, width, height)
            rates.setdefault(network_of(recipe), []).append(rate)
            if launching:
                launches.setdefault(network_of(recipe), []).append(self._launch(recipe) * taken / predicted)
        return replace(
            self,
            rates=_corrected(self.rates, rates),
            launches=_corrected(self.launches, launches),
            jobs=self.jobs + sum(map(len, rates.values())),
        )

    def overlap(self, recipe: Recipe) -> float:
        """Jobs of a recipe that are made at once: a night takes the sum of their seconds, divided by this."""
        return self.at_once.get(network_of(recipe), 1.0)

    def with_overlap(self, recipe: Recipe, jobs: float) -> CostModel:
        """A model corrected by how many jobs of a recipe were made at once: half new, half old."""
        known, found = network_of(recipe), max(1.0, jobs)
        return replace(self, at_once={**self.at_once, known: (self.at_once.get(known, found) + found) / 2})

    def sample_seconds(self, network: str, guess: float) -> float:
        """Predicted seconds to draw one sample; `guess` if this network never drew here."""
        return self.samples.get(network, guess)

    def with_samples(self, network: str, seconds: Iterable[float]) -> CostModel:
        """A model corrected by what samples took: their mean, half new, half old."""
        mean = max(statistics.fmean(seconds), 1e-6)
        before = self.samples.get(network, mean)
        return replace(self, samples={**self.samples, network: (before + mean) / 2})

    def _before(self, recipe: Recipe, width: int, height: int) -> float:
        """Seconds that are not the network's."""
        if recipe.method == "fast":
            return min(self.overhead, ONE_PASS_OVERHEAD) + ONE_PASS_PIXEL * width * height
        return self.overhead

    def _of_network(self, recipe: Recipe, width: int, height: int) -> float:
        """Seconds that are the network's."""
        return self._launching(recipe, width, height) + self._rate(recipe) * gflop(recipe, width, height)

    def _launching(self, recipe: Recipe, width: int, height: int) -> float:
        """Those of them that the size of a pass has no part in."""
        return self._launch(recipe) * recipe.pass_count(width, height)

    def _rate(self, recipe: Recipe) -> float:
        """Seconds a GFLOP; a backbone or precision that was never measured is taken to be like the others."""
        known = self.rates.get(network_of(recipe))
        return known or (statistics.mean(self.rates.values()) if self.rates else DEFAULT_RATE)

    def _launch(self, recipe: Recipe) -> float:
        """Seconds a pass, whatever its size; of a network that was never measured as of the others."""
        known = self.launches.get(network_of(recipe))
        return known or (statistics.mean(self.launches.values()) if self.launches else 0.0)


def _corrected(known: Mapping[str, float], found: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """What is known of networks, corrected by the medians of what was found: half new, half old."""
    medians = {network: statistics.median(values) for network, values in found.items()}
    return {**known, **{network: (known.get(network, value) + value) / 2 for network, value in medians.items()}}


def gflop(recipe: Recipe, width: int, height: int) -> float:
    """The work of one job, in GFLOP: full-size passes of the backbone, forward and backward, and the one pass of the
    network that paints, where there is one.
    """
    pixel = BACKBONES[recipe.backbone].gflop_per_pixel(recipe.content_layers, recipe.style_layers)
    work = pixel * width * height * recipe.passes(width, height)
    return work if recipe.method == "optimise" else work + _painting(recipe, width, height)


def _painting(recipe: Recipe, width: int, height: int) -> float:
    """GFLOP of the network that paints in one pass; the brush says how large the picture is that it sees."""
    across, down = (max(1, round(side / recipe.brush)) for side in (width, height))
    once = transfer_flops.gflop(down, across)
    return TILES * once + STATISTICS_GFLOP if recipe.painted_in_tiles(across, down) else once


def network_of(recipe: Recipe) -> str:
    """What a rate is known for: a GFLOP of ResNet takes longer than one of VGG."""
    return f"{'one pass' if recipe.method == 'fast' else recipe.backbone} {recipe.precision}"


def disk_bytes(recipe: Recipe, width: int, height: int) -> float:
    """Predicted bytes on disk of one output with its small view."""
    bytes_a_pixel = WRITABLE[recipe.format].bytes_per_pixel * (DEEP_SHARE if recipe.depth == 16 else 1.0)
    return bytes_a_pixel * width * height + THUMB_BYTES


def device_bytes(recipe: Recipe) -> float:
    """Predicted bytes of a GPU's memory that pictures of a recipe need, `lanes` at once, if they are wider than high."""
    pixels = USUAL_ASPECT * recipe.size**2
    if recipe.method == "fast":
        return GPU_BYTES + PASS_BYTES * pixels * recipe.lanes
    whole = min(pixels, recipe.whole_megapixels * 1e6)
    return GPU_BYTES + PIXEL_BYTES[recipe.precision] * whole * recipe.lanes


def delivery_seconds(recipe: Recipe, width: int, height: int) -> float:
    """Predicted seconds to lift and encode an output of this size; 0 for one at working size, where they are part of the
    overhead.
    """
    return DELIVERY * width * height if recipe.output_size != "working" else 0.0


def sizes(recipe: Recipe, width: int, height: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """Width and height in pixels at which an output of an asset of this size is made, and those at which it is written."""
    made = fitted(width, height, recipe.size)
    return made, fitted(width, height, longest_side(recipe.output_size, max(made), max(width, height)))


def picture_seconds(cost: CostModel, recipe: Recipe, width: int, height: int) -> float:
    """Predicted seconds for an output of an asset of this size, from decoding to writing."""
    made, delivered = sizes(recipe, width, height)
    return cost.seconds(recipe, *made) + delivery_seconds(recipe, *delivered)


def load_cost(device: str, folder: Path | None = None) -> CostModel:
    """What is known of this machine's speed; `jobs` is 0 when nothing is."""
    try:
        known = json.loads(_store(folder).read(_name(device)))
        rates = {str(precision): float(rate) for precision, rate in known["rates"].items()}
        samples = {str(network): float(seconds) for network, seconds in known.get("samples", {}).items()}
        at_once = {str(network): max(1.0, float(jobs)) for network, jobs in known.get("at_once", {}).items()}
        launches = {str(network): float(seconds) for network, seconds in known.get("launches", {}).items()}
        return CostModel(device, rates, float(known["overhead"]), int(known["jobs"]), samples, at_once, launches)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return CostModel(device)


def save_cost(cost: CostModel, folder: Path | None = None) -> bool:
    """Remember the speed. Returns False when the cache folder cannot be written."""
    try:
        _store(folder).put(_name(cost.device), json.dumps(asdict(cost)).encode())
    except NocturneError:
        return False
    return True


def _store(folder: Path | None) -> Store:
    return Store(folder or cache_folder())


def _name(device: str) -> str:
    return f"cost-{device.replace(':', '').replace(',', '-')}.json"
