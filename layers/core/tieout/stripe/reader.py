"""Stripe, read now, at the pinned version: the adapter behind `services.ports.StripeReader`."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import stripe

from tieout.domain.errors import Refused, Unavailable
from tieout.domain.reasons import Reason
from tieout.domain.subjects import Subject, SubjectKind
from tieout.planning.snapshots import (
    ChargeSnapshot,
    CustomerSnapshot,
    InvoiceSnapshot,
    OtherSnapshot,
    RefundFacts,
    RefundSnapshot,
    Snapshot,
)
from tieout.services.ports import EventHint, InvoiceRow, Stretch
from tieout.stripe import decode, listing
from tieout.stripe.api import StripeApi, path_of
from tieout.stripe.decode.moves import MOVES

LINES_MAX = 5_000
PAYMENTS_MAX = 1_000
REFUNDS_MAX = 1_000

# Where each kind that is not booked yet is read, and what Stripe calls such an object.
_OTHERS: Mapping[SubjectKind, tuple[tuple[str, ...], str]] = {
    SubjectKind.CREDIT_NOTE: (("credit_notes",), "credit_note"),
    SubjectKind.DISPUTE: (("disputes",), "dispute"),
    SubjectKind.PAYOUT: (("payouts",), "payout"),
    SubjectKind.TOPUP: (("topups",), "topup"),
    SubjectKind.CHECKOUT_SESSION: (("checkout", "sessions"), "checkout.session"),
}


def connect(
    api_key: Callable[[], str] | str,
    api_base: str,
    timeout_seconds: int,
    *,
    livemode: bool,
    refresh: Callable[[], None] = lambda: None,
) -> "StripeApiReader":
    """Return a reader of the Stripe account that the key belongs to.

    Args:
        api_key: the key, or what returns it (asked at each request).
        api_base: where the API is (`https://api.stripe.com`).
        timeout_seconds: of one attempt; a read makes at most three.
        livemode: whether objects must be live ones.
        refresh: called when Stripe refused the key, so that it is looked up anew.
    """
    key = api_key if callable(api_key) else lambda: api_key
    api = StripeApi(stripe.RequestsClient(timeout=timeout_seconds), key, api_base, refresh)
    return StripeApiReader(api, livemode=livemode)


class StripeApiReader:
    """Reads snapshots and lists; see `services.ports.StripeReader` for what may be raised."""

    def __init__(self, api: StripeApi, *, livemode: bool) -> None:
        self._api = api
        self._livemode = livemode

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
        account = subject.account
        match subject.kind:
            case SubjectKind.CUSTOMER:
                return self._customer(subject.id, account)
            case SubjectKind.INVOICE:
                return self._invoice(subject.id, account)
            case SubjectKind.CHARGE:
                return self._charge(subject.id, account)
            case SubjectKind.REFUND:
                return self._refund(subject.id, account)
            case _:
                return self._other(subject)

    def events(
        self, types: Sequence[str], since_unix: int, until_unix: int | None
    ) -> Stretch[EventHint]:
        """Return the newest events of the types, of those created from `since` to `until`."""
        return listing.events(self._api, types, since_unix, until_unix)

    def invoices(self, since_unix: int, until_unix: int | None) -> Stretch[InvoiceRow]:
        """Return the newest invoices created from `since` to `until`, drafts included."""
        return listing.invoices(self._api, {}, since_unix, until_unix)

    def open_invoices(self, since_unix: int, until_unix: int | None) -> Stretch[InvoiceRow]:
        """Return the newest open invoices of those created from `since` to `until`."""
        return listing.invoices(self._api, {"status": "open"}, since_unix, until_unix)

    def _customer(self, identifier: str, account: str | None) -> CustomerSnapshot:
        return decode.customer(self._get(("customers", identifier), account))

    def _other(self, subject: Subject) -> OtherSnapshot:
        place, kind = _OTHERS[subject.kind]
        return decode.other(self._get((*place, subject.id), subject.account), kind)

    def _charge(self, identifier: str, account: str | None) -> ChargeSnapshot:
        raw = self._get(("charges", identifier), account, {"expand": MOVES})
        charge = decode.charge(raw)
        invoices = self._invoices_paid_by(charge.payment_intent, account)
        return dataclasses.replace(charge, invoices=invoices)

    def _refund(self, identifier: str, account: str | None) -> RefundSnapshot:
        raw = self._get(("refunds", identifier), account, {"expand": MOVES})
        refund = decode.refund(raw)
        siblings = {refund.id: refund, **self._siblings(refund, account)}
        return RefundSnapshot(
            # The list was read later, and the plan must see all of them in one state.
            refund=siblings[refund.id],
            siblings=tuple(
                sorted(siblings.values(), key=lambda each: (each.created_unix, each.id))
            ),
            invoices=tuple(
                self._invoice(each, account)
                for each in self._invoices_paid_by(refund.payment_intent, account)
            ),
        )

    def _siblings(self, refund: RefundFacts, account: str | None) -> dict[str, RefundFacts]:
        if refund.payment_intent is not None:
            parent = {"payment_intent": refund.payment_intent}
        elif refund.charge is not None:
            parent = {"charge": refund.charge}
        else:
            return {}
        expand = [f"data.{move}" for move in MOVES]
        rows = self._all(("refunds",), account, {**parent, "expand": expand}, REFUNDS_MAX)
        return {each.id: each for each in map(decode.refund, rows)}

    def _invoice(self, identifier: str, account: str | None) -> InvoiceSnapshot:
        """Return an invoice of which all parts belong to one moment.

        A normal invoice is one answer. What needs several is read again when its payments do not
        sum to what it says was paid: either they never do (paid outside Stripe) and nothing moved
        in between, or a payment came in while we read.
        """
        before = self.reads
        first = self._invoice_as_read(identifier, account)
        if self.reads == before + 1 or _payments_sum_up(first):
            return first
        second = self._invoice_as_read(identifier, account)
        if _payments_sum_up(second) or second == first:
            return second
        raise Unavailable(f"invoice {identifier} is changing while it is read")

    def _invoice_as_read(self, identifier: str, account: str | None) -> InvoiceSnapshot:
        raw = self._get(("invoices", identifier), account, {"expand": ["customer", "payments"]})
        lines = payments = None
        if _has_more(raw.get("lines")):
            lines = self._all(("invoices", identifier, "lines"), account, {}, LINES_MAX)
        if raw.get("payments") is None or _has_more(raw["payments"]):
            of_it = {"invoice": identifier}
            payments = self._all(("invoice_payments",), account, of_it, PAYMENTS_MAX)
        return decode.invoice(raw, lines, payments)

    def _invoices_paid_by(self, intent: str | None, account: str | None) -> tuple[str, ...]:
        """Return the ids of the invoices that a payment intent pays, each once.

        Stripe offers no filter for a charge that has no payment intent (before 2019-03-15): its
        invoice is only found from the invoice's side.
        Source: stripe-api dossier sections 2.1 and 4.4.
        """
        if intent is None:
            return ()
        of_it = {"payment": {"type": "payment_intent", "payment_intent": intent}}
        rows = self._all(("invoice_payments",), account, of_it, PAYMENTS_MAX)
        payments = [decode.invoice_payment(row) for row in rows]
        return tuple(dict.fromkeys(each.invoice for each in payments if each.status != "canceled"))

    def _get(
        self,
        parts: tuple[str, ...],
        account: str | None,
        parameters: Mapping[str, object] = MappingProxyType({}),
    ) -> Mapping[str, object]:
        raw = self._api.get(path_of(*parts), parameters, account)
        if raw.get("livemode", self._livemode) is not self._livemode:
            mode = "live" if self._livemode else "test"
            raise Refused(
                Reason.OBJECT_MISSING_IN_STRIPE,
                f"{'/'.join(parts)} is not a {mode} mode object, as this deployment expects",
            )
        return raw

    def _all(
        self,
        parts: tuple[str, ...],
        account: str | None,
        filters: Mapping[str, object],
        rows_max: int,
    ) -> list[Mapping[str, object]]:
        rows: list[Mapping[str, object]] = []
        for page in listing.pages(self._api, path_of(*parts), filters, account):
            rows.extend(page)
            if len(rows) > rows_max:
                raise Refused(
                    Reason.SNAPSHOT_TOO_LARGE, f"{'/'.join(parts)} has more than {rows_max} rows"
                )
        return rows


def _payments_sum_up(invoice: InvoiceSnapshot) -> bool:
    paid_minor = sum(payment.amount_paid_minor for payment in invoice.payments)
    return paid_minor == invoice.amount_paid_minor


def _has_more(listed: object) -> bool:
    return isinstance(listed, Mapping) and listed.get("has_more") is True
