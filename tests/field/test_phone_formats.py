"""HEIC, as phones write it: read by an extra, with the limits that count for all; without the extra, one sentence.

The files in data/heic have the patches of tests.pictures, written without loss by libheif and x265. From public reports:
darktable#11974, libheif#675; boxes: ISO/IEC 14496-12 and 23008-12.
"""

from __future__ import annotations

import os
import re
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import TooLarge, Unreadable, Unsupported
from core.images import decoding, formats
from core.images.image import Picture, encode, from_bytes, probe, read
from core.images.open_image import identify
from tests import icc_profiles
from tests.needs import needs_heif
from tests.pictures import array, image, saved

DATA = Path(__file__).parent / "data/heic"


def heic(name: str) -> bytes:
    return (DATA / f"{name}.heic").read_bytes()


def difference(found: Picture, wanted: Picture) -> int:
    return int(abs(found.rgb.astype(int) - wanted.rgb).max())


@needs_heif
@pytest.mark.parametrize("name", ["plain", "turned", "second", "ten"])
def test_a_heic_is_read_upright_by_its_primary_picture_at_8_or_10_bits(name: str) -> None:
    assert (read(DATA / f"{name}.heic").rgb == array()).all()
    assert probe(DATA / f"{name}.heic") == (48, 32)


@needs_heif
def test_a_grey_heic_is_grey() -> None:
    assert difference(from_bytes(heic("grey")), from_bytes(saved(image().convert("L"), "PNG"))) <= 1


@needs_heif
def test_a_heics_alpha_is_kept_apart_over_white() -> None:
    found = from_bytes(heic("alpha"))
    assert found.alpha is not None
    assert (found.alpha[:, :24] == 0).all()
    assert (found.alpha[:, 24:] == 255).all()
    assert (found.rgb[:, :24] == 255).all()
    assert (found.rgb[:, 24:] == array()[:, 24:]).all()


@needs_heif
def test_a_heics_profile_is_used() -> None:
    wanted = from_bytes(saved(image(), "PNG", icc_profile=icc_profiles.rgb(1.8)))
    assert difference(from_bytes(heic("profile")), wanted) <= 1


@needs_heif
def test_a_heics_codes_of_display_p3_are_used() -> None:
    coded = from_bytes(heic("p3"))
    # Display P3 to sRGB in linear light, CSS Color 4
    linear = np.array([[1.2249, -0.2247, 0.0], [-0.0420, 1.0419, 0.0], [-0.0197, -0.0786, 1.0979]])
    light = array() / 255.0
    light = np.where(light <= 0.04045, light / 12.92, ((light + 0.055) / 1.055) ** 2.4) @ linear.T
    light = light.clip(0, 1)
    shown = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055) * 255
    assert abs(coded.rgb - shown).max() <= 3
    assert difference(coded, Picture(array())) > 10


def with_extent(width: int, height: int, cropped: bool) -> bytes:
    """`plain` with another size of its coded picture, with its crop (clean aperture) or without."""
    data = re.sub(
        rb"(ispe\0{4}).{8}", lambda m: m[1] + struct.pack(">II", width, height), heic("plain"), flags=re.DOTALL
    )
    return data if cropped else data.replace(b"clap", b"free")


@needs_heif
def test_a_heic_over_the_pixel_limit_is_refused_by_its_header(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pi_heif.as_plugin.HeifImageFile.load", lambda *_: pytest.fail("it was decoded"))
    with pytest.raises(TooLarge):
        from_bytes(heic("plain"), max_pixels=48 * 32 - 1)
    with pytest.raises(TooLarge, match="30000x30000"):
        from_bytes(with_extent(30_000, 30_000, cropped=False))
    with pytest.raises(Unreadable, match="a part of it is 30000x30000"):
        from_bytes(with_extent(30_000, 30_000, cropped=True))


@needs_heif
@pytest.mark.parametrize("cropped", [True, False])
def test_a_heic_that_lies_about_its_size_is_unreadable(cropped: bool) -> None:
    with pytest.raises(Unreadable):
        from_bytes(with_extent(16, 16, cropped))


@needs_heif
def test_a_heic_cut_off_is_unreadable() -> None:
    for size in (30, 300, len(heic("plain")) - 100):
        with pytest.raises(Unreadable):
            from_bytes(heic("plain")[:size])


@needs_heif
def test_a_heic_of_far_too_many_parts_is_refused() -> None:
    with pytest.raises(Unreadable, match="more than 512 items"):
        from_bytes(heic("plain") + b"infe" * 600)


@needs_heif
def test_a_heic_with_an_item_of_no_kind_is_refused_before_it_crashes_the_decoder() -> None:
    with pytest.raises(Unreadable, match="of no kind"):
        from_bytes(heic("turned").replace(b"Exif\0", b"\xf0xif\0", 1))


@needs_heif
def test_a_heic_leaves_pillow_as_it_is() -> None:
    from_bytes(heic("plain"))
    assert "HEIF" not in Image.OPEN
    avif = encode(Picture(array()), "avif")
    with (DATA / "plain.heic").open("rb") as file:
        assert decoding.revision(identify(file, "plain"), file) == ""
    assert from_bytes(avif).size == (48, 32)


def test_the_command_line_does_not_load_the_extra() -> None:
    code = "import sys, flows.cli.application, core.images.image; sys.exit('pi_heif' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2], env=dict(os.environ))


def test_without_the_extra_one_sentence_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(Unsupported, match=r"is a HEIC, which is read by the extra `heif`; install it \(pip install"):
        probe(DATA / "plain.heic")
