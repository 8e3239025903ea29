"""The list of known bugs that are planted: each was, or could have been, a mistake of ours.

A suite that finds nothing must show that it would have. Every mutant changes the running program
and nothing else; the name says what is wrong with it.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence

import pytest

from tests.simulation import mutants_of_amounts as amounts
from tests.simulation import mutants_of_doors as doors
from tests.simulation import mutants_of_sending as sending
from tests.simulation.duels import BEYOND_VISIBILITY, WITHIN_LEASE, Freeze
from tests.simulation.faults import OVERTAKING, Faults

Plant = Callable[[pytest.MonkeyPatch], None]


@dataclasses.dataclass(frozen=True)
class Mutant:
    """A planted bug.

    Attributes:
        name: what is wrong.
        plant: changes the program.
        storm: what has to happen for it to matter, besides what chance draws.
        duel: how a worker must be frozen for it to matter, where no storm is needed.
        crash_in: which function must die on the reference day, where neither is; empty if none.
    """

    name: str
    plant: Plant
    storm: Mapping[str, float] = dataclasses.field(default_factory=dict)
    duel: Freeze | None = None
    crash_in: str | None = None

    def faults(self, drawn: Faults) -> Faults:
        """Return the storm of a seed, made to reach this bug."""
        return dataclasses.replace(drawn, **self.storm)


_NOBODY_OVERTAKES = dict.fromkeys(OVERTAKING, 0.0)

MUTANTS: Sequence[Mutant] = (
    # Postings.
    Mutant("posting recorded before it is sent", sending.recorded_before_sent, {"killed": 0.03}),
    Mutant(
        "another control id when it is sent again",
        sending.new_control_id_on_resend,
        {"intacct_late": 0.3},
    ),
    Mutant(
        "control id made of the key alone", sending.control_id_of_the_key_alone, _NOBODY_OVERTAKES
    ),
    Mutant("version of a posting ignored", sending.version_ignored, {"message_overtaken": 0.05}),
    Mutant("lease ignored", sending.lease_ignored, {"message_overtaken": 0.3}),
    Mutant(
        "lease that is over before it begins",
        sending.lease_without_its_beginning,
        duel=Freeze(WITHIN_LEASE),
    ),
    Mutant("digest ignored", sending.digest_ignored, _NOBODY_OVERTAKES),
    Mutant("a receipt for every event", sending.receipt_for_every_event),
    Mutant("finding swallowed", sending.finding_swallowed, {"period_closed": 0.1}),
    # What Intacct answered.
    Mutant(
        "an unknown outcome taken for success",
        sending.unknown_taken_for_success,
        {"intacct_cut": 0.3},
    ),
    Mutant("look-up skipped after an unknown outcome", sending.look_up_skipped, {"killed": 0.05}),
    Mutant(
        "a throttled request taken for a refusal",
        sending.postponed_taken_for_refusal,
        {"intacct_throttled": 0.2},
    ),
    Mutant(
        "rolled back with others taken for refused",
        sending.rolled_back_taken_for_refusal,
        {"intacct_aborted": 1.0, "period_closed": 0.3},
    ),
    Mutant(
        "a refused request taken for each document refused",
        sending.request_refused_for_all,
        {"webhook_held": 0.5},
    ),
    Mutant(
        "dependency not waited for", sending.dependency_not_waited_for, {"intacct_transient": 0.3}
    ),
    # Plans and messages.
    Mutant(
        "a sale decided anew under each policy",
        sending.sale_decided_anew,
        {"policy_published": 0.1},
    ),
    Mutant("Stripe read once and remembered", sending.stripe_read_once),
    Mutant("a batch answered for its first subject alone", sending.answered_for_the_first_alone),
    Mutant(
        "what is parked not looked at again when it is redriven",
        sending.parked_for_ever,
        {"period_closed": 0.1},
    ),
    Mutant(
        "the message of what is parked deleted",
        sending.parked_message_deleted,
        {"period_closed": 0.1},
    ),
    # The trail.
    Mutant(
        "the trail's entry in another transaction than the posting",
        sending.entry_in_another_transaction,
        {"killed": 0.03},
    ),
    Mutant("two entries of the trail with one number", sending.chain_not_fenced),
    # The session.
    Mutant(
        "lease of the session ignored",
        sending.session_lease_ignored,
        duel=Freeze(WITHIN_LEASE, rival_has="another customer"),
    ),
    Mutant(
        "an older session stored over a newer one",
        sending.session_token_ignored,
        duel=Freeze(BEYOND_VISIBILITY, is_asleep=True),
    ),
    Mutant("the session of another entity", sending.session_of_any_entity),
    # The webhook.
    Mutant(
        "event acknowledged without being queued",
        doors.acknowledged_without_queueing,
        {"queue_throttled": 0.1},
    ),
    Mutant(
        "event acknowledged without being stored",
        doors.acknowledged_without_storing,
        {"table_throttled": 0.05},
    ),
    Mutant(
        "event acknowledged while another delivery is at it",
        doors.acknowledged_while_another_is_at_it,
        {"killed": 0.1, "webhook_repeated": 0.9, "neighbour": 0.2},
    ),
    Mutant("inbox written before the queue", doors.inbox_before_queue, {"queue_throttled": 0.1}),
    # The poller.
    Mutant(
        "how far the poller came kept before it has queued",
        doors.cursor_before_queue,
        crash_in="poller",
    ),
    Mutant(
        "an event that the poller found stored before it is queued",
        doors.polled_event_stored_before_queued,
        {"webhook_lost": 0.5, "queue_throttled": 0.1},
    ),
    # The queue.
    Mutant("two changes of a subject taken for one", doors.deduplicated_by_subject),
    Mutant("failed message acknowledged", doors.failure_acknowledged, {"intacct_throttled": 0.3}),
    Mutant(
        "failed message deleted from the backlog",
        doors.failure_deleted_from_the_backlog,
        {"intacct_throttled": 0.5, "webhook_held": 0.3},
    ),
    Mutant(
        "message of newer code thrown away", doors.newer_message_thrown_away, {"message_newer": 1.0}
    ),
    # Amounts.
    Mutant("a yen taken for a hundredth", amounts.exponent_ignored, crash_in=""),
    Mutant("a refund with the wrong sign", amounts.refund_with_the_wrong_sign, crash_in=""),
    Mutant("fees left out of the day's journal", amounts.fees_left_out, crash_in=""),
    Mutant("the fee of a dispute left out", amounts.dispute_fee_left_out, crash_in=""),
    Mutant(
        "a refund in the day's journal, too",
        amounts.refund_in_the_days_journal_too,
        crash_in="",
    ),
    Mutant("a cent lost in a division", amounts.remainder_dropped, crash_in=""),
)
