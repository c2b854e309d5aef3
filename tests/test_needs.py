"""Needs of tests: what is not met is skipped, and the run ends with how to have it."""

import pytest

from tests import needs
from tests.needs import NEEDS, Need

pytest_plugins = ["pytester"]

MODULE = """
import pytest

@pytest.mark.needs("moon")
@pytest.mark.parametrize("side", ["near", "far"])
def test_moon(side):
    pass

def test_sun():
    pass
"""


def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, met: bool) -> pytest.RunResult:
    """A run of three tests, two of which need a moon."""
    monkeypatch.setitem(NEEDS, "moon", Need("a full moon", "wait for one", lambda: met))
    needs.is_met.cache_clear()
    pytester.makepyfile(MODULE)
    pytester.makeini("[pytest]\nmarkers = needs(name): what it needs")
    return pytester.runpytest_inprocess("-p", "no:xdist", "-p", "no:cacheprovider", plugins=[needs])


def test_unmet_needs_skip_and_are_listed_with_a_remedy(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = run(pytester, monkeypatch, met=False)
    result.assert_outcomes(passed=1, skipped=2)
    result.stdout.fnmatch_lines(["=* 2 skipped =*", "2: needs a full moon; to have it, wait for one"])


def test_met_needs_are_tested(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(pytester, monkeypatch, met=True)
    result.assert_outcomes(passed=3)
    result.stdout.no_fnmatch_line("*moon*")


@pytest.mark.parametrize("name", NEEDS)
def test_needs_are_looked_at_without_a_fault(name: str) -> None:
    assert NEEDS[name].met() in (True, False)
