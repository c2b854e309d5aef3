"""`nocturne recommend` as a user runs it: what it writes is a spec that plans."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from tests.conftest import Studio
from tests.flows.command import here


def test_a_recommendation_can_be_run_at_once(studio: Studio, tmp_path: Path) -> None:
    out = tmp_path / "chosen"
    (studio.library / "broken.jpg").write_bytes(b"no picture")
    flags = ("--catalog", studio.catalog, "-o", out, "--preset", "draft", "--json")
    ended = here("recommend", studio.library, *flags)
    assert ended.code == 0, ended.err
    told = json.loads(ended.out)
    assert set(told["recommended"]) == {"cat.jpg", "trip/sea.png"}
    pairs = list(csv.DictReader((out / "pairs.csv").read_text().splitlines()))
    assert pairs == [{"asset": asset, "style": fits[0]["style"]} for asset, fits in told["recommended"].items()]
    assert all(row["reason"] for row in csv.DictReader((out / "reasons.csv").read_text().splitlines()))
    planned = here("plan", told["spec"], "--json")
    assert planned.code == 0, planned.err
    assert json.loads(planned.out)["todo"] == 2


def test_one_picture_and_wrong_ones(studio: Studio, tmp_path: Path) -> None:
    flags = ("--catalog", studio.catalog, "-o", tmp_path / "chosen")
    ended = here("recommend", studio.library / "cat.jpg", *flags, "-n", 2, "--mood", "calm")
    assert ended.code == 0, ended.err
    assert "L*" in ended.out
    odd = studio.library / "cat[1].jpg"
    odd.write_bytes((studio.library / "cat.jpg").read_bytes())
    (studio.library / "trip/cat[1].jpg").write_bytes((studio.library / "cat.jpg").read_bytes())
    ended = here("recommend", odd, *flags)
    assert ended.code == 0, ended.err
    assert [row["asset"] for row in csv.DictReader((tmp_path / "chosen/pairs.csv").read_text().splitlines())] == [
        odd.name
    ]
    assert here("plan", tmp_path / "chosen/spec.toml").code == 0
    for given, words in (
        ((studio.library / "absent.jpg", *flags), "neither a folder nor a picture"),
        ((studio.library, *flags, "--mood", "sleepy"), "no mood"),
        ((studio.library, *flags, "--preset", "nice"), "none of that name"),
    ):
        refused = here("recommend", *given)
        assert refused.code == 2
        assert words in refused.err
