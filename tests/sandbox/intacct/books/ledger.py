"""Posting to the general ledger: balance, periods, reversals as dated opposites.

Source: dossier 7.6 (journal entries) and section 5 (unbalanced entry, closed period). That every
subledger document posts one batch follows from GLDETAIL's MODULEKEY (7.6).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Literal

from tests.sandbox.intacct import errors
from tests.sandbox.intacct.books.company import IntacctCompany, Scope
from tests.sandbox.intacct.books.money import ZERO
from tests.sandbox.intacct.books.records import JournalEntry, LedgerLine, no_fields

SUBLEDGER_JOURNALS = {"4.AR": "ARJ", "11.CM": "CRJ"}


@dataclass(frozen=True)
class NewEntry:
    """A batch to post; lines with a zero amount are dropped."""

    journal: str
    posted_on: date
    title: str
    lines: tuple[LedgerLine, ...]
    module: Literal["2.GL", "4.AR", "11.CM"] = "2.GL"
    reference: str = ""
    history_comment: str = ""
    base_location: str = ""
    draft: bool = False
    source_key: int | None = None
    reverses_key: int | None = None
    custom: Mapping[str, str] = field(default_factory=no_fields)


def post(company: IntacctCompany, new: NewEntry, scope: Scope) -> JournalEntry:
    """Post a balanced entry and return it.

    Raises:
        FunctionFailedError: closed period, or debits and credits differ.
    """
    company.require_open_period(new.posted_on, scope.entity_id)
    require_balance(company, new.lines)
    now = company.now()
    entry = JournalEntry(
        record_no=company.next_number("entry"),
        batch_no=company.next_number(f"batch/{new.journal}"),
        journal=new.journal,
        posted_on=new.posted_on,
        title=new.title,
        lines=tuple(number_lines(company, new.lines)),
        module=new.module,
        created_at=now,
        modified_at=now,
        state="Draft" if new.draft else "Posted",
        reference=new.reference,
        history_comment=new.history_comment,
        base_location=new.base_location,
        entity_id=scope.entity_id,
        source_key=new.source_key,
        reverses_key=new.reverses_key,
        custom=new.custom,
    )
    company.entries.put(entry.record_no, entry)
    return entry


def post_subledger(
    company: IntacctCompany,
    scope: Scope,
    *,
    module: Literal["4.AR", "11.CM"],
    posted_on: date,
    title: str,
    lines: Iterable[LedgerLine],
    source_key: int,
) -> int | None:
    """Post what a document does to the ledger; None when it moves nothing."""
    moving = tuple(line for line in lines if line.base_amount or line.amount)
    company.require_open_period(posted_on, scope.entity_id)
    if not moving:
        return None
    new = NewEntry(
        SUBLEDGER_JOURNALS[module], posted_on, title, moving, module=module, source_key=source_key
    )
    return post(company, new, scope).record_no


def number_lines(company: IntacctCompany, lines: Iterable[LedgerLine]) -> Iterable[LedgerLine]:
    """Give lines their RECORDNO and their number from 0, as GLENTRY.LINE_NO has it."""
    for index, line in enumerate(lines):
        yield replace(line, record_no=company.next_number("entry line"), line_no=index)


def require_balance(company: IntacctCompany, lines: Iterable[LedgerLine]) -> None:
    """Refuse lines whose base amounts do not add up to zero."""
    total = sum((line.base_amount for line in lines), ZERO)
    if total:
        raise errors.refuse(
            company.switches.unbalanced_errorno,
            f"Debits and credits are not equal; the difference is {total}",
        )


def reverse(
    company: IntacctCompany, scope: Scope, entry_key: int | None, on: date, title: str
) -> int | None:
    """Post the opposite of an entry, dated ``on``; the original stays as it is."""
    company.require_open_period(on, scope.entity_id)
    if entry_key is None:
        return None
    original = company.entries[entry_key]
    opposite = tuple(
        replace(line, base_amount=-line.base_amount, amount=-line.amount) for line in original.lines
    )
    new = NewEntry(
        original.journal,
        on,
        title,
        opposite,
        module=original.module,
        source_key=original.source_key,
        reverses_key=entry_key,
    )
    return post(company, new, scope).record_no


def withdraw(company: IntacctCompany, entry_key: int | None) -> None:
    """Delete an entry, which only an open period allows."""
    if entry_key is None:
        return
    company.require_open_period(company.entries[entry_key].posted_on)
    company.entries.remove(entry_key)


def balances(company: IntacctCompany, as_of: date | None = None) -> dict[str, Decimal]:
    """Return the balance of every account that moved, debit positive, in the base currency."""
    totals: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for entry in company.entries:
        if entry.state != "Draft" and (as_of is None or entry.posted_on <= as_of):
            for line in entry.lines:
                totals[line.account_no] += line.base_amount
    return dict(totals)
