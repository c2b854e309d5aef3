"""Prefect is imported only once its environment is set."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FLOWS = sorted(set(re.findall(r"entrypoint: flows\.(\w+):", (ROOT / "deployments/prefect.yaml").read_text())))


@pytest.mark.parametrize("name", FLOWS)
def test_bootstrap_comes_before_all_that_imports_prefect(name: str) -> None:
    imports = [
        node.module or ""
        for node in ast.parse((ROOT / f"flows/{name}.py").read_text()).body
        if isinstance(node, ast.ImportFrom)
    ]
    heavy = [module for module in imports if module.split(".")[0] in ("prefect", "flows", "tasks")]
    assert heavy[0] == "flows.bootstrap"
