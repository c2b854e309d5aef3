"""Versions in the manifest: of what is installed, and of a checkout that is not."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

import PIL
import pytest
import torch

from core.networks import versions


def absent(name: str) -> str:
    raise PackageNotFoundError(name)


def test_versions_are_those_that_are_installed() -> None:
    said = f"nocturne {version('nocturne')}, torch {torch.__version__}, pillow {PIL.__version__}"
    assert versions.recorded_versions() == said


def test_a_bare_checkout_has_the_version_of_its_project_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "version", absent)
    assert versions.nocturne_version() == version("nocturne")
