"""Journal entries that a client makes itself: GLBATCH and create_gltransaction.

Source: dossier 7.6.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from tests.sandbox.intacct import errors
from tests.sandbox.intacct.books import ledger
from tests.sandbox.intacct.books.company import IntacctCompany, Scope
from tests.sandbox.intacct.books.ledger import NewEntry
from tests.sandbox.intacct.books.master import Dimensions
from tests.sandbox.intacct.books.money import ZERO, convert
from tests.sandbox.intacct.books.records import Exchange, JournalEntry, LedgerLine
from tests.sandbox.intacct.books.validation import checked_dimensions, in_line


@dataclass(frozen=True)
class NewJournalLine:
    """A line as the request gives it; ``amount`` is signed, debit positive."""

    account_no: str
    amount: Decimal
    exchange: Exchange
    dimensions: Dimensions = field(default_factory=Dimensions)
    description: str = ""
    document: str = ""


def journal_lines(
    company: IntacctCompany, scope: Scope, lines: Iterable[NewJournalLine]
) -> tuple[LedgerLine, ...]:
    """Validate lines and translate them into the base currency."""
    checked: list[LedgerLine] = []
    for index, line in enumerate(lines, start=1):
        try:
            _check_account(company, line.account_no)
            dimensions = checked_dimensions(company, scope, line.account_no, line.dimensions)
        except errors.FunctionFailedError as error:
            raise in_line(error, index) from error
        checked.append(
            LedgerLine(
                line.account_no,
                convert(line.amount, line.exchange.rate),
                line.amount,
                line.exchange.currency,
                dimensions,
                line.description,
                line.document,
            )
        )
    if company.switches.foreign_journal_rounding == "settle":
        return _without_rounding(checked)
    return tuple(checked)


def _without_rounding(lines: Sequence[LedgerLine]) -> tuple[LedgerLine, ...]:
    """Give the last line what its base amount lacks, if the lines balance in their one currency."""
    one_currency = len({line.currency for line in lines}) == 1
    if not one_currency or sum((line.amount for line in lines), ZERO):
        return tuple(lines)
    *others, last = lines
    missing = -sum((line.base_amount for line in lines), ZERO)
    return (*others, replace(last, base_amount=last.base_amount + missing))


def create_journal_entry(
    company: IntacctCompany, scope: Scope, new: NewEntry, reverse_on: date | None
) -> JournalEntry:
    """Post a journal entry, and its automatic reversal when a date is given.

    Raises:
        FunctionFailedError: unknown journal, fewer than two lines, unbalanced in total or per
            entity, closed period, reversal not after the entry.
    """
    _check(company, new)
    if reverse_on is not None and reverse_on <= new.posted_on:
        raise errors.refuse("BL01001973", "The reversal date must be after the entry date")
    entry = ledger.post(company, new, scope)
    if reverse_on is not None:
        ledger.reverse(company, scope, entry.record_no, reverse_on, f"Reversed - {new.title}")
        entry = replace(entry, state="Reversed")
        company.entries.put(entry.record_no, entry)
    return entry


def update_journal_entry(
    company: IntacctCompany, scope: Scope, key: int, new: NewEntry
) -> JournalEntry:
    """Replace a journal entry with all its lines (7.6)."""
    before = _own_entry(company, key)
    _check(company, new)
    company.require_open_period(before.posted_on)
    company.require_open_period(new.posted_on)
    ledger.require_balance(company, new.lines)
    after = replace(
        before,
        journal=new.journal,
        posted_on=new.posted_on,
        title=new.title,
        lines=tuple(ledger.number_lines(company, new.lines)),
        reference=new.reference,
        history_comment=new.history_comment,
        base_location=new.base_location,
        state="Draft" if new.draft else "Posted",
        modified_at=company.now(),
        entity_id=scope.entity_id,
        custom=new.custom,
    )
    company.entries.put(key, after)
    return after


def delete_journal_entry(company: IntacctCompany, key: int) -> None:
    """Delete a journal entry of an open period; subledger batches are not deletable here."""
    _own_entry(company, key)
    ledger.withdraw(company, key)


def _own_entry(company: IntacctCompany, key: int) -> JournalEntry:
    entry = company.entries.get(key)
    if entry is None:
        raise errors.no_record(str(key))
    if entry.module != "2.GL":
        raise errors.refuse("BL01001973", f"The batch {key} belongs to the {entry.module} module")
    return entry


def _check(company: IntacctCompany, new: NewEntry) -> None:
    if new.journal not in company.journals:
        raise errors.invalid_reference("journal", new.journal)
    if len(new.lines) < 2:
        raise errors.refuse("BL01001973", "A journal entry needs at least two lines")
    if company.profile.multi_entity and not new.base_location:
        _require_balance_by_entity(company, new.lines)


def _require_balance_by_entity(company: IntacctCompany, lines: Iterable[LedgerLine]) -> None:
    totals: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for line in lines:
        totals[company.entity_of(line.dimensions.location)] += line.base_amount
    for entity, total in totals.items():
        if total:
            raise errors.refuse(
                company.switches.unbalanced_errorno,
                f"Debits and credits are not equal in entity {entity}; the difference is {total}",
            )


def _check_account(company: IntacctCompany, account_no: str) -> None:
    """Refuse control and bank accounts where the switches say so (7.9, [unknown])."""
    account = company.account(account_no)
    if account.alternative != "None" and not company.switches.journals_on_control_accounts:
        raise errors.refuse(
            "BL01001973", f"Account {account_no} is a control account; journals may not use it"
        )
    if company.switches.journals_on_bank_accounts:
        return
    if any(bank.account_no == account_no for bank in company.banks):
        raise errors.refuse(
            "BL01001973", f"Account {account_no} belongs to a bank account; journals may not use it"
        )
