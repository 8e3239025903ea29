"""What the governor is worth: more workers than Intacct bears, with it and without.

Six workers send requests of fifty documents to the strict double, which refuses (429) what comes
beyond a number at once; their requests overlap in virtual time, as does a write to the table that
holds the pace. What is refused comes again after the queue's pause, read and planned anew.
"""

import heapq
import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from urllib.parse import urlsplit

from tests.benchmarks.figures import Figure
from tests.benchmarks.stage import Stage
from tests.benchmarks.virtual_time import FUNCTION_SECONDS, REQUEST_SECONDS
from tests.fakes import FakeMetrics, FakeSessions
from tests.fakes.paces import FakePaces
from tests.sandbox import intacct_credentials
from tests.sandbox.intacct import Fault, FaultKind, Gateway, sample_company
from tests.support.wires import INTACCT_ENDPOINT
from tieout.domain.documents import Contact, Customer
from tieout.domain.errors import TransientFault
from tieout.domain.pacing import Pace
from tieout.intacct.client import IntacctLedger
from tieout.intacct.gateway import Gateway as GatewayClient
from tieout.intacct.session import SessionKeeper, SignIn
from tieout.intacct.transport import HttpReply
from tieout.services.governor import Governor
from tieout.services.ports import Accepted, IntacctCredentials, Submission
from tieout.services.process import BACK_OFF_FIRST_SECONDS, BACK_OFF_MAX_SECONDS

WORKERS, BEARABLE = 6, 2
SECONDS, RECOVERY_AT_SECONDS = 300, 90
DOCUMENTS = 50
TIMEOUT_SECONDS = 60
# What the queue's messages are read and planned in, and what a write to the table takes.
PLANNING_SECONDS, TABLE_SECONDS = 1.0, 0.005
_NOON_UNIX = 1_795_176_000
CEILING_SHARE_MIN = 0.9


@dataclass
class Run:
    """What came of a backlog that does not end.

    Attributes:
        seconds: for how long it was worked on.
        booked_at: when each document was booked.
        refused: requests that got a 429.
        planned: how often fifty documents were read and planned.
        by_worker: documents.
    """

    seconds: float
    booked_at: list[float] = field(default_factory=list)
    requests: int = 0
    refused: int = 0
    planned: int = 0
    by_worker: Counter[int] = field(default_factory=Counter)

    def per_second(self, since: float = 0.0) -> float:
        """Return documents per second, from a moment to the end."""
        booked = sum(since <= at <= self.seconds for at in self.booked_at)
        return booked / (self.seconds - since)


class Crowd:
    """Workers, and a gateway that bears so many requests at a time."""

    def __init__(
        self, bearable: Callable[[float], int], *, is_governed: bool, seconds: float = SECONDS
    ) -> None:
        self.stage, self.run = Stage(), Run(seconds)
        self.paces = _SlowPaces(self.stage)
        self._bearable, self._is_governed = bearable, is_governed
        self._double = Gateway(sample_company())
        self._sessions, self._chance = FakeSessions(), random.Random(1)  # noqa: S311 - a model
        self._under_way = self._number = 0
        self._again: list[tuple[float, int, int, Sequence[Submission]]] = []

    def now_unix(self) -> int:
        return _NOON_UNIX + int(self.stage.now)

    def play(self) -> Run:
        """Let everybody work until time is over."""
        self.stage.run([partial(self._work, each) for each in range(WORKERS)])
        return self.run

    def post(self, endpoint: str, body: bytes, timeout_seconds: int) -> HttpReply:  # noqa: ARG002 - the port has them
        """Answer a request after the time that it takes."""
        self.run.requests += 1
        if self._under_way >= self._bearable(self.stage.now):
            self.run.refused += 1
            self._double.faults.push(Fault(FaultKind.RATE_LIMITED))
            served = 0
        else:
            served = body.count(b"<function ")
        self._under_way += served > 0
        self.stage.sleep(REQUEST_SECONDS + FUNCTION_SECONDS * served)
        self._under_way -= served > 0
        reply = self._double.handle(body, urlsplit(endpoint).netloc)
        self._double.requests.clear()
        return HttpReply(reply.status, {}, reply.body)

    def _work(self, worker: int) -> None:
        ledger = self._ledger()
        while self.stage.now < self.run.seconds:
            attempts, documents = self._take()
            self.run.planned += 1
            self.stage.sleep(PLANNING_SECONDS)
            try:
                outcomes = ledger.submit(documents)
            except TransientFault:
                outcomes = {}
            if all(isinstance(outcomes.get(each.control_id), Accepted) for each in documents):
                self.run.booked_at += [self.stage.now] * len(documents)
                self.run.by_worker[worker] += len(documents)
            else:
                self._put_back(attempts, documents)

    def _take(self) -> tuple[int, Sequence[Submission]]:
        if self._again and self._again[0][0] <= self.stage.now:
            _, _, attempts, documents = heapq.heappop(self._again)
            return attempts, documents
        self._number += 1
        return 0, [_customer(self._number * DOCUMENTS + each) for each in range(DOCUMENTS)]

    def _put_back(self, attempts: int, documents: Sequence[Submission]) -> None:
        pause_seconds = min(BACK_OFF_FIRST_SECONDS * 2**attempts, BACK_OFF_MAX_SECONDS)
        at = self.stage.now + pause_seconds
        self._number += 1
        heapq.heappush(self._again, (at, self._number, attempts + 1, documents))

    def _ledger(self) -> IntacctLedger:
        governor = Governor(
            self.paces,
            WORKERS,
            self,
            FakeMetrics(),
            sleep=self.stage.sleep,
            chance=self._chance.random,
        )
        client = GatewayClient(
            self,
            TIMEOUT_SECONDS,
            governor if self._is_governed else None,
            monotonic=lambda: self.stage.now,
        )
        credentials = IntacctCredentials(**intacct_credentials.of_sample_company())
        sign_in = SignIn(client, lambda: credentials, INTACCT_ENDPOINT, TIMEOUT_SECONDS)
        keeper = SessionKeeper(sign_in, self._sessions, self)
        return IntacctLedger(client, keeper, lambda: credentials, lambda: "usd", DOCUMENTS)


class _SlowPaces(FakePaces):
    """A table takes its time."""

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self._stage = stage

    def change(self, decide: Callable[[Pace], Pace]) -> Pace:
        self._stage.sleep(TABLE_SECONDS)
        return super().change(decide)


def _customer(number: int) -> Submission:
    name = f"cus_{number}"
    document = Customer(f"customer/{name}", name, name, f"Customer {number}", Contact(name))
    return Submission(document, f"bench:{name}")


def figures() -> Iterable[Figure]:
    """Yield what is booked, and what is sent in vain."""
    ceiling = BEARABLE / FUNCTION_SECONDS
    for is_governed in (False, True):
        run = Crowd(lambda _: BEARABLE, is_governed=is_governed).play()
        what = f"governor, {WORKERS} workers where {BEARABLE} are borne, {_with(is_governed)}"
        yield Figure(
            what,
            run.per_second(),
            "documents/s",
            least=CEILING_SHARE_MIN * ceiling if is_governed else None,
            detail=f"{run.per_second() / ceiling:.2f} of the ceiling; {run.refused} of "
            f"{run.requests} requests refused; fifty documents planned {run.planned} times for "
            f"{len(run.booked_at) // DOCUMENTS}; by worker {_shares(run)}",
        )
    for is_governed in (False, True):
        run = Crowd(_recovering, is_governed=is_governed).play()
        since = RECOVERY_AT_SECONDS + 120
        yield Figure(
            f"governor, {WORKERS} borne again after a while, {_with(is_governed)}",
            run.per_second(since),
            "documents/s",
            detail=f"two minutes later; {run.refused} of {run.requests} requests refused",
        )
    plain, governed = (
        Crowd(lambda _: WORKERS, is_governed=each).play().per_second() for each in (False, True)
    )
    yield Figure(
        f"governor, {WORKERS} workers where {WORKERS} are borne: times as fast as without",
        governed / plain,
        "x",
        least=0.98,
        detail=f"{governed:.1f} documents/s against {plain:.1f}",
    )


def _recovering(now: float) -> int:
    return BEARABLE if now < RECOVERY_AT_SECONDS else WORKERS


def _with(is_governed: bool) -> str:
    return "with it" if is_governed else "without"


def _shares(run: Run) -> str:
    shares = [run.by_worker[each] for each in range(WORKERS)]
    return f"{min(shares)} to {max(shares)}"
