"""UTF-8 mode of Python: the command started again in it where the locale reads file names as something else.

Python fixes how it reads file names when it starts. Under a Latin-1 locale the name of a picture, and so its row and its
output, would be others than under a UTF-8 one. Under C and POSIX Python takes UTF-8 by itself unless that was switched off.
"""

from __future__ import annotations

import os
import sys

from core.errors import NocturneError

MODE = "PYTHONUTF8"


def restart_in_utf8_mode() -> None:
    """Start this command again, in this process, in UTF-8 mode; return if file names are read as UTF-8 already.

    Children inherit the mode by the environment. A command that was started again is not once more.
    """
    if not needs_restart(sys.getfilesystemencoding(), os.environ.get(MODE, "")):
        return
    os.environ[MODE] = "1"
    os.execv(sys.executable, sys.orig_argv)


def check_file_names() -> None:
    """Raises NocturneError if file names are not read as UTF-8: in a process of Prefect's, which cannot be started anew."""
    encoding = sys.getfilesystemencoding()
    if needs_restart(encoding, ""):
        raise NocturneError(
            f"file names are read as {encoding} here, and outputs would have other names than elsewhere",
            f"set {MODE}=1 in the environment of the Prefect worker, or a UTF-8 locale.",
        )


def needs_restart(encoding: str, mode: str) -> bool:
    """Whether names are read by another encoding, and nobody has asked for the mode yet.

    >>> needs_restart("iso8859-1", ""), needs_restart("ascii", "0"), needs_restart("utf-8", ""), needs_restart("ascii", "1")
    (True, True, False, False)
    """
    return encoding.lower().replace("-", "") != "utf8" and mode != "1"
