"""Recipes of GANs: what flags and files may say."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from core.gan.networks.recipe import GanRecipe


@pytest.mark.parametrize(("given", "channels"), [("3", 3), ("1", 1), (3, 3)])
def test_channels_are_read_from_the_text_of_a_flag(given: Any, channels: int) -> None:
    assert GanRecipe(channels=given).channels == channels


@pytest.mark.parametrize("given", ["2", 2, "three", "-3"])
def test_other_channels_are_refused(given: Any) -> None:
    with pytest.raises(ValidationError, match="channels"):
        GanRecipe(channels=given)
