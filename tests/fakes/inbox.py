"""An inbox in memory."""

import dataclasses
from collections.abc import Collection, Iterable

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

    def erase_bodies(self, mentioned: str, event_ids: Collection[str]) -> int:
        self._may_fail()
        told = [
            event
            for event in self.events.values()
            if event.raw is not None
            and (event.hint.event_id in event_ids or f'"{mentioned}"'.encode() in event.raw)
        ]
        for event in told:
            self.events[event.hint.event_id] = dataclasses.replace(event, raw=None)
        return len(told)

    def seen(self, event_ids: Iterable[str]) -> frozenset[str]:
        self._may_fail()
        return frozenset(event_ids) & self.events.keys()
