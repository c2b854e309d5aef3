"""Decoder of Thrift's compact protocol, used by Parquet footers: structs as dictionaries by field number."""

from __future__ import annotations

from typing import Any

DEEPEST = 8
"""Structs within structs; those of Parquet have five."""

MOST_FIELDS = 500_000
"""Values in one description: a second's work."""

_TRUE, _FALSE, _BYTE, _WHOLE, _DOUBLE, _BINARY, _LISTS, _STRUCT = 1, 2, 3, (4, 5, 6), 7, 8, (9, 10), 12

Struct = dict[int, Any]


class Reader:
    """Reads descriptions from `data`, from `at` on, which is not negative. Raises ValueError where they are damaged."""

    def __init__(self, data: bytes, at: int) -> None:
        self._data, self.at = data, at
        self._left = MOST_FIELDS

    def struct(self) -> Struct:
        """The fields of a struct by number. Afterwards `at` is where it ends."""
        try:
            return self._struct(0)
        except IndexError as error:
            raise ValueError("a description beyond the end of the file") from error

    def _struct(self, depth: int) -> Struct:
        if depth > DEEPEST:
            raise ValueError("a description nested too deeply")
        fields: Struct = {}
        number = 0
        while (head := self._byte()) != 0:
            number = number + (head >> 4) if head >> 4 else self._whole()
            kind = head & 15
            fields[number] = kind == _TRUE if kind in (_TRUE, _FALSE) else self._value(kind, depth)
        return fields

    def _value(self, kind: int, depth: int) -> Any:
        self._left -= 1
        if self._left < 0:
            raise ValueError("a description of too many parts")
        if kind in (_TRUE, _FALSE, _BYTE):  # truths are bytes in lists
            return self._byte()
        if kind in _WHOLE:
            return self._whole()
        if kind == _DOUBLE:
            return self._bytes(8)
        if kind == _BINARY:
            return self._bytes(self._varint())
        if kind in _LISTS:
            head = self._byte()
            count = self._varint() if head >> 4 == 15 else head >> 4
            return [self._value(head & 15, depth) for _ in range(min(count, MOST_FIELDS + 1))]
        if kind == _STRUCT:
            return self._struct(depth + 1)
        raise ValueError("a description of an unknown kind")

    def _byte(self) -> int:
        byte = self._data[self.at]
        self.at += 1
        return byte

    def _bytes(self, length: int) -> bytes:
        if length > len(self._data) - self.at:
            raise ValueError("a text beyond the end of the file")
        self.at += length
        return self._data[self.at - length : self.at]

    def _varint(self) -> int:
        value = self._byte()
        if value < 128:  # nearly all of them
            return value
        value &= 127
        for shift in range(7, 70, 7):
            byte = self._byte()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
        raise ValueError("a number without an end")

    def _whole(self) -> int:
        """A signed number, zigzag-encoded."""
        value = self._varint()
        return (value >> 1) ^ -(value & 1)
