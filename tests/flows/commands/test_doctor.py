"""`nocturne doctor`: Prefect's part of it, what is shown, and what must never be."""

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.config.spec import Spec
from core.doctor.check_result import CheckResult, ok, problem, warning
from core.doctor.machine import machine_checks
from core.doctor.networks import network_checks
from core.doctor.spec import spec_checks
from core.manifest.verify import FAULT_KINDS
from flows.commands import doctor
from flows.commands.doctor import Examination, examine_all
from flows.prefect_server.environment import DEFAULTS, redacted
from flows.prefect_server.probe import Probe
from tests.conftest import Studio
from tests.flows.command import nocturne

SECRET = "hunter2"
SECRETS = (SECRET, "topkey", "pnu_api", "queried")
DEAD = f"http://ann:{SECRET}@127.0.0.1:9/api?key=queried"


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PREFECT_API_URL", *DEFAULTS):
        monkeypatch.delenv(name, raising=False)


def only(findings: Iterator[CheckResult]) -> CheckResult:
    (finding,) = findings
    return finding


def nowhere() -> Probe:
    return Probe()


def test_the_command_here_with_everything_wrong_that_can_be_set_from_outside(studio: Studio, tmp_path: Path) -> None:
    spec = studio.root / "tonight.toml"
    spec.write_text('library = "library"\ncatalog = "catalog"\nout = "run"\n[recipe]\nweights = "torchvision"\n')
    (studio.catalog / "wave.png").write_bytes(b"no picture")
    env = {
        "TZ": "Mars/\x1b[31mOlympus",
        "TORCH_HOME": str(tmp_path),
        "PREFECT_API_URL": DEAD,
        "PREFECT_API_KEY": "pnu_api",
        "PREFECT_API_AUTH_STRING": "ann:topkey",
        "DO_NOT_TRACK": "0",
        "PREFECT_HOME": str(tmp_path / "prefect"),
    }
    ended = nocturne("doctor", spec, "--json", env=env, cwd=tmp_path)
    assert ended.code == 3, ended.err
    assert ended.err == ""
    assert not [secret for secret in SECRETS if secret in ended.out]
    document = json.loads(ended.out)
    found: dict[str, list[dict[str, str]]] = {}
    for each in document["checks"]:
        found.setdefault(each["check"], []).append(each)
    for name, state in (("time zone", "warning"), ("prefect server", "warning"), ("telemetry", "warning")):
        assert [each["state"] for each in found[name]] == [state], found[name]
    for name in ("artworks", "recipes"):
        assert [each["state"] for each in found[name]] == ["problem"], found[name]
    for name in ("python", "packages", "torch", "device", "prefect", "schedules", "spec", "library"):
        assert [each["state"] for each in found[name]] == ["ok"], found[name]
    assert document["problems"] == 2
    assert document["warnings"] >= 3
    assert document["exit_code"] == 3
    assert all(each["remedy"] for each in document["checks"] if each["state"] != "ok")


# Addresses and what is in them.


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("http://127.0.0.1:4200/api", "http://127.0.0.1:4200/api"),
        (f"https://ann:{SECRET}@studio/api?key=queried#topkey", "https://studio/api"),
        (f"https://{SECRET}@[::1]:4200/api", "https://[::1]:4200/api"),
    ],
)
def test_an_address_is_shown_without_its_secrets(address: str, shown: str) -> None:
    assert redacted(address) == shown


@pytest.mark.parametrize(
    "address",
    [
        f"http://ann:{SECRET}/2@studio/api",
        f"http://ann:12/{SECRET}@studio/api",
        f"http://ann:12?{SECRET}@studio/api",
        f"http://ann:12#{SECRET}@studio/api",
        f"ann:{SECRET}@studio:4200/api",
        f"//ann:{SECRET}@studio/api",
        f"http://[::{SECRET}",
        f"http://studio:{SECRET}/api",
        f"file:///{SECRET}",
        SECRET,
        "",
    ],
)
def test_of_what_is_no_plain_address_nothing_is_shown(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert redacted(address) == "an address that cannot be read"
    monkeypatch.setattr(doctor, "reachable", lambda _: False)
    monkeypatch.setenv("PREFECT_API_URL", address)
    finding = only(doctor.server(nowhere))
    assert SECRET not in f"{finding.found} {finding.remedy}"


@pytest.mark.parametrize("address", [DEAD, f"http://ann:{SECRET}@127.0.0.1/api", f"http://[::{SECRET}"])
def test_a_server_that_does_not_answer_is_a_warning_without_its_password(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_API_URL", address)
    finding = only(doctor.server(nowhere))
    assert finding.state == "warning"
    assert "does not answer" in finding.found
    assert not [secret for secret in SECRETS if secret in f"{finding.found} {finding.remedy}"]


def test_a_reachability_that_raises_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def raises(address: str) -> bool:
        raise RuntimeError(address)

    monkeypatch.setattr(doctor, "reachable", raises)
    monkeypatch.setenv("PREFECT_API_URL", DEAD)
    assert SECRET not in only(doctor.server(nowhere)).found


def test_a_server_that_answers_is_ok(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "reachable", lambda address: address == DEAD)
    monkeypatch.setenv("PREFECT_API_URL", DEAD)
    assert only(doctor.server(nowhere)) == ok("prefect server", "http://127.0.0.1:9/api answers")


def test_no_server_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for value in (None, ""):
        if value is not None:
            monkeypatch.setenv("PREFECT_API_URL", value)
        finding = only(doctor.server(nowhere))
        assert finding.state == "ok"
        assert "a server of its own" in finding.found


@pytest.mark.parametrize(("answers", "state"), [(True, "ok"), (False, "problem")])
def test_a_server_in_prefects_own_settings(answers: bool, state: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "reachable", lambda _: answers)
    finding = only(doctor.server(lambda: Probe(address=DEAD)))
    assert finding.state == state
    assert "http://127.0.0.1:9/api, from Prefect's own settings" in finding.found
    assert SECRET not in f"{finding.found} {finding.remedy}"


# Prefect itself.


def test_the_range_is_pyprojects() -> None:
    lines = tomllib.loads((doctor.ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    (line,) = [line for line in lines if line.startswith("prefect")]
    assert set(doctor.required_versions()["prefect"].split(",")) == set(line.removeprefix("prefect").split(","))


def test_a_prefect_out_of_range(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "version", lambda _: "4.0.1")
    finding = only(doctor.prefect(nowhere))
    assert finding.state == "problem"
    assert finding.found.startswith("4.0.1 is installed, not ")


def test_a_prefect_that_cannot_be_imported() -> None:
    finding = only(doctor.prefect(lambda: Probe("ImportError: cannot import name 'x' from 'fastapi'")))
    assert finding.state == "problem"
    assert "from 'fastapi'" in finding.found
    assert list(doctor.server(lambda: Probe("ImportError: x"))) == []


def test_telemetry(monkeypatch: pytest.MonkeyPatch) -> None:
    assert only(doctor.telemetry()) == ok("telemetry", "off")
    monkeypatch.setenv("PREFECT_SERVER_ANALYTICS_ENABLED", "true")
    finding = only(doctor.telemetry())
    assert finding.state == "warning"
    assert "PREFECT_SERVER_ANALYTICS_ENABLED" in finding.found
    monkeypatch.setenv("PREFECT_SERVER_ANALYTICS_ENABLED", "False")
    monkeypatch.setenv("DO_NOT_TRACK", "yes")
    assert only(doctor.telemetry()).state == "ok"
    monkeypatch.setenv("DO_NOT_TRACK", "0")
    assert only(doctor.telemetry()).state == "warning"


def test_time_zones_of_schedules(tmp_path: Path) -> None:
    assert only(doctor.schedules(doctor.DEPLOYMENTS)) == ok("schedules", "time zone Europe/Berlin")
    file = tmp_path / "prefect.yaml"
    assert only(doctor.schedules(file)).state == "ok"
    file.write_text(
        "schedules:\n  - timezone: 'Asia/Tokyo' # ours\n    cron: x\n  - {}\n  - cron: y\n    timezone: Mars/X\n"
    )
    finding = only(doctor.schedules(file))
    assert finding.state == "problem"
    assert "'Mars/X'" in finding.found
    file.write_text("schedules: []\n")
    assert only(doctor.schedules(file)).state == "ok"


def test_every_check_and_every_fault_is_documented(studio: Studio) -> None:
    text = (doctor.ROOT / "docs/care.md").read_text()
    spec = Spec(library=studio.library, catalog=studio.catalog, out=studio.out)
    checks = [*machine_checks(studio.out), *doctor.prefect_checks(), *spec_checks(spec), *network_checks()]
    names = {name if not name.startswith("weights ") else "weights ..." for name, _ in checks}
    assert [name for name in sorted({*names, *FAULT_KINDS}) if f"`{name}`" not in text] == []


# The whole, and how it is shown.


@pytest.fixture
def few_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("machine_checks", "network_checks", "prefect_checks", "spec_checks"):
        monkeypatch.setattr(doctor, name, lambda *_: [])


def test_a_spec_that_cannot_be_read_is_a_problem_and_the_machine_is_looked_at_all_the_same(
    tmp_path: Path, few_checks: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    looked: list[Path] = []
    monkeypatch.setattr(doctor, "machine_checks", lambda out: looked.append(out) or [])
    assert examine_all(tmp_path / "no\x1b.toml", None, as_json=False) == 3
    text = capsys.readouterr().out
    assert "problem" in text
    assert "does not exist" in " ".join(text.split())
    assert "\x1b" not in text
    assert looked == [Path.cwd()]
    assert examine_all(None, tmp_path, as_json=False) == 0
    assert looked[-1] == tmp_path


def test_warnings_alone_are_no_failure(
    few_checks: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor, "network_checks", lambda: [("x", lambda: [warning("x", "little disk", "Free some.")])])
    assert examine_all(None, None, as_json=False) == 0
    text = capsys.readouterr().out
    assert "Free some." in text
    assert text.rstrip().endswith("1 warning.")


def test_a_check_that_breaks_is_a_problem_and_no_traceback(
    few_checks: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def breaks() -> Iterator[CheckResult]:
        raise KeyError("prefect")
        yield

    monkeypatch.setattr(doctor, "prefect_checks", lambda: [("broken", breaks), ("next", lambda: [ok("next", "fine")])])
    assert examine_all(None, None, as_json=True) == 3
    document = json.loads(capsys.readouterr().out)
    assert [(each["check"], each["state"]) for each in document["checks"]] == [("broken", "problem"), ("next", "ok")]
    assert "KeyError: 'prefect'" in document["checks"][0]["found"]


def test_words_cannot_speak_to_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with Examination(as_json=False) as examination:
        examination.doing("[bold]x")
        examination.add([problem("x", "\x1b[31m[red]bad\udce9", "[link]Do\x07.")])
    examination.show()
    text = capsys.readouterr().out
    assert "%1B[31m[red]bad%E9" in text
    assert "[link]Do%07." in text
    assert text.rstrip().endswith("1 problem.")


def test_the_doctor_imports_nothing_that_may_be_broken() -> None:
    code = (
        "import sys, flows.commands.doctor; "
        "sys.exit(bool({'torch', 'numpy', 'pyarrow', 'pandas', 'prefect', 'PIL'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, env={**os.environ}).returncode == 0
