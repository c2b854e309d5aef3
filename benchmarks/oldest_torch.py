"""What a GPU is given, with the oldest torch that pyproject.toml allows: `python benchmarks/oldest_torch.py`.

A temporary environment gets that torch with its torchvision (some gigabytes, by pip as it is configured here) and takes
everything else from this one. In it run the tests on pretended GPUs: what is launched, in which layouts, and whether a
kernel of that torch refuses what it is given.
"""

from __future__ import annotations

import re
import subprocess
import sys
import sysconfig
import tempfile
import tomllib
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("torch", "torchvision")
TESTS = ("tests/fake_cuda",)


def oldest(project: str) -> list[str]:
    """Requirements of the oldest releases that the text of a pyproject.toml allows.

    >>> oldest('[project]\\ndependencies = ["torch>=2.9", "torchvision>=0.24", "numpy>=2"]')
    ['torch==2.9.*', 'torchvision==0.24.*']
    """
    found = (re.match(r"([\w-]+)>=([\d.]+)", each) for each in tomllib.loads(project)["project"]["dependencies"])
    return [f"{match[1]}=={match[2]}.*" for match in found if match and match[1] in PACKAGES]


def environment(folder: Path, requirements: list[str]) -> Path:
    """An environment with these packages, and behind them those of this one. Returns its Python."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    install = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    subprocess.run([python, *install, *requirements], check=True)
    place = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = Path(subprocess.run([python, "-c", place], capture_output=True, text=True, check=True).stdout.strip())
    (packages / "zz_others.pth").write_text(sysconfig.get_path("purelib") + "\n")  # what is its own comes first
    return python


def main() -> int:
    """Install, test, and return the exit code of the tests."""
    requirements = oldest((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory(prefix="oldest-torch-") as folder:
        print(f"Installing {', '.join(requirements)} into {folder} ...", flush=True)
        python = environment(Path(folder), requirements)
        subprocess.run([python, "-c", "import torch; print('torch', torch.__version__)"], check=True)
        return subprocess.run([python, "-m", "pytest", "-q", "-n", "0", *TESTS], cwd=ROOT).returncode


if __name__ == "__main__":
    sys.exit(main())
