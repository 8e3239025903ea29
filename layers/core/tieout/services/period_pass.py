"""What waits for its period is tried again as soon as the policy in force lets it be posted.

A period opens when somebody moves `closed_through` back, or opens the books in Intacct; or the
policy no longer wants to wait. No event of Stripe's tells of that.
"""

from datetime import date

from tieout.domain.policy import Policy
from tieout.domain.postings import Posting, Worklist
from tieout.domain.reasons import Reason
from tieout.planning.periods import waits_for
from tieout.services.passes import Compared
from tieout.services.ports import Clock, Postings, WorkItem, WorkQueue


class PeriodsPass:
    """Queues the subjects of what waits for a period that is open now. Asks Stripe nothing."""

    name = "periods"
    every_seconds = 0

    def __init__(
        self, policy: Policy, postings: Postings, queue: WorkQueue, clock: Clock, *, livemode: bool
    ) -> None:
        self._policy = policy
        self._postings = postings
        self._queue = queue
        self._clock = clock
        self._livemode = livemode

    def since_unix(self, began_at_unix: int, _complete_unix: int | None, /) -> int:
        """Return when it began: what waits is looked at as it is now."""
        return began_at_unix

    def compare(self, since_unix: int, _until_unix: int | None) -> Compared:
        """Queue each subject once, whatever of it waits."""
        waiting = self._postings.on_worklist(Worklist.NOT_BOOKED)
        subjects = {each.subject for each in waiting if self._may_be_posted(each)}
        for subject in sorted(subjects, key=str):
            self._queue.send(
                WorkItem(
                    subject=subject,
                    trigger="poll",
                    group=str(subject),
                    deduplication_id=f"poll:{subject}:period:{self._clock.now_unix()}",
                    livemode=self._livemode,
                )
            )
        return Compared(len(subjects), 0, since_unix)

    def _may_be_posted(self, posting: Posting) -> bool:
        policy = self._policy.of_account(posting.subject.account)
        if posting.reason is not Reason.WAITS_FOR_PERIOD or policy is None:
            return False
        return not waits_for(date.fromisoformat(posting.waits_for_day), policy)
