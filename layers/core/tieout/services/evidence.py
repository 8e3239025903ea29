"""Evidence that every movement of a day is in the books.

Most movements are booked by documents of other subjects: a receipt, a refund, a payout. A day names
them all, so that one whose event never came is found by the balance itself. The other way round, a
sale that is decided to be in a day's journal after that was booked leads to the day once more.
"""

import dataclasses
from collections.abc import Mapping

from tieout.domain.dates import accounting_date, day_bounds
from tieout.domain.keys import sale_key, sales_summary_key
from tieout.domain.plans import Disposition, Finding, Plan
from tieout.domain.policy import Policy
from tieout.domain.postings import Posting, State
from tieout.domain.reasons import Reason
from tieout.domain.subjects import Subject, SubjectKind
from tieout.planning.activity import evidence
from tieout.planning.sale_lines import source_id
from tieout.planning.snapshots import ActivitySnapshot, ChargeSnapshot
from tieout.services.ports import Postings
from tieout.services.readings import Part, Reading
from tieout.services.verdicts import Pending

# So many subjects are brought up to date on behalf of a day at a time.
SUBJECTS_AT_ONCE = 50
_DONE = frozenset({State.POSTED, State.NOT_BOOKED, State.CLOSED})
_NO_MONEY = frozenset({Reason.WAITS_FOR_STRIPE, Reason.WITHDRAWN})


class Evidence:
    """Compares days with the postings. Every method raises `TransientFault` as they do."""

    def __init__(self, postings: Postings) -> None:
        self._postings = postings

    def led_to(self, subject: Subject, reading: Reading, policy: Policy) -> Reading:
        """Have the reading of a day lead to the subjects that the books have no evidence of.

        Of more than can be read at once, some are, and the day waits for the rest.

        Args:
            subject: what was read.
            reading: of anything; only that of a day is changed.
            policy: today's.
        """
        day = reading.parts[0].snapshot if reading.parts else None
        if not isinstance(day, ActivitySnapshot):
            return reading
        subjects = tuple(dict.fromkeys(self._missing(subject, day, policy).values()))
        if len(subjects) <= SUBJECTS_AT_ONCE:
            return dataclasses.replace(reading, leads_to=subjects)
        text = f"{len(subjects)} objects moved the balance that the books do not have yet"
        return dataclasses.replace(
            reading, parts=(), answer=Pending(text), leads_to=subjects[:SUBJECTS_AT_ONCE]
        )

    def still_missing(
        self, subject: Subject, day: ActivitySnapshot, policy: Policy
    ) -> Mapping[str, Subject]:
        """Return what has no evidence although its subjects were brought up to date.

        A subject that is parked as a whole is accounted for: its posting says why.

        Args:
            subject: the day's.
            day: what moved the balance on it.
            policy: today's.

        Returns:
            By key of the missing posting, the subject that should have written it.
        """
        missing = self._missing(subject, day, policy, is_read_again=False)
        own = self._postings.get_many({each.key for each in missing.values()})
        parked = {key for key, posting in own.items() if posting.state is State.PARKED}
        return {key: each for key, each in missing.items() if each.key not in parked}

    def day_without(
        self, subject: Subject, charge: ChargeSnapshot, policy: Policy, now_unix: int
    ) -> Subject | None:
        """Return the day that was booked before the sale was decided to be in its journal.

        A day that was not read yet will find the sale by itself. As long as its journal waits or is
        refused, the sale's messages are the only ones that still ask for it.

        Args:
            subject: the charge's, as its posting says now.
            charge: as Stripe has it.
            policy: today's.
            now_unix: what is dated today or later is in no day that is over.
        """
        own = policy.of_account(subject.account)
        if own is None or charge.movement is None:
            return None
        day = accounting_date(charge.movement.created_unix, own.zone)
        if now_unix <= day_bounds(day, own.zone)[1]:
            return None
        key = sale_key(source_id(charge))
        journal_key = sales_summary_key(day, charge.currency, subject.account)
        found = self._postings.get_many([key, journal_key])
        sale, journal = found.get(key), found.get(journal_key)
        if sale is None or sale.reason is not Reason.IN_DAILY_SUMMARY:
            return None
        if journal is not None and _knows(journal, sale):
            return None
        of_day = Subject(SubjectKind.ACTIVITY, day.isoformat(), subject.account)
        return of_day if self._postings.of_subject(of_day) else None

    def _missing(
        self,
        subject: Subject,
        day: ActivitySnapshot,
        policy: Policy,
        *,
        is_read_again: bool = True,
    ) -> Mapping[str, Subject]:
        """Return what has no evidence; before the books begin, or in no books of ours, nothing.

        Evidence that Stripe contradicted is read again, too: the day shows the movement.
        """
        own = policy.of_account(subject.account)
        if own is None or (own.books_from is not None and day.day < own.books_from):
            return {}
        expected = evidence(day)
        found = self._postings.get_many(expected)
        return {
            key: dataclasses.replace(each, account=subject.account)
            for key, each in expected.items()
            if key not in found
            or _speaks_of_no_money(found[key])
            or (is_read_again and _is_contradicted(found[key]))
        }


def _knows(journal: Posting, sale: Posting) -> bool:
    """Whether a day's journal is done with, and was read when the sale was decided already."""
    return journal.state in _DONE and journal.read_at_unix >= sale.read_at_unix


def _speaks_of_no_money(posting: Posting) -> bool:
    """Whether all that the books have was read before Stripe showed the movement.

    Stripe may list a movement later than it tells of the object that moved it.
    Source: stripe-api dossier section 6.
    """
    return posting.state is State.NOT_BOOKED and posting.reason in _NO_MONEY


def _is_contradicted(posting: Posting) -> bool:
    """Whether it is posted, and Stripe called for something else, or for nothing, the last time.

    One replica of Stripe's may know less than the one that was asked before.
    """
    return posting.state is State.POSTED and posting.reason is Reason.DRIFT


def unaccounted(key: str, subject: Subject, policy: Policy) -> Part:
    """Return what parks a movement of the balance that no document books.

    Args:
        key: of the document that should.
        subject: what that document belongs to.
        policy: today's.
    """
    text = f"{subject} moved Stripe's balance, but calls for nothing under this key"
    finding = Finding(key, Disposition.PARKED, Reason.UNEXPECTED_ERROR, text)
    return Part(Plan(subject, (), (finding,), policy.version), None)
