"""Parse and check the header of an untrusted safetensors file: tensors, metadata, digests; needs no torch."""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import struct
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import SpecError
from core.safe_text import path_text, printable, truncated
from core.storage.bounded_read import open_regular

SUFFIX = ".safetensors"
"""What the name of a safetensors file ends in."""

BITS = {
    **dict.fromkeys(("BOOL", "U8", "I8", "F8_E4M3", "F8_E5M2"), 8),
    **dict.fromkeys(("I16", "U16", "F16", "BF16"), 16),
    **dict.fromkeys(("I32", "U32", "F32"), 32),
    **dict.fromkeys(("I64", "U64", "F64"), 64),
}
"""Bits of a value of each type; a file of another type was written by something that this Nocturne does not know."""
COUNTER = ".num_batches_tracked"
"""What the names of batch normalisation's counters end in, which are whole numbers."""
FLOATS = frozenset({"F16", "BF16", "F32", "F64"})
"""Types that the values of networks have."""

LONGEST = 32 << 20
"""Bytes of a header; it lists tensors, pictures' hashes and a recipe."""


@dataclass(frozen=True)
class FileKind:
    """One use of safetensors files: what messages call them, the command that writes them, and how they name themselves."""

    noun: str
    command: str
    format: str
    """Value of the metadata's `format`; its number rises when the layout changes."""
    content: str
    """What a file of another format is not."""


@dataclass(frozen=True)
class TensorEntry:
    """Where a tensor lies, in bytes from the first tensor's beginning, and what it is made of."""

    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int


@dataclass(frozen=True)
class SafetensorsHeader:
    """The header of a whole file: `tensors` by name, and what was written beside them."""

    path: Path
    kind: FileKind
    tensors: dict[str, TensorEntry]
    metadata: dict[str, Any]
    start: int

    def below(self, prefix: str) -> list[str]:
        """The names of tensors that begin so, in order. Raises SpecError if there are none."""
        names = sorted(name for name in self.tensors if name.startswith(prefix))
        if not names:
            raise self.damaged(f"it has no tensors called {prefix}*")
        return names

    def check_floats(self, names: Iterable[str], types: Collection[str] = FLOATS) -> None:
        """Raises SpecError if one of these tensors, which a network computes with, has values of no type of `types`."""
        for name in names:
            if self.tensors[name].dtype not in types and not name.endswith(COUNTER):
                raise self.damaged(f"its tensor {printable(name)} has values of the type {self.tensors[name].dtype}")

    def digest(self, about: Any, names: Iterable[str]) -> str:
        """16 hex digits over tensors, whatever file they are in, and over plain values. Raises SpecError."""
        sha = hashlib.sha256(json.dumps(about, sort_keys=True).encode())
        with self._opened() as file:
            for name in names:
                entry = self.tensors[name]
                sha.update(f"{name}{entry.dtype}{list(entry.shape)}".encode())
                file.seek(self.start + entry.begin)
                sha.update(file.read(entry.end - entry.begin))
        return sha.hexdigest()[:16]

    def row_digests(self, about: Any, names: Iterable[str]) -> tuple[str, ...]:
        """The same over each row of tables that lie side by side: one digest a row. Raises SpecError."""
        tables = [self._table(name) for name in names]
        if len({entry.shape[0] for entry in tables}) != 1:
            raise self.damaged("its tables are not equally long")
        return tuple(self._row_digest(about, tables, row) for row in range(tables[0].shape[0]))

    def damaged(self, what: str) -> SpecError:
        """What to raise for a fault of the file."""
        return _damaged(self.path, self.kind, what)

    def not_understood(self, error: Exception) -> SpecError:
        """What to raise where the metadata are not what they should be."""
        return self.damaged(f"its header cannot be understood ({truncated(printable(' '.join(str(error).split())))})")

    @contextlib.contextmanager
    def parsing(self) -> Iterator[dict[str, Any]]:
        """The metadata, to be parsed within: whatever they are not becomes a SpecError."""
        try:
            yield self.metadata
        except (KeyError, TypeError, ValueError, RecursionError) as error:  # pydantic's are ValueErrors
            raise self.not_understood(error) from error

    def _opened(self) -> Any:
        try:
            return open_regular(self.path)
        except OSError as error:
            raise self.damaged("its tensors cannot be read") from error

    def _table(self, name: str) -> TensorEntry:
        entry = self.tensors.get(name)
        if entry is None or len(entry.shape) != 2 or not 0 < entry.shape[0] <= entry.end - entry.begin:
            raise self.damaged(f"it has no table called {name}")
        return entry

    def _row_digest(self, about: Any, tables: Iterable[TensorEntry], row: int) -> str:
        sha = hashlib.sha256(json.dumps(about, sort_keys=True).encode())
        with self._opened() as file:
            for entry in tables:
                width = (entry.end - entry.begin) // entry.shape[0]
                sha.update(f"{entry.dtype}{entry.shape[1]}".encode())
                file.seek(self.start + entry.begin + row * width)
                sha.update(file.read(width))
        return sha.hexdigest()[:16]


def read_header(path: Path, kind: FileKind) -> SafetensorsHeader:
    """The header of `path`. Raises SpecError, naming the file, if it is absent, cut off, a pickle or of another kind."""
    if path.suffix != ".safetensors":
        raise wrong_kind_error(path, kind)
    try:
        size = path.stat().st_size
        with open_regular(path) as file:
            length = struct.unpack("<Q", file.read(8))[0]
            if length > min(LONGEST, size):
                raise _damaged(path, kind, "it is cut off, or its header is not one")
            raw = json.loads(file.read(length))
    except FileNotFoundError as error:
        raise SpecError(
            f"There is no {kind.noun} {path_text(path)}", "give the path of a .safetensors file."
        ) from error
    except OSError as error:
        raise SpecError(
            f"{path_text(path)} cannot be read ({error.strerror})", "look at its path and permissions."
        ) from error
    except (struct.error, ValueError, RecursionError) as error:
        raise _damaged(path, kind, "its header cannot be read") from error
    if not isinstance(raw, dict):
        raise _damaged(path, kind, "its header is no table")
    metadata = raw.pop("__metadata__", None)
    tensors = _entries(path, kind, raw, size - 8 - length)
    header = SafetensorsHeader(path, kind, tensors, metadata if isinstance(metadata, dict) else {}, 8 + length)
    if header.metadata.get("format") != kind.format:
        raise SpecError(
            f"{path_text(path)} is a file of tensors, but no {kind.content}", f"give one that `{kind.command}` wrote."
        )
    return header


def training_notes(metadata: dict[str, Any]) -> tuple[int, dict[str, Any], dict[str, Any]]:
    """Step, what was trained on, and the state of a training, of a checkpoint's metadata; for `parsing`."""
    data, training = json.loads(metadata["data"]), json.loads(metadata["training"])
    if not isinstance(data, dict) or not isinstance(training, dict):
        raise TypeError("its notes are no tables")
    return int(metadata["step"]), data, training


def wrong_kind_error(path: Path, kind: FileKind) -> SpecError:
    """What to raise for a file of another kind."""
    return SpecError(
        f"{path_text(path)} is refused: {kind.noun}s are .safetensors files, which hold tensors and no code",
        f"give one that `{kind.command}` wrote.",
    )


def _entries(path: Path, kind: FileKind, raw: dict[str, Any], size: int) -> dict[str, TensorEntry]:
    try:
        entries = dict(_parsed(raw))
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError) as error:
        raise _damaged(path, kind, "its list of tensors cannot be understood") from error
    if not entries or max(entry.end for entry in entries.values()) != size:
        raise _damaged(path, kind, "it is cut off: its header promises more than the file holds")
    return entries


def _parsed(raw: dict[str, Any]) -> Iterator[tuple[str, TensorEntry]]:
    for name, value in raw.items():
        begin, end = (int(each) for each in value["data_offsets"])
        shape = tuple(int(each) for each in value["shape"])
        if not 0 <= begin <= end or min(shape, default=0) < 0 or math.prod(shape) > 8 * (end - begin):
            raise ValueError(name)
        if value["dtype"] not in BITS or math.prod(shape) * BITS[value["dtype"]] != 8 * (end - begin):
            raise ValueError(f"{name} is of the type {value['dtype']}")
        yield name, TensorEntry(str(value["dtype"]), shape, begin, end)


def _damaged(path: Path, kind: FileKind, what: str) -> SpecError:
    return SpecError(f"{path_text(path)} is no whole {kind.noun}: {what}", "use another copy of the file.")
