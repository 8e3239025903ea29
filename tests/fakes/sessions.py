"""The shared Intacct session in memory."""

from tests.fakes.faults import Faulty
from tieout.domain.errors import LeaseHeld
from tieout.services.ports import Hold, Session


class FakeSessions(Faulty):
    """The `Sessions` port in memory; workers that share one object share the session.

    Attributes:
        session: what is stored.
        token: the newest fencing token; 0 before the first lease.
    """

    def __init__(self, session: Session | None = None) -> None:
        super().__init__()
        self.session = session
        self.token = 0
        self._leased_until_unix = 0
        self._hold: Hold | None = None

    def current(self) -> Session | None:
        self._may_fail()
        return self.session

    def lease(self, now_unix: int, lease_seconds: int) -> int:
        self._may_fail()
        if self._leased_until_unix > now_unix:
            raise LeaseHeld("another worker is signing in")
        self._leased_until_unix = now_unix + lease_seconds
        self.token += 1
        return self.token

    def save(self, session: Session, token: int) -> None:
        self._release(token)
        self.session = session
        self._hold = None

    def hold(self, hold: Hold, token: int) -> None:
        self._release(token)
        self._hold = hold

    def held(self, now_unix: int) -> Hold | None:
        self._may_fail()
        if self._hold is None or self._hold.until_unix <= now_unix:
            return None
        return self._hold

    def _release(self, token: int) -> None:
        self._may_fail()
        if token != self.token:
            raise LeaseHeld("another worker took the lease since")
        self._leased_until_unix = 0
