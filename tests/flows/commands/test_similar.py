"""`nocturne similar` as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path

from PIL import Image, ImageEnhance
from skimage import data

from tests.flows.command import here


def test_the_same_scene_is_nearest_and_what_is_known_is_kept(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    cat, coffee = Image.fromarray(data.chelsea()), Image.fromarray(data.coffee())
    cat.save(tmp_path / "asked.png")
    cat.save(folder / "same.png")
    ImageEnhance.Brightness(cat.rotate(4).crop((20, 20, 400, 280))).enhance(0.8).save(folder / "cat.jpg")
    coffee.save(folder / "coffee.jpg")
    (folder / "broken.jpg").write_bytes(b"no picture")
    for _ in range(2):
        ended = here("similar", tmp_path / "asked.png", "--in", folder, "--json")
        assert ended.code == 0, ended.err
        record = json.loads(ended.out)
        assert [row["picture"] for row in record["similar"]] == ["cat.jpg", "coffee.jpg"]
        assert record["similar"][0]["likeness"] > record["similar"][1]["likeness"] + 0.1
        assert record["failed"] == 1
    (folder / "cat.jpg").unlink()
    ended = here("similar", tmp_path / "asked.png", "--in", folder)
    assert "cat.jpg" not in ended.out
    assert "coffee.jpg" in ended.out
    assert here("similar", tmp_path / "asked.png", "--in", tmp_path / "absent").code == 2
