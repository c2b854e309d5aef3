"""`nocturne export`: a transfer network as ONNX, with the embeddings of its styles beside it."""

from __future__ import annotations

from pathlib import Path

from core.errors import SpecError
from core.storage.store import Store
from core.text import printable


def export(network: Path, to: Path) -> None:
    """Write `to` (.onnx) and an .npz of the same name. Raises SpecError and NocturneError; then nothing is written."""
    if to.suffix != ".onnx":
        raise SpecError(f"{printable(str(to))} must end in .onnx, the format that is written.")
    import torch

    from core.stylize.feedforward import onnx_file
    from core.stylize.feedforward.transfer_file import load

    onnx_file.require()
    made = onnx_file.onnx_file(load(network, torch.device("cpu"), "float32"))
    store, styles = Store(to.absolute().parent), to.with_suffix(".npz")
    store.put(styles.name, made.styles)
    store.put(to.name, made.data)
    print(
        printable(f"{to}: {len(made.data) / 1e6:.1f} MB; inputs picture (1, 3, height, width), RGB in 0..1, and style")
    )
    print(printable(f"{styles}: names, embeddings (a row a style) and identity (strength 0), for the input style"))
    for (height, width), levels in made.differences.items():
        print(f"checked against torch at {width} x {height}: largest difference {levels:.4f} grey levels")
