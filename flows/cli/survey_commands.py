"""The commands that look at pictures: appraise and analyse a folder. Heavy imports wait for a body."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from core.survey.spec import AnalyseSpec, AppraiseSpec
from flows.cli.options import Json, Verbose, with_analyse_spec, with_appraise_spec

surveys = typer.Typer(rich_markup_mode=None)


@surveys.command()
@with_appraise_spec
def appraise(spec: AppraiseSpec, as_json: Json = False, verbose: Verbose = False) -> None:
    """Judge how the pictures of a folder are made and composed; one row a picture, and what is known stays."""
    from flows.commands.survey import survey

    raise typer.Exit(survey(spec, as_json, verbose))


@surveys.command()
@with_analyse_spec
def analyse(spec: AnalyseSpec, as_json: Json = False, verbose: Verbose = False) -> None:
    """See the colours, moods and structure of the pictures of a folder: a table, palettes, overlays and a page."""
    from flows.commands.survey import survey

    raise typer.Exit(survey(spec, as_json, verbose))


@surveys.command()
def similar(
    picture: Annotated[Path, typer.Argument(metavar="PICTURE", help="The picture to find others like.")],
    folder: Annotated[Path, typer.Option("--in", help="Folder to look in; what was seen of it before is kept.")],
    count: Annotated[int, typer.Option("-n", "--count", min=1, max=1000, help="Pictures to name.")] = 10,
    as_json: Json = False,
) -> None:
    """Name the pictures of a folder, such as a catalog's artworks, that are most like one."""
    from flows.commands.similar import similar as find

    find(picture, folder, count, as_json)


@surveys.command()
def recommend(
    pictures: Annotated[Path, typer.Argument(metavar="ASSETS", help="Folder of pictures, or one picture.")],
    catalog: Annotated[Path, typer.Option("--catalog", help="Folder of artworks to choose from.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for pairs, reasons and the spec.")],
    count: Annotated[int, typer.Option("-n", "--count", min=1, max=100, help="Styles a picture.")] = 1,
    mood: Annotated[str | None, typer.Option("--mood", help="A mood to come near to, such as `calm`.")] = None,
    preset: Annotated[str, typer.Option("--preset", help="What the spec makes them with.")] = "fast",
    as_json: Json = False,
) -> None:
    """Say which styles suit which pictures, and why; writes pairs and a spec that `nocturne run` takes."""
    from flows.commands.recommend import recommend as choose

    choose(pictures, catalog, out, count, mood, preset, as_json)


@surveys.command()
def inspire(
    pictures: Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder of pictures.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for the board.")],
    catalog: Annotated[
        Path | None, typer.Option("--catalog", help="Artworks to try; by default the samples that Nocturne ships.")
    ] = None,
    drafts: Annotated[int, typer.Option("--drafts", min=0, max=200, help="Drafts to paint.")] = 6,
    mood: Annotated[str | None, typer.Option("--mood", help="A mood to come near to, such as `calm`.")] = None,
    as_json: Json = False,
) -> None:
    """Make a board: palettes, structure, moods, what belongs together, and small drafts of what to try."""
    from flows.commands.inspire import SAMPLES
    from flows.commands.inspire import inspire as make

    make(pictures, out, catalog or SAMPLES, drafts, mood, as_json)
