"""Standard streams that are closed, full, or whose reader is gone: dvc#10041, perseo-fe#27, and pipes into `head`."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from flows.streams import LossyFile
from tests.conftest import Studio
from tests.needs import needs_linux
from tests.runs import made_run

COMMAND = [sys.executable, "-c", "from flows.cli import main; main()"]
CLOSED = {"stdin": "<&-", "stderr": "2>&-", "a full stderr": "2>/dev/full", "all but stdout": "<&- 2>&-"}
RESULT_LOST = {"closed": ">&-", "full": ">/dev/full"}


def in_shell(
    redirections: str, *arguments: object, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """A command whose streams the shell redirects; what it prints is kept where it is not redirected."""
    script = f'exec "$@" {redirections}'
    command = ["/bin/sh", "-c", script, "sh", *COMMAND, *map(str, arguments)]
    whole = {**os.environ, **(env or {})}
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=whole)


@pytest.fixture
def run(studio: Studio) -> Path:
    """A whole run of one picture."""
    return made_run(studio, ("wave/cat.jpg.png",)).root


@needs_linux
@pytest.mark.parametrize("streams", CLOSED.values(), ids=CLOSED)
def test_what_is_printed_needs_no_other_stream(run: Path, streams: str) -> None:
    ended = in_shell(streams, "status", run)
    assert (ended.returncode, "1 of 1" in ended.stdout) == (0, True)


@needs_linux
@pytest.mark.parametrize("command", ["status", "manifest", "verify"])
@pytest.mark.parametrize("stdout", RESULT_LOST.values(), ids=RESULT_LOST)
def test_a_result_that_cannot_be_printed_is_an_error(run: Path, command: str, stdout: str) -> None:
    ended = in_shell(stdout, command, run)
    assert ended.returncode == 1
    assert "the result could not be printed" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


@needs_linux
def test_a_table_in_a_file_is_whole_whatever_becomes_of_the_words(run: Path, tmp_path: Path) -> None:
    table = tmp_path / "rows.csv"
    ended = in_shell(">/dev/full", "manifest", run, "--to", table)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "wave/cat.jpg.png" in table.read_text()


@needs_linux
def test_a_reader_that_leaves_is_no_error(run: Path) -> None:
    quoted = " ".join(f"'{part}'" for part in (*COMMAND, "manifest", str(run)))
    ended = subprocess.run(
        ["/bin/bash", "-c", f"{quoted} | :; echo ${{PIPESTATUS[0]}}"], capture_output=True, text=True
    )
    assert (ended.stdout.strip(), ended.stderr) == ("0", "")


@needs_linux
def test_words_wait_for_a_slow_reader_of_a_pipe_that_does_not_block(monkeypatch: pytest.MonkeyPatch) -> None:
    """Node.js and terminals' tools leave shared streams so."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    words = b"x" * 300_000
    read: list[bytes] = []

    def take() -> None:
        time.sleep(0.2)
        while sum(map(len, read)) < len(words):
            read.append(os.read(reading, 65_536))

    reader = threading.Thread(target=take)
    reader.start()
    with io.BufferedWriter(LossyFile(writing)) as out:
        out.write(words)
    reader.join(10)
    assert b"".join(read) == words
    monkeypatch.setattr("flows.streams.PATIENCE", 0.05)
    stuck = LossyFile(writing)
    with io.BufferedWriter(stuck) as out:
        out.write(words)
    assert stuck.lost is not None
    os.close(reading)
    os.close(writing)


@needs_linux
def test_a_child_gets_streams_where_its_parent_has_none() -> None:
    code = (
        "import subprocess, sys\nfrom flows.streams import prepare_streams\nprepare_streams()\n"
        "open('/proc/self/status')\nprint('lost')\n"
        "child = 'import os; [os.fstat(number) for number in range(3)]'\n"
        "sys.exit(subprocess.run([sys.executable, '-c', child], close_fds=True).returncode)"
    )
    script = 'exec "$@" <&- >&- 2>&-'
    assert subprocess.run(["/bin/sh", "-c", script, "sh", sys.executable, "-c", code], check=False).returncode == 0


@needs_linux
def test_a_deleted_working_folder_is_one_sentence(run: Path, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    ended = subprocess.run(
        ["/bin/sh", "-c", 'rmdir "$PWD"; exec "$@"', "sh", *COMMAND, "status", str(run)],
        capture_output=True,
        text=True,
        cwd=gone,
        check=False,
    )
    assert ended.returncode == 2
    assert "started in" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
