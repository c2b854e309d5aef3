"""Patterns of outputs' names: what is refused, and that whatever is named stays in the run and apart."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config.output_names import DEFAULT, check_pattern, rendered, tells_seeds_apart
from core.config.spec import Spec
from core.errors import SpecError
from core.planning.jobs import OutputNames
from core.runs.stylize_plan import make_plan
from core.safe_text import MAX_COMPONENT, printable
from core.storage.run_paths import output_name
from core.storage.store import TEMPORARY, Store
from tests.conftest import Studio
from tests.properties.kit import examples

VALUES = {"style": "wave", "asset": "trip/cat.jpg", "preset": "good", "seed": "7", "key": "0123456789", "ext": "png"}
NAMES = st.text(st.characters(exclude_characters="/\0"), min_size=1, max_size=230).filter(
    lambda n: n not in (".", "..")
)


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        (DEFAULT, "wave/trip/cat.jpg.png"),
        ("{stem}/{style}.{ext}", "trip/cat/wave.png"),
        ("final {stem} ({preset}, {seed}).{ext}", "final trip/cat (good, 7).png"),
        ("{key}.{ext}", "0123456789.png"),
        ("{{{style}}} {asset}.{ext}", "{wave} trip/cat.jpg.png"),
    ],
)
def test_what_a_pattern_gives(pattern: str, name: str) -> None:
    assert rendered(check_pattern(pattern), VALUES) == name
    assert rendered(pattern, VALUES, "0a1b") == name.removesuffix(".png") + "~0a1b.png"


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("{asset}", "must end with"),
        ("{ext}/{asset}.{ext}", "there alone"),
        ("{asset}.png", "must end with"),
        ("{style}.{ext}", "tell assets apart"),
        ("/tmp/{asset}.{ext}", "relative path"),
        ("../{asset}.{ext}", "relative path"),
        ("a/./{asset}.{ext}", "relative path"),
        ("a//{asset}.{ext}", "relative path"),
        ("c:{asset}.{ext}", "without <"),
        ("a\\{asset}.{ext}", "without <"),
        ("a\n{asset}.{ext}", "printable"),
        ("{artist}/{asset}.{ext}", r"no field \{artist\}; there are \{style\}"),
        ("{}/{asset}.{ext}", "no field"),
        ("{asset!r}.{ext}", "nothing else"),
        ("{asset:>10}.{ext}", "nothing else"),
        ("{asset.__class__}.{ext}", "no field"),
        ("{asset[0]}.{ext}", "no field"),
        ("{asset.{ext}", "no field|in pairs"),
        ("}{asset}.{ext}", "in pairs"),
    ],
)
def test_what_is_refused(pattern: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        check_pattern(pattern)


@examples(60)
@given(style=NAMES, parts=st.lists(NAMES, min_size=1, max_size=3), mark=st.sampled_from(["", "0123456789"]))
def test_whatever_files_are_called_names_stay_in_the_run(style: str, parts: list[str], mark: str) -> None:
    values = {**VALUES, "style": style, "asset": "/".join(parts)}
    for pattern in (DEFAULT, "{stem}.{ext}", "x {asset}/{style}/{seed}.{ext}"):
        name = rendered(pattern, values, mark)
        components = name.split("/")
        assert all(part not in ("", ".", "..") and not part.startswith(TEMPORARY) for part in components)
        assert max(len(part.encode()) for part in components) <= MAX_COMPONENT + 20
        assert "\\" not in name
        assert printable(name) == name
        if not PurePosixPath(name).is_absolute() and ":" not in name:
            Store("/run").path(name)
    assert rendered(DEFAULT, {**values, "style": "wave"}, mark) == output_name("wave", values["asset"], "png", mark)


def test_half_written_files_and_other_places_are_no_names() -> None:
    for asset in (".tmp-1.jpg", "..jpg", "a/.tmp-x/b.jpg"):
        for part in rendered("{stem}.{ext}", {**VALUES, "asset": asset}).split("/"):
            assert not part.startswith((TEMPORARY, "../"))
            assert part.strip(".")


def test_seeds_and_keys_tell_variants_apart() -> None:
    assert [tells_seeds_apart(p) for p in (DEFAULT, "{asset} {seed}.{ext}", "{key}.{ext}")] == [False, True, True]


def test_names_that_clash_are_marked() -> None:
    names = OutputNames()

    def name(key: str, text: str) -> str:
        return names.unique(lambda mark: f"{text}~{mark}.png" if mark else f"{text}.png", key)

    assert name("a" * 64, "cat") == "cat.png"
    assert name("b" * 64, "cat") == "cat~bbbbbbbbbb.png"
    assert name("b" * 64, "cat") == "cat~bbbbbbbbbb-2.png"


def test_a_file_and_a_folder_do_not_take_one_place() -> None:
    names = OutputNames()
    assert names.unique(lambda mark: "cat.png", "a" * 64) == "cat.png"
    assert names.unique(lambda mark: f"cat.png/dog{mark}.png", "b" * 64) == "cat.png~/dog.png"
    assert names.unique(lambda mark: f"bird.png/dog{mark}.png", "c" * 64) == "bird.png/dog.png"
    assert names.unique(lambda mark: f"bird.png{mark}", "d" * 64) == "bird.pngdddddddddd"


def spec(studio: Studio, **values: object) -> object:
    places = {"library": str(studio.library), "catalog": str(studio.catalog), "out": str(studio.out)}
    return Spec.from_values({**places, **values}, "spec")


def test_a_plan_names_outputs_by_the_specs_pattern(studio: Studio) -> None:
    plan = make_plan(spec(studio, name="{stem}/{style}-{seed}.{ext}", variants=2, recipe={"format": "jpg"}))  # type: ignore[arg-type]
    names = plan.jobs["output"].to_pylist()
    assert sorted(names) == sorted(
        f"{stem}/{style}-{seed}.jpg" for stem in ("cat", "trip/sea") for style in ("wave", "night") for seed in (0, 1)
    )


def test_variants_and_assets_that_a_pattern_does_not_tell_apart_are_marked(studio: Studio) -> None:
    Path(studio.library, "cat.png").write_bytes(Path(studio.library, "trip/sea.png").read_bytes())
    plan = make_plan(spec(studio, name="{stem}.{ext}", variants=2, include_styles=["wave"]))  # type: ignore[arg-type]
    names = plan.jobs["output"].to_pylist()
    assert len(set(names)) == len(names) == 6
    assert {"cat.png", "trip/sea.png"} < set(names)
    assert sum("~" in name for name in names) == 4


def test_a_wrong_pattern_is_one_sentence(studio: Studio) -> None:
    with pytest.raises(SpecError, match=r"spec: `name` \(='../\{asset\}.\{ext\}'\): must be a relative path"):
        spec(studio, name="../{asset}.{ext}")
