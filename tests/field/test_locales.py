"""Locales under which names would be read as Latin-1 or ASCII: PEP 540, and reports of names that were encoded twice."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Studio
from tests.field.test_streams import COMMAND
from tests.needs import LATIN_1, needs_latin1, needs_linux
from tests.runs import made_run

LOCALES = {
    "ASCII": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "C": {"LC_ALL": "C"},
    "one that is not there": {"LC_ALL": "xx_YY.ISO-8859-1"},
}
NAME = "wave/caf\u00e9 \u65e5\u672c.jpg.png"
SCAN = (
    "import sys\nfrom flows.cli.utf8_mode import restart_in_utf8_mode\nrestart_in_utf8_mode()\n"
    "from pathlib import Path\nfrom core.planning.library import scan\n"
    "print(ascii([asset.name for asset in scan(Path(sys.argv[1])).assets]))"
)


@pytest.fixture(scope="module")
def latin1(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a Latin-1 locale, which is made here."""
    folder = tmp_path_factory.mktemp("locales")
    subprocess.run([*LATIN_1, folder / "xx_LATIN.ISO-8859-1"], capture_output=True, check=True)
    return {"LOCPATH": str(folder), "LC_ALL": "xx_LATIN.ISO-8859-1"}


def ended(command: list[str], env: dict[str, str], *arguments: object) -> subprocess.CompletedProcess[bytes]:
    """A command in an environment without a locale, and what it prints."""
    base = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "PYTHONUTF8"))}
    return subprocess.run(
        [*command, *map(str, arguments)], env={**base, **env}, capture_output=True, check=False, timeout=60
    )


@needs_linux
@pytest.mark.parametrize("locale", LOCALES.values(), ids=LOCALES)
def test_rows_are_printed_and_found_in_any_locale(studio: Studio, locale: dict[str, str]) -> None:
    _holds(studio, locale)


@needs_latin1
def test_rows_are_printed_and_found_in_a_latin_1_locale(studio: Studio, latin1: dict[str, str]) -> None:
    _holds(studio, latin1)


@needs_latin1
def test_names_in_a_library_are_read_as_utf_8_in_a_latin_1_locale(studio: Studio, latin1: dict[str, str]) -> None:
    studio.picture("library/caf\u00e9.jpg", 1)
    listed = ended([sys.executable, "-c", SCAN], latin1, studio.library)
    assert "'caf\\xe9.jpg'" in listed.stdout.decode(), listed.stderr


@needs_linux
def test_a_start_anew_is_made_once() -> None:
    once = ended([sys.executable, "-X", "utf8=0", "-c", SCAN], LOCALES["ASCII"], Path(__file__).parent)
    assert once.returncode == 0, "a Python that is told otherwise goes on as it is"


def _holds(studio: Studio, env: dict[str, str]) -> None:
    """A name in an argument, in a row and on the standard output."""
    run = made_run(studio, (NAME,)).root.rename(studio.root / "n\u00e4chte")
    listed = ended(COMMAND, env, "manifest", run)
    assert listed.returncode == 0, listed.stderr
    assert NAME in listed.stdout.decode()
    checked = ended(COMMAND, env, "verify", run)
    assert checked.returncode == 0, checked.stdout


@needs_linux
def test_a_process_of_prefects_says_that_it_reads_names_otherwise() -> None:
    code = "from flows.cli.utf8_mode import check_file_names; check_file_names()"
    refused = ended([sys.executable, "-c", code], LOCALES["ASCII"])
    assert b"set PYTHONUTF8=1" in refused.stderr
