"""Text files and CSV of any program: read, or one sentence that names the line."""

import tracemalloc
from pathlib import Path

import pytest

from core.errors import SpecError
from core.storage.text_file import CsvTable, decoded, read_csv


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_decoded_says_what_a_wide_text_is(encoding: str) -> None:
    with pytest.raises(SpecError, match="save it as UTF-8"):
        decoded("asset,style\n".encode(encoding), "pairs x")


def test_decoded_names_the_line_of_a_latin_1_byte() -> None:
    with pytest.raises(SpecError, match=r"spec x, line 2: byte 0xE9 is not UTF-8 .* save it as UTF-8"):
        decoded("a = 1\nb = 'caf\u00e9'\n".encode("latin-1"), "spec x")


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_csv_of_any_spreadsheet_is_read(delimiter: str, end: str, tmp_path: Path) -> None:
    lines = ["asset,style", '"a, b.jpg",wave', "c\u2028d\u0085e.jpg,night", "", "f\0.jpg,wave"]
    text = end.join([delimiter.join(line.rsplit(",", 1)) for line in lines]).replace(
        '"a, b.jpg"', f'"a{delimiter} b.jpg"'
    )
    (tmp_path / "x.csv").write_bytes(b"\xef\xbb\xbf" + text.encode())
    rows = [row for _, row in read_csv(tmp_path / "x.csv", 10**6, "pairs file", "give one.").rows()]
    assert [row["asset"] for row in rows] == [f"a{delimiter} b.jpg", "c\u2028d\u0085e.jpg", "f\0.jpg"]
    assert [row["style"] for row in rows] == ["wave", "night", "wave"]


def test_a_long_field_is_read_and_an_endless_one_refused() -> None:
    long = "x" * 500_000
    assert [row["a"] for _, row in CsvTable(f"a,b\n{long},1\n", "x").rows()] == [long]
    with pytest.raises(SpecError, match=r"x, line 2 is no CSV .*field larger than"):
        list(CsvTable(f"a,b\n{'x' * (2 << 20)},1\n", "x").rows())


def test_a_row_of_another_width_is_named() -> None:
    with pytest.raises(SpecError, match="x, line 3: it has not as many fields"):
        list(CsvTable("a,b\n1,2\n1\n", "x").rows())


def test_an_open_quote_is_no_csv() -> None:
    with pytest.raises(SpecError, match="is no CSV"):
        list(CsvTable('a,b\n"1,2\n', "x").rows())


def test_an_empty_file_has_no_columns() -> None:
    assert CsvTable("", "x").columns == []


def test_csv_table_takes_little_more_than_its_text() -> None:
    text = "a,b\n" + f"x,{'y' * 80}\n" * 100_000
    tracemalloc.start()
    try:
        assert sum(1 for _ in CsvTable(text, "x").rows()) == 100_000
        assert tracemalloc.get_traced_memory()[1] < len(text)
    finally:
        tracemalloc.stop()
