"""Lines of invoices, adjustments and other receipts: validation, translation, posting.

Source: dossier 7.2 (lineitem, taxentries).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from tests.sandbox.intacct import errors
from tests.sandbox.intacct.books.company import IntacctCompany, Scope
from tests.sandbox.intacct.books.master import Dimensions
from tests.sandbox.intacct.books.money import ZERO, convert
from tests.sandbox.intacct.books.recognition import check_deferral
from tests.sandbox.intacct.books.records import (
    DeferredRevenue,
    DocumentLine,
    Exchange,
    LedgerLine,
)
from tests.sandbox.intacct.books.validation import checked_dimensions, in_line


@dataclass(frozen=True)
class NewLine:
    """A line as the request gives it; ``taxes`` are tax detail id and amount (None: computed)."""

    account_no: str
    amount: Decimal
    memo: str = ""
    dimensions: Dimensions = field(default_factory=Dimensions)
    offset_account_no: str = ""
    taxes: tuple[tuple[str, Decimal | None], ...] = ()
    deferred: DeferredRevenue | None = None


def build_lines(
    company: IntacctCompany, scope: Scope, exchange: Exchange, lines: Iterable[NewLine]
) -> Iterable[DocumentLine]:
    """Validate lines and translate them into the base currency."""
    for index, line in enumerate(lines, start=1):
        try:
            yield _build_line(company, scope, exchange, line, index)
        except errors.FunctionFailedError as error:
            raise in_line(error, index) from error


def _build_line(
    company: IntacctCompany, scope: Scope, exchange: Exchange, line: NewLine, line_no: int
) -> DocumentLine:
    dimensions = checked_dimensions(company, scope, line.account_no, line.dimensions)
    if line.offset_account_no:
        company.account(line.offset_account_no)
    if line.deferred is not None:
        check_deferral(company, line.deferred)
    tax, tax_account = ZERO, ""
    for detail_id, amount in line.taxes:
        detail = next((t for t in company.profile.tax_details if t.detail_id == detail_id), None)
        if detail is None:
            raise errors.invalid_reference("tax detail", detail_id)
        tax_account = detail.account_no
        tax += convert(line.amount, detail.percent / 100) if amount is None else amount
    return DocumentLine(
        record_no=company.next_number("document line"),
        line_no=line_no,
        account_no=line.account_no,
        amount=line.amount,
        base_amount=convert(line.amount, exchange.rate),
        memo=line.memo,
        dimensions=dimensions,
        offset_account_no=line.offset_account_no,
        tax=tax,
        base_tax=convert(tax, exchange.rate),
        tax_account_no=tax_account,
        deferred=line.deferred,
    )


def line_credits(line: DocumentLine, currency: str, number: str) -> Iterable[LedgerLine]:
    """Credit a line's account, or where its revenue waits, and its tax account if it has tax."""
    yield LedgerLine(
        line.deferred.account_no if line.deferred else line.account_no,
        -line.base_amount,
        -line.amount,
        currency,
        line.dimensions,
        line.memo,
        number,
    )
    if line.tax:
        tax_dimensions = Dimensions(location=line.dimensions.location)
        yield LedgerLine(
            line.tax_account_no,
            -line.base_tax,
            -line.tax,
            currency,
            tax_dimensions,
            line.memo,
            number,
        )
