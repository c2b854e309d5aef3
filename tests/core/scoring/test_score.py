"""Scores: what they say of real transfers, of tricks and of degenerate pictures."""

from __future__ import annotations

import io
import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFilter
from skimage import data as photographs
from sklearn.datasets import load_sample_image

from core.config.presets import PRESETS
from core.config.score_weights import ScoreWeights
from core.images.image import Picture, resized
from core.networks.backbone import Backbone
from core.networks.weights import load
from core.scoring.grams import gram, gram_distance
from core.scoring.score import Reference, Rgb, Scorer, Scores, mean_of
from core.stylize.optimise.optimise import stylise
from core.stylize.optimise.targets import style_targets
from tests.needs import needs_cuda

STYLES = Path(__file__).parents[3] / "data" / "styles"


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    return Scorer(torch.device("cpu"))


def small(rgb: Rgb, size: int = 96) -> Rgb:
    return resized(Picture(np.ascontiguousarray(rgb)), size).rgb


@pytest.fixture(scope="module")
def cat() -> Rgb:
    return small(photographs.chelsea())


@pytest.fixture(scope="module")
def tissue() -> Rgb:
    return small(photographs.immunohistochemistry())


@pytest.fixture(scope="module")
def noise(cat: Rgb) -> Rgb:
    return np.random.default_rng(0).integers(0, 256, cat.shape, dtype=np.uint8)


def mixed(a: Rgb, b: Rgb, share: float) -> Rgb:
    """(1 - share) a + share b, of a's size."""
    height, width = a.shape[:2]
    other = np.asarray(Image.fromarray(b).resize((width, height)), np.float64)
    return np.rint((1 - share) * a + share * other).astype(np.uint8)


def painted(asset: Rgb, style: Rgb, backbone: Backbone, steps: int) -> Rgb:
    recipe = PRESETS["gatys"].changed({"steps": steps})
    as_tensor = [torch.from_numpy(rgb.copy()).permute(2, 0, 1).float() / 255 for rgb in (asset, style)]
    targets = style_targets([as_tensor[1]], [1.0], recipe, backbone)
    image = stylise(as_tensor[0], targets, recipe, 0, backbone).image
    return (image * 255).round().byte().permute(1, 2, 0).contiguous().numpy()


@pytest.fixture(scope="module")
def backbone() -> Backbone:
    recipe = PRESETS["gatys"]
    return Backbone(load("packaged"), recipe.content_layers + recipe.style_layers)


@pytest.mark.parametrize(
    ("asset", "style"),
    [("astronaut", "starry_night"), ("coffee", "the_scream"), ("rocket", "wave")],
)
def test_real_transfers_are_ordered(scorer: Scorer, backbone: Backbone, asset: str, style: str) -> None:
    """A longer transfer above a 4-step one, above the asset, noise, and the style picture itself."""
    content = small(getattr(photographs, asset)(), 80)
    artwork = small(np.array(Image.open(STYLES / f"{style}.jpg").convert("RGB")), 80)
    static = np.random.default_rng(1).integers(0, 256, content.shape, dtype=np.uint8)
    against = scorer.reference(content), [(scorer.reference(artwork), 1.0)]
    full, few = (scorer.score(painted(content, artwork, backbone, steps), *against) for steps in (20, 4))
    assert full.score > few.score > 0.02
    assert full.score_style > few.score_style
    for other in (content, static, artwork):
        assert few.score > scorer.score(other, *against).score + 0.02


def test_the_untouched_asset_keeps_all_and_reaches_nothing(scorer: Scorer, cat: Rgb, tissue: Rgb) -> None:
    asset = scorer.reference(cat)
    found = scorer.score(cat, asset, [(scorer.reference(tissue), 1.0)])
    assert astuple(found)[:6] == (0.0, 1.0, True, 1.0, 1.0, None)
    assert found.score == 0.0


def test_pictures_of_something_else_keep_nothing(scorer: Scorer, cat: Rgb, tissue: Rgb, noise: Rgb) -> None:
    asset, style = scorer.reference(cat), [(scorer.reference(tissue), 1.0)]
    for other in (tissue, noise, small(load_sample_image("china.jpg"))):
        found = scorer.score(other, asset, style)
        assert found.score_content < 0.15
        assert found.score < 0.1
    assert not scorer.score(noise, asset, style).class_kept


def test_the_style_itself_has_its_statistics(scorer: Scorer, cat: Rgb) -> None:
    style = small(load_sample_image("flower.jpg"))  # the cat's aspect, so that nothing is stretched
    found = scorer.score(style, scorer.reference(cat), [(scorer.reference(style), 1.0)])
    assert found.style_distance < 0.1


def test_content_fades_as_another_picture_covers_it(scorer: Scorer, cat: Rgb) -> None:
    other = small(load_sample_image("china.jpg"))
    asset = scorer.reference(cat)
    style = [(scorer.reference(other), 1.0)]
    kept = [scorer.score(mixed(cat, other, share), asset, style).score_content for share in (0, 0.2, 0.5, 0.8, 1)]
    assert kept == sorted(kept, reverse=True)
    assert kept[0] == 1.0
    assert kept[-1] < 0.15


def test_style_is_relative_to_every_artwork_by_its_weight(scorer: Scorer, cat: Rgb, tissue: Rgb) -> None:
    asset, one = scorer.reference(cat), scorer.reference(tissue)
    two = scorer.reference(small(load_sample_image("flower.jpg")))
    output = mixed(cat, tissue, 0.6)

    def distance(*style: tuple[Reference, float]) -> float:
        return scorer.score(output, asset, style).style_distance

    assert distance((one, 1), (one, 3)) == pytest.approx(distance((one, 0.2)), rel=1e-5)
    assert distance((one, 1), (two, 2)) == pytest.approx(distance((one, 10), (two, 20)), rel=1e-5)
    assert distance((one, 1)) < distance((one, 1), (two, 1)) < distance((two, 1))


def test_size_of_output_and_reference_hardly_matters(scorer: Scorer) -> None:
    cat, flower = photographs.chelsea(), load_sample_image("flower.jpg")
    large, little = (
        scorer.score(
            mixed(small(cat, size), small(flower, size), 0.4),
            scorer.reference(small(cat, other)),
            [(scorer.reference(small(flower, 400)), 1.0)],
        )
        for size, other in ((451, 200), (200, 451))
    )
    assert large.score == pytest.approx(little.score, abs=0.03)
    assert large.content_distance == pytest.approx(little.content_distance, abs=0.03)


def test_a_score_depends_on_its_pictures_alone(cat: Rgb, tissue: Rgb, noise: Rgb) -> None:
    output = mixed(cat, tissue, 0.5)

    def found(scorer: Scorer) -> Scores:
        return scorer.score(output, scorer.reference(cat), [(scorer.reference(tissue), 1.0)])

    fresh, used = Scorer(torch.device("cpu")), Scorer(torch.device("cpu"))
    used.reference(noise[:40])
    used.score(noise, used.reference(tissue), [(used.reference(noise), 2.0)])
    assert found(fresh) == found(used) == found(used)


def test_outputs_that_are_scored_together_have_the_scores_that_they_have_alone(
    scorer: Scorer, cat: Rgb, tissue: Rgb, noise: Rgb
) -> None:
    assets = [scorer.reference(picture) for picture in (cat, tissue, noise)]
    styles = [[(scorer.reference(tissue), 1.0)], [(assets[0], 1.0), (assets[2], 2.0)]]
    asked = [
        (mixed(cat, tissue, share), asset, style)
        for share in (0.0, 0.2, 0.6)
        for asset in (assets[0], scorer.reference(mixed(cat, noise, 0.5)))
        for style in styles
    ]
    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(lambda each: scorer.score_together(*each), asked))
    for each, found in zip(asked, together, strict=True):
        alone = scorer.score(*each)
        assert found.parts == pytest.approx(alone.parts, abs=1e-5)
        assert found.traits == pytest.approx(alone.traits, abs=1e-4)
        assert (found.class_kept, found.flaw) == (alone.class_kept, alone.flaw)


@needs_cuda
def test_a_gpu_scores_alike(scorer: Scorer, cat: Rgb, tissue: Rgb) -> None:
    output, there = mixed(cat, tissue, 0.3), Scorer(torch.device("cuda"))
    here, found = (
        list(each.score(output, each.reference(cat), [(each.reference(tissue), 1.0)]).parts.values())
        for each in (scorer, there)
    )
    assert found == pytest.approx(here, abs=1e-3)


def test_an_output_costs_one_forward_pass(
    scorer: Scorer, cat: Rgb, tissue: Rgb, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset, style = scorer.reference(cat), [(scorer.reference(tissue), 1.0)]
    passes: list[tuple[int, ...]] = []
    forward = scorer._network.forward
    monkeypatch.setattr(scorer._network, "forward", lambda x: passes.append(tuple(x.shape)) or forward(x))
    scorer.score(tissue, asset, style)
    assert passes == [(1, 3, *asset.frame)]


PLAIN = np.full((30, 40, 3), 200, np.uint8)
DEGENERATE = {
    "black": np.zeros((30, 40, 3), np.uint8),
    "plain": PLAIN,
    "one pixel": PLAIN[:1, :1],
    "one row": PLAIN[:1],
    "strip": np.tile(PLAIN, (1, 60, 1)),
    "grey photograph": np.repeat(photographs.camera()[::8, ::8, None], 3, 2),
}


@pytest.fixture(scope="module")
def degenerate(scorer: Scorer) -> dict[str, Reference]:
    return {name: scorer.reference(rgb) for name, rgb in DEGENERATE.items()}


@pytest.mark.parametrize("output", DEGENERATE)
def test_degenerate_pictures_have_defined_scores(scorer: Scorer, degenerate: dict[str, Reference], output: str) -> None:
    for asset in degenerate.values():
        for style in (degenerate["plain"], degenerate["grey photograph"]):
            found = scorer.score(DEGENERATE[output], asset, [(style, 1.0)])
            assert math.isfinite(found.content_distance)
            assert math.isfinite(found.style_distance)
            assert all(0 <= value <= 1 for value in (found.score, *found.parts.values()))


def test_an_asset_in_its_own_style_is_done_when_untouched(scorer: Scorer, cat: Rgb, noise: Rgb) -> None:
    same = scorer.reference(cat)
    assert scorer.score(cat, same, [(same, 1.0)]).score == 1.0
    assert scorer.score(noise, same, [(same, 1.0)]).score == 0.0


@given(st.floats(0, 2), st.floats(0, 2), st.floats(0, 2))
def test_score_is_monotone_in_both_parts(near: float, far: float, other: float) -> None:
    near, far = min(near, far), max(near, far)
    assert Scores(near, other, True).score >= Scores(far, other, True).score
    assert Scores(other, near, True).score >= Scores(other, far, True).score
    assert 0 <= Scores(near, other, True).score <= 1


def test_both_parts_are_needed() -> None:
    assert Scores(0, 0, False).score == pytest.approx(1)
    assert Scores(0, 1, True).score == 0
    assert Scores(1, 0, True).score == 0
    assert Scores(0, 0.5, True).score == pytest.approx(0.5)


def test_the_definition_stays(scorer: Scorer, cat: Rgb) -> None:
    """Scores of old runs must stay comparable: if this changes, so has what the manifest's columns mean."""
    flower = small(load_sample_image("flower.jpg"))
    found = scorer.score(mixed(cat, flower, 0.4), scorer.reference(cat), [(scorer.reference(flower), 1.0)])
    assert (found.content_distance, found.style_distance) == pytest.approx((0.2659, 0.8451), abs=1e-3)
    assert tuple(found.parts.values()) == pytest.approx((0.7230, 0.1549, 1.0, 0.9057), abs=1e-3)
    assert found.score == pytest.approx(0.1469, abs=1e-3)


def test_gram_by_hand() -> None:
    features = torch.tensor([[[1.0, 2.0]], [[0.0, 4.0]]])
    assert gram(features).tolist() == [[2.5, 4.0], [4.0, 8.0]]
    a, b = torch.eye(2), torch.zeros(2, 2)
    assert gram_distance([a], [a]) == 0
    assert gram_distance([b], [a]) == pytest.approx(1)
    assert gram_distance([3 * a, a], [a, a]) == pytest.approx(1)  # the mean of 2 and 0


def test_a_reference_is_small(scorer: Scorer, cat: Rgb) -> None:
    square = scorer.reference(np.zeros((700, 700, 3), np.uint8))
    assert square.nbytes < 350_000
    assert scorer.reference(cat).nbytes < square.nbytes


@pytest.mark.parametrize(
    "bad",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 3)),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((0, 4, 3), np.uint8),
    ],
)
def test_refuses_what_is_not_an_8_bit_picture(scorer: Scorer, cat: Rgb, bad: Rgb) -> None:
    with pytest.raises(ValueError, match="8-bit RGB picture"):
        scorer.reference(bad)
    asset = scorer.reference(cat)
    with pytest.raises(ValueError, match="8-bit RGB picture"):
        scorer.score(bad, asset, [(asset, 1.0)])


def test_a_style_needs_an_artwork(scorer: Scorer, cat: Rgb) -> None:
    asset = scorer.reference(cat)
    for style in ([], [(asset, 0.0)]):
        with pytest.raises(ValueError, match="positive weight"):
            scorer.score(cat, asset, style)


def test_style_can_be_judged_within_an_area(scorer: Scorer, cat: Rgb, tissue: Rgb) -> None:
    """Half a picture in the style is as good there as a whole one, and no good in the other half."""
    left = np.zeros(cat.shape[:2], np.float32)
    left[:, : cat.shape[1] // 2] = 1
    painted = mixed(cat, tissue, 0.9)
    half = np.where(left[..., None] > 0, painted, cat)
    style = [(scorer.reference(tissue), 1.0)]
    within, outside, whole = (
        scorer.score(half, scorer.reference(cat, area), style, area).style_distance for area in (left, 1 - left, None)
    )
    assert within < 0.6
    assert within < whole < outside
    assert outside > 0.9


def test_an_area_of_everything_or_of_nothing_is_the_whole(scorer: Scorer, cat: Rgb, noise: Rgb) -> None:
    style = [(scorer.reference(noise), 1.0)]
    plain = scorer.score(noise, scorer.reference(cat), style)
    for level in (0, 1):
        area = np.full(cat.shape[:2], level, np.float32)
        found = scorer.score(noise, scorer.reference(cat, area), style, area)
        assert found.style_distance == pytest.approx(plain.style_distance, abs=1e-4)


def test_parts_count_by_their_size() -> None:
    one, other = Scores(0.3, 0.2, True), Scores(0.3, 0.6, True)
    assert mean_of([(one, 30.0), (other, 10.0)]) == Scores(0.3, 0.3, True)
    assert mean_of([(one, 0.0), (other, 5.0)]) == other
    assert mean_of([(one, 0.0), (other, 0.0)]) == one


def test_half_a_picture_in_the_style_is_not_coherent(scorer: Scorer, cat: Rgb, tissue: Rgb) -> None:
    painted = mixed(cat, tissue, 0.9)
    half = painted.copy()
    half[:, cat.shape[1] // 2 :] = cat[:, cat.shape[1] // 2 :]
    style = [(scorer.reference(tissue), 1.0)]
    whole, uneven, none = (
        scorer.score(each, scorer.reference(cat), style).score_coherence for each in (painted, half, cat)
    )
    assert whole > 0.8 > uneven + 0.2
    assert none == 1.0


def test_faults_cost_a_picture_its_score(scorer: Scorer, cat: Rgb, tissue: Rgb) -> None:
    """Blurred, or as a JPEG of quality 5, a picture is worth less, and the manifest can say why."""
    made = mixed(cat, tissue, 0.5)
    asset, style = scorer.reference(cat), [(scorer.reference(tissue), 1.0)]
    sink = io.BytesIO()
    Image.fromarray(made).save(sink, "JPEG", quality=5)
    blurred = np.asarray(Image.fromarray(made).filter(ImageFilter.GaussianBlur(2)))
    clean, soft, blocky = (
        scorer.score(each, asset, style) for each in (made, blurred, np.asarray(Image.open(sink).convert("RGB")))
    )
    assert (clean.score_quality, clean.flaw) == (1.0, None)
    assert (soft.flaw, blocky.flaw) == ("sharpness", "blocking")
    assert max(soft.score, blocky.score) < clean.score


def test_weights_decide_what_counts() -> None:
    found = Scores(0.2, 0.5, True, score_quality=0.5)
    assert found.overall(ScoreWeights(quality=0)) > found.score > found.overall(ScoreWeights(style=3))
