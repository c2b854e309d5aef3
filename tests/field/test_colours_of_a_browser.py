"""The same files in Chromium: a second decoder for the colours that tags say.

Left out is what Chromium does otherwise: EXIF's Adobe RGB, narrow ranges and cHRM without gAMA are not used there; the
transfer function of BT.709 is BT.1886's in a PNG (and sRGB's in an AVIF, as here); HDR is mapped by another curve.
"""

from __future__ import annotations

import base64
import html
import json
import re
import subprocess
from typing import Any

import numpy as np
import pytest

from tests.core.report.test_gallery_browser import FLAGS
from tests.field.test_colour_tags import CASES, DEEP, patches
from tests.needs import browser, needs_chromium

pytestmark = needs_chromium

OTHERWISE = (
    "R03 in",
    "ColorSpace 2",
    "narrow range",
    "cHRM alone",
    "cICP of BT.2020",
    "cICP of BT.709",
)
SAME = {name: data for name, (data, _) in {**CASES, **DEEP}.items() if not any(word in name for word in OTHERWISE)}
KINDS = {b"\x89P": "png", b"\xff\xd8": "jpeg", b"RI": "webp"}
SCRIPT = """
onload = () => {
  const found = [...document.images].map(image => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
    const context = canvas.getContext("2d", {colorSpace: "srgb"});
    context.drawImage(image, 0, 0);
    return [[12, 8], [36, 8], [12, 24], [36, 24]].map(at => [...context.getImageData(...at, 1, 1).data].slice(0, 3));
  });
  document.body.textContent = JSON.stringify(found);
};
"""


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What Chromium shows of each case: the colours of its four patches."""
    folder = tmp_path_factory.mktemp("chromium")
    images = "".join(
        f'<img src="data:image/{KINDS.get(data[:2], "avif")};base64,{base64.b64encode(data).decode()}">'
        for data in SAME.values()
        if data[:2] != b"II"
    )
    page = folder / "page.html"
    page.write_text(f"<html><body>{images}<script>{SCRIPT}</script></body></html>")
    flags = [*FLAGS, "--force-color-profile=srgb", f"--user-data-dir={folder / 'profile'}", "--dump-dom"]
    said = subprocess.run([str(browser()), *flags, page.as_uri()], check=True, capture_output=True, timeout=60).stdout
    (body,) = re.findall(r"<body>(.*)</body>", said.decode(), re.DOTALL)
    names = [name for name, data in SAME.items() if data[:2] != b"II"]
    return dict(zip(names, json.loads(html.unescape(body)), strict=True))


def test_colours_are_those_of_a_browser(seen: dict[str, Any]) -> None:
    apart = {name: float(np.abs(patches(SAME[name]) - np.array(colours)).mean()) for name, colours in seen.items()}
    assert len(apart) >= 25
    assert {name: value for name, value in apart.items() if value > 3} == {}
