"""Subjects: the Stripe objects that Tieout brings up to date."""

from dataclasses import dataclass
from enum import StrEnum


class SubjectKind(StrEnum):
    """What kinds of Stripe object have books of their own."""

    CUSTOMER = "customer"
    INVOICE = "invoice"
    CHARGE = "charge"
    REFUND = "refund"
    CREDIT_NOTE = "credit_note"
    DISPUTE = "dispute"
    PAYOUT = "payout"
    TOPUP = "topup"
    CHECKOUT_SESSION = "checkout_session"
    ACTIVITY = "activity"  # a day of the balance; its id is the day, `2026-11-20`


@dataclass(frozen=True, slots=True, order=True)
class Subject:
    """One Stripe object to bring up to date.

    Attributes:
        kind: which kind of object.
        id: Stripe's id of it (`in_...`, `re_...`).
        account: the connected Stripe account that owns it; None for the company's own account.
    """

    kind: SubjectKind
    id: str
    account: str | None = None

    @property
    def key(self) -> str:
        """The key of the document that stands for the subject itself.

        Stripe's ids are of one account only; a day is of every account's.
        """
        return str(self) if self.kind is SubjectKind.ACTIVITY else f"{self.kind}/{self.id}"

    def __str__(self) -> str:
        path = f"{self.kind}/{self.id}"
        return path if self.account is None else f"{self.account}/{path}"


def parse_subject(text: str) -> Subject:
    """Return the subject that `str(subject)` wrote.

    Raises:
        ValueError: the text is not such a path or names an unknown kind.
    """
    parts = text.split("/")
    if len(parts) == 2:  # noqa: PLR2004 - kind and id
        return Subject(SubjectKind(parts[0]), parts[1])
    account, kind, identifier = parts
    return Subject(SubjectKind(kind), identifier, account)
