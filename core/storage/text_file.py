"""Text files that others wrote: UTF-8 with or without a byte order mark, and CSV as spreadsheets write it."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

from core.errors import NocturneError, SpecError
from core.safe_text import path_text, printable, truncated
from core.storage.bounded_read import read_bounded

LONGEST_FIELD = 1 << 20
"""Characters of a CSV's field, over which it is refused; Python's own limit is an eighth of it."""

DELIMITERS = ",;\t"
"""What may stand between the fields of a CSV; spreadsheets take semicolons where a comma is the decimal point."""

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
"""A line with its end. io.StringIO would hold the whole text once more, in four bytes a character."""

_DECLARED = re.compile(r'"?sep=([,;\t])"?[,;\t]*(?:\r\n|\r|\n)', re.IGNORECASE)
"""The line before the header by which a spreadsheet is told the delimiter."""

_MARKS = ((b"\xff\xfe\0\0", "UTF-32"), (b"\0\0\xfe\xff", "UTF-32"), (b"\xff\xfe", "UTF-16"), (b"\xfe\xff", "UTF-16"))


def read_text(path: Path, most: int, what: str, where_from: str) -> str:
    """The text of a file of at most `most` bytes. what: what messages call it. where_from: the remedy where there is none.

    Raises SpecError, naming the file, and where it is no UTF-8 the line.
    """
    try:
        data = read_bounded(path, most, what)
    except FileNotFoundError as error:
        raise SpecError(f"{what} {path_text(path)} does not exist", where_from) from error
    except NocturneError as error:
        raise SpecError(error.what, error.remedy) from error
    return decoded(data, f"{what} {path_text(path)}")


def decoded(data: bytes, name: str) -> str:
    """Bytes as UTF-8 text without their byte order mark; line ends stay. Raises SpecError, which begins with `name`.

    >>> decoded(b"\\xef\\xbb\\xbfa", "spec x")
    'a'
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            raise SpecError(f"{name} is {encoding} text", "save it as UTF-8.")
    if b"\0" in data[:4] and len(data) > 1:  # UTF-16 or UTF-32 without its mark: a text begins with ASCII
        raise SpecError(f"{name} is UTF-16 text, or none", "save it as UTF-8.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SpecError(
            f"{name}, line {line}: byte 0x{data[error.start]:02X} is not UTF-8 (the file may be Latin-1)",
            "save it as UTF-8.",
        ) from error


def read_csv(path: Path, most: int, what: str, where_from: str) -> CsvTable:
    """The table in a CSV file, whose fields are separated by what its header is. Raises as `read_text`."""
    return CsvTable(read_text(path, most, what, where_from), f"{what} {path_text(path)}")


class CsvTable:
    """A header and rows; `columns` are the header's fields, stripped."""

    def __init__(self, text: str, name: str) -> None:
        """Raises SpecError, which begins with `name`, for a header that is none."""
        csv.field_size_limit(LONGEST_FIELD)
        declared = _DECLARED.match(text)
        self._lines_before, begin = (1, declared.end()) if declared else (0, 0)
        self.name, head = name, text[begin : begin + LONGEST_FIELD].partition("\n")[0].partition("\r")[0]
        delimiter = declared[1] if declared else max(DELIMITERS, key=head.count) if head else ","
        # Only \n, \r and \r\n end a line: U+2028 and U+0085 are letters of a name.
        self._reader = csv.reader((line[0] for line in _LINE.finditer(text, begin)), delimiter=delimiter, strict=True)
        self.columns = [field.strip() for field in next(self._parsed(), [])]

    def rows(self) -> Iterator[tuple[int, dict[str, str]]]:
        """(line, fields by column) of each row that is not empty. Raises SpecError, naming file and line."""
        for row in self._parsed():
            if row and len(row) != len(self.columns):
                raise SpecError(f"{self.name}, line {self._line}: it has not as many fields as the header.")
            if row:
                yield self._line, dict(zip(self.columns, row, strict=True))

    @property
    def _line(self) -> int:
        return self._lines_before + self._reader.line_num

    def _parsed(self) -> Iterator[list[str]]:
        try:
            yield from self._reader
        except csv.Error as error:
            words = truncated(printable(str(error)))
            raise SpecError(f"{self.name}, line {self._line} is no CSV ({words})", "save it again.") from error
