"""Two workers at once, one of which is frozen in the middle of an outside call.

The other one has the same messages, or those of another customer, and works them to the end; then
the first goes on with what it knows. Between them are only the postings with their versions and
leases, Intacct's memory of control ids, and the session's lease with its token.
docs/concurrency.md draws it.
"""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass

from tests.simulation.checks import JudgedWorld
from tests.simulation.faults import Faults
from tests.simulation.functions import simulated_time
from tests.simulation.world import Plan
from tests.year.business import HOUR_SECONDS

# Within every lease; beyond it; beyond the time for which the queue hides a message.
WITHIN_LEASE, BEYOND_LEASE, BEYOND_VISIBILITY = 0, 140, 720


@dataclass(frozen=True)
class Freeze:
    """How the first worker is frozen.

    Attributes:
        pause_seconds: for how long.
        is_asleep: whether its clock stands still meanwhile, so that it does not notice.
        rival_has: what the other worker works on.
        at_call: its outside call, from 1; 0 for none.
    """

    pause_seconds: int
    is_asleep: bool = False
    rival_has: str = "the same"
    at_call: int = 0

    def at(self, call: int) -> "Freeze":
        """Return the same at a call."""
        return dataclasses.replace(self, at_call=call)


class Duel(JudgedWorld):
    """A paid invoice of each of two customers, and a worker that is frozen while it books.

    Attributes:
        calls_made: how many outside calls the first worker made.
        was_frozen: whether that came to its end.
        renewed: sessions that others stored while it was frozen, by entity.
    """

    def __init__(self, freeze: Freeze) -> None:
        self.frozen = freeze
        self.calls_made = 0
        self.was_frozen = False
        self.renewed: Mapping[str, str] = {}
        self._is_first = False
        super().__init__(Plan(7, 0, Faults()))
        self.outside.on_call = self._freeze

    def happen(self) -> None:
        """Bill, collect and book, with sessions that have ended by then."""
        with simulated_time(self.outside):
            self.luck.is_off = True
            self._publish()
            self._sell()
            self.time.advance(3 * HOUR_SECONDS)
            self._tell()
            self._bring_due()
            if self.frozen.rival_has == "another customer":
                # Their webhooks come when the first worker has its messages.
                self._sell()
                self._tell()
            self._is_first = True
            self._work()
            self._is_first = False
            self._bring_due()
            self._settle()
            self.after_delivery()

    def _sell(self) -> None:
        self.business.sign_up()
        self.business.bill()
        self.business.pay()

    def _freeze(self, _where: str) -> None:
        if self._is_first and self.outside.depth == 1:
            self.calls_made += 1
            if self.calls_made == self.frozen.at_call:
                before = self._sessions()
                self._bring_due()
                self.freeze(self.frozen.pause_seconds, 2, is_asleep=self.frozen.is_asleep)
                self.renewed = dict(self._sessions().items() - before.items())
                self.was_frozen = True

    def _sessions(self) -> Mapping[str, str]:
        """Return the id of the stored session of each entity."""
        state = self.tables.tables["state"].items
        return {
            item["id"]["S"].partition("#")[2]: json.loads(item["session_ciphertext"]["B"])[0]
            for item in state.values()
            if item["id"]["S"].startswith("session") and "session_ciphertext" in item
        }

    def assert_nobody_harmed(self) -> None:
        """Booked once, recorded so, and who signs in too late replaces nobody's session."""
        states = {key: each["state"]["S"] for key, each in self.cloud.postings.items.items()}
        documents = [key for key in states if key.startswith(("invoice/", "receipt/"))]
        sold = len(self.account.store.all("invoice"))
        assert len(documents) == 2 * sold, self.frozen
        assert {states[key] for key in documents} == {"posted"}, self.frozen
        assert len(self.company.documents) == len(self.company.payments) == sold, self.frozen
        assert not [*self.cloud.queue.waiting, *self.cloud.queue.dead], self.frozen
        stored = self._sessions()
        for entity, session_id in self.renewed.items():
            assert stored[entity] == session_id, f"{self.frozen}: entity {entity or 'none'}"


def fought(freeze: Freeze) -> Duel:
    """Return a duel that did no harm.

    Raises:
        AssertionError: it did some.
    """
    duel = Duel(freeze)
    duel.happen()
    assert duel.was_frozen or not freeze.at_call
    duel.assert_nobody_harmed()
    return duel


KINDS = (
    # Of two workers one sends, and one signs in, while a lease lasts.
    Freeze(WITHIN_LEASE),
    Freeze(WITHIN_LEASE, rival_has="another customer"),
    # Who comes after the lease looks the document up.
    Freeze(BEYOND_LEASE),
    # Who slept through its lease changes nothing, though its messages came again meanwhile.
    Freeze(BEYOND_VISIBILITY, is_asleep=True),
    Freeze(BEYOND_VISIBILITY, is_asleep=True, rival_has="another customer"),
)
