"""A database of another Prefect version is named at once, in place of minutes of trying."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from core.errors import NocturneError
from flows.prefect_server.database import ELSEWHERE, MIGRATIONS, check_database


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path))
    for name in ELSEWHERE:
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def _database(home: Path, revision: str) -> Path:
    path = home / "prefect.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute("create table alembic_version (version_num varchar(32) not null)")
        database.execute("insert into alembic_version values (?)", (revision,))
        database.commit()
    return path


def test_one_of_a_version_that_is_not_known_is_refused_with_a_remedy(home: Path) -> None:
    path = _database(home, "fffffffffff0")
    before = path.read_bytes()
    with pytest.raises(NocturneError, match=r"prefect\.db .*revision fffffffffff0.*PREFECT_HOME"):
        check_database()
    assert path.read_bytes() == before


def test_one_of_prefects_own_versions_is_not(home: Path) -> None:
    import prefect

    newest = max(Path(prefect.__file__).parent.joinpath(MIGRATIONS).glob("2*.py"))
    _database(home, newest.name.split("_")[4])
    check_database()


@pytest.mark.parametrize(
    "content", [None, b"", b"not a database, but long enough to be looked at as if it were one" * 30]
)
def test_what_cannot_be_told_is_left_to_prefect(home: Path, content: bytes | None) -> None:
    if content is not None:
        (home / "prefect.db").write_bytes(content)
    check_database()


def test_a_database_elsewhere_is_not_looked_at(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _database(home, "fffffffffff0")
    monkeypatch.setenv(ELSEWHERE[1], "sqlite+aiosqlite:////elsewhere.db")
    check_database()
