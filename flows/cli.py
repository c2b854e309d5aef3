"""The command line. Nothing heavy is imported before a command's body: `--help` must be quick."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from core.errors import NocturneError, RunBusy, SpecError, Stopped, StoreBroken
from core.gan.sample_spec import SampleSpec
from core.gan.train_spec import TrainSpec
from core.spec import Spec
from core.stylize.learn_spec import LearnStyleSpec
from core.stylize.train_spec import TrainStyleSpec
from flows.exit_codes import CRASHED, UNFINISHED, WRONG_SPEC
from flows.options import (
    with_learn_style_spec,
    with_recipe,
    with_sample_spec,
    with_spec,
    with_train_spec,
    with_train_style_spec,
)

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # rich's help costs 0.15 s of the half second that help may take
    context_settings={"max_content_width": 100},
    help="Turns folders of pictures into finished art overnight.\n\nExit codes: 0 all jobs done, 3 some failed or"
    " unfinished, 2 wrong spec, 1 crash.",
)

Json = Annotated[bool, typer.Option("--json", help="Print JSON for a script to read.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Show what Prefect says.")]
Replan = Annotated[
    bool, typer.Option("--replan", help="Choose the recipe anew, where a quality or a time is asked for.")
]
Photo = Annotated[Path, typer.Argument(metavar="PHOTO", help="Picture to paint.")]
Paintings = Annotated[
    list[str], typer.Argument(metavar="PAINTING...", help="Artworks of the style, each FILE or FILE:WEIGHT.")
]
RunFolder = Annotated[Path, typer.Argument(metavar="DIR", help="Run folder.")]


@app.command()
@with_spec
def run(
    spec: Spec,
    replan: Replan = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be made, as `plan` does.")] = False,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Make what the spec asks for and is not done yet."""
    if dry_run:
        from flows.looks import look_at_plan

        return look_at_plan(spec, as_json, replan)
    from flows.night import night

    raise typer.Exit(night(spec, retry=False, as_json=as_json, verbose=verbose, replan=replan))


@app.command()
@with_recipe
def style(
    values: dict[str, Any],
    photo: Photo,
    paintings: Paintings,
    to: Annotated[Path, typer.Option("-o", "--to", help="Where the picture goes: .png, .jpg or .webp.")],
    save_every: Annotated[
        int | None, typer.Option("--save-every", min=1, help="Save every Nth step beside it, such as out-0010.png.")
    ] = None,
    animate: Annotated[
        Path | None, typer.Option("--animate", help="A .gif or .webp file for the way from the asset to the result.")
    ] = None,
    mask: Annotated[
        Path | None, typer.Option("--mask", help="A grey picture: paint where it is white, keep what is black.")
    ] = None,
) -> None:
    """Paint one picture while you watch.

    It is what `run` would make of it. Ctrl-C keeps the best so far.
    """
    from flows.style import style as paint

    raise typer.Exit(paint(photo, paintings, to, values, save_every, animate, mask))


@app.command()
@with_recipe
def sweep(
    values: dict[str, Any],
    photo: Photo,
    paintings: Paintings,
    to: Annotated[Path, typer.Option("-o", "--to", help="Where the sheet goes: .png, .jpg or .webp.")],
    x: Annotated[
        str | None, typer.Option("--x", help="Recipe field, `preset` or `seed`, and its values from left to right.")
    ] = None,
    y: Annotated[str | None, typer.Option("--y", help="The same from top to bottom, such as size=256,512.")] = None,
    cells: Annotated[Path | None, typer.Option("--cells", help="A folder for each picture by itself.")] = None,
) -> None:
    """Paint a contact sheet over one or two parameters.

    `--x style_weight=50,250,1000 --y size=256,512` gives six pictures of one photograph, with labels.
    """
    from flows.sweep import sweep as paint

    raise typer.Exit(paint(photo, paintings, to, values, x, y, cells))


@app.command()
@with_sample_spec
def sample(spec: SampleSpec, as_json: Json = False, verbose: Verbose = False) -> None:
    """Draw pictures from a trained network, one a seed."""
    from flows.night import night

    raise typer.Exit(night(spec, retry=False, as_json=as_json, verbose=verbose))


@app.command(name="train-gan")
@with_train_spec
def train_gan(spec: TrainSpec, as_json: Json = False, verbose: Verbose = False) -> None:
    """Train a network that draws pictures like those it is shown; started again, it goes on from where it was."""
    from flows.train import train

    raise typer.Exit(train(spec, as_json, verbose))


@app.command(name="export-gan")
def export_gan(
    checkpoint: Annotated[Path, typer.Argument(metavar="CHECKPOINT", help="A checkpoint of a training.")],
    to: Annotated[Path, typer.Argument(metavar="FILE", help="The small file to write, .safetensors.")],
) -> None:
    """Write what draws samples of a checkpoint, and nothing else, into a small file to keep or to share."""
    from flows.train import export

    export(checkpoint, to)


@app.command()
def export(
    network: Annotated[Path, typer.Argument(metavar="NETWORK", help="A network file (.safetensors) that paints.")],
    to: Annotated[Path, typer.Option("-o", "--to", help="The .onnx file to write.")],
) -> None:
    """Write a network that paints in one pass as ONNX, checked against torch; needs the extra `onnx`.

    Its inputs are a picture and an embedding. The embeddings of its styles go into an .npz file beside it.
    """
    from flows.export import export as write

    write(network, to)


@app.command(name="train-style")
@with_train_style_spec
def train_style(spec: TrainStyleSpec, as_json: Json = False, verbose: Verbose = False) -> None:
    """Train a network that paints a catalog's styles in one pass; started again, it goes on from where it was."""
    from flows.train import train

    raise typer.Exit(train(spec, as_json, verbose))


@app.command(name="export-style")
def export_style(
    checkpoint: Annotated[Path, typer.Argument(metavar="CHECKPOINT", help="A checkpoint of a style training.")],
    to: Annotated[Path, typer.Argument(metavar="FILE", help="The small file to write, .safetensors.")],
) -> None:
    """Write what paints of a checkpoint, and nothing else, into a small network file to use or to share."""
    from flows.train import export_style as export

    export(checkpoint, to)


@app.command(name="learn-style")
@with_learn_style_spec
def learn_style(spec: LearnStyleSpec, as_json: Json = False) -> None:
    """Teach a trained network the styles of a catalog that it does not know; what it knows stays as it is."""
    from flows.learn_style import learn_style as learn

    learn(spec, as_json)


@app.command(name="evaluate-gan")
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
    from flows.evaluate_gan import evaluate_gan as evaluate

    raise typer.Exit(evaluate(checkpoint, data, held_out, samples, psi, out, as_json))


@app.command()
def interpolate(
    checkpoint: Annotated[Path, typer.Argument(metavar="CHECKPOINT", help="Trained network (.safetensors).")],
    to: Annotated[Path, typer.Option("-o", "--to", help="A .gif or .webp file, a folder for PNGs, or a .png sheet.")],
    seeds: Annotated[str, typer.Option("--seeds", help="Seeds to pass, such as `1,5,9`.")],
    frames: Annotated[int, typer.Option("--frames", help="Frames in all.")] = 60,
    loop: Annotated[bool, typer.Option("--loop", help="Come back to the first seed.")] = False,
    grid: Annotated[str | None, typer.Option("--grid", help="A sheet, such as 8x8, between four seeds.")] = None,
    psi: Annotated[float, typer.Option("--psi", help="Truncation, as for `sample`.")] = 1.0,
    label: Annotated[str | None, typer.Option("--label", "--class", help="Class to draw, by number or name.")] = None,
    device: Annotated[str, typer.Option("--device", help="`auto`, `cpu`, `cuda` or `mps`.")] = "auto",
) -> None:
    """Draw the way from seed to seed as an animation, or the space between four as a sheet."""
    from flows.interpolate import interpolate as draw
    from flows.interpolate import walk_from

    draw(checkpoint, walk_from(seeds, frames, loop, grid, to), psi, label, device)


@app.command()
@with_spec
def plan(spec: Spec, replan: Replan = False, as_json: Json = False) -> None:
    """Say what `run` would do: jobs, how many are done, time and disk on this machine. Writes nothing."""
    from flows.looks import look_at_plan

    look_at_plan(spec, as_json, replan)


@app.command()
def retry(folder: RunFolder, as_json: Json = False, verbose: Verbose = False) -> None:
    """Make the failed jobs of a run again, and no others."""
    from flows.looks import spec_of
    from flows.night import night

    raise typer.Exit(night(spec_of(folder), retry=True, as_json=as_json, verbose=verbose))


@app.command()
def status(folder: RunFolder, as_json: Json = False) -> None:
    """Say how far a run is, also while it goes on."""
    from flows.looks import look_at_status

    raise typer.Exit(look_at_status(folder, as_json))


@app.command()
def manifest(
    folder: RunFolder,
    failed: Annotated[bool, typer.Option("--failed", help="Failed jobs alone.")] = False,
    style: Annotated[str | None, typer.Option("--style", help="Jobs of this style alone.")] = None,
    sort: Annotated[str | None, typer.Option("--sort", help="Column to sort by, such as `score`.")] = None,
    to: Annotated[Path | None, typer.Option("--to", help="Write to a .csv, .parquet or .json file.")] = None,
    as_json: Json = False,
) -> None:
    """List the rows of a run's manifest, or write them to a file."""
    from flows.looks import look_at_manifest

    look_at_manifest(folder, failed, style, sort, to, as_json)


@app.command()
def verify(
    folder: RunFolder,
    set_aside: Annotated[
        bool, typer.Option("--set-aside", help="Move what is altered, damaged or stray to DIR/set-aside/.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Compare every picture of a run with the manifest, also while a night goes on. Writes nothing by itself."""
    from flows.verify import verify_run

    raise typer.Exit(verify_run(folder, as_json, set_aside))


@app.command()
def gallery(folder: RunFolder) -> None:
    """Build the gallery of a run again and print its path."""
    from flows.looks import build

    build(folder)


@app.command()
def show(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A picture that Nocturne made, or a checkpoint.")],
    as_json: Json = False,
) -> None:
    """Print the recipe and key that a picture carries, or what a checkpoint is."""
    from flows.looks import look_at_picture

    look_at_picture(file, as_json)


@app.command()
def doctor(
    spec: Annotated[Path | None, typer.Argument(metavar="SPEC", help="Spec file or run folder to check too.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Run folder; its disk is looked at.")] = None,
    as_json: Json = False,
) -> None:
    """Check that this machine, and a spec, have what a night needs."""
    from flows.doctor import examine_all

    raise typer.Exit(examine_all(spec, out, as_json))


@app.command()
def init(folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to start in.")]) -> None:
    """Write an example spec, a library folder and a catalog to start from."""
    from core.example import init as write_example
    from core.layout import printable

    for path in write_example(folder):
        typer.echo(printable(str(path)))
    typer.echo(printable(f"Put photographs into {folder / 'library'}, artworks into {folder / 'catalog'}, then:"))
    typer.echo(printable(f"nocturne run {folder / 'tonight.toml'}"))


def main() -> None:
    """Run the command line; what Nocturne can explain is one sentence on standard error."""
    code = _code()
    if "prefect" in sys.modules:
        from flows.outage import leave_if_server_is_gone

        leave_if_server_is_gone(code)
        sys.exit(code)
    _leave(code)


def _leave(code: int) -> None:
    """End at once. Nothing waits for an orderly end, and one can fail: a thread of Arrow's that gives a Python buffer back
    while the interpreter is taken down ends the process with an abort.
    """
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def _code() -> int:
    try:
        app(standalone_mode=True)
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 0 if ended.code is None else CRASHED
    except SpecError as error:
        return _said(error, WRONG_SPEC)
    except (RunBusy, Stopped, StoreBroken) as error:
        return _said(error, UNFINISHED)
    except NocturneError as error:
        return _said(error, CRASHED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _said(error: NocturneError, code: int) -> int:
    from core.layout import printable

    typer.echo(f"nocturne: {printable(str(error))}", err=True)
    return code
