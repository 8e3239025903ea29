"""The keys that operators type."""

import dataclasses
from collections.abc import Sequence
from datetime import date

from tieout.cli.installation import Installation
from tieout.cli.stripe_accounts import missing
from tieout.domain.errors import Refused
from tieout.domain.keys import PATHS, path_of
from tieout.domain.reasons import Reason
from tieout.domain.subjects import Subject, SubjectKind, parse_subject
from tieout.services.operate import CannotBeDone

# What has no books of its own, and with what it is planned.
_PLANNED_WITH = {
    "inpay_": "its invoice: give the id in_...",
    "cbtxn_": "its customer: give the id cus_...",
    "txn_": (
        "what moved the balance: give the id that Stripe shows as its source, or its day, like "
        "2026-11-20"
    ),
}


def checked(keys: Sequence[str]) -> Sequence[str]:
    """Return the keys as they are.

    Raises:
        CannotBeDone: one is empty, or a bare Stripe id; the text names the key that was meant.
    """
    for key in keys:
        if not key.strip():
            raise CannotBeDone("a key must not be empty: give one like invoice/in_1")
        if (kind := path_of(key)) is not None:
            raise CannotBeDone(f"{key!r} is no key; did you mean {kind}/{key}?")
    return keys


def subject_of(name: str, at: Installation, account: str | None = None) -> Subject:
    """Return the Stripe object that an operator names: `in_1`, `invoice/in_1` or `2026-11-20`.

    A payment intent stands for its charge.

    Args:
        name: what was typed; `acct_1/invoice/in_1` tells its account itself.
        at: where it is.
        account: the further or connected account that has it; None for the main one.

    Raises:
        CannotBeDone: it has no books of its own; the text names what has.
        Refused, TransientFault, ConfigurationFault: as the tables and Stripe say.
    """
    try:
        return Subject(SubjectKind.ACTIVITY, date.fromisoformat(name).isoformat(), account)
    except ValueError:
        pass
    try:
        subject: Subject | None = parse_subject(name)
    except ValueError:
        subject = None
    if subject is not None and subject.id:
        return dataclasses.replace(subject, account=subject.account or account)
    kind = path_of(name)
    if isinstance(kind, SubjectKind):
        return Subject(kind, name, account)
    key = name if kind is None else f"{kind}/{name}"
    posting = at.postings.get_many([key]).get(key)
    if name.startswith("pi_"):
        return posting.subject if posting is not None else _charge_of(name, at, account)
    if posting is not None:
        whole = f"{posting.subject}, as {key}: tieout plan {posting.subject}"
        raise CannotBeDone(f"{name!r} is planned with {whole}")
    raise CannotBeDone(f"{name!r} {_instead_of(name)}")


def _charge_of(payment_intent: str, at: Installation, account: str | None) -> Subject:
    try:
        charge = at.stripe.charge_of(payment_intent, account)
    except Refused as refused:
        if refused.reason is not Reason.OBJECT_MISSING_IN_STRIPE:
            raise
        told = missing("payment_intent", payment_intent, account, refused.text)
        raise CannotBeDone(told) from refused
    if charge is None:
        raise CannotBeDone(f"{payment_intent} has no charge yet: it took no money")
    return charge


def _instead_of(name: str) -> str:
    for begin, other in _PLANNED_WITH.items():
        if name.startswith(begin):
            return f"is planned with {other}"
    known = ", ".join(begin for begin, kind in PATHS.items() if isinstance(kind, SubjectKind))
    return (
        "is no Stripe object that has books of its own: give an id that begins with "
        f"{known} or pi_, or a day like 2026-11-20"
    )
