"""The keys that operators type."""

from collections.abc import Sequence
from datetime import date

from tieout.domain.subjects import Subject, SubjectKind, parse_subject
from tieout.services.operate import CannotBeDone

# Source: stripe-api dossier section 4 (how the ids of the kinds begin).
_PATHS = {
    "in_": SubjectKind.INVOICE,
    "cus_": SubjectKind.CUSTOMER,
    "ch_": SubjectKind.CHARGE,
    "py_": SubjectKind.CHARGE,
    "re_": SubjectKind.REFUND,
    "pyr_": SubjectKind.REFUND,
    "cn_": SubjectKind.CREDIT_NOTE,
    "du_": SubjectKind.DISPUTE,
    "dp_": SubjectKind.DISPUTE,
    "po_": SubjectKind.PAYOUT,
    "tu_": SubjectKind.TOPUP,
    "cs_": SubjectKind.CHECKOUT_SESSION,
    "inpay_": "receipt",
    "pi_": "sale",
    "txn_": "fee",
}


def checked(keys: Sequence[str]) -> Sequence[str]:
    """Return the keys as they are.

    Raises:
        CannotBeDone: one is empty, or a bare Stripe id; the text names the key that was meant.
    """
    for key in keys:
        if not key.strip():
            raise CannotBeDone("a key must not be empty: give one like invoice/in_1")
        kind = next((kind for begin, kind in _PATHS.items() if key.startswith(begin)), None)
        if kind is not None and "/" not in key:
            raise CannotBeDone(f"{key!r} is no key; did you mean {kind}/{key}?")
    return keys


def subject_of(name: str) -> Subject:
    """Return the Stripe object that an operator names: `in_1`, `invoice/in_1` or `2026-11-20`.

    Raises:
        CannotBeDone: it is neither; the text names what is.
    """
    try:
        return Subject(SubjectKind.ACTIVITY, date.fromisoformat(name).isoformat())
    except ValueError:
        pass
    try:
        subject: Subject | None = parse_subject(name)
    except ValueError:
        kind = next((kind for begin, kind in _PATHS.items() if name.startswith(begin)), None)
        is_object = isinstance(kind, SubjectKind) and "/" not in name
        subject = Subject(SubjectKind(kind), name) if is_object and kind else None
    if subject is None or not subject.id:
        known = ", ".join(begin for begin, kind in _PATHS.items() if isinstance(kind, SubjectKind))
        raise CannotBeDone(
            f"{name!r} is no Stripe object that has books of its own: give an id that begins with "
            f"{known}, or a day like 2026-11-20"
        ) from None
    return subject
