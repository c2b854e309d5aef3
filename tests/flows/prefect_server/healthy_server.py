"""A server that answers as a Prefect server that is well does, and nothing else."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class _Healthy(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path.endswith("/api/health") else 404)  # a proxy is given the whole address
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def healthy_server() -> Iterator[str]:
    """The address of its API, on loopback."""
    listening = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Healthy)
    thread = threading.Thread(target=listening.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{listening.server_port}/api"
    listening.shutdown()
    thread.join()
    listening.server_close()
