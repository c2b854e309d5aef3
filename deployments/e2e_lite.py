"""A real Prefect server and a real process worker on loopback: deploy, run `on-demand`, check the manifest, stop both.

`make e2e-lite` runs it. Everything lies in a temporary folder; nothing of the user's Prefect is touched.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core.manifest import manifest
from core.storage.store import Store

ROOT = Path(__file__).resolve().parents[1]
PREFECT = str(Path(sys.executable).with_name("prefect"))
TIMEOUT = 420.0


def main() -> None:
    """Run the whole story; any step that fails raises."""
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        with server(Path(folder)) as env, worker(env, Path(folder)):
            deploy(env)
            flow_run = start(env, spec(run))
            state = watch(env, flow_run)
            assert state == "COMPLETED", f"the flow run ended {state}"
            check(run)
            shards = [task for task in task_runs(env, flow_run) if task["name"].startswith("shard-")]
            assert shards, "no named shard was recorded"
            found = artifacts(env, flow_run)
            assert found["progress"] == 100.0, found
            assert "wave" in found["styles"], found
            assert str(run / "gallery/index.html") in found["gallery"], found
            print(f"e2e-lite: Completed, {len(shards)} named shards, artifacts and manifest as they should be")


def spec(run: Path) -> dict[str, Any]:
    """The parameters of the run: two small pictures in two styles, and a broken one."""
    return {
        "library": str(ROOT / "data/assets"),
        "catalog": str(ROOT / "data/styles"),
        "out": str(run),
        "include_styles": ["wave", "the_scream"],
        "recipe": {"size": 64, "steps": 3},
    }


def check(run: Path) -> None:
    """The manifest holds every job: those of the broken picture failed, the others are done and lie there."""
    rows = manifest.read(Store(run)).to_pylist()
    by_asset = {row["asset"]: row["reason"] or row["status"] for row in rows}
    assert by_asset == {
        "broken.jpg": "unreadable",
        "cat.jpg": "done",
        "coffee.jpg": "done",
        "rocket.jpg": "done",
    }, by_asset
    assert len(rows) == 8, len(rows)
    done = [row for row in rows if row["status"] == "done"]
    assert all((run / "outputs" / row["output"]).is_file() for row in done)
    assert (run / "gallery/index.html").is_file()


@contextlib.contextmanager
def server(folder: Path) -> Iterator[dict[str, str]]:
    """A Prefect server of its own on a free port. Yields the environment that speaks to it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env = {
        **os.environ,
        "PREFECT_HOME": str(folder / "prefect"),
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "NOCTURNE_ROOT": str(ROOT),
        "NOCTURNE_CACHE": str(folder / "cache"),
    }
    with running([PREFECT, "server", "start", "--host", "127.0.0.1", "--port", str(port)], env, folder / "server.log"):
        wait_for(lambda: call(env, "GET", "/health") is True, "the server's health", 120)
        print("server up", flush=True)
        yield env


@contextlib.contextmanager
def worker(env: dict[str, str], folder: Path) -> Iterator[None]:
    """A process worker on the pool `studio`."""
    prefect(env, "work-pool", "create", "studio", "--type", "process")
    with running([PREFECT, "worker", "start", "--pool", "studio"], env, folder / "worker.log"):
        yield


@contextlib.contextmanager
def running(command: list[str], env: dict[str, str], log: Path) -> Iterator[None]:
    """A process in the background, with its log printed if the block fails."""
    with log.open("wb") as file:
        process = subprocess.Popen(command, env=env, cwd=ROOT, stdout=file, stderr=file, start_new_session=True)
        try:
            yield
        except BaseException:
            print(log.read_text(errors="replace")[-4000:], file=sys.stderr)
            raise
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(20)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def deploy(env: dict[str, str]) -> None:
    """Deploy everything in deployments/prefect.yaml."""
    prefect(env, "--no-prompt", "deploy", "--all", "--prefect-file", "deployments/prefect.yaml")
    print("deployed", flush=True)


def start(env: dict[str, str], parameters: dict[str, Any]) -> str:
    """Start `on-demand` with parameters, as the dashboard does. Returns the flow run's id."""
    deployment = call(env, "GET", "/deployments/name/batch/on-demand")
    made = call(env, "POST", f"/deployments/{deployment['id']}/create_flow_run", {"parameters": {"spec": parameters}})
    return str(made["id"])


def watch(env: dict[str, str], flow_run: str) -> str:
    """The state type in which the flow run ends."""
    ended = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}
    return wait_for(
        lambda: (state := call(env, "GET", f"/flow_runs/{flow_run}")["state_type"]) in ended and state,
        "the run's end",
        TIMEOUT,
    )


def task_runs(env: dict[str, str], flow_run: str) -> list[dict[str, Any]]:
    """The flow run's task runs, once the server has recorded them."""
    body = {"flow_runs": {"id": {"any_": [flow_run]}}}
    return wait_for(lambda: call(env, "POST", "/task_runs/filter", body), "the task runs", 60)


def artifacts(env: dict[str, str], flow_run: str) -> dict[str, Any]:
    """The flow run's artifacts: their data by key."""
    body = {"artifacts": {"flow_run_id": {"any_": [flow_run]}}}
    return {each["key"]: each["data"] for each in call(env, "POST", "/artifacts/filter", body)}


def call(env: dict[str, str], method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """One call of the server's REST API; None while it does not answer."""
    request = urllib.request.Request(
        env["PREFECT_API_URL"] + path,
        method=method,
        data=json.dumps(body).encode() if body is not None else None,
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read())
    except (ConnectionError, TimeoutError, urllib.error.URLError):
        return None


def wait_for(ready: Any, what: str, timeout: float) -> Any:
    """The first true value of `ready()`. Raises TimeoutError."""
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        if found := ready():
            return found
        time.sleep(0.5)
    raise TimeoutError(f"waited {timeout:.0f} s for {what}")


def prefect(env: dict[str, str], *arguments: str) -> None:
    """One command of Prefect's own command line. Raises CalledProcessError."""
    subprocess.run([PREFECT, *arguments], env=env, cwd=ROOT, check=True, stdin=subprocess.DEVNULL, capture_output=True)


if __name__ == "__main__":
    main()
