"""Data of a style training: styles of a catalog, content pictures, and artworks for the style predictor."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.errors import JobError, SpecError
from core.images import image
from core.planning.catalog import Style, load_catalog
from core.planning.file_digests import measure_file, sha256_of
from core.progress import ProgressCallback
from core.safe_text import printable
from core.storage.passed_over import PassedOver
from core.stylize.feedforward.train_recipe import TransferRecipe
from core.stylize.feedforward.transfer_info import KnownStyle
from core.stylize.train import contents
from core.stylize.train.contents import Contents
from core.stylize.train.style_bank import StyleArtworks
from core.training.picture_checks import PictureChecks
from core.training.skipped_files import SkippedFile


@dataclass(frozen=True)
class CatalogStyles:
    """The styles of a catalog that can be learnt, by name, and notes on those that cannot or that teach little."""

    known: tuple[KnownStyle, ...]
    palettes: tuple[StyleArtworks, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class TrainingData:
    """Everything that a training reads, and the digest over it."""

    catalog: CatalogStyles
    contents: Contents
    artworks: tuple[StyleArtworks, ...]
    faults: tuple[SkippedFile, ...]
    notes: tuple[str, ...]
    """Sentences on styles that are not learnt, on folders that were not entered, and on pictures that teach nothing."""
    digest: str
    """16 hex digits over pixels of contents, artworks of styles with their weights, and artworks."""


def catalog_styles(
    folder: Path, recipe: TransferRecipe, max_pixels: int = image.MAX_PIXELS, *, system_folders: bool = False
) -> CatalogStyles:
    """The styles of a catalog.

    Raises SpecError, naming the style, for one whose artworks cannot be read, and for a catalog without a style to learn.
    """
    learnt, passed, checks = [], PassedOver(), PictureChecks()
    styles = load_catalog(folder, system_folders=system_folders, passed=passed)
    notes = passed.sentences(f"catalog {printable(str(folder))}")
    for style in styles:
        if style.entry.regions:
            notes.append(
                f"left out: style {style.name} has regions; the styles that it names are learnt by themselves."
            )
        else:
            learnt.append((_known(style, folder, max_pixels, checks), _palette(style, folder, recipe)))
    if not learnt:
        raise SpecError(f"catalog {printable(str(folder))} has regions alone", "put artworks into it.")
    notes += [f"catalog: {text}" for text in checks.sentences()]
    return CatalogStyles(tuple(known for known, _ in learnt), tuple(palette for _, palette in learnt), tuple(notes))


def _known(style: Style, folder: Path, max_pixels: int, checks: PictureChecks) -> KnownStyle:
    try:
        if style.problem:
            raise SpecError(style.problem)
        for artwork in style.artworks:
            checks.add(image.read(folder / artwork.file, max_pixels).rgb)
        parts = tuple((sha256_of(str(folder / artwork.file)), artwork.weight) for artwork in style.artworks)
    except (JobError, SpecError) as error:
        raise SpecError(
            f"catalog {printable(str(folder))}: style {style.name!r} cannot be learnt: {error} Or take the style out."
        ) from error
    entry = style.entry
    return KnownStyle(
        name=style.name,
        artworks=parts,
        title=entry.title,
        artist=entry.artist,
        licence=entry.licence,
        credit=entry.credit,
    )


def _palette(style: Style, folder: Path, recipe: TransferRecipe) -> StyleArtworks:
    files = tuple(folder / artwork.file for artwork in style.artworks)
    weights = tuple(artwork.weight for artwork in style.artworks)
    return StyleArtworks(style.name, files, weights, recipe.style_shares.get(style.name, 1.0))


def load(
    catalog: Path,
    folders: Sequence[Path],
    artworks: Sequence[Path],
    recipe: TransferRecipe,
    max_pixels: int = image.MAX_PIXELS,
    tick: ProgressCallback | None = None,
    *,
    system_folders: bool = False,
) -> TrainingData:
    """Read everything. `artworks`: folders; with none the contents are the artworks. What is broken there is left out.

    Raises SpecError for a style of the catalog that cannot be read, for a share of a style that it has not, and for fewer
    than two contents.
    """
    styles = catalog_styles(catalog, recipe, max_pixels, system_folders=system_folders)
    names = [palette.name for palette in styles.palettes]
    strange = sorted(set(recipe.style_shares) - set(names))
    if strange:
        raise SpecError(
            f"style_shares: catalog {printable(str(catalog))} has no style {printable(strange[0])!r} to learn",
            f"it has {printable(', '.join(names))}.",
        )
    pictures = contents.load(folders, recipe, max_pixels, tick, system_folders=system_folders)
    files, faults, notes = pictures.files, list(pictures.faults), [*styles.notes, *pictures.notes]
    if artworks and list(artworks) != list(folders):
        checks = PictureChecks()
        more = contents.readable(
            artworks, max_pixels, tick, lambda picture: checks.add(picture.rgb), system_folders=system_folders
        )
        files = more.files
        faults += [fault for fault in more.faults if fault not in faults]
        notes += [*more.notes, *(f"artworks: {text}" for text in checks.sentences())]
    frames = (recipe.frame, 0.0) if recipe.frame else (0.0,)
    others = tuple(StyleArtworks(file.stem, (file,), frame=frame) for frame in frames for file in files)
    learnt = [known.model_dump(mode="json", include={"name", "artworks"}) for known in styles.known]
    sha = hashlib.sha256(json.dumps([pictures.digest, learnt]).encode())
    for palette in styles.palettes:
        sha.update("".join(image.read_header(path, max_pixels).revision for path in palette.artworks).encode())
    for file in files:
        sha.update(measure_file(str(file), max_pixels).pixel_digest.encode())
    return TrainingData(styles, pictures, others, tuple(faults), tuple(dict.fromkeys(notes)), sha.hexdigest()[:16])
