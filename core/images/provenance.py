"""Provenance stamp inside an output file: the record of everything that made it, as JSON.

The record, the *stamp*, is canonical JSON in ASCII. A PNG carries it in an iTXt chunk `nocturne`; a TIFF in
its ImageDescription; all others in EXIF's UserComment. It names the asset and the style, every parameter
and every digest, so that the picture can be made again. It holds no absolute path and no time: equal jobs give
equal bytes, and nothing of the maker's machine gets out.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterator
from pathlib import Path, PureWindowsPath
from typing import IO, Any

from PIL import Image, PngImagePlugin, TiffImagePlugin

from core.errors import NocturneError
from core.images.containers.container_parsing import PNG_MAGIC, png_chunks
from core.images.formats import WRITABLE, FormatName
from core.images.open_image import identify, open_picture, quoted

FIELDS: dict[str, type] = {
    **dict.fromkeys(("kind", "key", "preset", "weights", "checkpoint"), str),
    **dict.fromkeys(("asset", "asset_sha256", "mask_sha256", "regions_sha256", "style", "style_sha256"), str),
    **dict.fromkeys(("seed", "algorithm", "step", "steps"), int),
    "recipe": dict,
    **dict.fromkeys(("artworks", "regions"), list),
}
"""What a record may hold. `artworks` is a list of (sha256, weight), `regions` one of (colour of the region map, how many
of the artworks are its style; 0 where it is kept); `recipe` is the whole recipe. A picture of an
unfinished optimisation has no key, and is that of `step` of `steps`.
"""

KEYWORD = "nocturne"
"""Name of the PNG chunk, and of the stamp's version field."""

VERSION = 1
"""Version of the stamp's layout."""

LONGEST = 48 * 1024
"""Longest stamp in bytes; an EXIF segment holds 64 KB."""

_SOFTWARE, _EXIF_IFD, _USER_COMMENT, _DESCRIPTION = 0x0131, 0x8769, 0x9286, 0x010E
_ASCII = b"ASCII\0\0\0"


def stamp(record: dict[str, Any]) -> str:
    """The record as canonical JSON: sorted, without spaces, ASCII; fields that are None are left out.

    Of a weights file that the recipe names only the file's name is kept (`weights` has its digest), and bytes
    of a name that are not UTF-8 are %-encoded. Raises NocturneError for a field that is not in FIELDS, an
    absolute path, a value that JSON does not have (a time, a number that is not finite) or a record over
    LONGEST.
    """
    unknown = sorted(record.keys() - FIELDS.keys())
    if unknown:
        raise NocturneError(f"A stamp does not hold {', '.join(map(repr, unknown))}", "leave them out of the record.")
    present = {name: value for name, value in record.items() if value is not None}
    body = _as_json_values({KEYWORD: VERSION, **present, **_recipe_without_path(present)})
    try:
        text = json.dumps(body, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except ValueError as error:
        raise NocturneError(f"A stamp holds plain finite values ({error})", "correct the record.") from error
    if len(text) > LONGEST:
        raise NocturneError(
            f"A stamp of {len(text):,} bytes does not fit into a picture", "use fewer artworks a style."
        )
    return text


def embed(text: str, format: FormatName) -> dict[str, Any]:  # noqa: A002
    """What Pillow's `save` must be given so that a file, but a TIFF, carries the stamp `text`."""
    if WRITABLE[format].metadata == "text":
        info = PngImagePlugin.PngInfo()
        info.add_itxt(KEYWORD, text)
        return {"pnginfo": info}
    exif = Image.Exif()
    exif[_SOFTWARE] = "Nocturne"
    exif.get_ifd(_EXIF_IFD)[_USER_COMMENT] = _ASCII + text.encode("ascii")
    return {"exif": exif.tobytes()}


def read_stamp(path: str | Path) -> dict[str, Any]:
    """Read the record in the picture `path`. Anybody may have written it: its strings are data, to be escaped
    before use.

    Raises NocturneError if the picture carries none, and as `core.images.image.probe` does if it is no picture.
    """
    with open_picture(path) as file:
        text = _read_text(file, quoted(path))
    record = _parsed(text)
    if record is None:
        raise NocturneError(f"{quoted(path)} carries no record of its making", "choose a picture that Nocturne wrote.")
    return record


def is_stamped(path: Path) -> bool:
    """Whether `path` is a picture that carries a record of its making."""
    try:
        read_stamp(path)
    except NocturneError:
        return False
    return True


def _read_text(file: IO[bytes], name: str) -> bytes | None:
    if file.read(len(PNG_MAGIC)) == PNG_MAGIC:
        return next(_png_texts(file), None)
    image = identify(file, name)
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        words = image.tag_v2.get(_DESCRIPTION)
        return words.encode("ascii", "replace") if isinstance(words, str) else None
    found = image.info.get("exif", b"")
    if len(found) > LONGEST + 4096:
        return None
    exif = Image.Exif()
    try:
        exif.load(found)
        comment = exif.get_ifd(_EXIF_IFD).get(_USER_COMMENT)
    except Exception:  # corrupt EXIF makes the parser raise anything, and holds no stamp
        return None
    return comment.removeprefix(_ASCII) if isinstance(comment, bytes) else None


def _png_texts(file: IO[bytes]) -> Iterator[bytes]:
    """Texts under our keyword in iTXt, tEXt and zTXt chunks: tools that save a PNG again change the type."""
    start = KEYWORD.encode() + b"\0"
    for kind, data in png_chunks(file, LONGEST + 1024):
        if not data.startswith(start):
            continue
        body = data[len(start) :]
        if kind == b"tEXt":
            yield body
        elif kind == b"zTXt":
            yield _inflated(body[1:])
        elif kind == b"iTXt" and body.count(b"\0", 2) >= 2:
            text = body[2:].split(b"\0", 2)[2]
            yield _inflated(text) if body[0] else text


def _inflated(data: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(data, LONGEST + 1)
    except zlib.error:
        return b""


def _parsed(text: bytes | None) -> dict[str, Any] | None:
    """The record in `text`, or None if it is not one of ours."""
    if not text or len(text) > LONGEST:
        return None
    try:
        record = json.loads(text.decode("ascii"))
    except (
        ValueError,
        RecursionError,
    ):  # ValueError includes bad UTF-8, bad JSON and numbers of too many digits
        return None
    if not isinstance(record, dict) or record.get(KEYWORD) != VERSION:
        return None
    known = {name: value for name, value in record.items() if name in FIELDS}
    return known if all(isinstance(value, FIELDS[name]) for name, value in known.items()) else None


def _recipe_without_path(record: dict[str, Any]) -> dict[str, Any]:
    """The recipe with the bare names of the files that it names."""
    recipe = record.get("recipe")
    if not isinstance(recipe, dict):
        return {}
    named = {field: recipe[field] for field in ("weights", "network") if isinstance(recipe.get(field), str)}
    return {"recipe": {**recipe, **{field: PureWindowsPath(path).name for field, path in named.items()}}}


def _as_json_values(value: Any) -> Any:
    """`value` with tuples as lists and names as text, once it is known to hold nothing but plain values."""
    if isinstance(value, dict):
        return {str(key): _as_json_values(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_as_json_values(item) for item in value]
    if isinstance(value, str):
        return _text(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    raise NocturneError(f"A stamp does not hold a {type(value).__name__}", "leave it out of the record.")


def _text(value: str) -> str:
    if os.path.isabs(value):
        raise NocturneError(f"A stamp does not hold absolute paths, and {value!r} is one", "give a relative name.")
    return "".join(f"%{ord(char) & 0xFF:02X}" if "\ud800" <= char <= "\udfff" else char for char in value)
