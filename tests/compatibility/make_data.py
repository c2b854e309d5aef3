"""Make the run folders that a version leaves behind, as test data for the versions after it.

    python -m tests.compatibility.make_data NOCTURNE STUDIO FOLDER

NOCTURNE is the command of the version, such as `.venv/bin/nocturne` of its checkout, and works from there. STUDIO is a
folder that is not there yet, such as `/studio`: absolute paths below it stand in the files, and must be nobody's. What was
made is moved from there to FOLDER. Nothing here imports Nocturne, so that the script serves any version.
"""

from __future__ import annotations

import csv
import hashlib
import json
import lzma
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from PIL import Image

QUICK = {"size": 40, "steps": 2, "coarse_steps": 0, "precision": "float32"}
MIN_SCORE, WEIGHTS = 0.872, {"content": 0, "style": 0, "quality": 0, "coherence": 1}
"""Some pictures pass, some when they are tried again, and some never: pictures so small have no style to speak of."""
GAN = ("--preset", "digits", "--size", 16, "--width", 4, "--latent", 8, "--batch", 4)
STYLE = ("--breadth", 0.25, "--batch", 1, "--crops", 32, "--content-side", 40, "--style-size", 32, "--warm", 0)
HALF_DONE = ("--steps", 100_000, "--checkpoint-minutes", 0.0001, "--keep", 1)
"""A checkpoint each step, until somebody kills it."""
ONE_CORE = ("--device", "cpu", "--threads", 1, "--precision", "float32")
LARGE = 50_000
"""Numbers of a matrix that a style training's checkpoint has no room for: that of the predictor has 376,832."""
CATALOG = """\
[styles.both]
artworks = [{file = "dots.png", weight = 2.0}, {file = "lines.png"}]
artist = "Nobody"
licence = "CC0"

[styles.split]
regions = {"#ff0000" = "wave", "#0000ff" = "keep"}

[styles.wave]
file = "wave.png"
recipe = {strength = 0.8}
"""


class Version:
    """The commands of one version, run to their end or killed."""

    def __init__(self, command: Path, studio: Path, private: Path) -> None:
        """private: a folder for caches and Prefect's database, away from the user's own."""
        self._command, self._studio = command, studio
        places = {name: str(private / name) for name in ("NOCTURNE_CACHE", "PREFECT_HOME")}
        self._env = {**os.environ, **places, "OMP_NUM_THREADS": "1"}

    def run(self, *words: object, codes: tuple[int, ...] = (0,)) -> None:
        """A command to its end. Raises RuntimeError if it ends with another exit code."""
        with self._started(words) as process:
            said = process.communicate()[0].decode()
        if process.returncode not in codes:
            raise RuntimeError(f"{words} ended with {process.returncode}:\n{said}")

    def killed(self, *words: object, once: Callable[[], bool]) -> None:
        """A command that is killed, and nothing of it spared, once something is so."""
        with self._started(words) as process:
            while not once():
                if process.poll() is not None:
                    raise RuntimeError(f"{words} ended before it was killed:\n{process.communicate()[0].decode()}")
                time.sleep(0.005)
            process.send_signal(signal.SIGKILL)
        time.sleep(3)  # its worker sees it gone, commits what it has, and ends

    def _started(self, words: tuple[object, ...]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [str(self._command), *map(str, words)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=self._studio,
            env=self._env,
            start_new_session=True,
        )


def picture(path: Path, seed: int, size: tuple[int, int] = (40, 32)) -> None:
    """A picture of soft noise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    coarse = np.random.default_rng(seed).integers(0, 256, (5, 6, 3), dtype=np.uint8)
    Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC).save(path)


def halves(path: Path, size: tuple[int, int], left: tuple[int, ...], right: tuple[int, ...]) -> None:
    """A picture of two colours side by side."""
    path.parent.mkdir(parents=True, exist_ok=True)
    array = np.zeros((size[1], size[0], len(left)), np.uint8)
    array[:, : size[0] // 2], array[:, size[0] // 2 :] = left, right
    Image.fromarray(array.squeeze()).save(path)


def pictures(studio: Path) -> None:
    """The library with masks and region maps, the catalog, and what networks are trained on."""
    sizes = {"cat.jpg": (40, 32), "hill.png": (40, 32), "trip/sea.png": (32, 40)}
    for seed, (name, size) in enumerate(sizes.items()):
        picture(studio / "library" / name, seed, size)
        halves((studio / "masks" / name).with_suffix(".png"), size, (255,), (96,))
        halves((studio / "regions" / name).with_suffix(".png"), size, (255, 0, 0), (0, 0, 255))
    (studio / "library/broken.jpg").write_bytes(b"no picture")
    for seed, name in enumerate(("wave", "dots", "lines"), start=10):
        picture(studio / f"catalog/{name}.png", seed)
    (studio / "catalog/catalog.toml").write_text(CATALOG)
    for seed in range(8):
        picture(studio / f"art/{'even' if seed % 2 == 0 else 'odd'}/{seed}.png", 20 + seed, (16, 16))


def nights(version: Version, studio: Path) -> None:
    """A whole run with failures and rejections, one that was killed, and one that takes its pictures over."""
    spec = {"library": "library", "catalog": "catalog", "masks": "masks", "regions": "regions", "quality": "best",
            "min_score": MIN_SCORE, "score_weights": WEIGHTS, "gate": "seed:1", "device": "cpu"}  # fmt: skip
    for name, more in {
        "tonight": {},
        "killed": {"shard_seconds": 1.0, "include_styles": ["split", "wave"]},
        "liked": {
            "taste": "taste.json",
            "reuse": ["runs/tonight"],
            "include_styles": ["split", "wave"],
            "gate": "reject",
        },
    }.items():
        values = {**spec, "out": f"runs/{name}", "recipe": QUICK, **more}
        (studio / f"{name}.toml").write_text("".join(f"{field} = {toml(value)}\n" for field, value in values.items()))
    version.run("run", "tonight.toml", codes=(3,))
    outputs = studio / "runs/killed/outputs"
    version.killed("run", "killed.toml", once=lambda: len(list(outputs.rglob("*.png"))) >= 3)
    picks(studio)
    version.run("learn-taste", "picks.csv", "-o", "taste.json", "--run", "runs/tonight")
    version.run("run", "liked.toml", codes=(3,))


def toml(value: object) -> str:
    """A value as TOML, tables in one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name} = {toml(each)}" for name, each in value.items()) + "}"
    return json.dumps(value)


def picks(studio: Path) -> None:
    """The CSV that the gallery exports: the brighter half of the pictures is kept, the very brightest a favourite."""
    rows = pq.read_table(studio / "runs/tonight/manifest.parquet", columns=["output", "status"]).to_pylist()
    made = [row["output"] for row in rows if row["status"] in ("done", "rejected")]
    ordered = sorted(made, key=lambda output: brightness(studio / "runs/tonight", output))
    with (studio / "picks.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["output", "pick", "run"])
        for place, output in enumerate(ordered):
            pick = "reject" if place < len(ordered) // 2 else "keep" if output != ordered[-1] else "favourite"
            writer.writerow([output, pick, ""])


def brightness(run: Path, output: str) -> float:
    """Mean of a run's picture, done or rejected."""
    place = next(run / folder / output for folder in ("outputs", "rejected") if (run / folder / output).exists())
    return float(np.asarray(Image.open(place).convert("L")).mean())


def trainings(version: Version, studio: Path) -> dict[str, dict[str, str]]:
    """A GAN and a style training, killed half done. Returns the tensors that each comes to in its next steps, by file."""
    commands = {
        "gan": ("train-gan", "art", "--conditional", *GAN, "--evaluate-minutes", 0.01),
        "style": ("train-style", "catalog", "--contents", "library", *STYLE, "--evaluate-minutes", 0.05),
    }
    for name, command in commands.items():
        run = studio / f"runs/{name}"
        words = (*command, *HALF_DONE, *ONE_CORE, "--out", f"runs/{name}")
        version.killed(*words, once=lambda run=run: past_its_best(run))  # type: ignore[misc]
    (studio / "runs/style/checkpoints/best.safetensors").unlink()
    for path in (studio / "runs/style/checkpoints").iterdir():
        path.write_bytes(thinned(path.read_bytes()))
    return {name: dict(next_steps(version, studio, name, commands[name][0])) for name in commands}


def past_its_best(run: Path) -> bool:
    """Whether a training has a checkpoint after its first evaluation."""
    names = run.glob("checkpoints/*.safetensors")
    times = {path.stem: path.stat().st_mtime_ns for path in names if path.exists()}
    return "best" in times and max(times.values()) > times["best"]


def thinned(data: bytes) -> bytes:
    """A safetensors file with numbers that compress well, which training can still go on from: large matrices are zero,
    and all numbers are cut to seven bits behind the point.
    """
    start = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:start])
    made = bytearray(data)
    for name, about in header.items():
        if name == "__metadata__" or about["dtype"] != "F32":
            continue
        begin, end = (start + offset for offset in about["data_offsets"])
        values = np.frombuffer(data[begin:end], "<u4")
        mask = 0 if values.size > LARGE else 0xFFFF0000
        made[begin:end] = (values & np.uint32(mask)).tobytes()
    return bytes(made)


def checkpoints(run: Path) -> list[Path]:
    """A training's checkpoints that stand, the latest last."""
    return sorted(run.glob("checkpoints/step-*.safetensors"))


def next_steps(version: Version, studio: Path, name: str, command: str) -> Iterator[tuple[str, str]]:
    """A copy of a training is gone on with for two checkpoints. Yields their file names and what their tensors are."""
    copy = studio / f"runs/{name}-copy"
    shutil.copytree(studio / f"runs/{name}", copy)
    before = len(checkpoints(copy))
    words = (command, copy / "train.toml", "--out", copy, "--keep", 1000)
    version.killed(*words, once=lambda: len(checkpoints(copy)) > before + 1)
    for path in checkpoints(copy)[before : before + 2]:
        yield path.name, tensors_sha256(path)
    shutil.rmtree(copy)


def tensors_sha256(path: Path) -> str:
    """SHA-256 of the tensors of a safetensors file by name, whatever else its header says and in whichever order."""
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    digest = hashlib.sha256()
    for name, about in sorted(json.loads(data[8 : 8 + length]).items()):
        if name != "__metadata__":
            start, end = (8 + length + offset for offset in about["data_offsets"])
            digest.update(f"{name} {about['dtype']} {about['shape']}\n".encode() + data[start:end])
    return digest.hexdigest()


def samples(version: Version) -> None:
    """A network that is exported from a training, and a run of samples from it."""
    version.run("export-gan", "runs/gan/checkpoints/best.safetensors", "gan.safetensors")
    version.run("sample", "gan.safetensors", "--seeds", "0-5", "--out", "runs/samples", "--device", "cpu")


def surveys(version: Version) -> None:
    """A folder appraised, and analysed."""
    for kind in ("appraise", "analyse"):
        version.run(kind, "library", "--out", f"runs/{kind}", "--processes", 1, codes=(3,))


def slim(studio: Path) -> None:
    """Leave out what is made again from the rest, and compress checkpoints."""
    for pattern in ("gallery", "targets"):
        for folder in studio.glob(f"runs/*/{pattern}"):
            shutil.rmtree(folder)
    for pattern in (".lock", "figures.png", ".tmp-*"):
        for file in studio.rglob(pattern):
            file.unlink()
    for path in studio.rglob("*.safetensors"):
        path.with_name(f"{path.name}.xz").write_bytes(lzma.compress(path.read_bytes(), preset=9))
        path.unlink()


def main() -> None:
    """Make the data of one version."""
    command, studio, folder = (Path(word).absolute() for word in sys.argv[1:])
    studio.mkdir()
    pictures(studio)
    with tempfile.TemporaryDirectory() as private:
        version = Version(command, studio, Path(private))
        nights(version, studio)
        after = trainings(version, studio)
        samples(version)
        surveys(version)
    (studio / "expected.json").write_text(json.dumps({"studio": str(studio), "next_steps": after}, indent=2) + "\n")
    slim(studio)
    shutil.move(studio, folder)


if __name__ == "__main__":
    main()
