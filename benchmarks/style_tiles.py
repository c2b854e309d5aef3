"""Large pictures by tiles, each in a process of its own: peak memory, and whether seams show.

    python benchmarks/style_tiles.py made.png --size 1536 --whole-megapixels 1 [--tile-steps 5] [--side 2048]

The asset is a photograph cut to 4:3 and enlarged. Seams are the lines between two rows or columns of pixels where
tiles meet (`core.stylize.optimise.tiles`). The energy of a line is the mean squared difference across it. It depends on what
is shown there, by a fifth from line to line, and on the network's own grid: where poolings begin, pictures differ more.
So the picture is made once more with tiles of another size, whose seams are elsewhere. What counts is the energy on
seams over that of the same lines in the other picture, relative to that of all other lines. Its spread where no seam
is (`chance`) comes beside it, and the plain ratio of energy on seams to all other lines of one picture.
"""

from __future__ import annotations

import argparse
import json
import resource
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

import core.stylize.optimise.tiles
from core.config.presets import DEFAULT_PRESET, PRESETS
from core.config.recipe import Recipe
from core.networks import device as devices
from core.stylize.images.pixels import eight_bit
from core.stylize.optimise.optimise import stylise
from core.stylize.optimise.recipe_backbone import for_recipe
from core.stylize.optimise.targets import style_targets
from core.stylize.optimise.tiles import SIDE, tiles
from figure_rows import Row
from style_pairs import Rgb, as_tensor, fitted, load, painting, photograph, save
from style_records import Records, Stopwatch, Values, child, engine

Lines = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]
"""Energies between rows and between columns: entry k is of the line before row or column k + 1."""
SIZE, LARGEST = 4096, 8192
TILE_STEPS, COARSE_STEPS = 5, 32
OTHER_SIDE = 3 * SIDE // 2
GIGABYTES, SEAM = 5.0, 0.02
GRID = 32
"""Lines elsewhere are as many pixels away as the network's own grid repeats itself in, or a multiple."""


def recipe(size: int, tile_steps: int, coarse_steps: int, **others: float) -> Recipe:
    """The default preset at this size."""
    changes = {"size": size, "tile_steps": tile_steps, "coarse_steps": coarse_steps, **others}
    return PRESETS[DEFAULT_PRESET].changed(changes)


def asset(size: int) -> Rgb:
    """A photograph of 4:3 with this longest side."""
    whole = photograph("coffee")
    return fitted(whole.crop((0, 0, whole.height * 4 // 3, whole.height)), size)


def painted(settings: Recipe) -> tuple[Rgb, Values]:
    """The picture, with its cost and the process's peak memory in GB."""
    watch = Stopwatch()
    backbone = for_recipe(settings, torch.device("cpu"))
    artwork = as_tensor(fitted(painting("starry_night"), min(settings.size, 800)))
    targets = style_targets([artwork], [1.0], settings, backbone)
    made = eight_bit(stylise(as_tensor(asset(settings.size)), targets, settings, 0, backbone).image)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
    return made, {"gigabytes": peak, **watch.read()}


def seams(made: Rgb, other: Rgb, settings: Recipe) -> Values:
    """Energy on the seams of `made`, as above: `ratio`, its `chance`, and `plain`; `other` has its seams elsewhere."""
    height, width, _ = made.shape
    parts = tiles(settings, height, width)
    starts = [sorted({getattr(part, side).start for part in parts} - {0}) for side in ("rows", "columns")]
    ours, theirs = energies(made), energies(other)
    most = min(height, width) // 4
    away = [_ratio(ours, theirs, starts, shift) for shift in range(-most, most + 1) if shift and not shift % GRID]
    on, off = _split(ours, starts)
    ratio, plain = _ratio(ours, theirs, starts, 0), float(on.mean() / off.mean())
    return {"count": len(on), "ratio": ratio, "chance": float(np.std(away)), "plain": plain}


def energies(made: Rgb) -> Lines:
    """Mean squared difference of neighbouring pixels across each line."""
    pixels = made.astype(np.float32)
    down, across = (np.square(np.diff(pixels, axis=axis)).mean(axis=2, dtype=np.float64) for axis in (0, 1))
    return down.mean(axis=1), across.mean(axis=0)


def _ratio(ours: Lines, theirs: Lines, starts: Sequence[Sequence[int]], shift: int) -> float:
    """Energy on lines `shift` beyond the seams to that of the same in another picture, relative to all other lines."""
    moved = [[(start + shift) for start in found] for found in starts]
    (on, off), (other_on, other_off) = _split(ours, moved), _split(theirs, moved)
    return float(on.mean() / other_on.mean() / (off.mean() / other_off.mean()))


def _split(lines: Lines, starts: Sequence[Sequence[int]]) -> Lines:
    """Energies of the lines before the rows and columns `starts`, and of all others."""
    places = [[start - 1 for start in found] for found in starts]
    on = [energy[found] for energy, found in zip(lines, places, strict=True)]
    off = [np.delete(energy, found) for energy, found in zip(lines, places, strict=True)]
    return np.concatenate(on), np.concatenate(off)


def rows(records: Records, size: int, largest: int) -> Iterator[Row]:
    """Memory and seams at one size; memory alone at another. A size of 0 is left out."""
    if size:
        settings = recipe(size, TILE_STEPS, COARSE_STEPS)
        what, found = f"{_shape(size)} by tiles, {TILE_STEPS} passes at full size", _made(records, settings, SIDE)
        fine = found["gigabytes"] <= GIGABYTES
        yield Row(f"{what}: peak memory", f"{found['gigabytes']:.2f} GB; {_cost(found)}", "at most 5 GB", fine)
        yield _seam_row(records, settings, what)
    if largest:
        found = _made(records, recipe(largest, 1, 1), SIDE)
        what = f"{_shape(largest)} by tiles, one pass at each size: peak memory"
        yield Row(what, f"{found['gigabytes']:.2f} GB; {_cost(found)}")


def _seam_row(records: Records, settings: Recipe, what: str) -> Row:
    what = f"{what}: gradient energy on seams to elsewhere"
    if not settings.in_tiles(settings.size, settings.size * 3 // 4):
        return Row(what, "no seam: the picture is done whole", "1.00 ± 0.02")
    for side in (SIDE, OTHER_SIDE):
        _made(records, settings, side)
    made, other = (load(_picture(records, settings, side)) for side in (SIDE, OTHER_SIDE))
    found = seams(made, other, settings)
    shown = f"{found['ratio']:.3f} on {found['count']} seams (by chance ± {found['chance']:.3f}; plain {found['plain']:.2f})"
    return Row(what, shown, "1.00 ± 0.02", abs(found["ratio"] - 1) <= SEAM)


def _made(records: Records, settings: Recipe, side: int) -> Values:
    arguments = ["--size", settings.size, "--tile-steps", settings.tile_steps, "--coarse-steps", settings.coarse_steps]
    picture = _picture(records, settings, side)
    about = {"recipe": settings.digest(), "side": side, **engine()}
    return records.get(
        f"tiles/{picture.stem}", about, lambda: child(Path(__file__), picture, *arguments, "--side", side)
    )


def _picture(records: Records, settings: Recipe, side: int) -> Path:
    return records.path(f"tiles/{settings.size}-{settings.tile_steps}-{settings.coarse_steps}-{side}.png")


def _shape(size: int) -> str:
    return f"{size} x {size * 3 // 4}"


def _cost(found: Values) -> str:
    return f"{found['cpu_seconds']:.0f} CPU s, {found['seconds']:.0f} s, load {found['load']:.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("picture", type=Path, help="where to save it")
    parser.add_argument("--size", type=int, default=SIZE)
    parser.add_argument("--tile-steps", type=int, default=TILE_STEPS)
    parser.add_argument("--coarse-steps", type=int, default=COARSE_STEPS)
    parser.add_argument("--whole-megapixels", type=float, default=PRESETS[DEFAULT_PRESET].whole_megapixels)
    parser.add_argument("--side", type=int, default=SIDE, help="of a tile, at most")
    args = parser.parse_args()
    devices.make_deterministic(torch.get_num_threads())
    core.stylize.optimise.tiles.SIDE = args.side
    settings = recipe(args.size, args.tile_steps, args.coarse_steps, whole_megapixels=args.whole_megapixels)
    made, cost = painted(settings)
    save(made, args.picture)
    print(json.dumps(cost))


if __name__ == "__main__":
    main()
