"""Start and end of the command line's process: names as UTF-8, streams that cannot fail, then the command."""

from __future__ import annotations

import sys

from flows.cli.utf8_mode import restart_in_utf8_mode
from flows.streams import prepare_streams


def main() -> None:
    """Run the command line; what Nocturne can explain is one sentence on standard error."""
    restart_in_utf8_mode()
    prepare_streams()
    from flows.cli.application import app  # after the restart, so that it is imported once
    from flows.cli.exit_handling import exit_code_of, leave

    code = exit_code_of(app)
    if "prefect" in sys.modules:
        from flows.prefect_server.outage import leave_if_server_is_gone

        leave_if_server_is_gone(code)
        sys.exit(code)
    leave(code)
