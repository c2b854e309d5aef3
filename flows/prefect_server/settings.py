"""Prefect's settings, which come from the environment, profiles and files: read once, so that a wrong one is one sentence.

Prefect prints those that it does not take, and some of them are keys and passwords: no value is told here.
"""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterator
from typing import Any

from core.errors import NocturneError
from core.safe_text import printable, truncated

FOLLOWS = "default_factory_not_called"
"""What is said of a setting that is derived from a wrong one."""

PLAIN = {"TOMLDecodeError": "a file of them is no TOML", "SettingsError": "one is no JSON"}
"""Errors whose words name a place and no value, with what they say."""


def check_settings() -> None:
    """Import Prefect's settings. Raises NocturneError for such as it does not take."""
    try:
        _read()
    except ImportError:
        raise
    except Exception as error:
        raise NocturneError(
            f"Prefect's settings cannot be read: {settings_fault(error)}",
            "correct them in the environment, in profiles.toml in Prefect's home, or in this folder's .env or prefect.toml.",
        ) from error


def settings_fault(error: Exception) -> str:
    """What is wrong with the settings, without a value of them; the kind of the error where that is not known."""
    if hasattr(error, "errors") and hasattr(error, "title"):
        return "; ".join(_faults(error.title, error.errors(include_input=False, include_url=False)))
    kind = type(error).__name__
    if kind in PLAIN:
        return f"{PLAIN[kind]}: {truncated(printable(str(error)))}"
    return kind


def _read() -> None:
    with contextlib.redirect_stderr(io.StringIO()):  # where Prefect would print the values
        import prefect.context
        import prefect.settings

        prefect.settings.get_current_settings()
        prefect.context.get_settings_context()


def _faults(title: str, errors: list[dict[str, Any]]) -> Iterator[str]:
    for each in errors:
        if each["type"] != FOLLOWS:
            name = ".".join(map(str, each["loc"]))
            words = each["msg"][:1].lower() + each["msg"][1:]
            yield f"{_variable(name) or f'{name} of {title}'}: {truncated(printable(words))}"


def _variable(name: str) -> str:
    """The variables of the environment that set the setting `name`, if any does."""
    ending = name.replace(".", "_").upper()
    return " or ".join(each for each in sorted(os.environ) if each.startswith("PREFECT_") and each.endswith(ending))
