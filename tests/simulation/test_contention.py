"""Goal: two workers that want the same thing, and one that wakes up too late, do no harm.

Method: a worker is frozen at each of its outside calls in turn, in several ways; meanwhile another
one works (see `tests.simulation.duels`). Judges look at what both left behind.
"""

import re

import pytest

from tests.simulation import duels
from tests.simulation.duels import BEYOND_LEASE, BEYOND_VISIBILITY, WITHIN_LEASE, Freeze
from tests.simulation.functions import ROOT

CALLS_MIN = 40


def freezing(kind: Freeze) -> None:
    """Let the worker be frozen at each of its calls, and see that it does no harm."""
    assert kind in duels.KINDS
    calls = duels.fought(kind).calls_made
    assert calls > CALLS_MIN
    for call in range(1, calls + 1):
        duels.fought(kind.at(call))


@pytest.mark.simulation
def test_of_two_workers_one_sends_while_the_lease_lasts() -> None:
    """`JudgedWorld` notes what is on its way twice."""
    freezing(Freeze(WITHIN_LEASE))


@pytest.mark.simulation
def test_of_two_workers_without_a_session_one_signs_in() -> None:
    """The other one has documents that nobody else has in hand, and no session to send them in."""
    freezing(Freeze(WITHIN_LEASE, rival_has="another customer"))


@pytest.mark.simulation
def test_who_comes_after_the_lease_looks_the_document_up() -> None:
    freezing(Freeze(BEYOND_LEASE))


@pytest.mark.simulation
def test_a_worker_that_slept_through_its_lease_changes_nothing() -> None:
    """Its messages came again meanwhile."""
    freezing(Freeze(BEYOND_VISIBILITY, is_asleep=True))


@pytest.mark.simulation
def test_a_worker_that_slept_through_its_sign_in_replaces_no_session() -> None:
    freezing(Freeze(BEYOND_VISIBILITY, is_asleep=True, rival_has="another customer"))


def test_what_the_docs_name_as_shown_is_a_test() -> None:
    page = (ROOT / "docs/concurrency.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(test_\w+)`", page))
    assert len(named) > 15
    defined = {
        name
        for module in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(
            r"^\s*def (test_\w+)", module.read_text(encoding="utf-8"), re.MULTILINE
        )
    }
    assert named - defined == set()
