"""Adding styles to a trained network: each embedding is predicted, refined by gradient descent, and written to the file.

All other embeddings, the network and the predictor keep their bits, so that what they paint keeps its pixels and its keys.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from core.errors import SpecError
from core.networks import device as devices
from core.safe_text import printable
from core.storage.allowed_roots import check_inside
from core.storage.cache_dir import cache_folder
from core.storage.write_targets import check_target, write_file
from core.stylize.feedforward.style_lookup import row_of
from core.stylize.feedforward.transfer_file import checkpoint_bytes, exported, load, read_info
from core.stylize.feedforward.transfer_info import KnownStyle, TransferInfo
from core.stylize.optimise.recipe_backbone import for_recipe
from core.stylize.train import contents
from core.stylize.train.learn_spec import LearnStyleSpec
from core.stylize.train.perceptual import PerceptualLoss
from core.stylize.train.refine_embedding import EmbeddingRefiner, Refined
from core.stylize.train.style_bank import StyleBank
from core.stylize.train.training_data import CatalogStyles, catalog_styles

ASSETS = Path(__file__).resolve().parents[3] / "data" / "assets"
OnStyleLoss = Callable[[str, int, float], None]
"""Called with a style's name, the step, and the loss."""


@dataclass(frozen=True)
class LearnedStyle:
    """Result of refining one style: its loss before, and after so many steps."""

    name: str
    before: float
    after: float
    steps: int


def learn(
    spec: LearnStyleSpec, on_loss: OnStyleLoss | None = None, on_note: Callable[[str], object] = lambda _: None
) -> list[LearnedStyle]:
    """Refine what is to be learnt, and write the network file; style after style, so that a stop loses one at most.

    `on_note` is called, before a step is made, with what is left out of catalog and contents, or teaches nothing there.
    Nothing is written where nothing is to be learnt. Raises SpecError, NotFinite, StoreBroken.
    """
    if spec.written.suffix != ".safetensors":
        raise SpecError(f"{printable(str(spec.written))} must end in .safetensors, the one format of network files.")
    check_inside(spec.paths())
    check_target("--to", spec.written, [], replaces=spec.begun_with, make_folder=True)
    info = read_info(spec.begun_with)
    styles = catalog_styles(spec.catalog, info.recipe, spec.max_pixels, system_folders=spec.system_folders)
    numbers = styles_to_learn(styles.known, info, spec.only, spec.catalog)
    for note in styles.notes:
        on_note(note)
    if not numbers:
        return []
    learner = _StyleLearner(spec, info, styles)
    for note in learner.notes:
        on_note(note)
    return [learner.refine(number, on_loss) for number in numbers]


def styles_to_learn(known: Sequence[KnownStyle], info: TransferInfo, only: Sequence[str], catalog: Path) -> list[int]:
    """Which styles of a catalog are to be learnt: those named, or those that the network does not know.

    Raises SpecError for a name that the catalog has not.
    """
    names = [style.name for style in known]
    for name in only:
        if name not in names:
            raise SpecError(
                f"catalog {printable(str(catalog))} has no style {printable(name)!r} to learn",
                f"it has {printable(', '.join(names))}.",
            )
    if only:
        return [k for k, name in enumerate(names) if name in only]
    return [k for k, style in enumerate(known) if row_of(style.artworks, info.styles) is None]


class _StyleLearner:
    """A network file as it grows by one style after another."""

    def __init__(self, spec: LearnStyleSpec, info: TransferInfo, styles: CatalogStyles) -> None:
        self._spec, self._catalog, self._info = spec, styles, info
        self._device = devices.choose(spec.device)
        devices.make_deterministic(spec.threads)
        recipe = info.recipe
        backbone = for_recipe(recipe.losses(), self._device)
        self._bank = StyleBank(styles.palettes, recipe.losses(), backbone, cache_folder(), recipe.trim)
        model = load(info.path, self._device, "float32")
        self._predictor = model.predictor
        folders = spec.contents or usual_contents()
        pictures = contents.load(folders, recipe, spec.max_pixels, system_folders=spec.system_folders)
        self.notes = [*pictures.notes, *(f"contents: left out: {fault.message}" for fault in pictures.faults)]
        self._refiner = EmbeddingRefiner(model.network, recipe, pictures, PerceptualLoss(recipe.losses(), backbone))
        self._known, self._tensors = list(info.styles), _tensors(info)

    def refine(self, number: int, on_loss: OnStyleLoss | None) -> LearnedStyle:
        """Refine a style of the catalog, and write the file with it."""
        style = self._catalog.known[number]

        def seen(step: int, loss: float) -> None:
            if on_loss is not None:
                on_loss(style.name, step, loss)

        found = self._refiner.refined(
            self._start(number), self._bank.training_target(number), self._spec.steps, self._spec.rate, seen
        )
        self._write(style, found)
        return LearnedStyle(style.name, found.before, found.after, found.steps)

    @torch.no_grad()
    def _start(self, number: int) -> Tensor:
        """What is known of a style, else what is predicted."""
        row = row_of(self._catalog.known[number].artworks, self._known)
        if row is not None:
            return self._tensors["embeddings"][row : row + 1].float().to(self._device)
        predicted: Tensor = self._predictor(self._bank.look(number))
        return predicted

    def _write(self, style: KnownStyle, found: Refined) -> None:
        """A style known by its artworks, or by its name, gets a new embedding; else it comes last."""
        rows = self._tensors["embeddings"].clone()
        named = next((row for row, other in enumerate(self._known) if other.name == style.name), None)
        row = row_of(style.artworks, self._known)
        row = named if row is None else row
        new = found.embedding.cpu().to(rows.dtype)
        if row is None:
            self._known.append(style)
            rows = torch.cat([rows, new])
        else:
            self._known[row], rows[row] = style, new[0]
        self._tensors["embeddings"] = rows
        info, to = self._info, self._spec.written.absolute()
        data = checkpoint_bytes(self._tensors, info.recipe, info.step, self._known, info.data)
        write_file(to, data, [], replaces=self._spec.begun_with)


def _tensors(info: TransferInfo) -> dict[str, Tensor]:
    """The tensors of a network file as they are; of a training's checkpoint, those of its small file."""
    from safetensors.torch import load as from_bytes

    from core.stylize.feedforward.transfer_file import read_tensors

    return from_bytes(exported(info.path)) if info.whole else read_tensors(info.path)


def usual_contents() -> list[Path]:
    """Folders of photographs that come along: scikit-learn's, and the sample assets."""
    import sklearn

    return [Path(sklearn.__file__).parent / "datasets" / "images", ASSETS]
