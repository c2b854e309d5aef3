"""What a night teaches of the machine's speed."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.config.presets import PRESETS
from core.config.spec import Spec
from core.manifest import manifest
from core.planning.cost_model import load_cost
from core.planning.cost_update import ENOUGH, learn_cost
from core.planning.plan_file import begin_night
from core.runs.run_kinds import RUN_KINDS
from core.runs.stylize_plan import make_plan
from core.storage.store import Store
from tests.conftest import Studio

BEGUN = datetime(2026, 1, 1, tzinfo=UTC)
SECONDS = 2.0


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOCTURNE_CACHE", str(tmp_path / "cache"))


def spec_of(studio: Studio) -> Spec:
    places = {name: str(getattr(studio, name)) for name in ("library", "catalog", "out")}
    return Spec.from_values({**places, "preset": "fast", "recipe": {"size": 48}, "device": "cpu"}, "test")


def night(studio: Studio, at_once: int) -> float:
    """A night of jobs of SECONDS each, so many at once, is learned from. Returns what its plan had predicted."""
    plan, store = make_plan(spec_of(studio)), Store(studio.out)
    begin_night(store, plan)
    rows = []
    for number, job in enumerate(plan.jobs.to_pylist()):
        started = BEGUN + timedelta(seconds=SECONDS * (number // at_once))
        made = {"status": "done", "seconds": SECONDS, "width": 48, "height": 48}
        same = {name: job[name] for name in ("output", "asset", "style", "recipe", "seed", "weights", "key")}
        rows.append({**same, **made, "started": started, "finished": started + timedelta(seconds=SECONDS)})
    manifest.write_part(store, rows)
    learn_cost("cpu", store, RUN_KINDS["stylize"].context_of(store), manifest.read(store))
    return plan.summary.seconds


def fill(studio: Studio, count: int) -> None:
    for number in range(count):
        studio.picture(f"library/p{number:02}.png", 100 + number, (48, 48))


def test_a_plan_knows_how_many_jobs_are_made_at_once(studio: Studio) -> None:
    fill(studio, ENOUGH)
    night(studio, 4)
    cost = load_cost("cpu")
    assert cost.overlap(PRESETS["fast"]) == pytest.approx(4, rel=0.1)
    for path in (studio.out / "parts").glob("*"):
        path.unlink()
    again = make_plan(spec_of(studio)).summary
    assert again.seconds == pytest.approx(
        sum(row["seconds"] for row in make_plan(spec_of(studio)).jobs.to_pylist()) / 4, rel=0.1
    )


def test_few_jobs_say_nothing_of_it(studio: Studio) -> None:
    for path in Path(studio.library).rglob("*"):
        if path.is_file() and path.name != "cat.jpg":
            path.unlink()
    night(studio, 2)
    assert load_cost("cpu").jobs > 0
    assert load_cost("cpu").overlap(PRESETS["fast"]) == 1.0
