"""Steps: what to do next about a planned document, from comparing it with its posting."""

from enum import StrEnum

from tieout.domain.documents import (
    Customer,
    Document,
    amount_of,
    digest,
    number_of,
    posted_digests,
)
from tieout.domain.postings import Posting, State, Work
from tieout.domain.reasons import Reason


class Step(StrEnum):
    """What to do next about one planned document."""

    NOTHING = "nothing"
    SEND = "send"
    AMEND = "amend"
    LOOK_UP = "look_up"  # an earlier send's outcome is unknown
    WAIT = "wait"  # another worker is sending it right now
    DRIFT = "drift"  # posted, but Stripe now says something else
    AGREE = "agree"  # posted, and Stripe no longer says something else


def next_step(document: Document, posting: Posting | None, work: Work, now_unix: int) -> Step:
    """Compare a planned document with its posting.

    A posted document whose content differs only because the policy changed since stays as it was
    posted: a new policy speaks about the future.
    """
    if posting is None:
        return Step.SEND
    if posting.state is State.SENDING and posting.lease_expires_at_unix > now_unix:
        return Step.WAIT
    if (overtaken := _step_when_overtaken(posting, work)) is not None:
        return overtaken
    if is_renumbered(document, posting) and not _is_accepted(posting, digest(document)):
        return Step.DRIFT
    match posting.state:
        case State.PLANNED | State.REJECTED | State.PARKED | State.NOT_BOOKED:
            # A record number means that an amendment failed, not the first posting.
            if posting.record_no is not None:
                return _step_when_amendment_failed(document, posting, work)
            return Step.LOOK_UP if posting.in_doubt else Step.SEND
        case State.UNKNOWN | State.SENDING:
            # An amendment overwrites, so sending it again is safe and needs no look-up.
            return Step.LOOK_UP if posting.record_no is None else Step.AMEND
        case State.CLOSED:
            return _step_when_closed(document, posting)
        case State.POSTED:
            return _step_when_posted(document, posting, work)


def _step_when_overtaken(posting: Posting, work: Work) -> Step | None:
    """What a later reading of Stripe recorded stands; that it books nothing is read once more."""
    if posting.read_at_unix <= work.read_at_unix:
        return None
    if posting.state is State.POSTED:
        return Step.NOTHING
    # A customer may be overwritten: what is newer than this reading comes after it.
    is_withheld = posting.state in {State.PARKED, State.NOT_BOOKED} and not posting.is_customer
    return Step.WAIT if is_withheld else None


def _step_when_amendment_failed(document: Document, posting: Posting, work: Work) -> Step:
    """A customer's refused change is tried again on the customer's own behalf only.

    Else every invoice of the customer would send it, and be refused with it.
    """
    refused = posting.state is State.REJECTED and posting.digest == digest(document)
    own = document.key == work.subject.key
    return Step.NOTHING if refused and not own else Step.AMEND


def _step_when_closed(document: Document, posting: Posting) -> Step:
    """What a person solved by hand is never sent; another amount than theirs is a difference."""
    if posting.reason is Reason.RECORD_NO_DIFFERS:
        return Step.NOTHING
    content, amount = digest(document), amount_of(document)
    solved = posting.amount_minor is None or amount == (posting.amount_minor, posting.currency)
    if solved or _is_accepted(posting, content):
        return Step.AGREE if posting.differs else Step.NOTHING
    return Step.DRIFT


def _step_when_posted(document: Document, posting: Posting, work: Work) -> Step:
    content = digest(document)
    if posting.digest in posted_digests(document):
        return Step.AGREE if posting.differs or posting.is_accepted else Step.NOTHING
    if _is_accepted(posting, content):
        return Step.NOTHING
    if isinstance(document, Customer):
        kept = document.amend == "never" or (document.amend == "if_created" and posting.adopted)
        return Step.NOTHING if kept else Step.AMEND
    same_money = amount_of(document) == (posting.amount_minor, posting.currency)
    if same_money and posting.policy_version != work.policy_version:
        return Step.NOTHING
    return Step.DRIFT


def _is_accepted(posting: Posting, content: str) -> bool:
    return not posting.differs and posting.drift_digest == content


def is_renumbered(document: Document, posting: Posting) -> bool:
    """Whether a customer has another number in Intacct than it is now planned under.

    Intacct knows a customer by its number; sending the other one would reach another customer.
    """
    is_customer = isinstance(document, Customer) and posting.record_no is not None
    return is_customer and posting.number not in {"", number_of(document)}
