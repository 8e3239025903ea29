"""Sessions: sliding lifetime, one user and one entity each.

Source: dossier section 3.
"""

import secrets
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from tests import planted
from tests.sandbox.intacct.books.company import Clock


@dataclass(frozen=True)
class Session:
    """A signed-in user in an entity (empty at top level)."""

    session_id: str = field(repr=False)
    user_id: str
    entity_id: str
    started: datetime
    ends: datetime


class Sessions:
    """Open sessions by id."""

    def __init__(self, clock: Clock, timeout_seconds: int) -> None:
        self._clock = clock
        self._timeout = timedelta(seconds=timeout_seconds)
        self._open: dict[str, Session] = {}

    def start(self, user_id: str, entity_id: str) -> Session:
        """Open a session."""
        now = self._clock()
        session = Session(
            session_id=f"{planted.SESSION}-{secrets.token_urlsafe(24)}..",
            user_id=user_id,
            entity_id=entity_id,
            started=now,
            ends=now + self._timeout,
        )
        self._open[session.session_id] = session
        return session

    def end_of_new_session(self) -> datetime:
        """Tell when a session that starts now would end."""
        return self._clock() + self._timeout

    def touch(self, session_id: str) -> Session | None:
        """Extend a session and return it; None when unknown or expired."""
        session = self._open.get(session_id)
        now = self._clock()
        if session is None or session.ends <= now:
            self._open.pop(session_id, None)
            return None
        extended = replace(session, ends=now + self._timeout)
        self._open[session_id] = extended
        return extended

    def end_all(self) -> None:
        """Forget every session, as when Intacct restarts or an administrator signs users out."""
        self._open.clear()

    @property
    def open_count(self) -> int:
        """How many sessions are remembered."""
        return len(self._open)
