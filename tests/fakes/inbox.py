"""An inbox in memory."""

from collections.abc import Iterable

from tests.fakes.faults import Faulty
from tieout.services.ports import StoredEvent


class FakeInbox(Faulty):
    """The `Inbox` port in memory.

    Attributes:
        events: by event id.
    """

    def __init__(self) -> None:
        super().__init__()
        self.events: dict[str, StoredEvent] = {}

    def store(self, event: StoredEvent) -> bool:
        self._may_fail()
        new = event.hint.event_id not in self.events
        self.events.setdefault(event.hint.event_id, event)
        return new

    def seen(self, event_ids: Iterable[str]) -> frozenset[str]:
        self._may_fail()
        return frozenset(event_ids) & self.events.keys()
