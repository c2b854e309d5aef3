from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from core.images.border_crop import artwork_cropped
from core.networks.backbone import Backbone
from core.stylize.feedforward.train_recipe import TransferRecipe
from core.stylize.optimise.recipe_backbone import for_recipe
from core.stylize.train import contents
from core.stylize.train.contents import Contents
from core.stylize.train.style_bank import StyleArtworks, StyleBank
from core.stylize.train.trainer import IDENTITY, TransferTrainer
from tests.core.images.framed import in_a_frame, noise

RECIPE = TransferRecipe(
    steps=20, batch=2, crops=(32, 48), content_side=64, style_size=48, precision="float32", warm=0, ema=4
)
STYLES, ARTWORKS = 2, 3


@pytest.fixture(scope="module")
def backbone() -> Backbone:
    return for_recipe(RECIPE.losses(), torch.device("cpu"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root, rng = tmp_path_factory.mktemp("pictures"), np.random.default_rng(0)
    for k in range(STYLES + ARTWORKS):
        blocks = rng.integers(0, 240, (12, 12, 3), dtype=np.uint8)
        Image.fromarray(blocks).resize((72, 72), Image.Resampling.NEAREST).save(root / f"{k}.png")
    return root


@pytest.fixture(scope="module")
def pictures(folder: Path) -> Contents:
    return contents.load([folder], RECIPE)


@pytest.fixture
def trainer(folder: Path, pictures: Contents, backbone: Backbone) -> TransferTrainer:
    return made(RECIPE, folder, pictures, backbone)


def made(
    recipe: TransferRecipe, folder: Path, pictures: Contents, backbone: Backbone, share: float = 1.0
) -> TransferTrainer:
    styles = [StyleArtworks(path.stem, (path,), share=share) for path in sorted(folder.glob("*.png"))]
    bank = StyleBank(styles, recipe.losses(), backbone, folder / "targets", recipe.trim)
    return TransferTrainer(recipe, pictures, bank, STYLES, backbone)


def same(a: dict[str, Tensor], b: dict[str, Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def test_a_training_goes_on_as_if_it_had_never_stopped(
    trainer: TransferTrainer, folder: Path, pictures: Contents, backbone: Backbone
) -> None:
    for _ in range(2):
        trainer.advance()
    middle = {name: value.clone() for name, value in trainer.state().items()}
    ahead = [trainer.advance() for _ in range(2)]
    other = made(RECIPE, folder, pictures, backbone)
    other.restore(middle, 2, 1.0)
    assert [other.advance() for _ in range(2)] == ahead
    assert same(other.state(), trainer.state())


@pytest.mark.parametrize("style", [IDENTITY, 0, STYLES])
def test_one_picture_in_one_style_is_soon_learnt(
    trainer: TransferTrainer, monkeypatch: pytest.MonkeyPatch, style: int
) -> None:
    crops = trainer.sampler.crops(0, 1)
    monkeypatch.setattr(trainer.sampler, "crops", lambda *_: crops)
    monkeypatch.setattr(trainer, "styles", lambda *_: [style])
    losses = [trainer.advance().loss for _ in range(16)]
    assert min(losses[-4:]) < 0.75 * losses[0]


def test_styles_come_in_the_shares_that_the_recipe_says(trainer: TransferTrainer) -> None:
    found = [style for step in range(400) for style in trainer.styles(step, 4)]
    counts = [sum(map(of, found)) / len(found) for of in (lambda s: s == IDENTITY, lambda s: 0 <= s < STYLES)]
    assert counts[0] == pytest.approx(0.06, abs=0.02)
    assert counts[1] == pytest.approx(0.94 * 0.6, abs=0.04)
    assert set(found) == {IDENTITY, *range(STYLES + ARTWORKS)}


def test_without_artworks_every_style_is_the_catalogs(trainer: TransferTrainer) -> None:
    trainer.catalog = len(trainer.bank)
    assert {style for step in range(60) for style in trainer.styles(step, 2)} == {IDENTITY, *range(len(trainer.bank))}


def test_a_catalog_style_moves_its_own_offset_alone(trainer: TransferTrainer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trainer, "styles", lambda _step, count: [0] * count)
    trainer.advance()
    assert trainer.model.offsets[0].abs().sum() > 0
    assert trainer.model.offsets[1].abs().sum() == 0
    assert trainer.model.identity.abs().sum() == 0


def test_the_rate_rises_and_falls(trainer: TransferTrainer) -> None:
    trainer.recipe = RECIPE.model_copy(update={"warm": 4, "anneal": 0.5, "rate": 1.0})
    rates = []
    for trainer.step in (0, 3, 9, 15, 19):
        rates.append(trainer.set_rate(trainer.recipe.warm))
    assert rates == pytest.approx([0.25, 1.0, 1.0, 0.5, 0.1])


def test_the_average_follows(trainer: TransferTrainer) -> None:
    start = trainer.average.network.enter.conv.weight.clone()
    for _ in range(3):
        trainer.advance()
    ours, theirs = (each.network.enter.conv.weight for each in (trainer.average, trainer.model))
    assert not torch.equal(ours, start)
    assert 0 < (ours - theirs).norm() < (start - theirs).norm()


def test_another_networks_state_is_refused(trainer: TransferTrainer) -> None:
    state = trainer.state()
    del state["stylist.identity"]
    with pytest.raises(RuntimeError, match="identity"):
        trainer.restore(state, 0, 1.0)


def test_a_share_weighs_the_style_and_nothing_else(folder: Path, pictures: Contents, backbone: Backbone) -> None:
    whole, half = (made(RECIPE, folder, pictures, backbone, share).advance() for share in (1.0, 0.5))
    assert half.content == whole.content
    assert whole.style > 0
    assert half.style == pytest.approx(0.5 * whole.style)


def test_an_artwork_is_looked_at_without_its_frame(folder: Path, backbone: Backbone, tmp_path: Path) -> None:
    (artwork,) = sorted(folder.glob("0.png"))
    inside = tmp_path / "inside.png"
    Image.open(artwork).crop((12, 12, 60, 60)).save(inside)
    styles = [
        StyleArtworks("framed", (artwork,), frame=1 / 6),
        StyleArtworks("inside", (inside,)),
        StyleArtworks("whole", (artwork,)),
    ]
    framed, cut, whole = StyleBank(styles, RECIPE.losses(), backbone, tmp_path / "targets").looks(range(3))
    assert torch.equal(framed, cut)
    assert not torch.equal(framed, whole)


def test_a_frame_that_is_found_is_left_out_by_itself(backbone: Backbone, tmp_path: Path) -> None:
    photograph = in_a_frame(noise(90, 120), 12)
    for name, rgb in (("framed", photograph), ("alone", artwork_cropped(photograph))):
        Image.fromarray(rgb).save(tmp_path / f"{name}.png")
    styles = [StyleArtworks(name, (tmp_path / f"{name}.png",)) for name in ("framed", "alone")]
    framed, alone = StyleBank(styles, RECIPE.losses(), backbone, tmp_path, trim=True).looks(range(2))
    assert torch.equal(framed, alone)
    framed, alone = StyleBank(styles, RECIPE.losses(), backbone, tmp_path, trim=False).looks(range(2))
    assert not torch.equal(framed, alone)


def test_pictures_of_one_colour_do_not_spoil_a_network(
    trainer: TransferTrainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    red = torch.zeros(2, 3, 48, 48)
    red[:, 0] = 1
    monkeypatch.setattr(trainer.sampler, "crops", lambda _step, count: red[:count])
    for _ in range(3):
        assert trainer.advance().finite
    monkeypatch.undo()
    assert trainer.advance().finite
    assert all(bool(torch.isfinite(value).all()) for value in trainer.model.state_dict().values())
