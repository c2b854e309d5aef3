"""Colours that a file says by tags instead of a profile: values against arithmetic, and the keys of such files.

From public reports and specifications: PNG, third edition (4.3, 11.3.2); Pillow#3270 (gAMA not used); guardian/grid#2066
(Adobe RGB by EXIF alone); DCF 2.0 (R03); ITU-T H.273, ITU-R BT.2100, BT.2390 and BT.2408 (video); ICC.1:2022, 9.2.17.
"""

from __future__ import annotations

import io
import sqlite3
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from core.images import image
from core.images.colour import icc
from core.images.verified_read import VerifiedPicture, read_verified
from core.planning import file_digests
from core.planning.file_digests import DigestCache, MeasuredFile, sha256_of
from tests import icc_profiles
from tests.pictures import array, chunk, raw_png, raw_tiff, saved

Floats = np.ndarray[Any, np.dtype[np.float64]]

COLOURS = ((200, 40, 40), (40, 160, 60), (50, 70, 190), (128, 128, 128))
D65 = (0.3127, 0.3290)
SRGB = (D65, (0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
ADOBE = (D65, (0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
P3 = (D65, (0.68, 0.32), (0.265, 0.69), (0.15, 0.06))
REC2020 = (D65, (0.708, 0.292), (0.17, 0.797), (0.131, 0.046))
WITHIN = 3
"""Levels of 8 bits that a value may be off what arithmetic says."""


def to_xyz(points: Any) -> Floats:
    """The matrix from linear light to XYZ (SMPTE RP 177), all white points here being D65."""
    columns = np.array([[x / y, 1, (1 - x - y) / y] for x, y in points])
    return columns[1:].T * np.linalg.solve(columns[1:].T, columns[0])


def decoded_srgb(values: Any) -> Floats:
    v = np.asarray(values) / 255
    return np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)


def shown(light: Any, points: Any = SRGB) -> Floats:
    """The sRGB values, 0 to 255, of linear light in a space of these chromaticities."""
    linear = (np.asarray(light) @ (np.linalg.inv(to_xyz(SRGB)) @ to_xyz(points)).T).clip(0, 1)
    return 255 * np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def png(*chunks: bytes, bits: int = 8, colours: Any = COLOURS) -> bytes:
    pixels = array(colours) if bits == 8 else array(colours, np.uint16)
    return raw_png(pixels, bits, 2, before=b"".join(chunks))


def cicp(primaries: int, transfer: int, full: int = 1) -> bytes:
    return chunk(b"cICP", bytes((primaries, transfer, 0, full)))


def gama(value: int) -> bytes:
    return chunk(b"gAMA", struct.pack(">I", value))


def chrm(points: Any) -> bytes:
    return chunk(b"cHRM", struct.pack(">8I", *(round(100_000 * v) for point in points for v in point)))


def iccp(profile: bytes) -> bytes:
    return chunk(b"iCCP", b"profile\0\0" + zlib.compress(profile))


def srgb_chunk() -> bytes:
    return chunk(b"sRGB", b"\0")


def tagged_exif(space: int | None, index: str | None) -> bytes:
    """EXIF with this ColorSpace and interoperability index."""
    tags = Image.Exif()
    inner = tags.get_ifd(0x8769)
    if space is not None:
        inner[0xA001] = space
    if index is not None:
        interoperability = ImageFileDirectory_v2()
        interoperability[1] = index
        inner[0xA005] = dict(interoperability)
    tags[0x0112] = 1
    return tags.tobytes()


def adobe_tiff(dtype: Any = np.uint8) -> bytes:
    """A TIFF of R03 by hand: Pillow copies the place of the index from the EXIF that it is given."""
    values = array(COLOURS, dtype) * dtype(257 if dtype == np.uint16 else 1)
    data = raw_tiff(values, 2, tags={34665: ("I", [0xABCDEF])})
    inner = len(data)
    data = data.replace(struct.pack("<I", 0xABCDEF), struct.pack("<I", inner))
    data += struct.pack("<HHHIIHHIII", 2, 0xA001, 3, 1, 65535, 0xA005, 4, 1, inner + 30, 0)
    return data + struct.pack("<HHHI4sI", 1, 1, 2, 4, b"R03\0", 0)


def avif(primaries: int, transfer: int, colours: Any = COLOURS, **options: Any) -> bytes:
    data = saved(Image.fromarray(array(colours)), "AVIF", quality=100, subsampling="4:4:4", **options)
    at = data.index(b"nclx") + 4
    return data[:at] + struct.pack(">HH", primaries, transfer) + data[at + 4 :]


def patches(data: bytes) -> Floats:
    rgb = image.from_bytes(data).rgb
    return np.array([rgb[y, x] for y in (8, 24) for x in (12, 36)], dtype=np.float64)


def farthest(data: bytes, wanted: Any) -> float:
    return float(np.abs(patches(data) - np.asarray(wanted)).max())


def measured(folder: Path, data: bytes) -> MeasuredFile:
    path = folder / "picture"
    path.write_bytes(data)
    return DigestCache(folder / "cache").measure([str(path)], 10**9)[0]


def light_of(gamma: float) -> Floats:
    return (np.array(COLOURS) / 255) ** gamma


LINEAR = np.array(COLOURS) / 255
PLAIN = np.array(COLOURS, dtype=np.float64)
ADOBE_SHOWN = shown(light_of(563 / 256), ADOBE)
P3_SHOWN = shown(decoded_srgb(COLOURS), P3)

CASES: dict[str, tuple[bytes, Floats]] = {
    "gAMA of linear light": (png(gama(100_000)), shown(LINEAR)),
    "gAMA of 1.8": (png(gama(55_556)), shown(light_of(1.8))),
    "gAMA of sRGB": (png(gama(45_455)), PLAIN),
    "gAMA of sRGB, rounded": (png(gama(45_000)), PLAIN),
    "gAMA and cHRM of sRGB, as ImageMagick writes them": (png(gama(45_455), chrm(SRGB)), PLAIN),
    "gAMA and cHRM of Adobe RGB": (png(gama(45_470), chrm(ADOBE)), shown(light_of(2.1992), ADOBE)),
    "gAMA of 1.8 and cHRM": (png(gama(55_556), chrm(P3)), shown(light_of(1.8), P3)),
    "cHRM alone": (png(chrm(P3)), P3_SHOWN),
    "gAMA of 0": (png(gama(0)), PLAIN),
    "cHRM of one point": (png(chrm([(0.3, 0.3)] * 4)), PLAIN),
    "sRGB before gAMA and cHRM": (png(srgb_chunk(), gama(100_000), chrm(P3)), PLAIN),
    "iCCP before sRGB and gAMA": (png(iccp(icc_profiles.rgb(1.0)), srgb_chunk(), gama(55_556)), shown(LINEAR)),
    "cICP of Display P3": (png(cicp(12, 13)), P3_SHOWN),
    "cICP of BT.2020": (png(cicp(9, 14)), shown(decoded_srgb(COLOURS), REC2020)),
    "cICP of sRGB": (png(cicp(1, 13)), PLAIN),
    "cICP of BT.709": (png(cicp(1, 1)), PLAIN),
    "cICP of gamma 2.2": (png(cicp(1, 4)), shown(light_of(2.2))),
    "cICP of linear light": (png(cicp(1, 8)), shown(LINEAR)),
    "cICP of a narrow range": (
        png(cicp(1, 13, 0)),
        ((PLAIN - 16) / 219 * 255).clip(0, 255),
    ),
    "cICP before iCCP": (png(cicp(12, 13), iccp(icc_profiles.rgb(1.0))), P3_SHOWN),
    "cICP of sRGB before iCCP": (png(cicp(1, 13), iccp(icc_profiles.rgb(1.0))), PLAIN),
    "cICP of codes that mean nothing, then gAMA": (png(cicp(200, 13), gama(100_000)), shown(LINEAR)),
    "cICP of grey": (
        raw_png(array((40, 90, 160, 220)), 8, 0, before=cicp(12, 8)),
        shown([[v / 255] * 3 for v in (40, 90, 160, 220)]),
    ),
    "R03 in JPEG": (
        saved(Image.fromarray(array(COLOURS)), "JPEG", quality=100, subsampling=0, exif=tagged_exif(65535, "R03")),
        ADOBE_SHOWN,
    ),
    "ColorSpace 2": (
        saved(Image.fromarray(array(COLOURS)), "JPEG", quality=100, subsampling=0, exif=tagged_exif(2, None)),
        ADOBE_SHOWN,
    ),
    "R98": (
        saved(Image.fromarray(array(COLOURS)), "JPEG", quality=100, subsampling=0, exif=tagged_exif(1, "R98")),
        PLAIN,
    ),
    "uncalibrated without R03": (
        saved(Image.fromarray(array(COLOURS)), "JPEG", quality=100, subsampling=0, exif=tagged_exif(65535, None)),
        PLAIN,
    ),
    "R03 beside a profile": (
        saved(
            Image.fromarray(array(COLOURS)), "PNG", icc_profile=icc_profiles.rgb(1.0), exif=tagged_exif(65535, "R03")
        ),
        shown(LINEAR),
    ),
    "R03 in PNG": (saved(Image.fromarray(array(COLOURS)), "PNG", exif=tagged_exif(65535, "R03")), ADOBE_SHOWN),
    "R03 in PNG that says sRGB": (
        png(srgb_chunk(), chunk(b"eXIf", tagged_exif(65535, "R03").removeprefix(b"Exif\0\0"))),
        PLAIN,
    ),
    "R03 in WebP": (
        saved(Image.fromarray(array(COLOURS)), "WEBP", lossless=True, exif=tagged_exif(65535, "R03")),
        ADOBE_SHOWN,
    ),
    "R03 in TIFF": (adobe_tiff(), ADOBE_SHOWN),
    "R03 in AVIF": (avif(2, 2, exif=tagged_exif(65535, "R03")), ADOBE_SHOWN),
    "nclx of Display P3": (avif(12, 13), P3_SHOWN),
    "nclx of BT.2020": (avif(9, 1), shown(decoded_srgb(COLOURS), REC2020)),
    "nclx of linear light": (avif(1, 8), shown(LINEAR)),
    "nclx of sRGB": (avif(1, 13), PLAIN),
}
SAME_AS_BEFORE = {
    "gAMA of sRGB",
    "gAMA of sRGB, rounded",
    "gAMA and cHRM of sRGB, as ImageMagick writes them",
    "gAMA of 0",
    "cHRM of one point",
    "sRGB before gAMA and cHRM",
    "iCCP before sRGB and gAMA",
    "cICP of sRGB",
    "cICP of BT.709",
    "R98",
    "uncalibrated without R03",
    "R03 beside a profile",
    "R03 in PNG that says sRGB",
    "nclx of sRGB",
}
"""Cases that were read as they are now."""


@pytest.mark.parametrize("case", CASES)
def test_colours_are_those_of_arithmetic(case: str) -> None:
    data, wanted = CASES[case]
    assert farthest(data, wanted) <= WITHIN


@pytest.mark.parametrize("case", CASES)
def test_files_that_are_read_otherwise_have_other_keys_and_only_those(tmp_path: Path, case: str) -> None:
    found = measured(tmp_path, CASES[case][0])
    assert found.sha256 == sha256_of(str(tmp_path / "picture"))
    assert (found.pixel_digest == found.sha256) == (case in SAME_AS_BEFORE)


DARK = ((60, 300, 900), (20, 1500, 5000), (0, 120, 40_000), (65_535, 200, 77))
"""16-bit values that 8-bit ones cannot tell apart."""
DEEP: dict[str, tuple[bytes, Floats]] = {
    "gAMA of linear light": (png(gama(100_000), bits=16, colours=DARK), shown(np.array(DARK) / 65535)),
    "cICP of linear BT.2020": (png(cicp(9, 8), bits=16, colours=DARK), shown(np.array(DARK) / 65535, REC2020)),
    "a narrow range": (
        png(cicp(1, 13, 0), bits=16, colours=[[256 * 16] * 3, [256 * 235] * 3, [256 * 100] * 3, [0] * 3]),
        np.repeat(255 * np.array([[0], [1], [84 / 219], [0]]), 3, axis=1),
    ),
    "grey in linear light": (
        raw_png(array((20, 300, 5000, 60_000), np.uint16), 16, 0, before=gama(100_000)),
        shown(np.array([[v / 65535] * 3 for v in (20, 300, 5000, 60_000)])),
    ),
    "Adobe RGB in a TIFF": (adobe_tiff(np.uint16), ADOBE_SHOWN),
}


@pytest.mark.parametrize("case", DEEP)
def test_values_of_16_bits_are_converted_at_16_bits(case: str) -> None:
    data, wanted = DEEP[case]
    assert farthest(data, wanted) <= 1


def test_alpha_of_16_bits_beside_tags() -> None:
    values = np.dstack([array(DARK, np.uint16), array((0, 65535, 32_768, 65_535), np.uint16)])
    found = image.from_bytes(raw_png(values, 16, 6, before=gama(100_000)))
    assert found.alpha is not None
    assert [int(found.alpha[y, x]) for y in (8, 24) for x in (12, 36)] == [0, 255, 128, 255]
    keyed = chunk(b"tRNS", struct.pack(">3H", *DARK[0]))
    found = image.from_bytes(png(gama(100_000), keyed, bits=16, colours=DARK))
    assert found.alpha is not None
    assert [int(found.alpha[y, x]) for y in (8, 24) for x in (12, 36)] == [0, 255, 255, 255]


def pq(luminance: float) -> float:
    """The PQ value of cd/m2 (SMPTE ST 2084)."""
    power = (luminance / 10_000) ** (2610 / 16384)
    return float(((3424 / 4096 + 2413 / 128 * power) / (1 + 2392 / 128 * power)) ** (2523 / 32))


def hlg(scene: float) -> float:
    """The HLG value of scene light (ITU-R BT.2100)."""
    if scene <= 1 / 12:
        return float(np.sqrt(3 * scene))
    return float(0.17883277 * np.log(12 * scene - 0.28466892) + 0.55991073)


GREYS = {
    0.0: 0.0,
    5.0: 5 / 203,
    20.0: 20 / 203,
    60.0: 60 / 203,
    203.0: 0.78,  # reference white, by the curve of BT.2390 worked out on paper
    1000.0: 1.0,
}
"""Luminance of a video's greys in cd/m2, and the share of a display's light that they get."""


@pytest.mark.parametrize("transfer", [16, 18])
@pytest.mark.parametrize("container", ["PNG", "PNG of 16 bits", "AVIF", "profile"])
def test_video_is_mapped_to_a_standard_display(container: str, transfer: int) -> None:
    for luminance, light in GREYS.items():
        value = pq(luminance) if transfer == 16 else hlg((luminance / 1000) ** (1 / 1.2))
        assert farthest(video(container, transfer, value), [shown([light] * 3)] * 4) <= WITHIN


def video(container: str, transfer: int, value: float) -> bytes:
    if container == "PNG of 16 bits":
        return png(cicp(9, transfer), bits=16, colours=[[round(65535 * value)] * 3] * 4)
    colours = [[round(255 * value)] * 3] * 4
    if container == "PNG":
        return png(cicp(9, transfer), colours=colours)
    if container == "AVIF":
        return avif(9, transfer, colours=colours)
    return png(iccp(with_cicp(icc_profiles.rgb(2.2), 9, transfer)), colours=colours)


def with_cicp(profile: bytes, primaries: int, transfer: int) -> bytes:
    """The profile with its tag `wtpt` replaced by one of codes."""
    at = profile.index(b"wtpt")
    changed = profile[:at] + b"cicp" + struct.pack(">II", len(profile), 12) + profile[at + 12 :]
    changed += b"cicp\0\0\0\0" + bytes((primaries, transfer, 0, 1))
    return struct.pack(">I", len(changed)) + changed[4:]


@pytest.mark.parametrize("transfer", [16, 18])
def test_video_gets_lighter_all_the_way_to_white(transfer: int) -> None:
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    rgb = image.from_bytes(raw_png(ramp, 8, 2, before=cicp(9, transfer))).rgb[0].astype(int)
    assert np.ptp(rgb, axis=1).max() <= 1
    assert (np.diff(rgb[:, 1]) >= 0).all()
    assert (rgb[0, 1], rgb[-1, 1]) == (0, 255)


def opened(folder: Path, data: bytes) -> VerifiedPicture:
    path = folder / "picture"
    path.write_bytes(data)
    return read_verified(path, sha256_of(str(path)), 10**9)


@pytest.mark.parametrize("case", ["cICP of Display P3", "gAMA of 1.8 and cHRM", "R03 in JPEG", "nclx of BT.2020"])
@pytest.mark.parametrize("deep", [False, True])
def test_a_kept_profile_is_one_that_stands_for_the_tags(tmp_path: Path, case: str, deep: bool) -> None:
    found = opened(tmp_path, CASES[case][0])
    picture = image.DeepPicture(found.picture.rgb.astype(np.uint16) * 257) if deep else found.picture
    written = image.encode(picture, "png", profile=found.profile)
    with Image.open(io.BytesIO(written)) as raw:
        assert raw.info["icc_profile"] == found.profile
        inside = (patches(CASES[case][0]) > 0) & (patches(CASES[case][0]) < 255)
        stored = np.asarray(raw)[[8, 8, 24, 24], [12, 36, 12, 36]]
    assert np.abs(stored - PLAIN)[inside.all(axis=1)].max() <= WITHIN
    assert farthest(written, patches(CASES[case][0])) <= WITHIN


@pytest.mark.parametrize("data", [png(cicp(9, 16)), png(cicp(1, 13)), png(cicp(12, 13, 0)), png()])
def test_outputs_of_video_and_of_srgb_are_srgb(tmp_path: Path, data: bytes) -> None:
    assert opened(tmp_path, data).profile is None


@pytest.fixture
def _written_long_ago(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_digests, "JUST_WRITTEN", -3600.0)


@pytest.mark.usefixtures("_written_long_ago")
def test_a_file_measured_by_an_earlier_version_is_judged_anew_and_not_hashed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = measured(tmp_path, png(cicp(12, 13)))
    with sqlite3.connect(tmp_path / "cache/digests.sqlite") as db:  # as a cache was before
        db.execute("ALTER TABLE files DROP COLUMN rules")
        db.execute("ALTER TABLE files DROP COLUMN revision")
    monkeypatch.setattr(file_digests, "sha256_of", lambda path: pytest.fail(f"{path} is hashed again"))
    for _ in range(2):
        assert DigestCache(tmp_path / "cache").measure([str(tmp_path / "picture")], 10**9) == [wanted]
    assert wanted.revision


def test_srgb_as_codes_is_the_profile_of_outputs() -> None:
    assert icc.to_srgb(Image.fromarray(array(COLOURS)), icc.SRGB).tobytes() == array(COLOURS).tobytes()
