"""JPEG XL, as phones and archives write it: read by an extra, with the limits that count for all; without it one sentence.

The files in data/jxl were written by libjxl's own encoder (cjxl 0.7) from the patches of tests.pictures; without loss
where their names do not say otherwise. From public reports: libheif#675, darktable#11974 (content decides), libjxl#3502,
pillow-jpegxl-plugin#48 (which profile the values are in).
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import TooLarge, Unreadable, Unsupported
from core.images import credit_metadata, formats
from core.images.colour.colour_tags import source_colours
from core.images.colour.icc_matrix import is_linear
from core.images.containers.jxl_header import jxl_header
from core.images.credit_metadata import Credits
from core.images.image import Picture, from_bytes, probe, read
from core.images.open_image import identify
from tests import icc_profiles
from tests.field.test_colour_tags import cicp, png
from tests.needs import needs_jxl
from tests.pictures import COLOURS, array, image, jpeg, jpeg_xl_header, saved

DATA = Path(__file__).parent / "data/jxl"
PREMULTIPLIED = bytes.fromhex(
    "ff0a07c100088a0b010808100094004b188b1500d4f31fe3ffcf5c4004004002fa0f48c0d163c0401900281090c0e412230a1117"
)
"""Colours (200, 100, 50), which by the header have been multiplied by an alpha of 255 on the left, 128 on the right."""
_PLAIN = ((0, 1), (0, 1), (0, 3), (1, 1))
"""Fields of a header: not by default, no more fields, 8 bits a channel, 16 bits to decode with."""
CMYK = jpeg_xl_header(*_PLAIN, (1, 2), (0, 1), (2, 2), (2, 4))
"""A header of one extra channel, of the kind black."""
MANY = jpeg_xl_header(*_PLAIN, (3, 2), (4095, 12))
"""A header of 4,096 extra channels."""


def jxl(name: str) -> bytes:
    return (DATA / f"{name}.jxl").read_bytes()


def differences(found: Picture, wanted: Picture) -> tuple[float, int]:
    """Mean and largest, in levels."""
    apart = abs(found.rgb.astype(int) - wanted.rgb)
    return float(apart.mean()), int(apart.max())


@needs_jxl
@pytest.mark.parametrize("name", ["plain", "boxed"])
def test_a_jpeg_xl_is_read_naked_and_in_boxes(name: str) -> None:
    assert (read(DATA / f"{name}.jxl").rgb == array()).all()
    assert probe(DATA / f"{name}.jxl") == (48, 32)


@needs_jxl
def test_a_grey_one_is_grey_and_alpha_is_kept_apart_over_white() -> None:
    assert differences(from_bytes(jxl("grey")), from_bytes(saved(image().convert("L"), "PNG"))) == (0, 0)
    found = from_bytes(jxl("alpha"))
    assert found.alpha is not None
    assert (found.alpha[:, :24] == 0).all()
    assert (found.alpha[:, 24:] == 255).all()
    assert (found.rgb[:, :24] == 255).all()
    assert (found.rgb[:, 24:] == array()[:, 24:]).all()


@needs_jxl
def test_colours_multiplied_by_alpha_are_divided_again() -> None:
    found = from_bytes(PREMULTIPLIED)
    assert found.alpha is not None
    assert found.alpha[0, 40] == 128
    assert found.rgb[0, 3].tolist() == [200, 100, 50]
    over_white = [255 * 127 / 255 + value for value in (128, 100, 50)]  # what is over 255 once divided is cut off
    assert abs(found.rgb[0, 40] - np.array(over_white)).max() <= 1


@needs_jxl
def test_a_jpeg_packed_as_jpeg_xl_is_read_upright_once() -> None:
    exif = Image.Exif()
    exif[0x112] = 6
    wanted = from_bytes(saved(image(), "JPEG", quality=95, exif=exif.tobytes()))
    found = from_bytes(jxl("turned"))
    assert found.size == wanted.size == (32, 48)
    assert differences(found, wanted)[0] < 0.5
    assert probe(DATA / "turned.jxl") == (32, 48)


@needs_jxl
@pytest.mark.parametrize(
    ("name", "wanted", "mean"),
    [
        ("profile", saved(image(), "PNG", icc_profile=icc_profiles.rgb(1.8)), 0.0),
        ("jpeg-profile", saved(image(), "JPEG", quality=95, icc_profile=icc_profiles.rgb(1.8)), 0.5),
        (
            "lossy-profile",
            saved(image().resize((480, 320), Image.Resampling.NEAREST), "PNG", icc_profile=icc_profiles.rgb(1.8)),
            0.2,
        ),
        (
            "lossy-grey-profile",
            saved(
                image().convert("L").resize((240, 160), Image.Resampling.NEAREST),
                "PNG",
                icc_profile=icc_profiles.grey(1.8),
            ),
            0.3,
        ),
        ("p3", png(cicp(12, 13), colours=COLOURS), 0.5),
        ("pq", png(cicp(9, 16), colours=COLOURS), 0.0),
    ],
)
def test_colours_are_converted_as_in_any_other_file(name: str, wanted: bytes, mean: float) -> None:
    plain = from_bytes(saved(image().resize(from_bytes(wanted).size, Image.Resampling.NEAREST), "PNG"))
    assert differences(from_bytes(wanted), plain)[0] > 5
    assert differences(from_bytes(jxl(name)), from_bytes(wanted))[0] <= mean


@needs_jxl
def test_linear_light_is_decoded_at_16_bits_and_its_profile_not_kept_for_outputs() -> None:
    with (DATA / "lossy-profile.jxl").open("rb") as file:
        found = source_colours(identify(file, "it"), file)
    assert found.profile is not None
    assert is_linear(found.profile)
    assert found.kept is None
    with (DATA / "jpeg-profile.jxl").open("rb") as file:
        assert source_colours(identify(file, "it"), file).kept == icc_profiles.rgb(1.8)


@needs_jxl
def test_16_bits_are_rounded_to_8() -> None:
    deep = 257 + 1300 * np.arange(48)
    assert (from_bytes(jxl("sixteen")).rgb[0, :, 0] == (deep + 128) // 257).all()


def boxed(*boxes: tuple[bytes, bytes]) -> bytes:
    """The patches in boxes, behind others of these kinds and bodies."""
    box = b"".join((len(body) + 8).to_bytes(4, "big") + kind + body for kind, body in boxes)
    return jxl("boxed")[:32] + box + b"\0\0\0\0jxlc" + jxl("plain")


@needs_jxl
@pytest.mark.parametrize("packed", [False, True])
def test_credits_are_read_from_its_exif_and_xmp(packed: bool) -> None:
    import brotli

    exif = Image.Exif()
    exif[credit_metadata.ARTIST] = "A. Painter"
    said = {b"Exif": b"\0\0\0\0" + exif.tobytes()[6:], b"xml ": credit_metadata.xmp(Credits(copyright="(c) B."))}
    boxes = [(b"brob", kind + brotli.compress(body)) if packed else (kind, body) for kind, body in said.items()]
    file = io.BytesIO(boxed(*boxes))
    found = credit_metadata.read(identify(file, "it"), file)
    assert (found.artist, found.copyright) == ("A. Painter", "(c) B.")


@needs_jxl
def test_metadata_that_unpack_to_gigabytes_are_left_out() -> None:
    import brotli

    packer = brotli.Compressor(quality=5, lgwin=24)
    bomb = b"".join(packer.process(bytes(1 << 24)) for _ in range(128)) + packer.finish()
    assert len(bomb) < 50_000
    tracemalloc.start()
    assert (from_bytes(boxed((b"brob", b"Exif" + bomb))).rgb == array()).all()
    assert tracemalloc.get_traced_memory()[1] < 50e6
    tracemalloc.stop()


@needs_jxl
@pytest.mark.parametrize("length", [0xFF00_0000, 0x7FFF_FFFF, 100_000])
def test_a_box_that_says_it_is_longer_than_the_file_is_damage(length: int) -> None:
    data = boxed((b"brob", b"Exif"))
    data = data[:32] + length.to_bytes(4, "big") + data[36:]
    with pytest.raises(Unreadable, match="one of its boxes is longer than the file"):
        from_bytes(data)


@needs_jxl
@pytest.mark.parametrize("behind", [b"\xff" * 40, b"PK\x03\x04 an archive, or whatever", b"\0" * 7])
def test_what_lies_behind_the_last_box_is_left_alone(behind: bytes) -> None:
    data = boxed()
    assert (from_bytes(data + behind).rgb == from_bytes(data).rgb).all()


@needs_jxl
def test_the_pixel_limit_is_held_by_the_header(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pyjpegxl.decode_to_numpy", lambda *_, **__: pytest.fail("it was decoded"))
    with pytest.raises(TooLarge, match="48x32"):
        from_bytes(jxl("plain"), max_pixels=48 * 32 - 1)


@needs_jxl
@pytest.mark.parametrize("name", ["plain", "boxed", "turned", "lossy-profile"])
def test_one_cut_off_anywhere_is_unreadable(name: str) -> None:
    whole = jxl(name)
    last = len(whole) - (200 if name == "turned" else 1)  # the JPEG's own metadata come behind the pixels
    for size in {1, 2, 5, 9, 13, 40, len(whole) // 2, last}:
        with pytest.raises((Unreadable, Unsupported)):
            from_bytes(whole[:size])


@needs_jxl
def test_several_frames_and_cmyk_are_refused_by_name_before_they_are_decoded() -> None:
    with pytest.raises(Unsupported, match="is an animated JPEG XL, which is not read"):
        from_bytes(jxl("animated"))
    with pytest.raises(Unsupported, match="is a JPEG XL of CMYK, which is not read"):
        from_bytes(CMYK)


@needs_jxl
def test_many_extra_channels_are_refused_by_the_header() -> None:
    assert jxl_header(io.BytesIO(MANY)).extra_channels == 4096
    with pytest.raises(Unreadable, match="more than 8 channels beside its colours"):
        from_bytes(MANY)


def test_a_header_in_several_boxes_is_read_as_one() -> None:
    stream = jxl("alpha")
    first = jxl("boxed")[:32]  # the signature and the file type
    parts = b"".join(
        (len(part) + 12).to_bytes(4, "big") + b"jxlp" + number.to_bytes(4, "big") + part
        for number, part in enumerate((stream[:3], stream[3:6], stream[6:]))
    )
    assert jxl_header(io.BytesIO(first + parts)) == jxl_header(io.BytesIO(stream))
    assert jxl_header(io.BytesIO(stream)).extra_channels == 1


def test_the_command_line_does_not_load_the_extra() -> None:
    code = "import sys, flows.cli.application, core.images.image; sys.exit('pyjpegxl' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2], env=dict(os.environ))


def test_without_the_extra_one_sentence_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(Unsupported, match=r"is a JPEG XL, which is read by the extra `jxl`; install it \(pip install"):
        probe(DATA / "plain.jxl")


@needs_jxl
def test_a_jpeg_called_jxl_and_a_jpeg_xl_called_jpg_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.jxl").write_bytes(jpeg())
    (tmp_path / "b.jpg").write_bytes(jxl("plain"))
    assert probe(tmp_path / "a.jxl") == probe(tmp_path / "b.jpg") == (48, 32)


def test_noise_called_jxl_is_no_picture_where_the_extra_is_and_a_kind_not_read_where_it_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.jxl").write_bytes(b"\x13" * 100)
    monkeypatch.setattr(formats.importlib.util, "find_spec", lambda _: object())
    with pytest.raises(Unreadable, match="is not a picture, or its beginning is damaged"):
        probe(tmp_path / "a.jxl")
    monkeypatch.setattr(formats.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(Unsupported, match="is a JXL file by its name, which is not read"):
        probe(tmp_path / "a.jxl")
