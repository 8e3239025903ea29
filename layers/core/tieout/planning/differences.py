"""Differences: what one plan of a subject has otherwise than another one of the same subject.

Pure: which two plans, and why they differ (two policies, two days), is the caller's.
"""

import dataclasses
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from tieout.domain.documents import (
    Customer,
    Document,
    InvoiceReversal,
    PaymentReversal,
    amount_of,
    dependencies,
    digest,
    posting_date_of,
)
from tieout.domain.effects import effects
from tieout.domain.plans import Finding, Plan

Planned = Document | Finding | None
Documents = Mapping[str, Document]
_NO_OTHERS: Documents = MappingProxyType({})


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A month (`2026-11`), an account with its dimensions, and a currency."""

    month: str
    account: str
    currency: str


@dataclass(frozen=True, slots=True)
class Move:
    """What one place gets otherwise; minor units, positive debit, negative credit."""

    place: Place
    before_minor: int
    after_minor: int


@dataclass(frozen=True, slots=True)
class Change:
    """Something that the two plans have otherwise.

    Attributes:
        before, after: what each of them has under the key; None for nothing.
        moves: the places of which the sums differ.
        fields: names of what else differs in the document: its number, customer, text, ...
    """

    key: str
    before: Planned
    after: Planned
    moves: tuple[Move, ...]
    fields: tuple[str, ...] = ()


def differences(
    before: Plan,
    after: Plan,
    others_before: Documents = _NO_OTHERS,
    others_after: Documents = _NO_OTHERS,
) -> Iterator[Change]:
    """Yield what differs, in the order of `before`, then what only `after` has.

    A customer that comes along with what is booked for it is left to its own subject. A reversal
    says the same of whatever it takes back, and moves what that moved: it differs if the sums do.

    Args:
        before: a plan.
        after: another one of the same subject.
        others_before: by key, what reversals in `before` take back that is of other subjects.
        others_after: the same of `after`.
    """
    old, new = _planned(before), _planned(after)
    old_documents = {**others_before, **{each.key: each for each in before.documents}}
    new_documents = {**others_after, **{each.key: each for each in after.documents}}
    for key in dict.fromkeys((*old, *new)):
        was, is_now = old.get(key), new.get(key)
        sums = _sums(was, old_documents), _sums(is_now, new_documents)
        if _is_same(was, is_now) and sums[0] == sums[1]:
            continue
        moves = tuple(
            Move(place, sums[0][place], sums[1][place])
            for place in sorted({*sums[0], *sums[1]})
            if sums[0][place] != sums[1][place]
        )
        yield Change(key, was, is_now, moves, _other_fields(was, is_now))


def _planned(plan: Plan) -> Mapping[str, Document | Finding]:
    return {
        each.key: each
        for each in (*plan.documents, *plan.findings)
        if not isinstance(each, Customer) or each.key == plan.subject.key
    }


def _is_same(one: Planned, other: Planned) -> bool:
    if one is None or other is None:
        return one is other
    if isinstance(one, Finding):
        return isinstance(other, Finding) and _said(one) == _said(other)
    return not isinstance(other, Finding) and digest(one) == digest(other)


def _said(finding: Finding) -> tuple[str, str]:
    return finding.disposition, finding.reason


def _sums(planned: Planned, documents: Documents) -> Counter[Place]:
    sums: Counter[Place] = Counter()
    if planned is None or isinstance(planned, Finding):
        return sums
    # What takes something back that is not booked waits, and moves nothing.
    is_reversal = isinstance(planned, InvoiceReversal | PaymentReversal)
    if is_reversal and not documents.keys() >= set(dependencies(planned)):
        return sums
    day, amount = posting_date_of(planned), amount_of(planned)
    if day is not None and amount is not None:
        for each in effects(planned, documents):
            sums[Place(f"{day:%Y-%m}", each.ledger_place, amount[1])] += each.amount_minor
    return sums


def _other_fields(one: Planned, other: Planned) -> tuple[str, ...]:
    if type(one) is not type(other) or one is None or isinstance(one, Finding):
        return ()
    return tuple(
        each.name
        for each in dataclasses.fields(one)
        if each.name != "lines"
        and not each.metadata.get("not_content")
        and getattr(one, each.name) != getattr(other, each.name)
    )
