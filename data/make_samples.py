"""Makes the sample pictures in this folder: `python data/make_samples.py PHOTOGRAPHS PAINTINGS`.

PHOTOGRAPHS is the `skimage/data` folder of scikit-image 0.26; PAINTINGS holds the files that README.md names.
Each original is checked by its SHA-256, cropped (paintings: the scan's margin), made smaller by Lanczos, and
written as JPEG with an sRGB profile.
"""

from __future__ import annotations

import hashlib
import sys
from dataclasses import dataclass
from pathlib import Path

from core.images.image import Picture, encode, read, resized

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Sample:
    """One sample: where it comes from, how it is cut. `margins` are left, top, right, bottom, in pixels."""

    original: str
    sha256: str
    target: str
    longest: int
    quality: int
    margins: tuple[int, int, int, int] = (0, 0, 0, 0)


CHELSEA = "596aa1e7cb875eb79f437e310381d26b338a81c2da23439704a73c4651e8c4bb"
COFFEE = "cc02f8ca188b167c775a7101b5d767d1e71792cf762c33d6fa15a4599b5a8de7"
ROCKET = "c2dd0de7c538df8d111e479619b129464d0269d0ae5fd18ca91d33a7fdfea95c"
STARRY_NIGHT = "c31741a09141c2e2d07fc7aa6bdf135c369b804f9433e43fa3ceac19386d1ee6"
THE_SCREAM = "f3075cddeb974a9ee1d6418f7f33fd05185a7ac7dcb4288bd2805d499a9dcaee"
WAVE = "54f19686bea5117c0bb68ce4425dbed4efafa3e8d7cafe35f0fae80b8223f4be"
SHIPWRECK = "4f7cf34e3cd4a5daaf3f421f059ca9a01aaa2a3afd7243d6670c9c8bc001a213"
WOMAN_WITH_A_HAT = "6a8b2383d9c110354a97a42c74bdcc5341be879cbb842ddb7ab5843dbdf56d53"

PHOTOGRAPHS = (
    Sample("chelsea.png", CHELSEA, "cat.jpg", 800, 90),
    Sample("coffee.png", COFFEE, "coffee.jpg", 800, 90),
    Sample("rocket.jpg", ROCKET, "rocket.jpg", 800, 90),
)
PAINTINGS = (
    Sample("starry_night_google.jpg", STARRY_NIGHT, "starry_night.jpg", 800, 80, (8, 8, 16, 12)),
    Sample("the_scream.jpg", THE_SCREAM, "the_scream.jpg", 800, 88, (4, 4, 8, 4)),
    Sample("wave.jpg", WAVE, "wave.jpg", 800, 88, (8, 6, 8, 6)),
    Sample("shipwreck.jpg", SHIPWRECK, "shipwreck.jpg", 800, 85),
    Sample("woman-with-hat-matisse.jpg", WOMAN_WITH_A_HAT, "woman_with_a_hat.jpg", 800, 85),
)
BROKEN = "broken.jpg"
"""The coffee, cut off after 40 % of its bytes: what a picture is whose copy was interrupted."""


def make(sample: Sample, source: Path, target: Path) -> bytes:
    """Write one sample; gives its bytes. Raises ValueError if the original is another file than it was."""
    original = source / sample.original
    found = hashlib.sha256(original.read_bytes()).hexdigest()
    if found != sample.sha256:
        raise ValueError(f"{original} has SHA-256 {found}, not {sample.sha256}; README.md names the file.")
    left, top, right, bottom = sample.margins
    whole = read(original)
    cut = Picture(whole.rgb[top : whole.size.height - bottom, left : whole.size.width - right])
    data = encode(resized(cut, sample.longest), "jpg", sample.quality)
    (target / sample.target).write_bytes(data)
    return data


def main(photographs: Path, paintings: Path) -> None:
    """Write every sample."""
    made = {sample.target: make(sample, photographs, HERE / "assets") for sample in PHOTOGRAPHS}
    (HERE / "assets" / BROKEN).write_bytes(made["coffee.jpg"][: len(made["coffee.jpg"]) * 2 // 5])
    for sample in PAINTINGS:
        make(sample, paintings, HERE / "styles")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
