"""Poll: find what Stripe has and the books have not, and queue it.

A run has a budget of Stripe reads for each Stripe account, for that is how Stripe meters them; long
lists are not read to their end within it. So each pass (see
`tieout.services.passes`) keeps how far it came, and the next run goes on from there:

    newest |========= handled =========|......... still to come .........| oldest
                                       └ until_unix, kept after every step

A run that dies at any line leaves work to be repeated, never work to be forgotten. In every run
each pass that is due makes a step, so none starves; then they take turns while the budget lasts.
A pass that came to its end begins anew at the newest, in the next run or when it is due again.
An account that cannot be read does not stop the others.

How late a change is found: a step reads a page of 100 rows (of each list of 20 types for events),
so a round of steps costs 4 reads, and a pass over `rows` rows is through after, at most, about

    rows / 100 / floor(budget / 4)  runs.

What changes behind its back, or comes in meanwhile, waits for the end of the next one: twice that.
"""

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tieout.domain.errors import ConfigurationFault, TransientFault
from tieout.domain.policy import Policy
from tieout.services import metric_names
from tieout.services.closed_periods import ClosedPeriods
from tieout.services.day_pass import DaysPass
from tieout.services.passes import (
    DAY_SECONDS,
    EVENT_HORIZON_SECONDS,
    EVENTS,
    INVOICES,
    OPEN_INVOICES,
    Books,
    EventsPass,
    InvoicesPass,
    OpenInvoicesPass,
    Pass,
    kind_of,
)
from tieout.services.period_pass import PeriodsPass
from tieout.services.ports import (
    Clock,
    Cursors,
    Inbox,
    Metrics,
    PolicySource,
    Postings,
    Progress,
    StripeReader,
    WorkQueue,
)
from tieout.services.transactions import TransactionWatch

# A pass that takes longer needs a larger budget; Stripe keeps events for 30 days, so there is time.
PASS_SECONDS_MAX = 6 * 3_600


@dataclass(frozen=True, slots=True)
class PollReport:
    """What one run saw and did.

    Attributes:
        events, invoices, open_invoices: how many rows of Stripe's each pass looked at.
        days: how many days of the balance were queued.
        opened: how many subjects were queued that waited for a period which is open now.
        missed: how many subjects were queued.
        reads: GET requests sent to Stripe.
        budget_exhausted: something was left for the next run.
        behind: a pass is under way for longer than `PASS_SECONDS_MAX`.
        out_of_reach: the last complete pass over the events is behind Stripe's horizon, so events
            between are gone; what happened to invoices shows in their state.
    """

    events: int
    invoices: int
    open_invoices: int
    days: int
    opened: int
    missed: int
    reads: int
    budget_exhausted: bool
    behind: bool
    out_of_reach: bool


class Poller:
    """The use case behind the poller function."""

    def __init__(  # noqa: PLR0913 - a use case names everything it touches
        self,
        stripe: StripeReader,
        inbox: Inbox,
        postings: Postings,
        queue: WorkQueue,
        cursors: Cursors,
        clock: Clock,
        metrics: Metrics,
        *,
        policies: PolicySource,
        livemode: bool,
        overlap_seconds: int,
        invoice_lookback_days: int,
        read_budget: int,
        closed_periods: ClosedPeriods | None = None,
        transactions: TransactionWatch | None = None,
    ) -> None:
        self._stripe = stripe
        self._inbox = inbox
        self._postings = postings
        self._queue = queue
        self._cursors = cursors
        self._policies = policies
        self._clock = clock
        self._metrics = metrics
        self._livemode = livemode
        self._overlap_seconds = overlap_seconds
        self._look_back_seconds = invoice_lookback_days * DAY_SECONDS
        self._read_budget = read_budget
        self._closed_periods = closed_periods
        self._transactions = transactions

    def run(self) -> PollReport:
        """Take each pass as far as the budget allows and tell what they found.

        Raises:
            TransientFault, ConfigurationFault: Stripe, the queue or a table; what does not need it
                is done, and the next run goes on where this one came to.
        """
        if self._closed_periods is not None:
            self._closed_periods.ask_daily()
        if self._transactions is not None:
            self._transactions.run()
        now_unix = self._clock.now_unix()
        groups = [
            [_Walk(each, self._cursors, self._stripe, now_unix) for each in passes]
            for passes in self._passes()
        ]
        reads_before = self._stripe.reads
        try:
            self._walk(groups)
        finally:
            self._metrics.count(metric_names.STRIPE_READS, self._stripe.reads - reads_before)
        walks = [walk for group in groups for walk in group]
        report = PollReport(
            events=_seen(walks, EVENTS),
            invoices=_seen(walks, INVOICES),
            open_invoices=_seen(walks, OPEN_INVOICES),
            days=_seen(walks, DaysPass.name),
            opened=_seen(walks, PeriodsPass.name),
            missed=sum(walk.missed for walk in walks),
            reads=self._stripe.reads - reads_before,
            budget_exhausted=any(walk.is_due for walk in walks),
            behind=any(walk.is_due and walk.age_seconds > PASS_SECONDS_MAX for walk in walks),
            out_of_reach=any(
                walk.kind == EVENTS and walk.gap_seconds > EVENT_HORIZON_SECONDS for walk in walks
            ),
        )
        self._count(report)
        return report

    def _passes(self) -> Sequence[Sequence[Pass]]:
        """Return what asks Stripe nothing, then the passes of each account whose books are kept.

        Before there is a policy, what the main account has is at least queued.
        """
        try:
            policy = self._policies.current()
        except ConfigurationFault:
            return (self._of_account(None),)
        accounts = (None, *policy.accounts)
        return (self._by_policy(policy), *(self._of_account(each) for each in accounts))

    def _of_account(self, account: str | None) -> Sequence[Pass]:
        stripe, postings, queue = self._stripe, self._postings, self._queue
        books = Books(postings, queue, livemode=self._livemode, account=account)
        return (
            EventsPass(stripe, self._inbox, queue, self._clock, self._overlap_seconds, account),
            InvoicesPass(stripe, books, self._look_back_seconds),
            OpenInvoicesPass(stripe, postings, books),
        )

    def _by_policy(self, policy: Policy) -> Sequence[Pass]:
        queue, clock = self._queue, self._clock
        return (
            DaysPass(policy, queue, clock, livemode=self._livemode),
            PeriodsPass(policy, self._postings, queue, clock, livemode=self._livemode),
        )

    def _walk(self, groups: Sequence[Sequence["_Walk"]]) -> None:
        """Take turns in each group, within a budget of its own; raise the first fault last."""
        faults: list[TransientFault | ConfigurationFault] = []
        for walks in groups:
            try:
                self._take_turns(walks, self._stripe.reads + self._read_budget)
            except (TransientFault, ConfigurationFault) as fault:
                faults.append(fault)
        if faults:
            raise faults[0]

    def _take_turns(self, walks: Sequence["_Walk"], reads_max: int) -> None:
        """Make a step of each walk, whatever it costs, then as many as the budget covers."""
        waiting = [walk for walk in walks if walk.is_due]
        for walk in waiting:
            walk.step()
        while affordable := [
            walk
            for walk in waiting
            if walk.is_due and walk.step_reads <= reads_max - self._stripe.reads
        ]:
            longest_waiting = affordable[0]
            waiting.remove(longest_waiting)
            waiting.append(longest_waiting)
            longest_waiting.step()

    def _count(self, report: PollReport) -> None:
        self._metrics.count(metric_names.POLLER_RUN)
        if report.missed:
            self._metrics.count(metric_names.MISSED, report.missed)
        if report.budget_exhausted:
            self._metrics.count(metric_names.POLLER_BUDGET_EXHAUSTED)
        if report.behind:
            self._metrics.count(metric_names.POLLER_BEHIND)


def _seen(walks: Iterable["_Walk"], kind: str) -> int:
    return sum(walk.seen for walk in walks if walk.kind == kind)


class _Walk:
    """A pass in this run.

    Attributes:
        is_due: whether it is under way or should begin.
        kind: of pass.
        age_seconds: since the pass began.
        gap_seconds: from the beginning of the last complete pass to that of this one.
        step_reads: what its last step cost; normally what the next will cost.
        seen, missed: sums over the steps of this run.
    """

    def __init__(self, which: Pass, cursors: Cursors, stripe: StripeReader, now_unix: int) -> None:
        progress = cursors.get(which.name)
        complete_unix, began_at_unix = progress.complete_unix, progress.began_at_unix
        if began_at_unix is None:
            began_at_unix = now_unix
        self.age_seconds = now_unix - began_at_unix
        self.gap_seconds = 0 if complete_unix is None else began_at_unix - complete_unix
        self.is_due = complete_unix is None or self.gap_seconds >= which.every_seconds
        self.step_reads = self.seen = self.missed = 0
        self.kind = kind_of(which.name)
        self._pass = which
        self._cursors = cursors
        self._stripe = stripe
        self._since_unix = which.since_unix(began_at_unix, complete_unix)
        self._progress = dataclasses.replace(progress, began_at_unix=began_at_unix)

    def step(self) -> None:
        """Compare a stretch, then keep how far the pass has come."""
        reads_before = self._stripe.reads
        compared = self._pass.compare(self._since_unix, self._progress.until_unix)
        self.step_reads = self._stripe.reads - reads_before
        self.seen += compared.seen
        self.missed += compared.missed
        if compared.reached_unix > self._since_unix:
            self._progress = dataclasses.replace(
                self._progress, until_unix=compared.reached_unix - 1
            )
        else:
            self._progress = Progress(complete_unix=self._progress.began_at_unix)
            self.is_due = False
        self._cursors.put(self._pass.name, self._progress)
