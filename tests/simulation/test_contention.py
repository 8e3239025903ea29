"""Goal: two workers that want the same thing, and one that wakes up too late, do no harm.

Method: a worker is frozen at each of its outside calls in turn; meanwhile its messages are given to
another one, which works them to the end; then the first goes on with what it knows. Between them
are only the postings with their versions and leases, Intacct's memory of control ids, and the
session's lease with its token. docs/concurrency.md draws it.
"""

import json
from collections.abc import Mapping

import pytest

from tests.simulation.checks import JudgedWorld
from tests.simulation.faults import Faults
from tests.simulation.functions import simulated_time
from tests.simulation.world import Plan
from tests.year.business import HOUR_SECONDS

CALLS_MIN = 20
# Within the lease; beyond it; beyond the time for which the queue hides a message.
WITHIN_LEASE, BEYOND_LEASE, BEYOND_VISIBILITY = 0, 140, 720


class Duel(JudgedWorld):
    """A paid invoice, and a worker that is frozen while it books it.

    Attributes:
        freeze_at: the outside call of the first worker at which it is frozen; 0 for none.
        calls_made: how many it made.
        renewed: sessions that others stored while it was frozen, by entity.
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        self.freeze_at, self.pause_seconds, self.is_asleep = 0, 0, False
        self.calls_made = 0
        self.renewed: Mapping[str, str] = {}
        self._is_first = False
        self.outside.on_call = self._freeze

    def happen(self) -> None:
        """Bill, collect and book, with sessions that have ended by then."""
        with simulated_time(self.outside):
            self.begin()
            self.business.sign_up()
            self.business.bill()
            self.business.pay()
            self.time.advance(3 * HOUR_SECONDS)
            self._tell()
            self._bring_due()
            self._is_first = True
            self._work()
            self._is_first = False
            self._settle()

    def _freeze(self, _where: str) -> None:
        if self._is_first and self.outside.depth == 1:
            self.calls_made += 1
            if self.calls_made == self.freeze_at:
                before = self.stored_sessions()
                self.freeze(self.pause_seconds, 2, is_asleep=self.is_asleep)
                self.renewed = dict(self.stored_sessions().items() - before.items())

    def stored_sessions(self) -> Mapping[str, str]:
        """Return the id of the stored session of each entity."""
        state = self.tables.tables["state"].items
        return {
            item["id"]["S"].partition("#")[2]: json.loads(item["session_ciphertext"]["B"])[0]
            for item in state.values()
            if item["id"]["S"].startswith("session")
        }


def fought(freeze_at: int, pause_seconds: int, *, is_asleep: bool) -> Duel:
    duel = Duel(Plan(7, 0, Faults()))
    duel.freeze_at, duel.pause_seconds, duel.is_asleep = freeze_at, pause_seconds, is_asleep
    duel.happen()
    duel.after_delivery()
    return duel


def assert_nobody_harmed(duel: Duel) -> None:
    """Booked once, recorded as booked, and who signs in too late replaces nobody's session."""
    told = f"frozen at call {duel.freeze_at} for {duel.pause_seconds} seconds"
    states = {key: each["state"]["S"] for key, each in duel.cloud.postings.items.items()}
    documents = [str(key) for key in states if str(key).startswith(("invoice/", "receipt/"))]
    assert len(documents) == 2, told
    assert {states[key] for key in documents} == {"posted"}, told
    assert len(duel.company.documents) == len(duel.company.payments) == 1, told
    assert not [*duel.cloud.queue.waiting, *duel.cloud.queue.dead], told
    stored = duel.stored_sessions()
    for entity, session_id in duel.renewed.items():
        assert stored[entity] == session_id, f"{told}: entity {entity or 'none'}"


def freezing(pause_seconds: int, *, is_asleep: bool) -> None:
    """Let the worker be frozen at each of its calls, and see that it does no harm."""
    calls = fought(0, 0, is_asleep=False).calls_made
    assert calls > CALLS_MIN
    for call in range(1, calls + 1):
        assert_nobody_harmed(fought(call, pause_seconds, is_asleep=is_asleep))


@pytest.mark.simulation
def test_of_two_workers_one_sends_while_the_lease_lasts() -> None:
    """Neither the document nor the sign-in: `JudgedWorld` notes what is on its way twice."""
    freezing(WITHIN_LEASE, is_asleep=False)


@pytest.mark.simulation
def test_who_comes_after_the_lease_looks_the_document_up() -> None:
    freezing(BEYOND_LEASE, is_asleep=False)


@pytest.mark.simulation
def test_a_worker_that_slept_through_its_lease_changes_nothing() -> None:
    freezing(BEYOND_LEASE, is_asleep=True)


@pytest.mark.simulation
def test_a_message_that_was_seen_again_is_worked_on_once() -> None:
    freezing(BEYOND_VISIBILITY, is_asleep=True)
