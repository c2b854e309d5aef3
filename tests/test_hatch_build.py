"""A wheel is built for an editable install alone."""

import runpy
import sys
import tomllib
import types
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


class Aborted(Exception):
    pass


class Interface:
    """What the hook uses of hatchling's interface; hatchling is there only while a package is built."""

    app = types.SimpleNamespace()

    def __class_getitem__(cls, item: object) -> type:
        return cls

    @staticmethod
    def abort(message: str) -> None:
        raise Aborted(message)


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> Interface:
    module = types.ModuleType("interface")
    module.BuildHookInterface = Interface  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "hatchling.builders.hooks.plugin.interface", module)
    monkeypatch.setattr(Interface, "app", types.SimpleNamespace(abort=Interface.abort))
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    path = settings["tool"]["hatch"]["build"]["targets"]["wheel"]["hooks"]["custom"]["path"]
    hook: Interface = runpy.run_path(str(ROOT / path))["CheckoutOnly"]()
    return hook


def test_hatch_build_refuses_a_wheel_and_says_what_to_do(hook: Interface) -> None:
    with pytest.raises(Aborted, match=r"checkout .* `pip install -e \.`"):
        hook.initialize("standard", {})  # type: ignore[attr-defined]


def test_hatch_build_lets_an_editable_install_pass(hook: Interface) -> None:
    hook.initialize("editable", {})  # type: ignore[attr-defined]
