"""Pages of a TIFF (TIFF 6.0, TIFF/EP, DNG): which is the picture, and whether it is a camera raw; bounded."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Any, Literal, NamedTuple

from core.errors import JobError, Unsupported

MOST_ENTRIES = 65_535
"""Entries of a TIFF's index from which on it is damaged; the classic format has no room for more."""

MOST_PAGES = 256
"""Pages among which the picture is looked for."""

MOST_LINES = 4 * MOST_ENTRIES
"""Entries of all pages together up to which pages are looked at."""

_MOST_VALUES = 64
_SUBFILE, _OLD_SUBFILE, _WIDTH, _HEIGHT, _COMPRESSION, _PHOTOMETRIC = 254, 255, 256, 257, 259, 262
_SUB_PAGES, _SAMPLE_FORMAT, _LEAF, _DNG_VERSION = 330, 339, 34310, 50706
_PLANES, _SUBSAMPLING, _STRIP_LENGTHS, _STRIP_ROWS = 284, 530, 279, 278
_TILE_WIDTH, _TILE_HEIGHT, _TILE_LENGTHS = 322, 323, 325
_WANTED = frozenset(
    (
        _SUBFILE,
        _OLD_SUBFILE,
        _WIDTH,
        _HEIGHT,
        _COMPRESSION,
        _PHOTOMETRIC,
        _SUB_PAGES,
        _SAMPLE_FORMAT,
        _LEAF,
        _DNG_VERSION,
        _PLANES,
        _SUBSAMPLING,
        _STRIP_LENGTHS,
        _STRIP_ROWS,
        _TILE_WIDTH,
        _TILE_HEIGHT,
        _TILE_LENGTHS,
    )
)
_INTEGERS = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}
_REDUCED, _MASK, _OLD_REDUCED = 1, 4, 2
_SIGNED, _CIELAB = 2, 8
_SENSOR = frozenset({32803, 34892})
"""Photometric interpretations of a sensor's values: colour filter array, linear raw."""
_MAKERS = frozenset({32767, 32769, 32770, 32772, 34713, 65000, 65535})
"""Compressions that makers of cameras have for them."""
_UNREAD_COMPRESSIONS = {
    **dict.fromkeys((33003, 33004, 33005, 34712), "JPEG 2000"),
    **dict.fromkeys((22610, 34934), "JPEG XR"),
    **dict.fromkeys((50002, 52546), "JPEG XL"),
    **dict.fromkeys((9, 10, 34661), "JBIG"),
    33007: "JPEG-LS",
    34887: "LERC",
    34933: "PNG",
    50001: "WebP",
}
"""Compressions that many builds of the decoder lack: nothing is read on one machine and not on another."""
_YCBCR, _UNCOMPRESSED, _SEPARATE = 6, 1, 2
_RAW_MAGIC = (b"CR\2", b"IIIITwaR", b"IIIIwaRT", b"MMMMRawT", b"MMMMTRaw")


class TiffEntry(NamedTuple):
    """A line of a TIFF's index: what it is about, the type of its values, and how many they are."""

    tag: int
    type: int
    values: int


@dataclass(frozen=True)
class TiffPage:
    """One page: the lines of its index, and of some of them the values."""

    at: int
    """Where its index lies."""
    entries: tuple[TiffEntry, ...]
    found: dict[int, tuple[int, ...]]
    following: int
    """Where the index of the next page lies; 0 behind the last."""

    def first(self, tag: int, default: int = 0) -> int:
        """The first value of a tag."""
        return next(iter(self.found.get(tag, ())), default)

    @property
    def pixels(self) -> int:
        """Width times height."""
        return self.first(_WIDTH) * self.first(_HEIGHT)

    @property
    def is_reduced(self) -> bool:
        """Whether it is a smaller version of another page."""
        if _SUBFILE in self.found:
            return bool(self.first(_SUBFILE) & _REDUCED)
        return self.first(_OLD_SUBFILE) == _OLD_REDUCED

    @property
    def is_mask(self) -> bool:
        """Whether it says only where another page is seen."""
        return bool(self.first(_SUBFILE) & _MASK)

    @property
    def is_full(self) -> bool:
        """Whether it is a picture of its own."""
        return not (self.is_reduced or self.is_mask)

    @property
    def is_raw(self) -> bool:
        """Whether it has a sensor's values, or says that the file does."""
        return (
            self.first(_PHOTOMETRIC) in _SENSOR
            or self.first(_COMPRESSION) in _MAKERS
            or _DNG_VERSION in self.found
            or _LEAF in self.found
        )

    @property
    def is_plain_ycbcr(self) -> bool:
        """Whether it is uncompressed YCbCr."""
        return (self.first(_PHOTOMETRIC), self.first(_COMPRESSION, _UNCOMPRESSED)) == (_YCBCR, _UNCOMPRESSED)

    @property
    def is_subsampled(self) -> bool:
        """Whether it is uncompressed YCbCr with fewer values of colour than of lightness (TIFF 6.0, section 21)."""
        if not self.is_plain_ycbcr or self.found.get(_SUBSAMPLING, (2, 2)) == (1, 1):
            return False
        if _TILE_LENGTHS in self.found:
            pixels, stored = self.first(_TILE_WIDTH) * self.first(_TILE_HEIGHT), self.first(_TILE_LENGTHS)
        else:
            rows = min(self.first(_STRIP_ROWS, self.first(_HEIGHT)), self.first(_HEIGHT))
            pixels, stored = self.first(_WIDTH) * rows, self.first(_STRIP_LENGTHS)
        return (
            0 < stored < 3 * pixels
        )  # some files say so, or say nothing, which means 2x2, and have values for every pixel

    @property
    def is_signed(self) -> bool:
        """Whether its values are signed; those of CIE L*a*b* are in part, and are not meant."""
        return _SIGNED in self.found.get(_SAMPLE_FORMAT, ()) and self.first(_PHOTOMETRIC) != _CIELAB


def tiff_entries(file: IO[bytes]) -> tuple[TiffEntry, ...] | None:
    """The entries of a TIFF's first index; None if that does not lie in the file whole.

    Raises ValueError if there are more than MOST_ENTRIES.
    """
    page = first_page(file)
    return page.entries if page else None


def first_page(file: IO[bytes]) -> TiffPage | None:
    """The first page of a TIFF; None if its index does not lie in the file whole. Raises as `tiff_entries` does."""
    return next(_Reader(file).pages(), None)


def picture_page(file: IO[bytes], name: str) -> TiffPage | None:
    """The page that is the picture: the first that is neither reduced nor a mask; of reduced ones alone the largest.

    One below it (in a SubIFD) that is neither and has more pixels comes before it. It is looked for among MOST_PAGES; None
    if not even the first lies in the file whole. Raises Unsupported for a camera raw and for signed values.
    """
    reader = _Reader(file)
    pages = list(reader.pages())
    if not pages:  # the decoder says what is wrong with it
        return None
    below = [list(reader.sub_pages(page)) for page in pages]
    if reader.head[8:].startswith(_RAW_MAGIC) or any(page.is_raw for page in itertools.chain(pages, *below)):
        raise camera_raw(name)
    number = _chosen(pages)
    chosen = max([pages[number], *filter(lambda page: page.is_full, below[number])], key=lambda page: page.pixels)
    if chosen.is_signed:
        raise Unsupported(
            f"{name} has signed samples, which are not read", "save it with 8 or 16 unsigned bits a channel."
        )
    inside = _UNREAD_COMPRESSIONS.get(chosen.first(_COMPRESSION))
    if inside:
        raise Unsupported(
            f"{name} is a TIFF with {inside} inside, which is not read", "save it uncompressed, or with LZW or deflate."
        )
    if chosen.is_plain_ycbcr and chosen.first(_PLANES, 1) == _SEPARATE:
        raise Unsupported(f"{name} has YCbCr in separate planes, which are not read", "save it interleaved, or as RGB.")
    return chosen


class PageView:
    """A TIFF open for reading whose header leads to one of its pages, so that a decoder sees no other before it."""

    def __init__(self, file: IO[bytes], page: TiffPage) -> None:
        file.seek(0)
        self._file, self._head = file, _led_to(file.read(16), page.at)

    def __getattr__(self, name: str) -> Any:
        """All else is the file's."""
        return getattr(self._file, name)

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        at = self._file.tell()
        data = self._file.read(size)
        return self._head[at : at + len(data)] + data[max(0, 16 - at) :] if at < 16 else data


def camera_raw(name: str) -> JobError:
    """What is raised for a camera raw, whatever its name."""
    return Unsupported(
        f"{name} is a camera raw file, which is not read", "develop it to a JPEG, PNG or TIFF, or leave it out."
    )


def _chosen(pages: Sequence[TiffPage]) -> int:
    full = next((number for number, page in enumerate(pages) if page.is_full), None)
    if full is not None:
        return full
    return max(range(len(pages)), key=lambda number: (not pages[number].is_mask, pages[number].pixels, -number))


def _led_to(head: bytes, at: int) -> bytes:
    """The first 16 bytes of a TIFF with another place of the first index."""
    order: Literal["little", "big"] = "little" if head[:2] == b"II" else "big"
    if b"+" in head[2:4]:
        return head[:8] + at.to_bytes(8, order)
    return head[:4] + at.to_bytes(4, order) + head[8:]


class _Reader:
    """Reads the indices of a TIFF, each once and MOST_LINES lines of them in all."""

    def __init__(self, file: IO[bytes]) -> None:
        file.seek(0)
        self._file, self.head = file, file.read(16)
        self._order, self._big = ("<" if self.head[:2] == b"II" else ">"), b"+" in self.head[2:4]
        self._seen, self._lines = set[int](), MOST_LINES

    def pages(self) -> Iterator[TiffPage]:
        """The pages, as far as they lie in the file whole. Raises ValueError for an index of more than MOST_ENTRIES."""
        if len(self.head) < 16:
            return
        (at,) = self._unpacked("Q", self.head[8:16]) if self._big else self._unpacked("I", self.head[4:8])
        for _ in range(MOST_PAGES):
            page = self._page(at) if at else None
            if page is None:
                return
            yield page
            at = page.following

    def sub_pages(self, page: TiffPage) -> Iterator[TiffPage]:
        """The pages below a page (TIFF Technical Note 1)."""
        for at in page.found.get(_SUB_PAGES, ()):
            if below := self._page(at):
                yield below

    def _page(self, at: int) -> TiffPage | None:
        """The page whose index lies at `at`; None if it is not in the file whole, or was read before."""
        counted, line, last = ("Q", "HHQ8s", "Q") if self._big else ("H", "HHI4s", "I")
        self._file.seek(min(at, 2**63 - 1))
        first = self._file.read(struct.calcsize(f"={counted}"))
        if at in self._seen or len(first) < struct.calcsize(f"={counted}"):
            return None
        self._seen.add(at)
        (count,) = self._unpacked(counted, first)
        if count > MOST_ENTRIES:
            raise ValueError(f"an index of {count:,} entries")
        length = count * struct.calcsize(f"={line}")
        table = self._file.read(length + struct.calcsize(f"={last}"))
        self._lines -= count
        if self._lines < 0 or len(table) < length + struct.calcsize(f"={last}"):
            return None
        lines = list(struct.iter_unpack(self._order + line, table[:length]))
        found = {tag: self._values(kind, many, data) for tag, kind, many, data in lines if tag in _WANTED}
        (following,) = self._unpacked(last, table[length:])
        return TiffPage(at, tuple(TiffEntry(*each[:3]) for each in lines), found, following)

    def _values(self, kind: int, many: int, data: bytes) -> tuple[int, ...]:
        """The first integers of an entry; none of other values."""
        code = _INTEGERS.get(kind)
        many = min(many, _MOST_VALUES)
        size = many * struct.calcsize(f"={code}") if code else 0
        if size > len(data):
            (at,) = self._unpacked("Q" if self._big else "I", data)
            self._file.seek(min(at, 2**63 - 1))
            data = self._file.read(size)
        return self._unpacked(f"{many}{code}", data[:size]) if code and len(data) >= size else ()

    def _unpacked(self, code: str, data: bytes) -> tuple[int, ...]:
        return struct.unpack(self._order + code, data)
