"""What customers owe: Stripe's open invoices beside Intacct's, and Intacct's own control account.

Intacct's receivables are the whole company's, so they stand beside those of all its Stripe accounts
together.
"""

import dataclasses
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from tieout.domain.keys import invoice_key, invoice_owed_again, reference
from tieout.domain.postings import Posting, State, Worklist
from tieout.domain.subjects import Subject, SubjectKind
from tieout.domain.tie_outs import OpenItem, TieOut
from tieout.services.ports import Books, InvoiceRow, OpenReceivable, Postings, StripeReader

# Three attempts find a quiet moment in any but the busiest books.
ATTEMPTS_MAX = 3
# What is open counts whatever it is dated, so the control account does, too.
_END_OF_BOOKS = date(2099, 12, 31)
# Source: stripe-api dossier section 4.1: how the id of an invoice begins.
_STRIPE_INVOICE = "in_"


@dataclass(frozen=True, slots=True)
class Control:
    """The receivables' control account and what customers owe, of one moment.

    Attributes:
        account: in Intacct.
        shown_minor: what it shows, by currency; debit positive.
        owed_minor: what customers owe by all that is open in Intacct, by currency.
    """

    account: str
    shown_minor: Mapping[str, int]
    owed_minor: Mapping[str, int]

    @property
    def currencies(self) -> Collection[str]:
        """The currencies in which there is anything."""
        both = (*self.shown_minor.items(), *self.owed_minor.items())
        return {currency for currency, amount_minor in both if amount_minor}

    def beside(self, tie_out: TieOut) -> TieOut:
        """Return the tie-out with both amounts in its currency."""
        return dataclasses.replace(
            tie_out,
            control_account=self.account,
            control_minor=self.shown_minor.get(tie_out.currency, 0),
            subledger_minor=self.owed_minor.get(tie_out.currency, 0),
        )


class Receivables:
    """Reads both sides and writes to neither.

    Both methods raise `TransientFault`, `ConfigurationFault` and `Refused` as the ports do.
    """

    def __init__(self, stripe: StripeReader, books: Books, postings: Postings) -> None:
        self._stripe = stripe
        self._books = books
        self._postings = postings

    def control(self, account: str) -> Control | None:
        """Return the control account beside what customers owe, of one moment.

        None if it never stood still: nobody should be called for what was being posted.
        """
        shown = self._books.balances({account}, _END_OF_BOOKS)
        for _ in range(ATTEMPTS_MAX):
            owed = self._books.owed_by_customers()
            after = self._books.balances({account}, _END_OF_BOOKS)
            if after == shown:
                shown_minor = {currency: each for (_, currency), each in shown.items()}
                return Control(account, shown_minor, owed)
            shown = after
        return None

    def open_items(self, accounts: Iterable[str | None]) -> Sequence[OpenItem]:
        """Return every invoice that either side shows as open.

        A voided credit note is a debit memo in the books, of which the number begins like that of
        its invoice: together they are what Stripe asks for.

        Args:
            accounts: the Stripe accounts whose books are kept; None for the main one.
        """
        ours: dict[str, OpenReceivable] = {}
        adjustments: list[OpenReceivable] = []
        for each in self._books.open_receivables():
            # What else a company has sent invoices for is none of Stripe's business.
            if each.reference.startswith(_STRIPE_INVOICE):
                ours[each.reference] = each
            elif not each.reference:
                adjustments.append(each)
        rows = {
            Subject(SubjectKind.INVOICE, row.invoice, account): row
            for account in accounts
            for row in self._all_open(account)
        }
        settled = [each.id for each in rows if reference(each.id) not in ours]
        numbers = self._numbers_of(settled)
        items = [
            _open_item(
                subject,
                row,
                ours.pop(reference(subject.id), None),
                adjustments,
                numbers.get(subject.id, ""),
            )
            for subject, row in rows.items()
        ]
        in_the_way, owed_again = self._in_the_way(), self._owed_again()
        known = self._known(ours, in_the_way, owed_again)
        items += [_open_alone(each, known.get(each.reference)) for each in ours.values()]
        waiting = {reference(each.id) for each in in_the_way}
        marked = [
            dataclasses.replace(each, explained=reference(each.invoice) in waiting)
            for each in items
        ]
        return [_explained(each, owed_again) for each in marked]

    def _all_open(self, account: str | None) -> Iterator[InvoiceRow]:
        until_unix: int | None = None
        while True:
            stretch = self._stripe.open_invoices(0, until_unix, account)
            yield from stretch.rows
            if stretch.reached_unix <= 0:
                return
            until_unix = stretch.reached_unix - 1

    def _numbers_of(self, invoices: Collection[str]) -> Mapping[str, str]:
        """Return the numbers of those invoices that are booked."""
        keys = {invoice_key(each): each for each in invoices}
        found = self._postings.get_many(keys)
        return {keys[key]: each.number for key, each in found.items() if each.state is State.POSTED}

    def _in_the_way(self) -> frozenset[Subject]:
        """Return the invoices of which something is parked or under way."""
        return frozenset(
            posting.subject
            for worklist in (Worklist.ATTENTION, Worklist.IN_FLIGHT)
            for posting in self._postings.on_worklist(worklist)
            if posting.subject.kind is SubjectKind.INVOICE
        )

    def _owed_again(self) -> Mapping[str, Sequence[Posting]]:
        """Return what the books ask for since its money went back, and Stripe does not.

        By the reference of the invoice; parked, or closed by a person.
        """
        found: dict[str, list[Posting]] = defaultdict(list)
        for worklist in (Worklist.ATTENTION, Worklist.ACCEPTED):
            for posting in self._postings.on_worklist(worklist):
                if (invoice := invoice_owed_again(posting.key)) is not None:
                    found[reference(invoice)].append(posting)
        return found

    def _known(
        self,
        references: Collection[str],
        in_the_way: Collection[Subject],
        owed_again: Mapping[str, Sequence[Posting]],
    ) -> Mapping[str, Subject]:
        """Return which invoices those references are of, as far as the lists of postings tell.

        A reference of a long id does not tell it.
        """
        if not references:
            return {}
        ids = {*self._postings.open_invoices(0, None), *(each.id for each in in_the_way)}
        ids.update(
            invoice
            for postings in owed_again.values()
            for each in postings
            if (invoice := invoice_owed_again(each.key)) is not None
        )
        found = self._postings.get_many(
            invoice_key(each) for each in ids if reference(each) in references
        )
        return {reference(each.subject.id): each.subject for each in found.values()}


def _explained(item: OpenItem, owed_again: Mapping[str, Sequence[Posting]]) -> OpenItem:
    """Return the item with what is known of money that went back, if it is no more than that."""
    known = owed_again.get(reference(item.invoice), ())
    known_minor = sum(each.amount_minor or 0 for each in known)
    if not 0 < item.books_minor - item.stripe_minor <= known_minor:
        return item
    return dataclasses.replace(
        item,
        text=f"{item.text}; {'; '.join(each.reason_text for each in known)}",
        explained=True,
        accepted=all(each.state is State.CLOSED for each in known),
    )


def _open_item(
    subject: Subject,
    row: InvoiceRow,
    receivable: OpenReceivable | None,
    adjustments: Iterable[OpenReceivable],
    number: str,
) -> OpenItem:
    """Return what both sides ask for of an invoice that is open in Stripe.

    Args:
        subject: the invoice.
        row: what Stripe shows of it.
        receivable: what Intacct shows as open of it.
        adjustments: what else is open in Intacct.
        number: in Intacct, if it is booked and settled there.
    """
    books_minor = 0 if receivable is None else receivable.due_minor
    number = number if receivable is None else receivable.number
    if number:
        memos_minor = sum(
            each.due_minor for each in adjustments if each.number.startswith(f"{number}-")
        )
        # Else one of them may be a credit memo, whose sign nobody knows.
        if books_minor + memos_minor == row.remaining_minor:
            books_minor = row.remaining_minor
    return OpenItem(
        row.invoice,
        row.currency,
        stripe_minor=row.remaining_minor,
        books_minor=books_minor,
        text=f"{number} in Intacct" if number else "not in Intacct",
        subject=str(subject),
    )


def _open_alone(receivable: OpenReceivable, subject: Subject | None) -> OpenItem:
    """Return an invoice that is open in the books alone."""
    return OpenItem(
        receivable.reference if subject is None else subject.id,
        receivable.currency,
        stripe_minor=0,
        books_minor=receivable.due_minor,
        text=f"{receivable.number} in Intacct",
        subject="" if subject is None else str(subject),
    )
