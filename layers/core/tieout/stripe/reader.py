"""Stripe, read now, at the pinned version: the adapter behind `services.ports.StripeReader`."""

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

import stripe

from tieout.domain.errors import Refused, Unavailable
from tieout.domain.reasons import Reason
from tieout.domain.subjects import Subject, SubjectKind
from tieout.planning.snapshots import (
    BalanceTransaction,
    ChargeSnapshot,
    CreditNoteSnapshot,
    CustomerSnapshot,
    DisputeSnapshot,
    PayoutSnapshot,
    RefundFacts,
    RefundSnapshot,
    Snapshot,
    TopupSnapshot,
)
from tieout.services.ports import EventHint, InvoiceRow, Stretch
from tieout.stripe import decode, listing
from tieout.stripe.allowance import Allowance
from tieout.stripe.api import RequestRefused, StripeApi
from tieout.stripe.decode.movement import in_order
from tieout.stripe.decode.moves import MOVES
from tieout.stripe.invoices import payments_of, read_invoice
from tieout.stripe.rows import Raw, Rows

REFUNDS_MAX = 1_000
BALANCE_CHANGES_MAX = 5_000
# Of one object: a dispute, payout or top-up.
MOVEMENTS_OF_ONE_MAX = 1_000
# Of a day, or in a payout: 200 reads.
MOVEMENTS_MAX = 20_000


def connect(
    api_key: Callable[[], str] | str,
    api_base: str,
    timeout_seconds: int,
    *,
    livemode: bool,
    refresh: Callable[[], None] = lambda: None,
    key_of: Callable[[str], str | None] = lambda _: None,
    allowance: Allowance | None = None,
) -> "StripeApiReader":
    """Return a reader of the Stripe account that the key belongs to.

    Args:
        api_key: the key, or what returns it (asked at each request).
        api_base: where the API is (`https://api.stripe.com`).
        timeout_seconds: of one attempt; a read makes at most three.
        livemode: whether objects must be live ones.
        refresh: called when Stripe refused the key, so that it is looked up anew.
        key_of: returns the key of a further account of the company; None for connected accounts.
        allowance: how fast to ask; None asks as fast as answers come.
    """
    key = api_key if callable(api_key) else lambda: api_key
    http = stripe.RequestsClient(timeout=timeout_seconds)
    api = StripeApi(http, key, api_base, refresh, key_of, allowance)
    return StripeApiReader(api, livemode=livemode)


class StripeApiReader:
    """Reads snapshots and lists; see `services.ports.StripeReader` for what may be raised."""

    def __init__(self, api: StripeApi, *, livemode: bool) -> None:
        self._api = api
        self._rows = Rows(api, livemode=livemode)
        self._readers: Mapping[SubjectKind, Callable[[str, str | None], Snapshot]] = {
            SubjectKind.CUSTOMER: self._customer,
            SubjectKind.INVOICE: partial(read_invoice, self._rows),
            SubjectKind.CREDIT_NOTE: self._credit_note,
            SubjectKind.CHARGE: self._charge,
            SubjectKind.REFUND: self._refund,
            SubjectKind.DISPUTE: self._dispute,
            SubjectKind.PAYOUT: self._payout,
            SubjectKind.TOPUP: self._topup,
            SubjectKind.CHECKOUT_SESSION: self._checkout_session,
        }

    @property
    def reads(self) -> int:
        """How many GET requests this reader has sent, the library's retries included."""
        return self._api.reads

    def snapshot(self, subject: Subject) -> Snapshot:
        """Return the subject with everything that hangs on it.

        Raises:
            TransientFault: rate limit, connection, 5xx, or the object keeps changing while read.
            ConfigurationFault: the key is wrong or lacks a permission.
            Refused: the object is missing, of the other mode, unreadable or too large.
        """
        read = self._readers.get(subject.kind)
        if read is None:
            raise Refused(
                Reason.OBJECT_MISSING_IN_STRIPE, f"{subject.kind} is no object of Stripe's"
            )
        return read(subject.id, subject.account)

    def events(
        self,
        types: Sequence[str],
        since_unix: int,
        until_unix: int | None,
        account: str | None = None,
    ) -> Stretch[EventHint]:
        """Return the newest events of the types, of those created from `since` to `until`."""
        return listing.events(self._api, types, (since_unix, until_unix), account)

    def invoices(
        self, since_unix: int, until_unix: int | None, account: str | None = None
    ) -> Stretch[InvoiceRow]:
        """Return the newest invoices created from `since` to `until`, drafts included."""
        return listing.invoices(self._api, {}, (since_unix, until_unix), account)

    def open_invoices(
        self, since_unix: int, until_unix: int | None, account: str | None = None
    ) -> Stretch[InvoiceRow]:
        """Return the newest open invoices of those created from `since` to `until`."""
        window = (since_unix, until_unix)
        return listing.invoices(self._api, {"status": "open"}, window, account)

    def listed(
        self, kind: SubjectKind, since_unix: int, until_unix: int, account: str | None = None
    ) -> Iterator[Subject]:
        """Yield the subjects of a kind created from `since` to `until`, newest first."""
        return listing.subjects(self._api, kind, (since_unix, until_unix), account)

    def charge_of(self, payment_intent: str, account: str | None = None) -> Subject | None:
        """Return the newest charge of a payment intent; None without one."""
        raw = self._rows.get(("payment_intents", payment_intent), account)
        charge = decode.latest_charge(raw)
        return None if charge is None else Subject(SubjectKind.CHARGE, charge, account)

    def movements(
        self, since_unix: int, until_unix: int, account: str | None = None
    ) -> Sequence[BalanceTransaction]:
        """Return every movement of the balance created from `since` to `until`, with its origin."""
        window = {"created": {"gte": since_unix, "lte": until_unix}, "expand": ["data.source"]}
        return in_order(self._movements(window, account, MOVEMENTS_MAX))

    def movement(self, identifier: str, account: str | None = None) -> BalanceTransaction:
        """Return one movement of the balance, with its origin."""
        place = ("balance_transactions", identifier)
        return decode.movement(self._rows.get(place, account, {"expand": ["source"]}))

    def balance(self, account: str | None = None) -> Mapping[str, int]:
        """Return what the balance holds now, in minor units by currency."""
        return decode.balance(self._rows.get(("balance",), account))

    def _customer(self, identifier: str, account: str | None) -> CustomerSnapshot:
        place = ("customers", identifier)
        raw = self._rows.get(place, account)
        if raw.get("deleted"):
            return decode.customer(raw)
        changes = self._rows.all((*place, "balance_transactions"), account, {}, BALANCE_CHANGES_MAX)
        return decode.customer(raw, map(decode.balance_change, changes))

    def _checkout_session(self, identifier: str, account: str | None) -> Snapshot:
        raw = self._rows.get(("checkout", "sessions", identifier), account)
        return decode.other(raw, "checkout.session")

    def _credit_note(self, identifier: str, account: str | None) -> CreditNoteSnapshot:
        raw = self._rows.get(("credit_notes", identifier), account)
        credited = decode.credited_invoice(raw)
        invoice = read_invoice(self._rows, credited, account, with_credit_notes=True)
        # The list was read later, and the plan must see all of them in one state.
        for note in invoice.credit_notes:
            if note.id == identifier:
                return CreditNoteSnapshot(note, invoice)
        raise Unavailable(f"credit note {identifier} is not listed with its invoice yet")

    def _charge(self, identifier: str, account: str | None) -> ChargeSnapshot:
        raw = self._raw_charge(identifier, account)
        intent = decode.charge(raw).payment_intent
        charge = decode.charge(raw, payments_of(self._rows, intent, account))
        if charge.failure is None:
            return charge
        # What takes a receipt back is booked where its invoice is. Of a canceled payment the books
        # may know what Stripe no longer shows.
        invoices = dict.fromkeys([*charge.invoices, *(each.invoice for each in charge.payments)])
        paid = tuple(read_invoice(self._rows, each, account) for each in invoices)
        return dataclasses.replace(charge, paid_invoices=paid)

    def _raw_charge(self, identifier: str, account: str | None) -> Raw:
        return self._rows.get(("charges", identifier), account, {"expand": ["customer", *MOVES]})

    def _refund(self, identifier: str, account: str | None) -> RefundSnapshot:
        raw = self._rows.get(("refunds", identifier), account, {"expand": MOVES})
        refund = decode.refund(raw)
        siblings = {refund.id: refund, **self._siblings(refund, account)}
        payments = payments_of(self._rows, refund.payment_intent, account)
        paid = dict.fromkeys(each.invoice for each in payments if each.is_of_its_invoice)
        sale = None
        if not paid and refund.charge is not None:
            sale = decode.charge(self._raw_charge(refund.charge, account), payments)
        return RefundSnapshot(
            # The list was read later, and the plan must see all of them in one state.
            refund=siblings[refund.id],
            siblings=tuple(
                sorted(siblings.values(), key=lambda each: (each.created_unix, each.id))
            ),
            invoices=tuple(read_invoice(self._rows, each, account) for each in paid),
            sale=sale,
        )

    def _siblings(self, refund: RefundFacts, account: str | None) -> dict[str, RefundFacts]:
        if refund.payment_intent is not None:
            parent = {"payment_intent": refund.payment_intent}
        elif refund.charge is not None:
            parent = {"charge": refund.charge}
        else:
            return {}
        expand = [f"data.{move}" for move in MOVES]
        rows = self._rows.all(("refunds",), account, {**parent, "expand": expand}, REFUNDS_MAX)
        return {each.id: each for each in map(decode.refund, rows)}

    def _dispute(self, identifier: str, account: str | None) -> DisputeSnapshot:
        raw = self._rows.get(("disputes", identifier), account)
        return decode.dispute(raw, self._movements_of(identifier, account))

    def _payout(self, identifier: str, account: str | None) -> PayoutSnapshot:
        raw = self._rows.get(("payouts", identifier), account)
        content_minor = None
        if decode.tells_content(raw):
            content_minor = self._content_minor(identifier, account)
        return decode.payout(raw, self._movements_of(identifier, account), content_minor)

    def _content_minor(self, payout: str, account: str | None) -> int | None:
        """Return the net sum of what a payout pays out; None where Stripe refuses to tell.

        Some accounts have no reconciliation report. Nothing else is wrong with the request, so a
        refusal of it says that.
        Source: stripe-api dossier section 4.8.
        """
        movements = self._movements({"payout": payout}, account, MOVEMENTS_MAX)
        try:
            return sum(each.net_minor for each in movements if each.source != payout)
        except RequestRefused:
            return None

    def _topup(self, identifier: str, account: str | None) -> TopupSnapshot:
        raw = self._rows.get(("topups", identifier), account)
        return decode.topup(raw, self._movements_of(identifier, account))

    def _movements_of(self, source: str, account: str | None) -> Iterator[BalanceTransaction]:
        return self._movements({"source": source}, account, MOVEMENTS_OF_ONE_MAX)

    def _movements(
        self, filters: Raw, account: str | None, rows_max: int
    ) -> Iterator[BalanceTransaction]:
        rows = self._rows.all(("balance_transactions",), account, filters, rows_max)
        return map(decode.movement, rows)
