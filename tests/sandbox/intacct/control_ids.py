"""The memory of function control ids behind ``uniqueid``.

Source: dossier section 4. Known: the function's control id is checked, only completed functions
are remembered, a replay is an error without the first key. Unknown, hence switches: errorno,
level, retention, scope, case, duplicates within one request, reads.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.sandbox.intacct.books.company import Clock
from tests.sandbox.intacct.errors import ErrorEntry
from tests.sandbox.intacct.switches import Switches

ControlKey = tuple[str, str]


@dataclass(frozen=True)
class Caller:
    """Who sends a control id."""

    sender_id: str
    entity_id: str


class ControlIds:
    """Committed control ids with the moment of their commit, and those in flight."""

    def __init__(self, clock: Clock, switches: Switches) -> None:
        self._clock = clock
        self._switches = switches
        self._committed: dict[ControlKey, datetime] = {}
        self._in_flight: dict[str, int] = {}

    def is_recorded(self, caller: Caller, control_id: str) -> bool:
        """Tell whether a successful function with that id is remembered."""
        key = self._key(caller, control_id)
        committed_at = self._committed.get(key)
        if committed_at is None:
            return False
        retention = self._switches.replay_retention_seconds
        if retention is None or self._clock() < committed_at + timedelta(seconds=retention):
            return True
        del self._committed[key]
        return False

    def record(self, caller: Caller, control_id: str) -> None:
        """Remember a completed function."""
        self._committed[self._key(caller, control_id)] = self._clock()

    def begin(self, control_ids: list[str]) -> frozenset[str]:
        """Mark ids as being executed and return those that already were."""
        busy = frozenset(each for each in control_ids if self._in_flight.get(each))
        for each in control_ids:
            self._in_flight[each] = self._in_flight.get(each, 0) + 1
        return busy

    def end(self, control_ids: list[str]) -> None:
        """Take the marks of ``begin`` away."""
        for each in control_ids:
            self._in_flight[each] -= 1
            if not self._in_flight[each]:
                del self._in_flight[each]

    def replay_error(self, control_id: str) -> ErrorEntry:
        """Return the error of a replay; the text is observed, the errorno a switch."""
        return ErrorEntry(
            self._switches.replay_errorno,
            f"A successful transaction has already been recorded with the control id {control_id}",
        )

    def in_progress_error(self, control_id: str) -> ErrorEntry:
        """Return the error of a duplicate that arrives while the first still runs."""
        return ErrorEntry(
            self._switches.in_progress_errorno,
            f"There is a concurrent request in process with the control id {control_id}",
        )

    def _key(self, caller: Caller, control_id: str) -> ControlKey:
        scopes = {
            "company": "",
            "sender": caller.sender_id,
            "entity": f"{caller.sender_id}/{caller.entity_id}",
        }
        folded = control_id if self._switches.replay_case_sensitive else control_id.casefold()
        return scopes[self._switches.replay_scope], folded
