"""Writes the tables of `docs/manifest.md` from the columns in `core/manifest/schema.py` and the reasons in `core/errors.py`.

Run `.venv/bin/python docs/manifest_page.py` after either has changed. The prose around the tables is written by hand: what
stands between two marks, `<!-- columns -->` and `<!-- end of columns -->`, is replaced.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from core.errors import TRANSIENT, JobError
from core.manifest.schema import COLUMNS, NEEDED, type_name

PAGE = Path(__file__).parent / "manifest.md"
COMMAND = ".venv/bin/python docs/manifest_page.py"


def page(before: str) -> str:
    """The page with its tables as they should be."""
    for name, lines in (("columns", _columns()), ("reasons", _reasons()), ("needed", _needed())):
        head, begin, rest = before.partition(f"<!-- {name} -->\n")
        _, end, tail = rest.partition(f"<!-- end of {name} -->\n")
        if not begin or not end:
            raise ValueError(f"{PAGE} has not both marks of the {name}")
        before = "".join([head, begin, *(f"{line}\n" for line in lines), end, tail])
    return before


def _columns() -> Iterable[str]:
    yield "| column | type | meaning |"
    yield "|---|---|---|"
    for column in COLUMNS:
        yield f"| `{column.name}` | {type_name(column.type)} | {column.meaning} |"


def _reasons() -> Iterable[str]:
    yield "| reason | what happened | tried again by itself |"
    yield "|---|---|---|"
    for kind in JobError.__subclasses__():
        again = (
            "the next nights, three times in all" if kind.reason in TRANSIENT else "when the file or the recipe changes"
        )
        yield f"| `{kind.reason}` | {(kind.__doc__ or '').splitlines()[0]} | {again} |"


def _needed() -> Iterable[str]:
    names = [f"`{name}`" for name in NEEDED]
    yield f"Manifests of earlier versions lack some columns; they are read as if these were null. A file without {names[0]},"
    yield f"{', '.join(names[1:-1])} or {names[-1]} is no manifest."


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text()))
