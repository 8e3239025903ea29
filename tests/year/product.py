"""The product in one process between the two doubles: real use cases and clients, no AWS.

    StripeAccount --events--> Receiver -> queue -> Processor --XML--> IntacctCompany
          ^------------------ reads ----------------- Processor, Poller

Time is the Stripe account's clock, which only moves when the business or a pause moves it. What a
network does to webhooks (twice, in any order, never) is chance with a seed.
"""

import dataclasses
import json
import random
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from operator import attrgetter

from tests.fakes import (
    FakeCursors,
    FakeInbox,
    FakeMetrics,
    FakePolicies,
    FakeQueue,
    FakeSessions,
    FakeTransactions,
)
from tests.fakes.tie_outs import FakeTieOuts
from tests.sandbox.intacct import (
    COMPANY_ID,
    SENDER_ID,
    SENDER_PASSWORD,
    USER_ID,
    USER_PASSWORD,
    IntacctCompany,
)
from tests.sandbox.intacct import Gateway as IntacctDouble
from tests.sandbox.stripe import FULL_KEY, SteppedClock, StripeAccount
from tests.sandbox.stripe.api import StripeApi as StripeDouble
from tests.sandbox.stripe.events import EventRecord
from tests.support.wires import INTACCT_ENDPOINT, IntacctWire, StripeShortCut, StripeWire
from tests.year.postings import IndexedPostings
from tieout.domain.errors import OutcomeUnknown
from tieout.domain.events import SUBSCRIPTIONS
from tieout.domain.policy_file import parse_policy
from tieout.domain.postings import Posting, Worklist
from tieout.domain.tie_outs import TieOut
from tieout.intacct.client import IntacctLedger
from tieout.intacct.entities import EntitiesLedger
from tieout.intacct.gateway import Gateway
from tieout.intacct.session import SessionKeeper, SignIn
from tieout.intacct.transport import HttpReply
from tieout.services.close_check import CloseCheck, Obstacle, last_day_of
from tieout.services.daily_tie_out import DailyTieOut
from tieout.services.messages import encode
from tieout.services.poll import Poller, PollReport
from tieout.services.ports import IntacctCredentials
from tieout.services.process import Done, Processor, ReceivedMessage, Result, Retry
from tieout.services.receive import Receiver
from tieout.services.replay import Replay, Replayed, Tally
from tieout.services.tie_out import TieOuts
from tieout.services.transactions import BudgetedPolicies, TransactionMeter
from tieout.services.walk import days, subjects_of_day
from tieout.stripe.reader import StripeApiReader

BATCH = 10
# As a queue is set up: what failed so often waits for a person.
RECEIVES_MAX = 6
LEASE_SECONDS = 150
# How a request says that Intacct must not do it twice.
_WRITE = b"<uniqueid>true</uniqueid>"
_API_VERSION = "2026-10-28.endive"
_CREDENTIALS = IntacctCredentials(SENDER_ID, SENDER_PASSWORD, COMPANY_ID, USER_ID, USER_PASSWORD)


@dataclass(frozen=True)
class Weather:
    """What happens to webhooks, and to what is sent to Intacct, on their way.

    Attributes:
        lost, repeated: share of events that never come, that come twice.
        disorder: how many places an event may be late.
        unanswered: share of writes that Intacct never answers; every other of them never came.
    """

    lost: float = 0.0
    repeated: float = 0.0
    disorder: int = 0
    unanswered: float = 0.0


CALM = Weather()


class _BusinessClock:
    """The `Clock` port over the account's clock."""

    def __init__(self, clock: SteppedClock) -> None:
        self._clock = clock

    def now_unix(self) -> int:
        return self._clock.now()


class _StormyWire(IntacctWire):
    """Loses some of the writes on their way to Intacct, and as many answers."""

    def __init__(self, double: IntacctDouble, unanswered: float, chance: random.Random) -> None:
        super().__init__(double)
        self._unanswered, self._chance = unanswered, chance
        self.lost = 0

    def post(self, endpoint: str, body: bytes, timeout_seconds: int) -> HttpReply:
        is_lost = (
            self._unanswered > 0 and _WRITE in body and self._chance.random() < self._unanswered
        )
        self.lost += is_lost
        if is_lost and self.lost % 2:
            raise OutcomeUnknown("lost on its way")
        reply = super().post(endpoint, body, timeout_seconds)
        if is_lost:
            raise OutcomeUnknown("the answer was lost")
        return reply


@dataclass
class _Once:
    """Remembers in memory which events were received."""

    received: set[str] = field(default_factory=set)

    def run(self, event_id: str, action: "object") -> bool:
        if event_id in self.received:
            return False
        assert callable(action)
        action()
        self.received.add(event_id)
        return True


@dataclass
class _Message:
    received: ReceivedMessage
    visible_at_unix: int


class Product:
    """One installation between a Stripe account and one Intacct company.

    Further accounts, each with its own key, and connected ones are polled; only the main account's
    events are delivered.

    Attributes:
        waiting, dead: messages in the queue, and those set aside for a person.
        wire: to Intacct.
        transactions: what was counted of them, by month.
    """

    def __init__(
        self,
        account: StripeAccount,
        company: IntacctCompany,
        policy: str,
        *,
        weather: Weather = CALM,
        seed: int = 0,
        further: Sequence[StripeAccount] = (),
    ) -> None:
        assert isinstance(account.clock, SteppedClock)
        self.account, self.company, self.time = account, company, account.clock
        self.intacct = IntacctDouble(company)
        self.clock = _BusinessClock(self.time)
        self.metrics, self.postings = FakeMetrics(), IndexedPostings()
        self.policies = FakePolicies(parse_policy(policy), parse=parse_policy)
        self.queue = FakeQueue(self.clock)
        self.waiting: list[_Message] = []
        self.dead: list[ReceivedMessage] = []
        self._weather, self._chance = weather, random.Random(seed)  # noqa: S311 - a simulation
        self.wire = _StormyWire(self.intacct, weather.unanswered, self._chance)
        self._taken = self._told = self._sent = 0
        self._inbox, livemode = FakeInbox(), account.options.livemode
        keys = {each.options.account_id: each.options.api_keys[0].value for each in further}
        doubles = {keys[each.options.account_id]: StripeDouble(each) for each in further}
        wire = StripeWire(StripeDouble(account), doubles)
        self.stripe = StripeApiReader(
            StripeShortCut(wire, FULL_KEY, key_of=keys.get), livemode=livemode
        )
        self._receiver = Receiver(
            lambda _body, _header: None,
            _Once(),
            self._inbox,
            self.queue,
            self.clock,
            self.metrics,
            livemode=livemode,
        )
        self.ledger, self.transactions = EntitiesLedger(self._ledger_of), FakeTransactions()
        self._processor = Processor(
            self.stripe,
            self.ledger,
            self.postings,
            BudgetedPolicies(self.policies, self.transactions, self.clock),
            self.clock,
            self.metrics,
            LEASE_SECONDS,
            transactions=TransactionMeter(
                self.metrics, self.transactions, self.clock, reads=lambda: self.ledger.reads
            ),
        )
        cursors, made = FakeCursors(), FakeTieOuts()
        books = self.ledger.books(lambda: self.policies.current().base_currency)
        self._tie_outs = TieOuts(self.stripe, books, self.postings, self.clock)
        self._daily = DailyTieOut(self._tie_outs, made, self.policies, self.clock, self.metrics)
        self._made = made
        self._close_check = CloseCheck(self.postings, cursors, made, self.clock)
        self._poller = Poller(
            self.stripe,
            self._inbox,
            self.postings,
            self.queue,
            cursors,
            self.clock,
            self.metrics,
            policies=self.policies,
            livemode=livemode,
            overlap_seconds=3_600,
            invoice_lookback_days=3,
            read_budget=10_000,
        )

    def _ledger_of(self, entity: str | None) -> IntacctLedger:
        gateway = Gateway(self.wire, timeout_seconds=30)
        own = dataclasses.replace(_CREDENTIALS, entity_id=entity)
        sign_in = SignIn(gateway, lambda: own, INTACCT_ENDPOINT, 45, lambda: None)
        keeper = SessionKeeper(sign_in, FakeSessions(), self.clock)
        return IntacctLedger(
            gateway, keeper, lambda: own, lambda: self.policies.current().base_currency, 50
        )

    def publish(self, policy: str) -> None:
        """Put another policy in force."""
        self.policies.published.append(parse_policy(policy))

    def deliver(self) -> None:
        """Bring the events since the last time to the webhook, as the weather lets them through."""
        log = self.account.event_log
        fresh = [each for each in log[self._told :] if each.type in SUBSCRIPTIONS]
        self._told = len(log)
        for each in self._weathered(fresh):
            answer = self._receiver.receive(json.dumps(each.body(_API_VERSION)).encode(), None)
            assert answer.status == 200, answer

    def _weathered(self, fresh: Sequence[EventRecord]) -> Sequence[EventRecord]:
        """Return the events that come through, in the order in which they come."""
        weather, chance = self._weather, self._chance
        arriving = []
        for place, each in enumerate(fresh):
            if chance.random() >= weather.lost:
                times = 2 if chance.random() < weather.repeated else 1
                arriving += [
                    (place + chance.random() * weather.disorder, each) for _ in range(times)
                ]
        return [each for _, each in sorted(arriving, key=lambda pair: pair[0])]

    def forget_events(self, before_unix: int) -> None:
        """Let Stripe forget old events before its time, or a year of them fills the memory."""
        log = self.account.event_log
        count = bisect_left(log, before_unix, key=attrgetter("created"))
        assert count <= self._told, "what was never delivered must not be forgotten"
        del log[:count]
        self._told -= count

    def poll(self) -> PollReport:
        """Let the poller find what the webhook missed."""
        return self._poller.run()

    def tie_out(self) -> Sequence[TieOut]:
        """Tie yesterday out as the product does every day, and return what came of it."""
        report = self._daily.run()
        assert report is not None, "it was not time for it"
        return self._made.by_day[date.fromisoformat(report.day)]

    def replay(self, since: date, until: date) -> tuple[Sequence[Replayed], Tally]:
        """Plan days again; return what is not simply the same, and what all of it comes to."""
        zone, now_unix = self.policies.current().zone, self.clock.now_unix()
        replay = Replay(self.stripe, self.postings, self.policies, self.clock)
        told = [
            each
            for day in days(since, until)
            for each in replay.replay(subjects_of_day(self.stripe, day, zone, now_unix))
        ]
        return [*told, *replay.left_over(str(since), str(until), [None])], replay.tally

    def obstacles(self, month: date) -> Sequence[Obstacle]:
        """Tie the month's last day out anew; return what the product says is in a close's way."""
        policy, last = self.policies.current(), last_day_of(month)
        self._made.save(last, self._tie_outs.of_day(last, policy))
        return list(self._close_check.obstacles(month, policy))

    def settle(self) -> None:
        """Work on the queue until it is empty; time passes for what must wait."""
        while self._take_over():
            now_unix = self.time.now()
            ready = [each for each in self.waiting if each.visible_at_unix <= now_unix]
            if not ready:
                self.time.set(min(each.visible_at_unix for each in self.waiting))
                continue
            self._work(ready)
            self.intacct.requests.clear()

    def redrive(self) -> None:
        """Queue anew what was set aside."""
        now_unix = self.time.now()
        for each in self.dead:
            again = dataclasses.replace(each, receive_count=0, sent_at_unix=now_unix)
            self.waiting.append(_Message(again, now_unix))
        self.dead.clear()

    @property
    def parked(self) -> Sequence[Posting]:
        """The exceptions list."""
        return list(self.postings.on_worklist(Worklist.ATTENTION))

    def _take_over(self) -> bool:
        """Take what was sent to the queue; tell whether anything is in it."""
        fresh, self._taken = self.queue.items[self._taken :], len(self.queue.items)
        now_unix = self.time.now()
        for item in fresh:
            self._sent += 1
            message = ReceivedMessage(f"m{self._sent}", encode(item), 0, now_unix, item.group)
            self.waiting.append(_Message(message, now_unix))
        return bool(self.waiting)

    def _work(self, ready: list[_Message]) -> None:
        """Let the processor work on everything that is visible, a batch at a time."""
        done: set[str] = set()
        in_groups = _by_group(ready)
        for start in range(0, len(in_groups), BATCH):
            batch = in_groups[start : start + BATCH]
            for each in batch:
                count = each.received.receive_count + 1
                each.received = dataclasses.replace(each.received, receive_count=count)
            results = self._processor.process([each.received for each in batch])
            done.update(
                each.received.message_id
                for each in batch
                if self._answered(each, results[each.received.message_id])
            )
        self.waiting = [each for each in self.waiting if each.received.message_id not in done]

    def _answered(self, message: _Message, result: Result) -> bool:
        """Do as the queue does with an answer; tell whether the message has left it."""
        match result:
            case Done():
                return True
            case Retry() if message.received.receive_count >= RECEIVES_MAX:
                self.dead.append(message.received)
                return True
            case Retry():
                message.visible_at_unix = self.time.now() + result.after_seconds
                return False


def _by_group(ready: Sequence[_Message]) -> Sequence[_Message]:
    """Return messages as a FIFO queue hands them out: as many of one group as there are."""
    groups: dict[str, list[_Message]] = {}
    for each in ready:
        groups.setdefault(each.received.group, []).append(each)
    return [each for group in groups.values() for each in group]
