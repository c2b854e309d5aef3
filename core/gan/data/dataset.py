"""Data set of a GAN: a folder of pictures, MNIST's files, or the digits that scikit-learn carries.

Everything is read once and kept in memory as squares of 8-bit pixels: 12 KB a picture of 64 px, 200 KB one of 256 px.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.errors import NocturneError, SpecError
from core.gan.data import idx
from core.gan.networks.recipe import GanRecipe
from core.images import image
from core.images.border_crop import margins_cropped
from core.images.formats import listed
from core.planning.file_digests import sha256_of
from core.planning.library import Library, scan
from core.progress import ProgressCallback
from core.safe_text import one_spelling, printable, truncated
from core.storage.bounded_read import read_bounded
from core.training.picture_checks import PictureChecks
from core.training.skipped_files import SkippedFile

U8 = NDArray[np.uint8]

DIGITS = "digits"
"""Name of the 1,797 handwritten digits of 8 x 8 px that scikit-learn carries."""

LEAST = 2
"""Pictures without which there is nothing to learn."""


MOST_BYTES = 2 << 30
"""Bytes of a picture's file."""


@dataclass(frozen=True, eq=False)
class Dataset:
    """Pictures to learn from, in the order of their names."""

    pictures: U8
    """(n, channels, side, side); the side is the recipe's size, or longer if random crops are taken from it."""
    labels: NDArray[np.int64] | None
    """(n,) numbers of classes, or None where there are none."""
    classes: tuple[str, ...]
    names: tuple[str, ...]
    sha256: tuple[str, ...]
    """Of each file's bytes; of MNIST's two files; empty for what comes with a package."""
    skipped: tuple[SkippedFile, ...] = ()
    kind: str = "folder"
    notes: tuple[str, ...] = field(default=(), compare=False)
    """Sentences on what the folder has that is not learnt, and on pictures that teach little."""
    digest: str = field(default="", compare=False)
    """16 hex digits over pixels, labels, classes, and the names and reasons of the files left out."""

    def __len__(self) -> int:
        return len(self.pictures)


def side_for(recipe: GanRecipe) -> int:
    """The side in pixels at which pictures are kept, so that a crop of them has the recipe's size.

    >>> side_for(GanRecipe(size=64, crop=0.9))
    71
    """
    return round(recipe.size / recipe.crop)


def load(
    path: Path | str,
    recipe: GanRecipe,
    max_pixels: int = image.MAX_PIXELS,
    tick: ProgressCallback | None = None,
    *,
    system_folders: bool = False,
) -> Dataset:
    """The data at `path`: `digits`, a folder with MNIST's files, or a folder of pictures whose subfolders are classes.

    Pictures are cut to their middle square and brought to `side_for(recipe)`; broken ones are left out and listed.
    Raises SpecError if there is nothing to learn from, or no classes for a recipe that wants them.
    """
    found = (
        _packaged_digits(recipe)
        if str(path) == DIGITS
        else _from_disk(Path(path), recipe, max_pixels, tick, system_folders)
    )
    if len(found) < LEAST:
        skipped = "".join(f" {truncated(file.message)}" for file in found.skipped[:3])
        skipped += "".join(f" {note}" for note in found.notes[:3])
        raise SpecError(
            f"{printable(str(path))} has {len(found)} picture to learn from, and at least {LEAST} are needed",
            f"put {listed()} files there.{skipped}",
        )
    if recipe.conditional and len(found.classes) < 2:
        raise SpecError(
            f"{printable(str(path))} has no classes to learn apart",
            "put the pictures into a folder for each class, or leave --conditional out.",
        )
    return found


def _from_disk(
    path: Path, recipe: GanRecipe, max_pixels: int, tick: ProgressCallback | None, system_folders: bool
) -> Dataset:
    if not path.is_dir():
        raise SpecError(
            f"{printable(str(path))} is not a folder of pictures or of MNIST's files",
            f"give an existing one, or `{DIGITS}` for scikit-learn's digits.",
        )
    files = idx.find(path, "train")
    return _from_idx(*files, recipe) if files else _from_folder(path, recipe, max_pixels, tick, system_folders)


def download_mnist(folder: Path) -> None:
    """Have torchvision fetch MNIST's files into `folder`, unless they are there. Raises SpecError if it cannot."""
    if idx.find(folder, "train"):
        return
    from torchvision.datasets import MNIST

    try:
        MNIST(str(folder), download=True)
    except Exception as error:  # of the network, the disk, or the mirrors
        raise SpecError(
            f"MNIST could not be fetched into {printable(str(folder))} ({type(error).__name__})",
            "copy its four files there.",
        ) from error
    for file in (folder / "MNIST" / "raw").glob("*-ubyte"):
        file.rename(folder / file.name)


def load_mnist_test(folder: Path, recipe: GanRecipe) -> Dataset | None:
    """MNIST's held-out part (`t10k`) beside the training files, or None."""
    files = idx.find(folder, "t10k")
    return _from_idx(*files, recipe) if files else None


def _from_idx(pictures: Path, labels: Path, recipe: GanRecipe) -> Dataset:
    pixels, numbers = idx.read_idx(pictures), idx.read_idx(labels)
    if pixels.ndim != 3 or numbers.shape != pixels.shape[:1]:
        raise SpecError(
            f"{printable(str(pictures))} and {printable(str(labels))} do not belong together: {pixels.shape} and "
            f"{numbers.shape}",
            "use the two files of one set.",
        )
    hashes = tuple(sha256_of(str(file)) for file in (pictures, labels))
    return _of_greys(pixels, numbers, recipe, "mnist", hashes)


def _packaged_digits(recipe: GanRecipe) -> Dataset:
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise SpecError("the packaged digits need scikit-learn: `pip install scikit-learn`.") from error
    found = load_digits()
    pixels = (found.images * (255 / 16)).round().astype(np.uint8)
    return _of_greys(pixels, found.target.astype(np.uint8), recipe, DIGITS, ())


def _of_greys(pixels: U8, numbers: U8, recipe: GanRecipe, kind: str, hashes: tuple[str, ...]) -> Dataset:
    """Grey squares (n, h, w) with a digit each. MNIST's 28 px are padded to 32, not enlarged; others are resized."""
    side = side_for(recipe)
    if pixels.shape[1:] == (28, 28) and side == 32:
        pixels = np.pad(pixels, ((0, 0), (2, 2), (2, 2)))
    elif pixels.shape[1:] != (side, side):
        pixels = np.stack([_resized(grey, side) for grey in pixels]) if len(pixels) else pixels
    stacked = np.repeat(pixels[:, None], recipe.channels, axis=1)
    count = int(numbers.max()) + 1 if len(numbers) else 0
    classes = tuple(str(number) for number in range(count))
    names = tuple(f"{kind}/{index}" for index in range(len(pixels)))
    return _digested(Dataset(stacked, numbers.astype(np.int64), classes, names, hashes, kind=kind))


def _from_folder(
    path: Path, recipe: GanRecipe, max_pixels: int, tick: ProgressCallback | None, system_folders: bool
) -> Dataset:
    """Classes are the first folders below `path`, unless pictures lie in `path` itself."""
    library = scan(path, system_folders=system_folders)
    assets = library.assets
    pictures, kept, hashes, skipped, checks = [], [], [], [], PictureChecks()
    for done, asset in enumerate(assets, start=1):
        try:
            if asset.problem:
                raise SpecError(asset.problem)
            image.probe(path / asset.file, max_pixels)  # by its beginning, before it is read whole
            data = read_bounded(path / asset.file, MOST_BYTES, "picture")
            picture = image.from_bytes(data, asset.name, max_pixels)
            pictures.append(prepared(picture, recipe))
            checks.add(picture.rgb)
            kept.append(asset.name)
            hashes.append(hashlib.sha256(data).hexdigest())
        except (NocturneError, OSError) as error:
            skipped.append(SkippedFile.of(asset.name, error))
        if tick is not None:
            tick(done, len(assets))
    side = side_for(recipe)
    stacked = np.stack(pictures) if pictures else np.zeros((0, recipe.channels, side, side), np.uint8)
    classes, labels = _classes(kept)
    notes = (*library.passed.sentences(f"data {path}"), *_notes(library, kept), *checks.sentences())
    return _digested(Dataset(stacked, labels, classes, tuple(kept), tuple(hashes), tuple(skipped), notes=notes))


def _notes(library: Library, kept: list[str]) -> Iterator[str]:
    """Sentences on class folders that give nothing, and on pictures beside them."""
    beside = sum("/" not in name for name in kept)
    if beside and library.folders:
        yield f"{beside:,} pictures lie beside the subfolders, so that these are no classes; move them for classes."
    filled = {name.split("/", 1)[0] for name in kept}
    for folder in library.folders if not beside else ():
        if folder not in filled:
            yield f"subfolder {folder} has no picture that can be read, and is no class."


def _classes(names: list[str]) -> tuple[tuple[str, ...], NDArray[np.int64] | None]:
    folders = one_spelling([name.split("/", 1)[0] if "/" in name else "" for name in names])
    if not names or "" in folders:
        return (), None
    classes = sorted(set(folders))
    return tuple(classes), np.array([classes.index(folder) for folder in folders], np.int64)


def prepared(picture: image.Picture, recipe: GanRecipe) -> U8:
    """A picture as a network of this recipe learns it: (channels, side, side), side of `side_for`.

    White margins go first if the recipe trims; then the middle square is taken and resized by Lanczos.
    """
    rgb = margins_cropped(picture.rgb) if recipe.trim else picture.rgb
    height, width = rgb.shape[:2]
    short = min(height, width)
    top, left = (height - short) // 2, (width - short) // 2
    square = Image.fromarray(np.ascontiguousarray(rgb[top : top + short, left : left + short]))
    if recipe.channels == 1:
        square = square.convert("L")
    pixels = _resized(np.asarray(square), side_for(recipe))
    return pixels[None] if pixels.ndim == 2 else np.ascontiguousarray(pixels.transpose(2, 0, 1))


def _resized(pixels: U8, side: int) -> U8:
    if pixels.shape[:2] == (side, side):
        return pixels
    return np.asarray(Image.fromarray(pixels).resize((side, side), Image.Resampling.LANCZOS))


def _digested(data: Dataset) -> Dataset:
    sha = hashlib.sha256(f"{data.pictures.shape}{data.classes}".encode())
    sha.update(data.pictures.tobytes())
    if data.labels is not None:
        sha.update(data.labels.tobytes())
    for file in data.skipped:
        sha.update(f"{file.name}\0{file.reason}\n".encode())
    return Dataset(
        data.pictures,
        data.labels,
        data.classes,
        data.names,
        data.sha256,
        data.skipped,
        data.kind,
        data.notes,
        sha.hexdigest()[:16],
    )
