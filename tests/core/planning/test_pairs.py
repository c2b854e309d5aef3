"""Pairing: all, random and listed."""

from pathlib import Path

import pytest

from core.errors import SpecError
from core.planning.catalog import Artwork, Entry, Style
from core.planning.library import Asset
from core.planning.pairs import Pair, pair_up

ASSETS = [Asset(name, name, 1, 1) for name in ("a.jpg", "b.jpg", "c.jpg")]
STYLES = [
    Style(name=name, entry=Entry(artworks=(Artwork(file=f"{name}.png"),))) for name in ("night", "scream", "wave", "x")
]


def pairs(how: str, seed: int = 0) -> list[Pair]:
    return list(pair_up(how, ASSETS, STYLES, seed))


def test_all() -> None:
    assert [(pair.asset, pair.style) for pair in pairs("all")] == [(a, s) for a in range(3) for s in range(4)]


def test_random_gives_k_styles_an_asset_by_the_seed() -> None:
    drawn = pairs("random:2", seed=5)
    assert [pair.asset for pair in drawn] == [0, 0, 1, 1, 2, 2]
    assert all(drawn[i].style != drawn[i + 1].style for i in (0, 2, 4))
    assert drawn == pairs("random:2", seed=5)
    assert any(drawn != pairs("random:2", seed=seed) for seed in range(6, 9))
    assert len(pairs("random:9")) == 12


def test_a_new_asset_leaves_the_draw_of_the_others() -> None:
    more = [Asset("aa.jpg", "aa.jpg", 1, 1), *ASSETS]
    before = {(ASSETS[pair.asset].name, pair.style) for pair in pairs("random:2")}
    after = {(more[pair.asset].name, pair.style) for pair in pair_up("random:2", more, STYLES, 0)}
    assert before < after


def listed(tmp_path: Path, text: str) -> list[Pair]:
    path = tmp_path / "pairs.csv"
    path.write_text(text)
    return pairs(str(path))


def test_a_csv_with_overrides(tmp_path: Path) -> None:
    text = "asset,style,steps,style_layers\na.jpg,wave,7,relu1_1 relu2_1\nc.jpg,night,,\n"
    assert listed(tmp_path, text) == [
        Pair(0, 2, {"steps": 7, "style_layers": ("relu1_1", "relu2_1")}),
        Pair(2, 0, {}),
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("asset,style\nz.jpg,wave\n", "line 2: asset 'z.jpg' is not in the library"),
        ("asset,style\na.jpg,cubism\n", "style 'cubism' is not in the catalog; there are night, scream"),
        ("asset,style,steps\na.jpg,wave,-3\n", "`steps` (=-3)"),
        ("asset,style,colour\na.jpg,wave,1\n", "unknown column 'colour'"),
        ("picture,style\na.jpg,wave\n", "unknown column 'picture'"),
        ("asset,style\na.jpg\n", "line 2: it has not as many fields"),
        ("asset,style\na.jpg,wave,3\n", "line 2: it has not as many fields"),
        ("", "no `asset` and `style` columns"),
    ],
)
def test_a_wrong_csv_names_file_and_line(tmp_path: Path, text: str, fault: str) -> None:
    with pytest.raises(SpecError) as caught:
        listed(tmp_path, text)
    assert fault in str(caught.value)
    assert "pairs.csv" in str(caught.value)


def test_a_csv_of_rubbish(tmp_path: Path) -> None:
    path = tmp_path / "pairs.csv"
    path.write_bytes(b"asset,style\n\xff\xfe\x00")
    with pytest.raises(SpecError, match="line 2: byte 0xFF is not UTF-8"):
        pairs(str(path))


def test_a_pairs_file_names_no_weights_file(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="weights may only be packaged or torchvision"):
        listed(tmp_path, "asset,style,weights\na.jpg,wave,/etc/passwd\n")
