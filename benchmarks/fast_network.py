"""The network that is measured: what it paints in a style that it knows, or in one that it reads off an artwork."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from core.storage.cache_dir import cache_folder
from core.stylize.feedforward.transfer_file import load, read_info
from core.stylize.feedforward.transfer_model import TransferModel
from core.stylize.images.pixels import eight_bit
from core.stylize.optimise.recipe_backbone import for_recipe
from core.stylize.train.style_bank import StyleArtworks, StyleBank
from style_pairs import Rgb, as_tensor
from style_records import Values

SHIPPED = Path(__file__).parents[1] / "data" / "networks" / "catalog.safetensors"
CPU = torch.device("cpu")


@dataclass(frozen=True)
class Measured:
    """A network in bfloat16 where the machine has it."""

    model: TransferModel

    @property
    def about(self) -> Values:
        """What its pictures hang on."""
        info = self.model.info
        return {"network": info.digest, "embeddings": info.embeddings, "predictor": info.predictor}

    @torch.no_grad()
    def paint(self, rgb: Rgb, embedding: Tensor, strength: float = 1.0) -> Rgb:
        """A picture, 8-bit, in a style with an embedding (1, embedding); 0 is the picture's own look."""
        mixed = torch.lerp(self.model.identity, embedding, strength)
        return eight_bit(self.model.network(as_tensor(rgb).unsqueeze(0), mixed)[0])

    @torch.no_grad()
    def predicted(self, artwork: Path) -> Tensor:
        """The embedding (1, embedding) that is read off an artwork."""
        recipe = self.model.info.recipe
        losses = recipe.losses()
        styles = [StyleArtworks(artwork.stem, (artwork,))]
        bank = StyleBank(styles, losses, for_recipe(losses, CPU), cache_folder(), recipe.trim)
        return self.model.predictor(bank.look(0))


def measured(path: Path) -> Measured:
    """The network of a file. Raises SpecError."""
    return Measured(load(path, CPU, "auto"))


def artworks(path: Path, folder: Path) -> dict[str, tuple[int, Path]]:
    """Number and artwork of each style of one artwork that the network of a file knows and `folder` has, by name."""
    info, files = read_info(path), _by_sha256(folder)
    single = {style.name: (number, style.artworks) for number, style in enumerate(info.styles)}
    return {
        name: (number, files[works[0][0]])
        for name, (number, works) in single.items()
        if len(works) == 1 and works[0][0] in files
    }


def _by_sha256(folder: Path) -> dict[str, Path]:

    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg", ".png"))
    return {hashlib.sha256(path.read_bytes()).hexdigest(): path for path in found}
