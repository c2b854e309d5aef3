"""Pairs CSVs: any bytes are pairs of known assets and styles, or one sentence that names the file."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.planning.catalog import Artwork, Entry, Style
from core.planning.library import Asset
from core.planning.pairs import Pair, pair_up
from tests.properties.kit import examples, read_or_refused, spoilt_text

ASSETS = [Asset(name, name, 1, 1) for name in ("a.jpg", "trip/b.jpg", "x%0A.jpg")]
STYLES = [Style(name=name, entry=Entry(artworks=(Artwork(file="w.png"),))) for name in ("wave", "\x1b[2J\nnight")]
WHOLE = "asset,style,steps,style_layers,weights\na.jpg,wave,7,relu1_1 relu2_1,packaged\ntrip/b.jpg,wave,,,\n"
HEAD = "asset,style\n"
TOO_MUCH = (
    HEAD + "x" * 3_000_000,
    HEAD + '"' + "x" * 3_000_000,
    HEAD + "a.jpg," + "x" * 130_000 + "\n",
    "x" * 130_000 + ",asset,style\n",
    "asset,style," + ",".join(f"c{number}" for number in range(100_000)) + "\n",
    "asset,asset,style,style\na.jpg,a.jpg,wave,wave\n",
    "asset,style,steps\na.jpg,wave," + "9" * 100_000 + "\n",
    "asset,style,steps\na.jpg,wave,nan\n",
    "asset,style,style_weight\na.jpg,wave,inf\n",
    "asset,style,style_weight\na.jpg,wave,1e999\n",
    "asset,style,style_layers\na.jpg,wave,\x1b[2J\n",
    "asset,style,\x1b[2J\na.jpg,wave,1\n",
    HEAD + "a.jpg,\x1b]0;x\x07\n",
    HEAD + "\x1b[2J,wave\n",
    HEAD + "a\0.jpg,wave\n",
    HEAD.replace("\n", "\r") + "a.jpg,wave\r",
    "\ufeff" + HEAD + "a.jpg,wave\n",
)
OUTSIDE = (
    *("../a.jpg", "/etc/passwd", "trip/../a.jpg", "C:\\a.jpg", "\\\\server\\a.jpg", "trip\\b.jpg", "./a.jpg", ""),
    *("trip//b.jpg", "A.JPG", "a.jpg/", "a.jpg ", "x\n.jpg", "file:///a.jpg", "~/a.jpg"),
)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pairs") / "pairs.csv"


def listed(path: Path, data: bytes) -> list[Pair] | None:
    """The pairs in these bytes; None if they were refused."""
    path.write_bytes(data)
    pairs = read_or_refused(lambda: list(pair_up(str(path), ASSETS, STYLES, 0)), path)
    for pair in pairs or ():
        assert 0 <= pair.asset < len(ASSETS)
        assert 0 <= pair.style < len(STYLES)
        assert pair.overrides.get("weights", "packaged") in ("packaged", "torchvision")
    return pairs


@examples(200)
@given(data=spoilt_text(WHOLE))
def test_any_bytes(path: Path, data: bytes) -> None:
    listed(path, data)


@examples(100)
@given(rows=st.lists(st.lists(st.text(max_size=12), min_size=1, max_size=4), max_size=4))
def test_any_cells(path: Path, rows: list[list[str]]) -> None:
    listed(path, "\n".join([HEAD.strip(), *(",".join(row) for row in rows)]).encode(errors="replace"))


@pytest.mark.parametrize("text", TOO_MUCH, ids=lambda text: ascii(text)[:30])
def test_texts_that_are_too_much(path: Path, text: str) -> None:
    listed(path, text.encode())


@pytest.mark.parametrize("name", OUTSIDE, ids=ascii)
def test_a_name_is_one_of_the_library_or_nothing(path: Path, name: str) -> None:
    assert listed(path, f'{HEAD}"{name}",wave\n'.encode()) is None
    assert listed(path, f'{HEAD}a.jpg,"{name}"\n'.encode()) is None


@pytest.mark.parametrize("weights", ["/etc/passwd", "../vgg.pth", "vgg.pth", "C:\\vgg.pth", "\x1b[2J"])
def test_no_weights_are_named_here(path: Path, weights: str) -> None:
    assert listed(path, f'asset,style,weights\na.jpg,wave,"{weights}"\n'.encode()) is None


def test_the_whole_one_is_read(path: Path) -> None:
    overrides = {"steps": 7, "style_layers": ("relu1_1", "relu2_1"), "weights": "packaged"}
    assert listed(path, WHOLE.encode()) == [Pair(0, 0, overrides), Pair(1, 0, {})]
