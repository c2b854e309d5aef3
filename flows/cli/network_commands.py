"""The commands of networks: train, export, teach, measure, walk between seeds. Heavy imports wait for a body."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from core.classifier.spec import TrainClassifierSpec
from core.gan.train.train_spec import TrainSpec
from core.images.formats import ANIMATED, listed
from core.stylize.train.learn_spec import LearnStyleSpec
from core.stylize.train.train_spec import TrainStyleSpec
from flows.cli.options import (
    Json,
    Verbose,
    with_learn_style_spec,
    with_train_classifier_spec,
    with_train_spec,
    with_train_style_spec,
)

networks = typer.Typer(rich_markup_mode=None)


@networks.command(name="train-gan")
@with_train_spec
def train_gan(spec: TrainSpec, as_json: Json = False, verbose: Verbose = False) -> None:
    """Train a network that draws pictures like those it is shown; started again, it goes on from where it was."""
    from flows.commands.train import train

    raise typer.Exit(train(spec, as_json, verbose))


@networks.command(name="export-gan")
def export_gan(
    checkpoint: Annotated[Path, typer.Argument(metavar="CHECKPOINT", help="A checkpoint of a training.")],
    to: Annotated[Path, typer.Argument(metavar="FILE", help="The small file to write, .safetensors.")],
) -> None:
    """Write what draws samples of a checkpoint, and nothing else, into a small file to keep or to share."""
    from flows.commands.export import export_gan as export

    export(checkpoint, to)


@networks.command()
def export(
    network: Annotated[Path, typer.Argument(metavar="NETWORK", help="A network file (.safetensors) that paints.")],
    to: Annotated[Path, typer.Option("-o", "--to", help="The .onnx file to write.")],
) -> None:
    """Write a network that paints in one pass as ONNX, checked against torch; needs the extra `onnx`.

    Its inputs are a picture and an embedding. The embeddings of its styles go into an .npz file beside it.
    """
    from flows.commands.export import export_onnx

    export_onnx(network, to)


@networks.command(name="train-style")
@with_train_style_spec
def train_style(spec: TrainStyleSpec, as_json: Json = False, verbose: Verbose = False) -> None:
    """Train a network that paints a catalog's styles in one pass; started again, it goes on from where it was."""
    from flows.commands.train import train

    raise typer.Exit(train(spec, as_json, verbose))


@networks.command(name="export-style")
def export_style(
    checkpoint: Annotated[Path, typer.Argument(metavar="CHECKPOINT", help="A checkpoint of a style training.")],
    to: Annotated[Path, typer.Argument(metavar="FILE", help="The small file to write, .safetensors.")],
) -> None:
    """Write what paints of a checkpoint, and nothing else, into a small network file to use or to share."""
    from flows.commands.export import export_style as export

    export(checkpoint, to)


@networks.command(name="learn-style")
@with_learn_style_spec
def learn_style(spec: LearnStyleSpec, as_json: Json = False) -> None:
    """Teach a trained network the styles of a catalog that it does not know; what it knows stays as it is."""
    from flows.commands.learn import learn_style as learn

    learn(spec, as_json)


@networks.command(name="train-classifier")
@with_train_classifier_spec
def train_classifier(spec: TrainClassifierSpec, as_json: Json = False, verbose: Verbose = False) -> None:
    """Train a classifier on labelled pictures; it says what a picture is, how sure it is, and when it does not know."""
    from flows.commands.train import train_classifier as train

    raise typer.Exit(train(spec, as_json, verbose))


@networks.command(name="evaluate-gan")
def evaluate_gan(
    checkpoint: Annotated[Path, typer.Argument(metavar="CHECKPOINT", help="Trained network (.safetensors).")],
    data: Annotated[
        Path, typer.Option("--data", help="What it was trained on: a folder of pictures, or of MNIST's files.")
    ],
    held_out: Annotated[
        Path | None, typer.Option("--held-out", help="Like pictures that it never saw; MNIST's test files are found.")
    ] = None,
    samples: Annotated[int, typer.Option("--samples", min=6, max=50_000, help="Samples to draw.")] = 1000,
    psi: Annotated[float, typer.Option("--psi", help="Truncation, as for `sample`.")] = 1.0,
    out: Annotated[Path | None, typer.Option("--out", help="Report folder; by default beside the checkpoint.")] = None,
    as_json: Json = False,
) -> None:
    """Measure how good and how varied a network's samples are, and whether any copies a training picture."""
    from flows.commands.evaluate_gan import evaluate_gan as evaluate

    raise typer.Exit(evaluate(checkpoint, data, held_out, samples, psi, out, as_json))


@networks.command()
def interpolate(
    checkpoint: Annotated[Path, typer.Argument(metavar="CHECKPOINT", help="Trained network (.safetensors).")],
    to: Annotated[
        Path, typer.Option("-o", "--to", help=f"A {listed(ANIMATED)} file, a folder for PNGs, or a .png sheet.")
    ],
    seeds: Annotated[str, typer.Option("--seeds", help="Seeds to pass, such as `1,5,9`.")],
    frames: Annotated[int, typer.Option("--frames", help="Frames in all.")] = 60,
    loop: Annotated[bool, typer.Option("--loop", help="Come back to the first seed.")] = False,
    grid: Annotated[str | None, typer.Option("--grid", help="A sheet, such as 8x8, between four seeds.")] = None,
    psi: Annotated[float, typer.Option("--psi", help="Truncation, as for `sample`.")] = 1.0,
    label: Annotated[str | None, typer.Option("--label", "--class", help="Class to draw, by number or name.")] = None,
    device: Annotated[str, typer.Option("--device", help="`auto`, `cpu`, `cuda` or `mps`.")] = "auto",
) -> None:
    """Draw the way from seed to seed as an animation, or the space between four as a sheet."""
    from flows.commands.interpolate import interpolate as draw
    from flows.commands.interpolate import walk_from

    draw(checkpoint, walk_from(seeds, frames, loop, grid, to), psi, label, device)
