from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import SpecError
from core.manifest import manifest
from core.manifest.picks import Pick, read_picks, with_picks


def test_an_exported_file_is_read_and_joined(tmp_path: Path) -> None:
    file = tmp_path / "picks.csv"
    file.write_bytes(b'\xef\xbb\xbfoutput,pick,run\r\n"wave/b,c.png",favourite,/runs/x\r\nwave/a.png,reject,\r\n')
    picks = read_picks(file)
    assert picks == [Pick("wave/b,c.png", "favourite", "/runs/x"), Pick("wave/a.png", "reject")]
    rows = manifest.table([{"output": name} for name in ("wave/a.png", "wave/b,c.png", "wave/z.png")])
    assert with_picks(rows, picks)["pick"].to_pylist() == ["reject", "favourite", None]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("asset,style\na,b\n", "no columns output,pick"),
        ("", "no columns output,pick"),
        ("output,pick\na,keep\nb,love\n", "line 3: pick 'love' is none of keep"),
        ("output,pick\na\n", "line 2: it has not as many fields"),
    ],
)
def test_a_file_that_is_none_is_refused_in_a_sentence(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "picks.csv"
    file.write_text(text)
    with pytest.raises(SpecError, match=words):
        read_picks(file)


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00output")
    for name in ("gone.csv", "binary.csv"):
        with pytest.raises(SpecError, match=r"does not exist|save it as UTF-8"):
            read_picks(tmp_path / name)
