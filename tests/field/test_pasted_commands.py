"""Commands that are printed do what they say when they are pasted, whatever a path is called.

Quotes, `$`, newlines and bytes that are not UTF-8 in paths (ripgrep, fd and git-annex have reports of printed commands that
did something else).
"""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from core.safe_text import printable
from flows.shell_command import shell_command
from tests.flows.command import here

ROOT = Path(__file__).resolve().parents[2]
NAMES = (
    *("plain", "two words", "it's", '"x"', "$HOME `id` $(id)", "a\\b", "a\nb", "a;b&c|d"),
    *("*?[a]", "caf\udce9", "é", "!x", "~", "x\x1b[2J", "u\u202ev"),
)


@pytest.mark.parametrize("name", NAMES)
def test_shell_command_names_the_path_that_is_meant(name: str) -> None:
    bash = shutil.which("bash")
    assert bash
    printed = printable(shell_command("run", path=name))  # as it reaches a terminal
    script = printed.replace("nocturne", "printf '%s\\0'", 1)
    shown = subprocess.run([bash, "-c", script], capture_output=True, check=True).stdout.split(b"\0")
    assert [os.path.normpath(word) for word in shown[:-1]] == [b"run", os.fsencode(name)]


def test_shell_command_of_a_path_with_a_leading_dash_is_no_option() -> None:
    assert shell_command("verify", "--set-aside", path="-rf") == "nocturne verify --set-aside ./-rf"


def test_init_prints_a_command_that_can_be_pasted(tmp_path: Path) -> None:
    ended = here("init", tmp_path / "my studio", cwd=tmp_path)
    assert ended.out.splitlines()[-1] == f"nocturne run '{tmp_path / 'my studio/tonight.toml'}'"


def test_a_folder_that_is_no_run_prints_a_command_that_can_be_pasted(tmp_path: Path) -> None:
    assert f"`nocturne run --out '{tmp_path / 'a b'}'`" in here("status", tmp_path / "a b").err


def test_no_command_with_a_value_in_it_is_put_together_by_hand() -> None:
    by_hand = []
    for file in (path for package in ("core", "tasks", "flows") for path in (ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                text = "".join(str(each.value) if isinstance(each, ast.Constant) else "{}" for each in node.values)
                if re.search(r"nocturne [a-z-]+( --?[a-z-]+| [A-Z]+)* *\{", text):
                    by_hand.append(f"{file.name}:{node.lineno}")
    assert by_hand == []
