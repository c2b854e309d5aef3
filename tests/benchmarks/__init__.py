"""Tests of benchmarks: that they run, and count rightly; never of what they measure."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2] / "benchmarks"))  # they are scripts, and no package
