"""The commands of `nocturne` with their options. Nothing heavy is imported before a command's body: `--help` is quick."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from core.config.spec import Spec
from core.gan.jobs.sample_spec import SampleSpec
from core.images.formats import ANIMATED, WRITABLE, listed
from flows.cli.network_commands import networks
from flows.cli.options import Json, Verbose, with_recipe, with_sample_spec, with_spec
from flows.cli.path_check import keep_to_roots
from flows.cli.survey_commands import surveys

WRITTEN = listed(f".{name}" for name in WRITABLE)

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # rich's help costs 0.15 s of the half second that help may take
    context_settings={"max_content_width": 100},
    help="Turns folders of pictures into finished art overnight.\n\nExit codes: 0 all jobs done, 3 some failed or"
    " unfinished, 2 wrong spec, 1 crash.",
)

Replan = Annotated[
    bool, typer.Option("--replan", help="Choose anew what the spec leaves to the plan: quality, time, pairs.")
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
        from flows.commands.inspect_commands import show_plan

        return show_plan(spec, as_json, replan)
    from flows.commands.run import run_night

    raise typer.Exit(run_night(spec, retry=False, as_json=as_json, verbose=verbose, replan=replan))


@app.command()
@with_recipe
def style(
    values: dict[str, Any],
    photo: Photo,
    paintings: Paintings,
    to: Annotated[Path, typer.Option("-o", "--to", help=f"Where the picture goes: {WRITTEN}.")],
    save_every: Annotated[
        int | None, typer.Option("--save-every", min=1, help="Save every Nth step beside it, such as out-0010.png.")
    ] = None,
    animate: Annotated[
        Path | None,
        typer.Option("--animate", help=f"A {listed(ANIMATED)} file for the way from the asset to the result."),
    ] = None,
    mask: Annotated[
        Path | None, typer.Option("--mask", help="A grey picture: paint where it is white, keep what is black.")
    ] = None,
) -> None:
    """Paint one picture while you watch.

    It is what `run` would make of it. Ctrl-C keeps the best so far.
    """
    from flows.commands.style import style as paint

    raise typer.Exit(paint(photo, paintings, to, values, save_every, animate, mask))


@app.command()
@with_recipe
def sweep(
    values: dict[str, Any],
    photo: Photo,
    paintings: Paintings,
    to: Annotated[Path, typer.Option("-o", "--to", help=f"Where the sheet goes: {WRITTEN}.")],
    x: Annotated[
        str | None, typer.Option("--x", help="Recipe field, `preset` or `seed`, and its values from left to right.")
    ] = None,
    y: Annotated[str | None, typer.Option("--y", help="The same from top to bottom, such as size=256,512.")] = None,
    cells: Annotated[Path | None, typer.Option("--cells", help="A folder for each picture by itself.")] = None,
) -> None:
    """Paint a contact sheet over one or two parameters.

    `--x style_weight=50,250,1000 --y size=256,512` gives six pictures of one photograph, with labels.
    """
    from flows.commands.sweep import sweep as paint

    raise typer.Exit(paint(photo, paintings, to, values, x, y, cells))


@app.command()
@with_sample_spec
def sample(spec: SampleSpec, as_json: Json = False, verbose: Verbose = False) -> None:
    """Draw pictures from a trained network, one a seed."""
    from flows.commands.run import run_night

    raise typer.Exit(run_night(spec, retry=False, as_json=as_json, verbose=verbose))


@app.command()
@with_spec
def plan(spec: Spec, replan: Replan = False, as_json: Json = False) -> None:
    """Say what `run` would do: jobs, how many are done, time and disk on this machine. Writes nothing."""
    from flows.commands.inspect_commands import show_plan

    show_plan(spec, as_json, replan)


@app.command()
def retry(folder: RunFolder, as_json: Json = False, verbose: Verbose = False) -> None:
    """Make the failed jobs of a run again, and no others."""
    from flows.commands.inspect_commands import spec_of
    from flows.commands.run import run_night

    raise typer.Exit(run_night(spec_of(folder), retry=True, as_json=as_json, verbose=verbose))


@app.command()
def status(folder: RunFolder, as_json: Json = False) -> None:
    """Say how far a run is, also while it goes on."""
    from flows.commands.inspect_commands import show_status

    raise typer.Exit(show_status(folder, as_json))


@app.command()
def manifest(
    folder: RunFolder,
    failed: Annotated[bool, typer.Option("--failed", help="Failed jobs alone.")] = False,
    style: Annotated[str | None, typer.Option("--style", help="Jobs of this style alone.")] = None,
    sort: Annotated[str | None, typer.Option("--sort", help="Column to sort by, such as `score`.")] = None,
    to: Annotated[Path | None, typer.Option("--to", help="Write to a .csv, .parquet or .json file.")] = None,
    picks: Annotated[
        Path | None, typer.Option("--picks", help="CSV exported by the gallery: adds the column `pick`.")
    ] = None,
    spreadsheet: Annotated[
        bool, typer.Option("--spreadsheet", help="Write the .csv for a spreadsheet: marked as UTF-8, without formulas.")
    ] = False,
    explain: Annotated[
        str | None, typer.Option("--explain", metavar="OUTPUT", help="Say why this output scores what it does.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List the rows of a run's manifest, or write them to a file."""
    from flows.commands.inspect_commands import explain_score, show_manifest

    if explain is not None:
        explain_score(folder, explain)
    else:
        show_manifest(folder, failed, style, sort, to, picks, spreadsheet, as_json)


@app.command(name="learn-taste")
def learn_taste(
    picks: Annotated[Path, typer.Argument(metavar="PICKS", help="CSV of picks that a gallery exported.")],
    to: Annotated[Path, typer.Option("-o", "--to", help="The .json file to write; a spec names it as `taste`.")],
    run: Annotated[
        Path | None, typer.Option("--run", help="Run folder of the picks, if they do not say or it was moved.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Learn from picks what you keep; a spec that names the file is scored by it."""
    from flows.commands.learn import learn_taste as learn

    learn(picks, run, to, as_json)


@app.command()
def verify(
    folder: RunFolder,
    set_aside: Annotated[
        bool, typer.Option("--set-aside", help="Move what is altered, damaged or stray to DIR/set-aside/.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Compare every picture of a run with the manifest, also while a night goes on. Writes nothing by itself."""
    from flows.commands.verify import verify_run

    raise typer.Exit(verify_run(folder, as_json, set_aside))


@app.command()
def score(
    folder: RunFolder,
    scorer: Annotated[
        str | None, typer.Option("--scorer", help="Classifier that labels the pictures; without it, the spec's.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Judge the pictures of a run again, scores and labels; no picture is made or changed."""
    from flows.commands.score import score_run

    raise typer.Exit(score_run(folder, scorer, as_json))


@app.command()
def gallery(folder: RunFolder) -> None:
    """Build the gallery of a run again and print its path."""
    from flows.commands.inspect_commands import rebuild_gallery

    rebuild_gallery(folder)


@app.command()
def show(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A picture that Nocturne made, or a checkpoint.")],
    as_json: Json = False,
) -> None:
    """Print the recipe and key that a picture carries, or what a checkpoint is."""
    from flows.commands.inspect_commands import show_file

    show_file(file, as_json)


@app.command()
def doctor(
    spec: Annotated[Path | None, typer.Argument(metavar="SPEC", help="Spec file or run folder to check too.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Run folder; its disk is looked at.")] = None,
    as_json: Json = False,
) -> None:
    """Check that this machine, and a spec, have what a night needs."""
    from flows.commands.doctor import examine_all

    raise typer.Exit(examine_all(spec, out, as_json))


@app.command()
def init(folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to start in.")]) -> None:
    """Write an example spec, a library folder and a catalog to start from."""
    from core.runs.example_project import init as write_example
    from core.safe_text import printable
    from flows.shell_command import shell_command

    for path in write_example(folder):
        typer.echo(printable(str(path)))
    typer.echo(printable(f"Put photographs into {folder / 'library'}, artworks into {folder / 'catalog'}, then:"))
    typer.echo(printable(shell_command("run", path=folder / "tonight.toml")))


app.add_typer(networks)
app.add_typer(surveys)
keep_to_roots(app)
