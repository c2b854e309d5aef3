import csv
import io

import pyarrow as pa
import pytest

from core.manifest.spreadsheet import spreadsheet_bytes


def cells(table: pa.Table) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(spreadsheet_bytes(table).decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\uff1d1", '=cmd|"/c x"!A1'])
def test_spreadsheet_bytes_marks_a_text_that_would_be_a_formula(text: str) -> None:
    assert cells(pa.table({"output": [text]})) == [{"output": f"'{text}"}]


@pytest.mark.parametrize("text", ["a=b", "trip/1.jpg", "caf\u00e9", "a\nb", 'a"b,c', "'=1"])
def test_spreadsheet_bytes_leaves_other_texts(text: str) -> None:
    assert cells(pa.table({"output": [text]})) == [{"output": text}]


def test_spreadsheet_bytes_leaves_numbers_and_nothing() -> None:
    table = pa.table({"score": [-0.5, None], "seed": [-3, 4], "reason": pa.array([None, "=x"], pa.string())})
    first, second = cells(table)
    assert (float(first["score"]), first["seed"], first["reason"]) == (-0.5, "-3", "")
    assert (second["score"], second["reason"]) == ("", "'=x")


def test_spreadsheet_bytes_marks_words_of_a_dictionary() -> None:
    assert cells(pa.table({"style": pa.array(["=a", "b"]).dictionary_encode()})) == [{"style": "'=a"}, {"style": "b"}]


def test_spreadsheet_bytes_begins_with_a_byte_order_mark() -> None:
    assert spreadsheet_bytes(pa.table({"a": [1]})).startswith(b"\xef\xbb\xbf")
