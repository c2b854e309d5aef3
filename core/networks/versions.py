"""Versions of Nocturne and of what pixels hang on, as the manifest records them."""

from __future__ import annotations

import tomllib
from importlib.metadata import PackageNotFoundError, version

import PIL
import torch

from core.child_process import ROOT

PROJECT = ROOT / "pyproject.toml"


def nocturne_version() -> str:
    """The version of the installed distribution; where there is none, as in a bare checkout, that of pyproject.toml."""
    try:
        return version("nocturne")
    except PackageNotFoundError:
        return str(tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]["version"])


def recorded_versions() -> str:
    """What the manifest's column `versions` says: `nocturne 0.1.0, torch 2.9.0, pillow 13.0.0`."""
    return f"nocturne {nocturne_version()}, torch {torch.__version__}, pillow {PIL.__version__}"
