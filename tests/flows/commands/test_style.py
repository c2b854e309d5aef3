"""`nocturne style` as a user runs it: lean, a run's own pixels, and one sentence for what cannot be."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.images.provenance import read_stamp
from tests.conftest import Studio
from tests.flows.command import here, started

QUICK = ["--size", 40, "--steps", 3, "--coarse-steps", 0]


def files(studio: Studio) -> list[Path]:
    return [studio.library / "cat.jpg", studio.catalog / "wave.png"]


def test_the_picture_is_the_one_that_a_run_makes(studio: Studio, prefect_env: dict[str, str]) -> None:
    flags = [*QUICK, "--preset", "draft", "--seed", 5]
    out = studio.root / "out.png"
    ended = here("style", *files(studio), "-o", out, *flags)
    assert ended.code == 0, ended.err
    assert "3 steps" in ended.out
    folders = ["--library", studio.library, "--catalog", studio.catalog, "--out", studio.out]
    assert here("run", *folders, *flags, "--include", "cat.jpg", env=prefect_env).code == 0
    ran = studio.out / "outputs/wave/cat.jpg.png"
    assert out.read_bytes() == ran.read_bytes(), "pixels, and what it says of itself"
    assert json.loads(here("show", out, "--json").out)["seed"] == 5


def test_steps_are_saved_and_animated(studio: Studio) -> None:
    out, way = studio.root / "out.jpg", studio.root / "way.webp"
    flags = [*QUICK, "--steps", 4, "--save-every", 2, "--animate", way]
    ended = here("style", files(studio)[0], *files(studio)[1:], f"{studio.catalog / 'night.jpg'}:2", "-o", out, *flags)
    assert ended.code == 0, ended.err
    assert sorted(path.name for path in studio.root.glob("*.jpg")) == ["out-0002.jpg", "out-0004.jpg", "out.jpg"]
    stamp = read_stamp(studio.root / "out-0002.jpg")
    assert (stamp["step"], stamp["steps"], "key" in stamp) == (2, 4, False)
    assert [weight for _, weight in read_stamp(out)["artworks"]] == [1, 2]
    with Image.open(way) as animation, Image.open(files(studio)[0]) as asset, Image.open(out) as result:
        assert animation.size == (40, 32)
        assert animation.n_frames >= 5
        first = np.asarray(animation.convert("RGB"), float)
        animation.seek(animation.n_frames - 1)
        last = np.asarray(animation.convert("RGB"), float)
        assert animation.info["duration"] == 2000
        assert np.abs(first - np.asarray(asset)).mean() < 10
        assert np.abs(last - np.asarray(result)).mean() < 10


def test_it_starts_neither_prefect_nor_a_worker(studio: Studio) -> None:
    arguments = ["nocturne", "style", *map(str, files(studio)), "-o", str(studio.root / "o.png"), *map(str, QUICK)]
    code = (
        "import sys\nfrom flows.cli import application, exit_handling\n"
        f"sys.argv = {arguments!r}\nassert exit_handling.exit_code_of(application.app) == 0\n"
        "heavy = {'prefect', 'pandas', 'torchvision', 'core.engine.supervisor'}\n"
        "print('LOADED', sorted(heavy & set(sys.modules)))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.splitlines()[-1] == "LOADED []"


def test_ctrl_c_leaves_the_best_so_far(studio: Studio) -> None:
    out, step = studio.root / "out.png", studio.root / "out-0003.png"
    running = started(
        "style", *files(studio), "-o", out, *QUICK, "--steps", 20_000, "--save-every", 3, env=dict(os.environ)
    )
    waited = time.monotonic() + 60
    while not step.exists() and time.monotonic() < waited:
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    said, _ = running.communicate(timeout=60)
    assert running.returncode == 3
    assert f"{out} has the best so far: step " in said
    assert "Traceback" not in said
    stamp = read_stamp(out)
    assert stamp["steps"] == 20_000
    assert f"best so far: step {stamp['step']}, made at 40 x 32" in said
    assert not [path.name for path in studio.root.iterdir() if path.name.startswith(".tmp")]


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["-o", "none/out.png"], "the folder "),
        (["-o", "out.bmp"], "pictures are written as .jpg"),
        (["-o", "out.png", "--animate", "way.mp4"], "an animation is a .gif or .webp file"),
        (["-o", "out.webp", "--animate", "out.webp"], "would take the place of a file that is in use"),
        (["-o", "out.png", "--size", "9"], "`size` (=9)"),
        (["-o", "out.png", "--weights", "none.pth"], "none.pth"),
    ],
)
def test_what_cannot_be_painted_is_one_sentence(studio: Studio, flags: list[str], words: str) -> None:
    before = sorted(studio.root.rglob("*"))
    ended = here("style", *files(studio), *flags, cwd=studio.root)
    assert (ended.code, words in ended.err) == (2, True), ended.err
    assert len(ended.err.strip().splitlines()) == 1
    assert sorted(studio.root.rglob("*")) == before


def test_a_damaged_photograph_is_one_sentence(studio: Studio) -> None:
    photo, painting = files(studio)
    photo.write_bytes(photo.read_bytes()[:-200])
    ended = here("style", photo, painting, "-o", studio.root / "out.png", *QUICK)
    assert ended.code == 2
    assert "cat.jpg' is damaged" in ended.err
    assert len(ended.err.strip().splitlines()) == 1


def test_a_mask_says_where(studio: Studio) -> None:
    asset, painting = studio.picture("library/whole.png", 1), files(studio)[1]
    mask, out = studio.root / "mask.png", studio.root / "out.png"
    Image.fromarray(np.repeat(np.array([[255, 0]], np.uint8), (20, 20), axis=1).repeat(32, axis=0)).save(mask)
    ended = here("style", asset, painting, "-o", out, "--mask", mask, *QUICK)
    assert ended.code == 0, ended.err
    before, after = (np.asarray(Image.open(path)).astype(int) for path in (asset, out))
    assert np.array_equal(after[:, 20:], before[:, 20:])
    assert np.abs(after[:, :18] - before[:, :18]).mean() > 3
    assert len(read_stamp(out)["mask_sha256"]) == 64
    Image.new("RGB", (40, 32), "red").save(mask)
    ended = here("style", asset, painting, "-o", studio.root / "not.png", "--mask", mask, *QUICK)
    assert (ended.code, "has colours" in ended.err) == (2, True)
