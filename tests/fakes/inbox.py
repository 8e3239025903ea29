"""An inbox in memory."""

import dataclasses
import hashlib
from collections.abc import Collection, Iterable, Mapping

from tests.fakes.faults import Faulty
from tieout.services.ports import StoredEvent
from tieout.services.trail_ports import ReceivedEvent


class FakeInbox(Faulty):
    """The ports `Inbox`, `EventErasure` and `ReceivedEvents` in memory.

    Attributes:
        events: by event id.
    """

    def __init__(self) -> None:
        super().__init__()
        self.events: dict[str, StoredEvent] = {}
        self._signed: dict[str, bytes | None] = {}

    def store(self, event: StoredEvent) -> bool:
        self._may_fail()
        new = event.hint.event_id not in self.events
        self.events.setdefault(event.hint.event_id, event)
        self._signed.setdefault(event.hint.event_id, event.raw)
        return new

    def received(self, event_ids: Iterable[str]) -> Mapping[str, ReceivedEvent]:
        self._may_fail()
        return {each: self._received(each) for each in event_ids if each in self.events}

    def _received(self, event_id: str) -> ReceivedEvent:
        event, signed = self.events[event_id], self._signed[event_id]
        if signed is None:
            return ReceivedEvent(event)
        return ReceivedEvent(event, hashlib.sha256(signed).hexdigest(), len(signed))

    def erase_bodies(self, mentioned: Collection[str], event_ids: Collection[str]) -> int:
        self._may_fail()
        told = [
            event
            for event in self.events.values()
            if event.raw is not None
            and (
                event.hint.event_id in event_ids
                or any(f'"{each}"'.encode() in event.raw for each in mentioned)
            )
        ]
        for event in told:
            self.events[event.hint.event_id] = dataclasses.replace(event, raw=None)
        return len(told)

    def seen(self, event_ids: Iterable[str]) -> frozenset[str]:
        self._may_fail()
        return frozenset(event_ids) & self.events.keys()
