"""Ours, picture after picture as a worker makes it, without scores and small views: `python fast_own.py NETWORK THREADS`."""

from __future__ import annotations

import sys
from itertools import cycle
from pathlib import Path

from core import device as devices
from core import image
from fast_network import measured
from fast_serve import serve, timed


def main() -> None:
    devices.make_deterministic(int(sys.argv[2]))
    network = measured(Path(sys.argv[1]))
    styles = cycle(network.painter.embeddings.split(1))

    def paint(source: str, to: str) -> None:
        made = network.paint(image.read(source).rgb, next(styles))
        Path(to).write_bytes(image.encode(image.Picture(made), "png"))

    serve(timed(paint))


if __name__ == "__main__":
    main()
