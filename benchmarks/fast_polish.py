"""Time until the loss that pastiche reaches after 300 steps, from a picture that the network painted.

The race of `style_race`, with pastiche's own loss and curve; ours begins with what the network made of the photograph at
the artwork's style, and the network's pass is on the clock.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor

from fast_network import artworks, measured
from figure_rows import Row, missing
from style_pairs import STYLES, Pair, as_tensor
from style_peer_pastiche import STEPS, curve
from style_race import ran, recipe
from style_records import Records, both, engine

PAIR = ("astronaut", "starry_night")
SIZE = 512
MOST = 1 / 4


def rows(records: Records, network: Path, size: int = SIZE) -> Iterator[Row]:
    """One pair."""
    pair, own = Pair(*PAIR, size), measured(network)
    what = f"`polish` until pastiche's loss after {STEPS} steps, {pair.name}"
    known = artworks(network, STYLES).get(pair.painting)
    if known is None:
        yield missing(what, f"the network does not know {pair.painting}")
        return

    def start() -> Tensor:
        embedding = own.model.embeddings[known[0] : known[0] + 1]
        with torch.no_grad():
            return own.model.network(as_tensor(pair.content).unsqueeze(0), embedding)[0]

    theirs = curve(records, pair, STEPS)
    finish = min(point["loss"] for point in theirs)
    about = {"finish": finish, "recipe": recipe(size).digest(), "pictures": pair.digest, **own.about, **engine()}
    picture = records.path(f"fast/polish-{pair.name}.png")
    ours = records.get(f"fast/polish-{pair.name}", about, lambda: ran(pair, finish, STEPS, picture, start))
    last = ours["points"][-1]
    cpu = f"{last['cpu_seconds']:.0f} CPU s against {theirs[-1]['cpu_seconds']:.0f}"
    clocks = f"{last['pass']} passes, {cpu}, load {ours['load']}"
    if ours["reached"]:
        fine = last["cpu_seconds"] <= MOST * theirs[-1]["cpu_seconds"]
        yield Row(what, f"{both(last, theirs[-1])} ({clocks})", "at most 1/4", fine)
    else:
        yield Row(what, f"not reached: {last['loss'] / finish:.3f} of it ({clocks})", "at most 1/4", False)
