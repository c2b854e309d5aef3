"""Child processes: messages there and back, and what is known of their end."""

from __future__ import annotations

import pytest

from core.child_process import ChildProcess, ExitStatus
from core.errors import Missing


def test_a_child_answers_and_ends_when_its_pipe_closes() -> None:
    child = ChildProcess("core.images.decode_probe", "100")
    assert child.send("/nowhere.png")
    assert isinstance(child.connection.recv(), Missing)
    assert child.reap() == (ExitStatus(0), "")


def test_a_killed_child_says_by_what() -> None:
    child = ChildProcess("core.images.decode_probe", "100")
    child.kill()
    status, _ = child.reap()
    assert status.killed
    assert str(status) == "killed by signal 9, often the kernel short of memory"
    with pytest.raises(OSError, match="closed"):
        child.connection.recv()


def test_sending_to_a_child_that_is_gone_says_so() -> None:
    child = ChildProcess("core.images.decode_probe", "100")
    child.kill()
    child._process.wait()
    assert not child.send("/nowhere.png")
    child.reap()


@pytest.mark.parametrize(("shared", "kept"), [(False, "No module named core.nowhere"), (True, "")])
def test_the_end_of_what_a_child_printed_is_kept_unless_it_is_shared(
    shared: bool, kept: str, capfd: pytest.CaptureFixture[str]
) -> None:
    status, words = ChildProcess("core.nowhere", shares_output=shared).reap()
    assert str(status) == "exit code 1"
    assert words.endswith(kept)
    assert ("No module named core.nowhere" in capfd.readouterr().err) == shared
