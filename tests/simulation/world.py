"""A company, its Stripe account, its Intacct and its installation of the product, in one process.

Storms come over it: everything happens at once and goes wrong. After each, the weather is calm for
some days: what is deployed works, people redrive what was set aside. Then the books must be right.
"""

import dataclasses
import json
import random
from contextlib import suppress
from dataclasses import dataclass

from tests.sandbox.intacct import Switches
from tests.sandbox.intacct.gateway import Gateway as IntacctDouble
from tests.sandbox.stripe import SteppedClock, StripeAccount
from tests.sandbox.stripe.api import StripeApi as StripeDouble
from tests.sandbox.stripe.events import EventRecord
from tests.simulation.faults import Faults, Luck, Occurrence
from tests.simulation.functions import (
    Cloud,
    Container,
    PollerFunction,
    ProcessorFunction,
    WebhookFunction,
    chance_of,
    new_tables,
    parsed,
    simulated_time,
)
from tests.simulation.outside import DEPTH_MAX, Killed, Outside
from tests.simulation.people import People
from tests.simulation.queues import VISIBILITY_SECONDS, Queue
from tests.simulation.tables import Tables
from tests.year.business import DAY_SECONDS, HOUR_SECONDS, Business, set_up
from tests.year.company import CURRENCIES, Decision, new_account, new_books, policy
from tieout.domain.errors import TransientFault
from tieout.domain.events import SUBSCRIPTIONS

_API_VERSION = "2026-10-28.endive"
# Stripe tries for three days, in live mode; a test of ours need not wait so long.
_RETRY_SECONDS = (60, 600, 3_600, 14_400)
# By then each day of the storm was read once, and after the last one a second time.
_CALM_DAYS, _LAST_DAYS = 2, 5
_DELIVERIES_MAX = 1_500
# Stripe may hold back the webhooks of so many events, to bring them all at once.
HELD_EVENTS_MAX = 300
_WORKERS = 2


@dataclass(frozen=True)
class Plan:
    """What a history is made of; equal plans make equal histories.

    Attributes:
        events: how many events Stripe has at least, in the end.
        storms: how often it is calm in between.
    """

    seed: int
    events: int
    faults: Faults
    storms: int = 3
    spared: frozenset[Occurrence] = frozenset()

    @classmethod
    def of(cls, seed: int, events: int) -> "Plan":
        """Return the history of a seed."""
        faults = Faults.drawn(chance_of(seed, "faults"))
        return cls(seed, events, faults, storms=max(1, min(4, events // 150)))


class Stuck(AssertionError):
    """Something is never done, though nothing stands in its way."""


@dataclass
class _Delivery:
    at_unix: int
    number: int
    event: EventRecord
    attempts: int = 0


class World:
    """Everything that there is.

    Attributes:
        cloud: what the functions share. acknowledged: ids of events that we answered 2xx for.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        chance = chance_of(plan.seed, "business")
        self.time = SteppedClock()
        self.luck = Luck(plan.seed, plan.faults, plan.spared)
        self.outside = Outside(self.time, self.luck, on_call=self._meanwhile)
        self.account = _account(self.time, plan.seed)
        self.catalog = set_up(self.account, CURRENCIES)
        self.company = new_books(self.time)
        self.company.switches = _switches(chance_of(plan.seed, "switches"))
        self.tables = Tables(new_tables(), self.outside)
        self.cloud = Cloud(
            self.outside,
            self.tables,
            Queue(self.outside),
            StripeDouble(self.account),
            IntacctDouble(self.company, sleep=lambda _: None),
        )
        self.business = Business(self.account, self.catalog, _Dice(chance), CURRENCIES)
        self.people = People(self.company, self.luck, self.outside)
        self.webhook = WebhookFunction(self.cloud)
        self.processors = [ProcessorFunction(self.cloud) for _ in range(_WORKERS)]
        self.poller = PollerFunction(self.cloud)
        self.acknowledged: list[str] = []
        self.deliveries = 0
        self._chance = chance
        self._actions = _weights(chance)
        self._pace_seconds = chance.choice((5, 60, 900, 7_200))
        self._decision = Decision(
            sales=chance.choice(("daily_summary", "other_receipt", "invoice")),
            budget=chance_of(plan.seed, "budget").choice((None, None, None, 20, 100)),
        )
        self._told = self._numbered = 0
        self._network: list[_Delivery] = []
        self._held_until_events = 0
        self.__post_init__()

    def __post_init__(self) -> None:
        """Prepare what a judge needs."""

    def begin(self) -> None:
        """Install the product: a policy, and where the poller begins."""
        self.luck.is_off = True
        self._publish()
        self._poll()

    def judge(self) -> None:
        """Look at the books when it is calm; judges do."""

    # -- what happens -----------------------------------------------------------------------

    @property
    def events(self) -> int:
        """How many events Stripe has."""
        return len(self.account.event_log)

    def storm(self, until_events: int) -> None:
        """Let things happen, and go wrong, until Stripe has so many events."""
        self.luck.is_off = False
        while self.events < until_events:
            self._act()
            self._people_act()
            self.outside.let_pass(self._chance.randrange(2 * self._pace_seconds))
            for _ in range(self._chance.randrange(4)):
                self._something_runs(self._chance.randrange(10))

    def calm(self, days: int) -> None:
        """Let everything work for some days, and people do what they have to."""
        self.luck.is_off = True
        self.cloud.queue.is_deployed = True
        self.people.open_periods()
        self._tell()
        for _ in range(days):
            self.outside.let_due_happen(everything=True)
            self._bring_everything()
            self._settle()
            self.cloud.queue.redrive()
            self._settle()
            self.outside.let_pass(DAY_SECONDS + HOUR_SECONDS)
            self._poll()
            self._settle()

    def _act(self) -> None:
        name = self._chance.choices(list(self._actions), weights=list(self._actions.values()))[0]
        self.outside.note(f"business: {name}")
        self.business.act(name)
        self._tell()

    def _people_act(self) -> None:
        if self.luck.strikes("period_closed"):
            self.people.close_period()
        if self.luck.strikes("deleted_in_intacct"):
            self.people.delete()
        if self.luck.strikes("voided_in_intacct"):
            self.people.void()
        if self.luck.strikes("edited_in_intacct"):
            self.people.edit()
        if self.luck.strikes("policy_published"):
            self._decision = dataclasses.replace(
                self._decision,
                subscriptions=self.luck.one("policy_published", ("4000", "4001")),
                sales=self.luck.one(
                    "policy_published", ("daily_summary", "other_receipt", "invoice")
                ),
            )
            self._publish()
        if self.luck.strikes("message_poisoned"):
            self.cloud.queue.poison()

    def _publish(self) -> None:
        text = policy(self.catalog, self._decision)
        self.outside.note("a policy is published")
        # Whoever publishes is told that it did not work; here nobody tries again.
        with suppress(TransientFault):
            Container(self.cloud).policies.publish(text, parsed(text).version, self.time.now())

    # -- Stripe's network -------------------------------------------------------------------

    def _tell(self) -> None:
        """Send the webhooks of what happened since the last time, or lose them."""
        log, luck = self.account.event_log, self.luck
        fresh, self._told = log[self._told :], len(log)
        for each in fresh:
            if each.type not in SUBSCRIPTIONS or luck.strikes("webhook_lost"):
                continue
            copies = 2 if luck.strikes("webhook_repeated") else 1
            for _ in range(copies):
                self._send(each)
        if fresh and luck.strikes("webhook_twin"):
            twin = self.account.twin_of(luck.one("webhook_twin", fresh))
            self._told = len(log)
            if twin.type in SUBSCRIPTIONS:
                self._send(twin)
        if fresh and luck.strikes("webhook_held"):
            self._held_until_events = self.events + luck.below("webhook_held", HELD_EVENTS_MAX)

    def _send(self, event: EventRecord) -> None:
        luck, delay = self.luck, 0
        if luck.strikes("webhook_late"):
            delay = luck.below("webhook_late", 2 * DAY_SECONDS)
        elif luck.strikes("webhook_reordered"):
            delay = luck.below("webhook_reordered", 120)
        self._numbered += 1
        self._network.append(_Delivery(self.time.now() + delay, self._numbered, event))

    def _bring(self, delivery: _Delivery) -> None:
        """Bring a webhook; what is not answered 2xx comes again."""
        body = json.dumps(delivery.event.body(_API_VERSION))
        try:
            answer = self.webhook.invoke({"body": body, "headers": {}})
        except Killed:
            status = 502
        else:
            status = answer["statusCode"]
        if status == 200:
            self.acknowledged.append(delivery.event.id)
        elif self.luck.is_off or (
            delivery.attempts < len(_RETRY_SECONDS) and not self.luck.strikes("webhook_lost")
        ):
            pause = _RETRY_SECONDS[min(delivery.attempts, len(_RETRY_SECONDS) - 1)]
            delivery.at_unix, delivery.attempts = self.time.now() + pause, delivery.attempts + 1
            self._network.append(delivery)

    def _bring_due(self) -> None:
        if self.events < self._held_until_events and not self.luck.is_off:
            return
        now = self.time.now()
        due = sorted(
            (each for each in self._network if each.at_unix <= now),
            key=lambda each: (each.at_unix, each.number),
        )
        self._network = [each for each in self._network if each.at_unix > now]
        for each in due:
            self._bring(each)

    def _bring_everything(self) -> None:
        while self._network:
            first_unix = min(each.at_unix for each in self._network)
            self.outside.let_pass(max(0, first_unix - self.time.now()))
            self._bring_due()

    # -- our functions ----------------------------------------------------------------------

    def _something_runs(self, what: int) -> None:
        """Let some function run, as chance has it."""
        if what == 0:
            self._poll()
        elif what <= 4:
            self._bring_due()
        else:
            self._work()

    def _poll(self) -> None:
        try:
            self.poller.invoke({})
        except Killed:
            pass
        except Exception as error:  # noqa: BLE001 - Lambda counts it and goes on
            self.outside.note(f"the poller failed: {type(error).__name__}")

    def _work(self) -> bool:
        """Let a worker take a batch; tell whether there was one."""
        queue = self.cloud.queue
        batch = queue.receive()
        if not batch:
            return False
        holder = batch[0].holder
        self.deliveries += 1
        worker = self.processors[self.deliveries % len(self.processors)]
        with queue.in_hands(batch):
            try:
                answer = worker.invoke({"Records": [queue.record_of(each) for each in batch]})
                failed = frozenset(each["itemIdentifier"] for each in answer["batchItemFailures"])
                queue.answered(batch, holder, failed)
            except Killed:
                pass
            except Exception as error:  # noqa: BLE001 - Lambda counts it; the queue brings all again
                self.outside.note(f"the processor failed: {type(error).__name__}: {error}")
        self.after_delivery()
        return True

    def after_delivery(self) -> None:
        """Look at what a worker left behind; checkers do."""

    def _settle(self) -> None:
        """Work until the queue is empty; time passes for what must wait."""
        for _ in range(_DELIVERIES_MAX):
            if self._work():
                continue
            at_unix = self.cloud.queue.next_at_unix
            if at_unix is None:
                return
            self.outside.let_pass(max(1, at_unix - self.time.now()))
        waiting = [each.body for each in self.cloud.queue.waiting[:3]]
        raise Stuck(f"still waiting after {_DELIVERIES_MAX} deliveries: {waiting}")

    # -- in the middle of an outside call ---------------------------------------------------

    def _meanwhile(self, where: str) -> None:
        """Let something else happen while a function waits for an answer."""
        if where.startswith("GET") and self.luck.strikes("changed_between_reads"):
            self._act()
        if where.startswith("Intacct"):
            self._people_act_between()
        if self.outside.depth >= DEPTH_MAX:
            return
        at_work = self.outside.running
        is_worker = at_work is not None and at_work.name == "processor"
        if is_worker and self.luck.strikes("message_overtaken"):
            self._overtake()
        elif self.luck.strikes("neighbour"):
            self._something_runs(self.luck.below("neighbour", 10))

    def _people_act_between(self) -> None:
        at_work, closed = self.outside.running, self.luck.struck["period_closed"]
        with self.outside.by_itself():
            self._people_act()
        if at_work is not None and at_work.has_booked:
            more = self.luck.struck["period_closed"] - closed
            self.luck.met["period_closed between waves"] += more

    def _overtake(self) -> None:
        """Freeze the worker, sometimes with its clock, until others have done its messages."""
        seconds = self.luck.one("message_overtaken", (0, 20, 140, VISIBILITY_SECONDS))
        others = 1 + self.luck.below("message_overtaken", 3)
        self.freeze(seconds, others, is_asleep=self.luck.below("message_overtaken", 2) == 1)

    def freeze(self, seconds: int, others: int, *, is_asleep: bool) -> None:
        """Freeze the worker in the middle of an outside call, and let others have its messages.

        Args:
            seconds: for how long.
            others: how many deliveries are made meanwhile.
            is_asleep: whether its clock stands still with it, so that it does not notice.
        """
        frozen = self.outside.running
        if frozen is None or frozen.name != "processor":
            return
        self.outside.note(f"a worker is frozen for {seconds} seconds")
        before = self.time.now()
        self.outside.let_pass(seconds)
        self.cloud.queue.overtaken()
        frozen.is_overtaken = True
        for _ in range(others):
            self._work()
        asleep_seconds = self.time.now() - before
        frozen.ends_at_unix += asleep_seconds
        if is_asleep:
            frozen.skew_seconds -= asleep_seconds


class _Dice:
    """The business's chance."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    def below(self, limit: int) -> int:
        return self._chance.randrange(limit)


def _weights(chance: random.Random) -> dict[str, float]:
    """Return how often each thing happens: a random part of all, and always what the rest needs."""
    weights = {name: chance.choice((0.0, 0.3, 1.0, 3.0)) for name in sorted(Business.ACTIONS)}
    return {**weights, "sign up": 1.0, "bill": 4.0, "pay": 4.0}


def _account(time: SteppedClock, seed: int) -> StripeAccount:
    return new_account(time, f"simulation {seed}", reopens=seed % 2 == 0)


def _switches(chance: random.Random) -> Switches:
    """Draw what nobody knows about the gateway; docs/simulation.md lists all of it."""
    return Switches(
        replay_errorno=chance.choice(("XX00000001", "BL01001973", "XL03000009")),
        replay_level=chance.choice(("result", "control")),
        replay_scope=chance.choice(("company", "sender", "entity")),
        replay_case_sensitive=chance.random() < 0.5,
        replay_retention_seconds=chance.choice((None, 600, 3_600, DAY_SECONDS)),
        remember_reads=chance.random() < 0.5,
        abort_shape=chance.choice(("all_aborted", "culprit_failed")),
        sign_in_failure=chance.choice(("authentication", "http_401")),
        session_errorno=chance.choice(("XL03000006", "XX00000004")),
        closed_period_errorno=chance.choice(("BL01001973", "XX00000005")),
        closed_books_date=chance.choice(("parts", "text", "something_else", "unknown_function")),
        functions_per_request_max=chance.choice((None, None, 3)),
        missing_read=chance.choice(("empty", "error")),
        read_row_tag=chance.choice(("upper", "lower")),
        empty_clears_on_update=chance.random() < 0.5,
        duplicate_adjustment_number=chance.choice(("refuse", "accept")),
        duplicate_deposit_id=chance.choice(("refuse", "accept")),
        in_progress_errorno=chance.choice(("XX00000002", "BL01001973", "XL03000009")),
        session_failure=chance.choice(("authentication", "http_401")),
        request_bytes_max=chance.choice((None, None, 60_000)),
        payment_currency_required=chance.random() < 0.5,
        apply_key=chance.choice(("source", "application")),
        foreign_journal_rounding=chance.choice(("refuse", "settle")),
    )


def play(world: World) -> None:
    """Play a history to its end: storm and calm in turns."""
    with simulated_time(world.outside):
        world.begin()
        plan = world.plan
        for number in range(1, plan.storms + 1):
            world.storm(world.events + (plan.events - world.events) // (plan.storms + 1 - number))
            world.calm(_LAST_DAYS if number == plan.storms else _CALM_DAYS)
            world.judge()
