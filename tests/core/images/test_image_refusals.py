"""Pictures that are not read: one test a row of the table in docs/pictures.md, and what the messages say."""

from __future__ import annotations

import io
import os
import socket
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
import tifffile
from PIL import Image

from core.errors import JobError, Missing, OutOfMemory, TooLarge, Unreadable, Unsupported
from core.images.formats import OTHER_PICTURE_SUFFIXES, PICTURE_SUFFIXES
from core.images.image import from_bytes, probe, read
from tests import pictures
from tests.faults import bombs
from tests.faults.jpeg_lies import segment
from tests.picture_checks import Rows, documented, grey_rgb, shows
from tests.pictures import COLOURS, GREYS, array, jpeg, png, raw_tiff, saved
from tests.tiff_pages import Page, tiff

REFUSED = Rows()
NOBODY = 65_534
GOOD = {"jpg": jpeg(), "png": png(), "tif": saved(pictures.image(), "TIFF")}
CUT: tuple[tuple[str, dict[str, str]], ...] = (
    ("JPEG", {}),
    ("PNG", {}),
    ("WEBP", {}),
    ("AVIF", {}),
    ("TIFF", {}),
    ("TIFF", {"compression": "tiff_adobe_deflate"}),
)
OTHER = (
    *(b"GIF89a", b"BM", b"\0\0\0\x1cftypisom", b"\0\0\0\x0cjP  \r\n\x87\n"),
    *(b"\xff\x4f\xff\x51", pictures.animated_jpeg_xl(), b"8BPS", b"gimp xcf v011", b"\x76\x2f\x31\x01"),
    *(b"II\xbc\1", b"\xff\xd8\xff\xf7\0\x0b\x08", b"\xc5\xd0\xd3\xc6", b"P6\n", b"icns"),
    *(b"#?RADIANCE\n", b"\0\0\1\0", b"%PDF-1.7", b"<svg xmlns=", b"\xef\xbb\xbf\n <svg ", b"%!PS", b"qoif"),
)
DAMAGED = (b"dear diary", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"II*\0", b"RIFF\0\0\0\0WEBPVP8 ", bytes(99))
NAMES = (
    *('"quoted".jpg', "two\nlines.jpg", "\x1b[31mred.jpg", "<script>.jpg", "😀.jpg"),
    *("\u202egpj.exe", "caf\udce9.jpg"),
)
Call = Callable[[Path], object]


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def refused(error: type[JobError], path: Path, calls: tuple[Call, ...] = (read, probe)) -> str:
    """The message with which `path` is refused: one sentence that names the file and a remedy."""
    for call in calls:
        with pytest.raises(error) as caught:
            call(path)
        assert type(caught.value) is error
        message = str(caught.value)
        assert repr(str(path)) in message
        assert message.isprintable()
        assert message.endswith(".")
        assert ";" in message
    return message


def written(data: bytes, name: str = "picture.jpg") -> Path:
    path = Path(tempfile.mkdtemp()) / name
    path.write_bytes(data)
    return path


@REFUSED("cut off, or damaged where the decoder notices")
def _() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    for kind, options in CUT:
        data = saved(Image.fromarray(noise), kind, **options)
        assert read(written(data)).size == (64, 64)
        for percent in (2, 30, 60, 95):
            refused(Unreadable, written(data[: len(data) * percent // 100]), (read,))
    damaged = bytearray(saved(Image.fromarray(noise), "PNG"))
    damaged[3000:3010] = bytes(10)
    refused(Unreadable, written(bytes(damaged)), (read,))


@REFUSED("small, but made to keep a decoder busy for minutes")
def _() -> None:
    scans = bombs.jpeg_scans()
    assert len(scans) < 500_000
    assert "more than 64 times" in refused(Unreadable, written(scans), (read,))
    crumbs = GOOD["jpg"][:2] + segment(0xE1, b"Exif\0\0II*\0\x08\0\0\0") * 300 + GOOD["jpg"][2:]
    assert "too many parts" in refused(Unreadable, written(crumbs))


@REFUSED("not a picture, whatever its suffix")
def _() -> None:
    for data in (
        b"dear diary",
        b"\xff\xd8\xff",
        b"\x89PNG\r\n\x1a\n",
        b"II*\0",
        b"RIFF\0\0\0\0WEBPVP8 ",
        b"\0\0\0\x1cftypavif",
        b"\0\0\0\x1cftypmif1\0\0\0\0mif1avif",
        bytes(1000),
    ):
        for suffix in PICTURE_SUFFIXES:
            refused(Unreadable, written(data, "diary" + suffix))


@REFUSED("0 bytes")
def _() -> None:
    assert "empty" in refused(Unreadable, written(b""))


@REFUSED("no permission to read")
def _() -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        path = Path(folder, "private.jpg")
        path.write_bytes(GOOD["jpg"])
        path.parent.chmod(0o755)
        path.chmod(0)
        assert "may not be read by this user" in unprivileged(lambda: refused(Unreadable, path))


def unprivileged(call: Callable[[], str]) -> str:
    """What `call` gives in a process that is not root; empty if it raises."""
    read_end, write_end = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # later Pythons dislike fork beside threads
        child = os.fork()
    if not child:
        try:
            if os.getuid() == 0:  # root may read anything
                os.setgroups([])
                os.setgid(NOBODY)
                os.setuid(NOBODY)
            os.write(write_end, call().encode())
        finally:
            os._exit(0)
    os.close(write_end)
    os.waitpid(child, 0)
    with os.fdopen(read_end) as pipe:
        return pipe.read()


@REFUSED("over the pixel limit (120 megapixels unless set otherwise)")
def _() -> None:
    assert "12001x10000 = 120,010,000" in refused(TooLarge, written(pictures.huge_png(12_001, 10_000)))
    refused(TooLarge, written(pictures.huge_webp(16_000, 16_000)))
    refused(TooLarge, written(pictures.huge_avif(16_000, 16_000)))
    refused(TooLarge, written(pictures.huge_png(2**31 - 1, 2**31 - 1)))
    assert probe(written(pictures.huge_png(12_000, 10_000))) == (12_000, 10_000)
    assert probe(written(pictures.huge_png(40_000, 40_000)), max_pixels=1_600_000_000) == (40_000, 40_000)
    refused(TooLarge, written(GOOD["png"]), (lambda path: read(path, 48 * 32 - 1),))
    assert read(written(GOOD["png"]), 48 * 32).size == (48, 32)


@REFUSED("gone since the plan was made")
def _() -> None:
    path = written(GOOD["jpg"])
    refused(Missing, path.with_name("other.jpg"))
    refused(Missing, path / "below.jpg")
    path.with_name("link.jpg").symlink_to("nowhere.jpg")
    refused(Missing, path.with_name("link.jpg"))


@REFUSED("a folder, FIFO, socket or device with a picture's name")
def _() -> None:
    folder = Path(tempfile.mkdtemp()) / "folder.jpg"
    folder.mkdir()
    assert "folder" in refused(Unsupported, folder)
    os.mkfifo(folder / "fifo.jpg")
    refused(Unsupported, folder / "fifo.jpg")
    (folder / "device.jpg").symlink_to("/dev/zero")
    refused(Unsupported, folder / "device.jpg")
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(folder / "socket.jpg"))
        refused(Unsupported, folder / "socket.jpg")


@REFUSED("GIF, BMP, animated JPEG XL, JPEG 2000, JPEG XR, JPEG-LS, PSD, EXR, HDR, SVG, PDF and such, by content")
def _() -> None:
    for kind in ("GIF", "BMP", "JPEG2000", "ICO", "PDF", "DDS"):
        assert "convert it" in refused(Unsupported, written(saved(pictures.image(), kind), "picture.png"))
    for start in OTHER:
        refused(Unsupported, written(start + bytes(100)))


@REFUSED("HEIC and JPEG XL without their extras")
def _() -> None:
    for start, extra in ((b"\0\0\0\x18ftypheic", "heif"), (pictures.jpeg_xl_header((1, 1)), "jxl")):
        path = written(start + bytes(100))
        with mock.patch("core.images.formats.importlib.util.find_spec", return_value=None):
            assert f"by the extra `{extra}`" in refused(Unsupported, path)


@REFUSED("content that says nothing, under the suffix of a kind that is not read")
def _() -> None:
    for suffix in (".tga", ".pict", ".jp2"):
        assert "by its name" in refused(Unsupported, written(b"\x13" * 100, "picture" + suffix))


@REFUSED("JPEG of 12 or 16 bits a channel, or of a rare process")
def _() -> None:
    for marker, depth, words in ((0xC1, 12, "12 bits"), (0xC3, 16, "lossless JPEG of 16"), (0xC5, 8, "rare process")):
        refused_as = refused(
            Unsupported, written(GOOD["jpg"].replace(b"\xff\xc0\0\x11\x08", bytes((255, marker, 0, 17, depth))))
        )
        assert words in refused_as


@REFUSED("camera raw, by its suffix or by what is in it")
def _() -> None:
    for suffix in (".dng", ".NEF", ".cr2"):
        refused(Unsupported, written(GOOD["tif"], "picture" + suffix))
    sensor = Page(array(GREYS), {262: ("H", [32803])})
    assert "camera raw" in refused(Unsupported, written(tiff([Page(array(), {254: ("I", [1])}, [sensor])])))


@REFUSED("32-bit integer, signed (of 8 or 16 bits too) or floating-point samples")
def _() -> None:
    refused(Unsupported, written(raw_tiff(array(GREYS, np.uint32), 1)), (read,))
    for dtype in (np.int8, np.int16, np.int32):
        refused(Unsupported, written(raw_tiff((array(GREYS) // 2).astype(dtype), 1, sample_format=2)))
    refused(Unsupported, written(raw_tiff(array(GREYS, np.float32), 1, sample_format=3)), (read,))
    refused(Unsupported, written(raw_tiff(array(COLOURS, np.float32), 2, sample_format=3)))


@REFUSED("TIFF with JPEG 2000, JPEG XL, JPEG XR, JPEG-LS, JBIG, LERC, PNG or WebP inside; big-endian BigTIFF")
def _() -> None:
    for number, inside in ((34712, "JPEG 2000"), (34887, "LERC"), (34661, "JBIG"), (50001, "WebP")):
        assert f"{inside} inside" in refused(Unsupported, written(tiff([Page(array(), {259: ("H", [number])})])))
    big = io.BytesIO()
    tifffile.imwrite(big, array(), bigtiff=True, byteorder=">", photometric="rgb")
    assert "big-endian BigTIFF" in refused(Unsupported, written(big.getvalue()))


@REFUSED("16-bit TIFF in separate planes, 16-bit LAB, YCbCr in separate planes")
def _() -> None:
    for deflate in (False, True):
        planes = raw_tiff(array(COLOURS, np.uint16), 2, planar=True, deflate=deflate)
        refused(Unsupported, written(planes), (read,))
    refused(Unsupported, written(raw_tiff(array(COLOURS, np.uint16), 8)))
    planes = tiff([Page(array(), {262: ("H", [6]), 284: ("H", [2]), 530: ("H", [2, 2])})])
    refused(Unsupported, written(planes))
    shows(raw_tiff(array(), 2, planar=True), COLOURS)  # at 8 bits planes are read


@REFUSED("decoding needs more memory than there is")
def _() -> None:
    path = written(pictures.huge_png(10_900, 10_900))
    code = """if True:
        import resource, sys
        from core.errors import OutOfMemory
        from core.images.image import probe, read
        probe(sys.argv[1])
        pages = int(open("/proc/self/statm").read().split()[0])
        limit = pages * resource.getpagesize() + (64 << 20)
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        try:
            read(sys.argv[1])
        except OutOfMemory as error:
            print(error)
    """
    said = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    assert str(path) in said.stdout


@pytest.mark.parametrize("kind", REFUSED)
def test_refusal(kind: str) -> None:
    REFUSED[kind]()


def test_the_table_has_the_same_rows() -> None:
    assert documented("Not read") == list(REFUSED)


def test_no_suffix_is_both_read_and_refused() -> None:
    assert not PICTURE_SUFFIXES & OTHER_PICTURE_SUFFIXES
    assert all(suffix == suffix.lower() and suffix[0] == "." for suffix in PICTURE_SUFFIXES | OTHER_PICTURE_SUFFIXES)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_cannot_break_a_message(name: str) -> None:
    refused(Unreadable, written(b"", name))


def test_a_name_that_cannot_exist() -> None:
    refused(Unreadable, Path("nul\0.jpg"))
    refused(Unreadable, Path("x" * 300 + ".jpg"))


def test_an_exception_of_any_kind_in_a_decoder_is_unreadable(monkeypatch: pytest.MonkeyPatch) -> None:
    for raised in (RuntimeError("odd\n\x1b[2J"), OSError("broken data stream"), AssertionError()):

        def fail(*_: object, error: Exception = raised) -> None:
            raise error

        monkeypatch.setattr(Image.Image, "convert", fail)
        refused(Unreadable, written(saved(pictures.image("L"), "PNG")), (read,))


def test_warnings_of_pillow_do_not_leak() -> None:
    odd = raw_tiff(array(GREYS), 1, tags={259: ("H", [1, 1, 1]), 277: ("H", [1, 1])})
    shows(odd, grey_rgb(GREYS))


def test_out_of_memory_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(Image.Image, "convert", fail)
    with pytest.raises(OutOfMemory, match="cover"):
        from_bytes(saved(pictures.image("L"), "PNG"), "cover")
