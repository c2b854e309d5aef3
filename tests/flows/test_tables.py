"""Tables of failures and plans."""

import io

from rich.console import Console

from core.planning.planner import PlanSummary
from flows.tables import faults_table, plan_table


def shown(renderable: object) -> str:
    console = Console(width=200, file=io.StringIO())
    with console.capture() as capture:
        console.print(renderable)
    return capture.get()


def row(output: str, message: str, reason: str = "unreadable") -> dict[str, str]:
    return {"output": output, "reason": reason, "message": message}


def test_faults_table_jobs_with_one_message_share_a_line() -> None:
    text = shown(
        faults_table([row("a/x.png", "x is damaged"), row("b/x.png", "x is damaged"), row("a/y.png", "y is gone")])
    )
    assert "a/x.png and 1 more" in text
    assert text.count("x is damaged") == 1
    assert "y is gone" in text


def test_faults_table_many_are_cut_and_names_cannot_speak_to_the_terminal() -> None:
    rows = [row(f"a/{number}.png", f"\x1b[31m{number}[bold]") for number in range(30)]
    text = shown(faults_table(rows, most=10))
    assert "and 20 more" in text
    assert "\x1b[31m" not in text
    assert "%1B[31m0[bold]" in text


def test_plan_table_leaves_out_what_is_nothing() -> None:
    text = shown(
        plan_table(PlanSummary(total=12, todo=9, failed=3, shards=2, seconds=75.0, assets=4, styles=3), free=10**9)
    )
    assert "9 in 2 shards" in text
    assert "1 min 15 s" in text
    assert "cannot be made" in text
    assert "failed before" not in text
    assert "passed over" not in text


def test_plan_table_says_nothing_of_a_disk_that_does_not_tell() -> None:
    assert "MB free" not in shown(plan_table(PlanSummary(), free=None))
    assert "MB of 1,000 MB free" in shown(plan_table(PlanSummary(), free=10**9))


def test_plan_table_counts_what_is_passed_over() -> None:
    text = shown(plan_table(PlanSummary(hidden=2, run_folders=1, closed_folders=3), free=10**9))
    assert "2 hidden, 1 run folder, 3 folders that cannot be entered" in " ".join(text.split())
