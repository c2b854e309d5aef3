"""Catalogs: names, blends, overrides, and every way in which a catalog.toml is wrong."""

from pathlib import Path

import pytest

from core.errors import SpecError
from core.planning.catalog import load_catalog, style_digest
from tests.conftest import Studio


def describe(studio: Studio, text: str) -> Path:
    (studio.catalog / "catalog.toml").write_text(text)
    return studio.catalog


def test_every_artwork_is_a_style(studio: Studio) -> None:
    assert [style.name for style in load_catalog(studio.catalog)] == ["night", "wave"]


def test_catalog_toml_names_blends_and_overrides(studio: Studio) -> None:
    describe(
        studio,
        '[styles.mix]\nartworks = [{file = "wave.png", weight = 2.0}, {file = "night.jpg"}]\nlicence = "public domain"\n'
        "[styles.mix.recipe]\nstyle_weight = 2e6\n",
    )
    (style,) = load_catalog(studio.catalog)
    assert [(artwork.file, artwork.weight) for artwork in style.artworks] == [
        ("wave.png", 2.0),
        ("night.jpg", 1.0),
    ]
    assert style.overrides() == {"style_weight": 2e6}
    assert style.entry.licence == "public domain"


def test_artworks_of_one_name_are_called_by_their_paths(studio: Studio) -> None:
    studio.picture("catalog/old/wave.jpg", 9)
    studio.picture("catalog/new/wave.jpg", 8)
    names = {style.artworks[0].file: style.name for style in load_catalog(studio.catalog)}
    assert names["old/wave.jpg"], names["new/wave.jpg"] == ("old/wave", "new/wave")
    assert len(set(names.values())) == len(names)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[styles.a]\n", "needs either `file`, `artworks` or `regions`"),
        ('[styles.a]\nfile = "../x.png"\n', "inside the catalog folder"),
        ('[styles.a]\nfile = "/etc/x.png"\n', "inside the catalog folder"),
        ('[styles.a]\nfile = "C:\\\\x.png"\n', "inside the catalog folder"),
        ('[styles.a]\nfile = "wave.png"\ncolour = 1\n', "unknown key `styles.a.colour`"),
        ('[styles.a]\nfile = "wave.png"\n[styles.a.recipe]\nsize = -1\n', "style 'a'"),
        ('[styles.a]\nartworks = [{file = "wave.png", weight = 0}]\n', "weight"),
        ("[styles.a\n", "cannot be read as TOML"),
        ('[styles."a/b"]\nfile = "wave.png"\n', "a/b"),
    ],
)
def test_a_wrong_catalog_toml_is_one_sentence(studio: Studio, text: str, fault: str) -> None:
    with pytest.raises(SpecError) as caught:
        load_catalog(describe(studio, text))
    assert fault in str(caught.value)
    assert "catalog.toml" in str(caught.value)
    assert "\n" not in str(caught.value).strip()


def test_a_link_out_of_the_catalog_is_refused(studio: Studio, tmp_path: Path) -> None:
    secret = tmp_path / "secret.png"
    secret.write_bytes(b"x")
    (studio.catalog / "link.png").symlink_to(secret)
    describe(studio, '[styles.a]\nfile = "link.png"\n')
    with pytest.raises(SpecError, match="leaves the catalog folder"):
        load_catalog(studio.catalog)


def test_an_empty_catalog_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="no style"):
        load_catalog(tmp_path)


def test_order_and_weight_are_part_of_a_styles_digest() -> None:
    digests = {
        style_digest(pairs) for pairs in ([("a", 1.0), ("b", 1.0)], [("b", 1.0), ("a", 1.0)], [("a", 1.0), ("b", 2.0)])
    }
    assert len(digests) == 3


def test_weights_that_a_catalog_names_lie_in_it(studio: Studio, tmp_path: Path) -> None:
    (tmp_path / "secret.pth").write_bytes(b"")
    (studio.catalog / "link.pth").symlink_to(tmp_path / "secret.pth")
    described = '[styles.wave]\nfile = "wave.png"\n[styles.wave.recipe]\nweights = "{}"\n'
    for weights in (str(tmp_path / "secret.pth"), "../../secret.pth", "link.pth"):
        (studio.catalog / "catalog.toml").write_text(described.format(weights))
        with pytest.raises(SpecError, match="leaves the catalog folder"):
            load_catalog(studio.catalog)
    (studio.catalog / "own.pth").write_bytes(b"")
    (studio.catalog / "catalog.toml").write_text(described.format("own.pth"))
    (wave,) = (style for style in load_catalog(studio.catalog) if style.name == "wave")
    assert wave.overrides() == {"weights": str(studio.catalog.resolve() / "own.pth")}


def test_regions_take_the_artworks_of_other_styles(studio: Studio) -> None:
    studio.picture("catalog/c.png", 5)
    text = (
        '[styles.mix]\nartworks = [{file = "night.jpg", weight = 3}, {file = "c.png"}]\n'
        '[styles.dusk]\nregions = {"#FF0000" = "mix", "#000000" = "keep", "#0000ff" = "wave"}\n'
    )
    dusk, *others = load_catalog(describe(studio, text))
    assert [style.name for style in others] == ["mix", "wave"]
    assert [(region.colour, len(region.artworks)) for region in dusk.regions] == [
        ("#ff0000", 2),
        ("#000000", 0),
        ("#0000ff", 1),
    ]
    assert [(artwork.file, artwork.weight) for artwork in dusk.artworks] == [
        ("night.jpg", 0.75),
        ("c.png", 0.25),
        ("wave.png", 1.0),
    ]


def test_regions_may_use_styles_that_are_not_in_the_run(studio: Studio) -> None:
    root = describe(studio, '[styles.dusk]\nregions = {"#ff0000" = "wave", "#0000ff" = "night"}\n')
    (dusk,) = load_catalog(root, include=["dusk"])
    assert [artwork.file for artwork in dusk.artworks] == ["wave.png", "night.jpg"]


@pytest.mark.parametrize(
    ("regions", "fault"),
    [
        (
            '{"#ff0000" = "wav"}',
            "#ff0000 is to be 'wav', which is not in the catalog; name `keep`, or one of night, wave.",
        ),
        ('{"#ff0000" = "dusk"}', "#ff0000 is to be 'dusk', which has regions itself"),
        ('{"#ff0000" = "keep"}', "keeps every region"),
        ('{"red" = "wave"}', "a region's colour is written as in `#ff0000`"),
        ('{"#ff0000" = 3}', "regions"),
        ('{"#ff0000" = "wave"}\nfile = "wave.png"', "needs either `file`, `artworks` or `regions`"),
    ],
)
def test_wrong_regions_are_one_sentence(studio: Studio, regions: str, fault: str) -> None:
    with pytest.raises(SpecError) as caught:
        load_catalog(describe(studio, f"[styles.dusk]\nregions = {regions}\n"))
    assert fault in str(caught.value)
    assert "dusk" in str(caught.value) or "catalog.toml" in str(caught.value)


def test_colours_that_are_one_are_refused(studio: Studio) -> None:
    with pytest.raises(SpecError, match="twice"):
        load_catalog(describe(studio, '[styles.dusk]\nregions = {"#ff0000" = "wave", "#FF0000" = "night"}\n'))
