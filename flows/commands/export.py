"""`nocturne export`, `export-gan` and `export-style`: a network as ONNX, or a checkpoint without its training state."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from core.errors import SpecError
from core.safe_text import printable
from core.storage.write_targets import check_target, write_file


def export_onnx(network: Path, to: Path) -> None:
    """Write a transfer network as `to` (.onnx), and its styles' embeddings as an .npz of the same name.

    Raises SpecError and NocturneError; then nothing is written."""
    if to.suffix != ".onnx":
        raise SpecError(f"{printable(str(to))} must end in .onnx, the format that is written.")
    styles = to.with_suffix(".npz")
    check_target("-o", to, [network], make_folder=True)
    import torch

    from core.stylize.feedforward import onnx_file
    from core.stylize.feedforward.transfer_file import load

    check_target("-o", styles, [network], ours=onnx_file.is_styles_file, make_folder=True)
    onnx_file.require()
    made = onnx_file.onnx_file(load(network, torch.device("cpu"), "float32"))
    write_file(styles, made.styles, [network], ours=onnx_file.is_styles_file)
    write_file(to, made.data, [network])
    print(
        printable(f"{to}: {len(made.data) / 1e6:.1f} MB; inputs picture (1, 3, height, width), RGB in 0..1, and style")
    )
    print(printable(f"{styles}: names, embeddings (a row a style) and identity (strength 0), for the input style"))
    for (height, width), levels in made.differences.items():
        print(f"checked against torch at {width} x {height}: largest difference {levels:.4f} grey levels")


def export_gan(checkpoint: Path, to: Path) -> None:
    """Write what draws samples, and nothing else, of a GAN's checkpoint into a small file."""
    from core.gan.checkpoints.checkpoint import exported, read_info

    _write_checkpoint(to, checkpoint, exported)
    _print_file(to, read_info(to).digest)


def export_style(checkpoint: Path, to: Path) -> None:
    """Write what paints, and nothing else, of a style training's checkpoint into a small file."""
    from core.stylize.feedforward.transfer_file import exported, read_info

    _write_checkpoint(to, checkpoint, exported)
    _print_file(to, read_info(to).digest)


def _write_checkpoint(to: Path, checkpoint: Path, exported: Callable[[Path], bytes]) -> None:
    if to.suffix != ".safetensors":
        raise SpecError(f"{printable(str(to))} must end in .safetensors, the one format of checkpoints.")
    check_target("FILE", to, [checkpoint], make_folder=True)
    write_file(to, exported(checkpoint), [checkpoint])


def _print_file(to: Path, digest: str) -> None:
    print(printable(f"{to}: {to.stat().st_size / 1e6:.1f} MB, digest {digest}"))
