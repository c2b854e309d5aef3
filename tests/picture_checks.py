"""What a test says of a picture that was read, and the rows that docs/pictures.md has."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from core.images.image import Picture, from_bytes
from tests import icc_profiles

Check = Callable[[], None]
INKS = ((255, 0, 0, 0), (0, 255, 0, 0), (0, 0, 255, 0), (0, 0, 0, 255))
INK_COLOURS = ((0, 255, 255), (255, 0, 255), (255, 255, 0), (0, 0, 0))


class Rows(dict[str, Check]):
    """Checks by the row of the documentation that they are for: `@rows("kind")` above each."""

    def __call__(self, kind: str) -> Callable[[Check], Check]:
        """Register the decorated check for the row `kind`."""

        def register(check: Check) -> Check:
            self[kind] = check
            return check

        return register


def documented(section: str) -> list[str]:
    """First cells of the table under the heading `section` of docs/pictures.md."""
    text = (Path(__file__).parents[1] / "docs" / "pictures.md").read_text(encoding="utf-8")
    table = text.split(f"## {section}\n")[1].split("\n## ")[0]
    return [cell.strip() for cell in re.findall(r"^\| (.*?) \|", table, re.MULTILINE)][1:]


def grey_rgb(greys: Any) -> list[tuple[int, int, int]]:
    return [(int(v),) * 3 for v in greys]


def patches(values: np.ndarray) -> list[Any]:
    """The values in the middle of the four patches."""
    height, width = values.shape[:2]
    return [values[y, x].tolist() for y in (height // 4, 3 * height // 4) for x in (width // 4, 3 * width // 4)]


def shows(data: bytes, colours: Any, alpha: Any = None, within: int = 0) -> Picture:
    picture = from_bytes(data)
    assert picture.rgb.dtype == np.uint8
    assert np.abs(np.array(patches(picture.rgb)) - np.array(colours)).max() <= within
    if alpha is None:
        assert picture.alpha is None
    else:
        assert picture.alpha is not None
        assert patches(picture.alpha) == list(alpha)
    return picture


def over_white(colours: Any, alphas: Any) -> np.ndarray:
    share = np.array(alphas)[:, None] / 255
    return np.round(np.array(colours) * share + 255 * (1 - share))


def lab_to_srgb(light: float, a: float, b: float) -> list[float]:
    """CIE L*a*b* at D50 to sRGB, by the textbook (Lindbloom): to XYZ, to D65 by Bradford, to RGB."""
    fy = (light + 16) / 116
    f = np.array([fy + a / 500, fy, fy - b / 200])
    xyz = np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29)) * icc_profiles.D50
    matrix = [[3.1339, -1.6169, -0.4906], [-0.9788, 1.9161, 0.0335], [0.0719, -0.2290, 1.4052]]
    linear = np.clip(np.array(matrix) @ xyz, 0, 1)
    return list(255 * np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055))


def gamma_1(value: int) -> int:
    """The sRGB value of linear light `value` / 255."""
    return round(255 * float(1.055 * (value / 255) ** (1 / 2.4) - 0.055))
