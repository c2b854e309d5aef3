"""What a network knows of a style, and keys that hang on just the tensors that a job uses."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from core.config.presets import PRESETS
from core.config.recipe import Recipe
from core.errors import SpecError
from core.planning.job_keys import KeyMaker
from core.stylize.feedforward import style_lookup
from core.stylize.feedforward.style_lookup import Share, digest_for, groups, info_of, shares
from core.stylize.feedforward.transfer_file import checkpoint_bytes, exported, read_info, read_tensors
from core.stylize.feedforward.transfer_info import KnownStyle, TransferInfo
from tests.core.stylize.networks import known, seeded_model, whole_bytes

A, B, C, D = (letter * 64 for letter in "abcd")
STYLES = (known("a", (A, 1.0)), known("ab", (A, 1.0), (B, 3.0)), known("c", (C, 2.0)))


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("network")
    (folder / "whole.safetensors").write_bytes(whole_bytes(seeded_model(3), STYLES))
    path = folder / "net.safetensors"
    path.write_bytes(exported(folder / "whole.safetensors"))
    return path


@pytest.fixture(scope="module")
def info(path: Path) -> TransferInfo:
    return read_info(path)


def test_a_learnt_style_is_known_as_a_whole_whatever_its_weights_sum_to(info: TransferInfo) -> None:
    assert shares(info, [(A, 2.0), (B, 6.0)], "none") == (Share(1.0, known=1),)
    assert shares(info, [(C, 1.0)], "luminance") == (Share(1.0, known=2),)


def test_a_blend_is_of_what_is_known_and_what_is_predicted(info: TransferInfo) -> None:
    assert shares(info, [(A, 1.0), (C, 3.0)], "none") == (Share(0.25, known=0), Share(0.75, known=2))
    assert shares(info, [(D, 1.0), (C, 1.0)], "none") == (Share(0.5, seen=0), Share(0.5, known=2))
    assert shares(info, [(B, 1.0)], "none") == (Share(1.0, seen=0),), "it is known in a blend alone"
    assert shares(info, [(B, 3.0), (A, 1.0)], "none")[0].seen == 0, "order is part of a style"


def test_artworks_in_other_colours_are_others(info: TransferInfo) -> None:
    assert shares(info, [(A, 1.0)], "match") == (Share(1.0, seen=0),)


def test_regions_have_styles_of_their_own() -> None:
    artworks = [(A, 1.0), (B, 0.5), (C, 0.5)]
    assert groups(artworks, [("#000000", 0), ("#ff0000", 1), ("#00ff00", 2)]) == [artworks[:1], artworks[1:]]
    assert groups(artworks, []) == [artworks]


def _refined(path: Path, row: int, added: bool = False) -> Path:
    """A copy with a style refined, and perhaps one added."""
    info, tensors = read_info(path), read_tensors(path)
    tensors["embeddings"][row, 3] += 0.5
    styles: list[KnownStyle] = list(info.styles)
    if added:
        tensors["embeddings"] = torch.cat([tensors["embeddings"], tensors["embeddings"][:1] + 1])
        styles.append(known("d", (D, 1.0)))
    copy = path.with_name(f"refined-{row}-{added}.safetensors")
    copy.write_bytes(checkpoint_bytes(tensors, info.recipe, info.step, styles, info.data))
    return copy


def _key(recipe: Recipe, path: Path, *artworks: tuple[str, float]) -> str:
    named = recipe.changed({"network": str(path)})
    return KeyMaker(artworks, named, digest_for(named, artworks, ())).key("0" * 64, 0)


@pytest.mark.parametrize("preset", ["fast", "polish"])
def test_a_refined_or_an_added_style_leaves_the_keys_of_others(path: Path, preset: str) -> None:
    recipe, other = PRESETS[preset], _refined(path, 2, added=True)
    for style in ([(A, 1.0)], [(A, 1.0), (B, 3.0)], [(B, 1.0)]):
        assert _key(recipe, path, *style) == _key(recipe, other, *style)
    for style in ([(C, 1.0)], [(A, 1.0), (C, 1.0)], [(D, 1.0)]):
        assert _key(recipe, path, *style) != _key(recipe, other, *style)


def test_keys_hang_on_what_decides_pixels_alone(path: Path) -> None:
    fast, polish, good = PRESETS["fast"], PRESETS["polish"], PRESETS["good"]
    assert _key(fast, path, (A, 1.0)) == _key(fast.changed({"steps": 7, "style_weight": 3.0}), path, (A, 1.0))
    assert _key(fast, path, (A, 1.0)) != _key(fast.changed({"strength": 0.5}), path, (A, 1.0))
    assert _key(polish, path, (A, 1.0)) != _key(polish.changed({"polish_to": 7.0}), path, (A, 1.0))
    assert _key(polish, path, (A, 1.0)) == _key(polish.changed({"coarse_steps": 7}), path, (A, 1.0))
    assert _key(good, path, (A, 1.0)) == _key(good, _refined(path, 0), (A, 1.0))


def test_keys_of_optimised_pictures_are_what_they_were() -> None:
    assert PRESETS["good"].digest() == "bf8e9c776b06787a"


def test_a_file_that_changed_is_read_again(path: Path, tmp_path: Path) -> None:
    copy = tmp_path / "net.safetensors"
    copy.write_bytes(path.read_bytes())
    before = info_of(str(copy)).embeddings
    copy.write_bytes(_refined(path, 1).read_bytes() + b"")
    assert info_of(str(copy)).embeddings != before


def test_an_absent_network_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(style_lookup, "PACKAGED", tmp_path / "catalog.safetensors")
    with pytest.raises(SpecError, match=r"packaged network .*catalog\.safetensors is not there; .*method = 'optimise'"):
        digest_for(PRESETS["fast"], [(A, 1.0)], ())
    with pytest.raises(SpecError, match=r"There is no network file .*mine\.safetensors"):
        digest_for(PRESETS["fast"].changed({"network": str(tmp_path / "mine.safetensors")}), [(A, 1.0)], ())
