"""Activity days: which documents of other subjects book the movements of a day."""

from collections.abc import Callable, Mapping

from tieout.domain.keys import (
    dispute_key,
    payout_key,
    payout_return_key,
    refund_failure_key,
    refund_key,
    sale_key,
    topup_key,
    topup_return_key,
)
from tieout.domain.subjects import Subject, SubjectKind
from tieout.planning.balance_types import BookedBy, row_of
from tieout.planning.snapshots import ActivitySnapshot, BalanceTransaction

Named = tuple[str, Subject]


def _by(kind: SubjectKind, key: Callable[[str], str]) -> Callable[[BalanceTransaction, str], Named]:
    return lambda _movement, source: (key(source), Subject(kind, source))


def _sale(movement: BalanceTransaction, source: str) -> Named:
    intent = movement.origin.payment_intent if movement.origin else None
    return sale_key(intent or source), Subject(SubjectKind.CHARGE, source)


def _dispute(movement: BalanceTransaction, source: str) -> Named:
    return dispute_key(source, movement.id), Subject(SubjectKind.DISPUTE, source)


_EVIDENCE: Mapping[BookedBy, Callable[[BalanceTransaction, str], Named]] = {
    BookedBy.SALE: _sale,
    BookedBy.REFUND: _by(SubjectKind.REFUND, refund_key),
    BookedBy.RETURNED_REFUND: _by(SubjectKind.REFUND, refund_failure_key),
    BookedBy.DISPUTE: _dispute,
    BookedBy.PAYOUT: _by(SubjectKind.PAYOUT, payout_key),
    BookedBy.RETURNED_PAYOUT: _by(SubjectKind.PAYOUT, payout_return_key),
    BookedBy.TOPUP: _by(SubjectKind.TOPUP, topup_key),
    BookedBy.RETURNED_TOPUP: _by(SubjectKind.TOPUP, topup_return_key),
}


def evidence(day: ActivitySnapshot) -> Mapping[str, Subject]:
    """Return what other subjects' documents book of a day.

    Args:
        day: every movement of the day, with its origin.

    Returns:
        By document key, the subject that brings the document about.
    """
    found = (
        _EVIDENCE[booked_by](each, each.source)
        for each in day.movements
        if (booked_by := row_of(each).booked_by) in _EVIDENCE and each.source is not None
    )
    return dict(found)
