"""Build hook: refuses any wheel but that of an editable install, since a wheel would lack data/ and call itself `core`."""

from __future__ import annotations

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

CHECKOUT_ONLY = "Nocturne runs from its checkout and is not built as a wheel: run `pip install -e .` in the checkout."


class CheckoutOnly(BuildHookInterface[Any]):
    """Ends a build that is not for an editable install, with one sentence."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - as the interface has it
        """Called before a wheel is built; `version` is its kind, `standard` or `editable`."""
        if version != "editable":
            self.app.abort(CHECKOUT_ONLY)
