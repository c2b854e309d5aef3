"""New styles for a network that is trained."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from core.errors import SpecError
from core.planning.file_digests import sha256_of
from core.stylize.feedforward.train_recipe import TransferRecipe
from core.stylize.feedforward.transfer_file import checkpoint_bytes, exported, read_info, read_tensors
from core.stylize.feedforward.transfer_info import KnownStyle
from core.stylize.train.learn_spec import LearnStyleSpec
from core.stylize.train.learn_styles import learn
from tests.core.stylize.networks import seeded_model, state_of

RECIPE = TransferRecipe(batch=1, crops=(32,), content_side=48, style_size=32, precision="float32", trim=False)


def picture(path: Path, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    blocks = np.random.default_rng(seed).integers(0, 240, (8, 8, 3), dtype=np.uint8)
    Image.fromarray(blocks).resize((48, 48), Image.Resampling.NEAREST).save(path)


@pytest.fixture
def studio(tmp_path: Path) -> Path:
    """A catalog of two styles, a network that knows one of them and another, and contents."""
    for k, name in enumerate(("catalog/dots.png", "catalog/wave.png", "contents/a.png", "contents/b.png")):
        picture(tmp_path / name, k)
    known = KnownStyle(name="wave", artworks=((sha256_of(str(tmp_path / "catalog/wave.png")), 3.0),))
    gone = KnownStyle(name="gone", artworks=(("0" * 64, 1.0),))
    whole = tmp_path / "whole.safetensors"
    whole.write_bytes(checkpoint_bytes(state_of(seeded_model(2)), RECIPE, 3, [gone, known], {}))
    (tmp_path / "small.safetensors").write_bytes(exported(whole))
    return tmp_path


def spec(studio: Path, **values: object) -> LearnStyleSpec:
    given = {"catalog": studio / "catalog", "network": studio / "small.safetensors", "to": studio / "new.safetensors",
             "contents": [studio / "contents"], "steps": 4, "threads": 1, "device": "cpu", **values}  # fmt: skip
    return LearnStyleSpec.model_validate(given)


def test_a_new_style_is_learnt_and_all_else_keeps_its_bits(studio: Path) -> None:
    told: list[tuple[str, int, float]] = []
    (learnt,) = learn(spec(studio), lambda *line: told.append(line))
    assert (learnt.name, learnt.steps) == ("dots", 4)
    assert learnt.after < learnt.before
    assert [step for _, step, _ in told] == [0, 4]
    before, after = read_info(studio / "small.safetensors"), read_info(studio / "new.safetensors")
    assert [style.name for style in after.styles] == ["gone", "wave", "dots"]
    assert after.styles[2].artworks == ((sha256_of(str(studio / "catalog/dots.png")), 1.0),)
    assert after.embeddings[:2] == before.embeddings
    assert (after.digest, after.predictor) == (before.digest, before.predictor)
    old, new = read_tensors(before.path), read_tensors(after.path)
    assert torch.equal(new["embeddings"][:2], old["embeddings"])
    assert all(torch.equal(new[name], old[name]) for name in old if name != "embeddings")


def test_what_is_known_is_left_unless_it_is_named(studio: Path) -> None:
    learn(spec(studio))
    begun = spec(studio, network=None)
    assert begun.begun_with == studio / "new.safetensors"
    written = (studio / "new.safetensors").read_bytes()
    assert learn(begun) == []
    assert (studio / "new.safetensors").read_bytes() == written
    before = read_info(studio / "new.safetensors")
    (again,) = learn(spec(studio, network=None, only=["wave"]))
    after = read_info(studio / "new.safetensors")
    assert again.name == "wave"
    assert again.after <= again.before
    assert [a == b for a, b in zip(after.embeddings, before.embeddings, strict=True)] == [True, False, True]


def test_an_artwork_that_changed_is_learnt_anew_under_its_name(studio: Path) -> None:
    learn(spec(studio))
    picture(studio / "catalog/dots.png", 77)
    learn(spec(studio, network=None))
    found = read_info(studio / "new.safetensors")
    assert [style.name for style in found.styles] == ["gone", "wave", "dots"]
    assert found.styles[2].artworks[0][0] == sha256_of(str(studio / "catalog/dots.png"))


def test_a_checkpoint_of_a_training_may_be_begun_with(studio: Path) -> None:
    learn(spec(studio, network=studio / "whole.safetensors"))
    assert not read_info(studio / "new.safetensors").whole


def test_what_cannot_be_learnt_is_refused(studio: Path) -> None:
    with pytest.raises(SpecError, match=r"has no style 'sea' to learn; it has dots, wave"):
        learn(spec(studio, only=["sea"]))
    with pytest.raises(SpecError, match=r"must end in \.safetensors"):
        learn(spec(studio, to=studio / "new.bin"))
    with pytest.raises(SpecError, match=r"small\.onnx"):
        learn(spec(studio, network=studio / "small.onnx"))


def test_what_is_left_out_or_teaches_nothing_is_said_before_the_first_step(studio: Path) -> None:
    (studio / "contents/broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    Image.new("RGB", (40, 40), "red").save(studio / "contents/plain.png")
    Image.new("RGB", (40, 8), "red").save(studio / "catalog/thin.png")
    said: list[str] = []
    learn(spec(studio, only=["dots"]), lambda *_: said.append("a step"), said.append)
    notes = said[: said.index("a step")]
    assert any(note.startswith("catalog: 1 of 3 pictures are less than 16 pixels") for note in notes)
    assert any(note.startswith("catalog: 1 of 3 pictures are of one colour") for note in notes)
    assert any(note.startswith("contents: 1 of 3 pictures are of one colour") for note in notes)
    assert any("contents: left out: " in note and "broken.png" in note for note in notes)
