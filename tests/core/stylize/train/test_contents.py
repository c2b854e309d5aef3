from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from core.errors import SpecError
from core.stylize.feedforward.train_recipe import TransferRecipe
from core.stylize.train.contents import CropSampler, crop, jittered, load

RECIPE = TransferRecipe(crops=(32, 64), batch=4, content_side=70)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("contents")
    rng = np.random.default_rng(0)
    for k in range(24):
        Image.fromarray(rng.integers(0, 240, (90, 120 + k, 3), dtype=np.uint8)).save(root / f"{k:02}.png")
    Image.fromarray(np.full((40, 900, 3), 9, np.uint8)).save(root / "long.png")
    (root / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 no picture")
    return root


def test_pictures_are_kept_small_and_some_are_held_out(folder: Path) -> None:
    found = load([folder], RECIPE)
    assert len(found.pictures) + len(found.held_out) == 25
    assert len(found.held_out) == 1
    assert {min(picture.shape[:2]) for picture in found.pictures} == {40, 70}
    assert max(picture.shape[1] for picture in found.pictures) <= 120  # a long one is cut to three times its height
    assert [(fault.name, fault.reason) for fault in found.faults] == [("broken.jpg", "unreadable")]


def test_the_digest_tells_other_pictures_apart(folder: Path, tmp_path: Path) -> None:
    for file in folder.glob("0*.png"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    first = load([tmp_path], RECIPE).digest
    assert load([tmp_path], RECIPE).digest == first
    (tmp_path / "00.png").write_bytes((tmp_path / "01.png").read_bytes())
    assert load([tmp_path], RECIPE).digest != first


def test_white_margins_are_cut_off(tmp_path: Path) -> None:
    framed = np.full((200, 200, 3), 255, np.uint8)
    framed[50:150, 20:180] = 90
    for name in ("a.png", "b.png"):
        Image.fromarray(framed).save(tmp_path / name)
    assert load([tmp_path], RECIPE).pictures[0].shape == (70, 112, 3)
    assert load([tmp_path], RECIPE.model_copy(update={"trim": False})).pictures[0].shape == (70, 70, 3)


def test_frames_are_cut_off_behind_the_margins(tmp_path: Path) -> None:
    for name in "ab":
        picture = np.full((120, 120, 3), 255, np.uint8)
        picture[10:110, 10:110] = 30
        picture[20:100, 20:100] = 120
        Image.fromarray(picture).save(tmp_path / f"{name}.png")
    pictures = load([tmp_path], RECIPE.model_copy(update={"frame": 0.1, "content_side": 288})).pictures
    assert all(picture.shape == (80, 80, 3) and (picture == 120).all() for picture in pictures)


def test_too_few_pictures_are_refused(tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"nothing")
    with pytest.raises(SpecError, match=r"0 picture to learn from, and at least 2 are needed.*broken\.png"):
        load([tmp_path], RECIPE)


def test_a_deal_is_a_function_of_the_step_alone(folder: Path) -> None:
    contents = load([folder], RECIPE)
    first, second = CropSampler(contents, RECIPE), CropSampler(contents, RECIPE)
    ahead = [first.crops(step, 3) for step in range(4)]
    assert torch.equal(second.crops(3, 3), ahead[3])
    assert not torch.equal(second.crops(2, 3), ahead[3]) if second.side(2) == second.side(3) else True
    assert {first.side(step) for step in range(40)} == {32, 64}
    assert all(found.shape == (3, 3, first.side(step), first.side(step)) for step, found in enumerate(ahead))


def test_larger_crops_come_in_smaller_batches() -> None:
    assert [RECIPE.batch_of(side) for side in (32, 64)] == [4, 1]


def test_a_crop_shows_as_much_as_it_is_told() -> None:
    ramp = np.broadcast_to(np.arange(200, dtype=np.uint8)[None, :, None], (100, 200, 3))
    assert np.array_equal(crop(ramp, 40, 2.0, (0.0, 0.0, 0.5)), ramp[:40, 80:120])
    shrunk = crop(ramp, 40, 2.0, (1.0, 0.0, 0.0))
    assert shrunk.shape == (40, 40, 3)
    assert abs(int(shrunk[0, -1, 0]) - 79) <= 2
    assert crop(ramp, 128, 1.0, (0.0, 0.9, 0.9)).shape == (128, 128, 3)  # enlarged from 100


def test_jitter_changes_colours_and_stays_in_range() -> None:
    pixels = torch.rand(4, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    assert jittered(pixels, 0.0, torch.Generator()) is pixels
    varied = jittered(pixels, 1.0, torch.Generator().manual_seed(1))
    assert (varied - pixels).abs().mean() > 0.05
    assert varied.min() >= 0
    assert varied.max() <= 1
