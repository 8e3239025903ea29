"""Poll: find what Stripe has and the books have not, and queue it.

A run has a budget of Stripe reads, in which long lists are not read to their end. So each pass (see
`tieout.services.passes`) keeps how far it came, and the next run goes on from there:

    newest |========= handled =========|......... still to come .........| oldest
                                       └ until_unix, kept after every step

A run that dies at any line leaves work to be repeated, never work to be forgotten. In every run
each pass that is due makes a step, so none starves; then they take turns while the budget lasts.
A pass that came to its end begins anew at the newest, in the next run or when it is due again.

How late a change is found: a step reads a page of 100 rows (of each list of 20 types for events),
so a round of steps costs 4 reads, and a pass over `rows` rows is through after, at most, about

    rows / 100 / floor(budget / 4)  runs.

What changes behind its back, or comes in meanwhile, waits for the end of the next one: twice that.
"""

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tieout.domain.errors import ConfigurationFault
from tieout.services import metric_names
from tieout.services.closed_periods import ClosedPeriods
from tieout.services.day_pass import DaysPass
from tieout.services.passes import (
    DAY_SECONDS,
    EVENT_HORIZON_SECONDS,
    Books,
    EventsPass,
    InvoicesPass,
    OpenInvoicesPass,
    Pass,
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
    ) -> None:
        books = Books(postings, queue, livemode=livemode)
        self._passes: Sequence[Pass] = (
            EventsPass(stripe, inbox, queue, clock, overlap_seconds),
            InvoicesPass(stripe, books, invoice_lookback_days * DAY_SECONDS),
            OpenInvoicesPass(stripe, postings, books),
        )
        self._stripe = stripe
        self._postings = postings
        self._queue = queue
        self._cursors = cursors
        self._policies = policies
        self._clock = clock
        self._metrics = metrics
        self._livemode = livemode
        self._read_budget = read_budget
        self._closed_periods = closed_periods

    def run(self) -> PollReport:
        """Take each pass as far as the budget allows and tell what they found.

        Raises:
            TransientFault, ConfigurationFault: Stripe, the queue or a table; the next run goes on
                where this one came to.
        """
        if self._closed_periods is not None:
            self._closed_periods.ask_daily()
        now_unix = self._clock.now_unix()
        events, invoices, open_invoices, *by_policy = walks = [
            _Walk(each, self._cursors, self._stripe, now_unix)
            for each in (*self._passes, *self._by_policy())
        ]
        reads_before = self._stripe.reads
        try:
            self._take_turns(walks, reads_before + self._read_budget)
        finally:
            self._metrics.count(metric_names.STRIPE_READS, self._stripe.reads - reads_before)
        report = PollReport(
            events=events.seen,
            invoices=invoices.seen,
            open_invoices=open_invoices.seen,
            days=_seen(by_policy, DaysPass.name),
            opened=_seen(by_policy, PeriodsPass.name),
            missed=sum(walk.missed for walk in walks),
            reads=self._stripe.reads - reads_before,
            budget_exhausted=any(walk.is_due for walk in walks),
            behind=any(walk.is_due and walk.age_seconds > PASS_SECONDS_MAX for walk in walks),
            out_of_reach=events.gap_seconds > EVENT_HORIZON_SECONDS,
        )
        self._count(report)
        return report

    def _by_policy(self) -> Sequence[Pass]:
        """Return the passes over days and periods; none before a policy says what those are."""
        try:
            policy = self._policies.current()
        except ConfigurationFault:
            return ()
        queue, clock = self._queue, self._clock
        return (
            DaysPass(policy, queue, clock, livemode=self._livemode),
            PeriodsPass(policy, self._postings, queue, clock, livemode=self._livemode),
        )

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


def _seen(walks: Iterable["_Walk"], name: str) -> int:
    return sum(walk.seen for walk in walks if walk.name == name)


class _Walk:
    """A pass in this run.

    Attributes:
        is_due: whether it is under way or should begin.
        name: of the pass.
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
        self.name = which.name
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
