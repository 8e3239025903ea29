"""What Stripe's own history says that the books must show: an entry for each thing that happened.

It is worked out from the objects that the account holds and from nothing else. Every change of what
a customer owes passes the customer's receivable, whatever the documents are by which it is booked;
every balance transaction moves Stripe's balance once, in its own currency.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime

from tests.oracle import shares
from tests.oracle.book import Book, Line
from tests.oracle.chart import (
    BAD_DEBT,
    BANK,
    CREDIT,
    DISPUTE_FEES,
    DISPUTES,
    EXCHANGE,
    FEES,
    GIVEN_BY_HAND,
    HELD_BACK,
    OTHER,
    PAST_STRIPE,
    PAYOUT_FEES,
    SALES,
    STRIPE,
    Chart,
    of_currency,
    of_customer,
)
from tests.oracle.shares import Paid, Parts, Sold, credited, divided, kept, sold
from tests.sandbox.stripe.account import StripeAccount
from tests.sandbox.stripe.json_types import JsonObject
from tests.sandbox.stripe.store import ObjectStore

_OF_CHARGES = frozenset({"charge", "payment", "payment_failure_refund", "payment_reversal"})
_OF_REFUNDS = frozenset({"refund", "payment_refund", "refund_failure"})
_GOING_OUT = frozenset({"refund", "payment_refund", "payment_failure_refund", "payment_reversal"})
_DISPUTED = frozenset({"dispute", "dispute_reversal"})
# What happens in one second happens in this order.
_RANKS = ("finalised", "credit", "payment", "credit_note", "refund", "write_off", "void", "balance")


def book_of(account: StripeAccount, chart: Chart) -> Book:
    """Return the ledger that the account's history so far calls for."""
    with account.lock:
        history = _History(account, chart)
        history.play()
    return history.book


class _History:
    def __init__(self, account: StripeAccount, chart: Chart) -> None:
        self.book = Book()
        self._account, self._store, self._chart = account, account.store, chart
        self._facts: list[tuple[int, int, int, Callable[[], None]]] = []
        self._invoices: dict[str, Sold] = {}
        self._of_intent: defaultdict[str, list[str]] = defaultdict(list)
        # What a credit note says of a refund, and what every other took back of what paid what.
        self._named: dict[str, tuple[Sold, Parts]] = {}
        self._taken: dict[str, Sequence[tuple[Sold, Paid, Parts]]] = {}

    def play(self) -> None:
        """Book everything in the order in which it happened."""
        for invoice in self._store.all("invoice"):
            self._foresee_invoice(invoice)
        for payment in self._store.all("invoice_payment"):
            self._foresee_payment(payment)
        for note in self._store.all("credit_note"):
            self._at(note["created"], "credit_note", self._credit_note, note)
            self._at(note["voided_at"], "void", self._void_note, note)
        for change in self._store.all("customer_balance_transaction"):
            self._at(change["created"], "credit", self._change_credit, change)
        for refund in self._store.all("refund"):
            self._at(refund["created"], "refund", self._divide, refund)
        for moved in self._store.all("balance_transaction"):
            self._foresee_movement(moved)
        for *_, fact in sorted(self._facts, key=lambda each: each[:3]):
            fact()
        for of in self._invoices.values():
            self._carry_debt(of)

    def _at(
        self,
        at_unix: int | None,
        rank: str,
        tell: Callable[[JsonObject], None],
        told_by: JsonObject,
    ) -> None:
        if at_unix is not None:
            place = (at_unix, _RANKS.index(rank), len(self._facts))
            self._facts.append((*place, lambda: tell(told_by)))

    # -- receivables ------------------------------------------------------------------------

    def _foresee_invoice(self, invoice: JsonObject) -> None:
        moments = invoice["status_transitions"]
        if moments["finalized_at"] is None:
            return
        self._invoices[invoice["id"]] = sold(invoice, self._store.lines[invoice["id"]], self._chart)
        self._at(moments["finalized_at"], "finalised", self._finalise, invoice)
        self._at(moments["marked_uncollectible_at"], "write_off", self._write_off, invoice)
        self._at(moments["voided_at"], "void", self._void, invoice)
        self._at(moments["paid_at"], "payment", self._pay_unrecorded, invoice)

    def _foresee_payment(self, payment: JsonObject) -> None:
        intent = payment["payment"].get("payment_intent")
        if intent is not None:
            self._of_intent[intent].append(payment["invoice"])
        self._at(payment["status_transitions"]["paid_at"], "payment", self._pay, payment)

    def _finalise(self, invoice: JsonObject) -> None:
        of = self._invoices[invoice["id"]]
        at_unix = invoice["effective_at"] or invoice["status_transitions"]["finalized_at"]
        self._settle(
            of, -invoice["total"], invoice["id"], "invoice", at_unix, _taken(of, of.amounts, -1)
        )

    def _pay(self, payment: JsonObject) -> None:
        of, intent = self._invoices[payment["invoice"]], payment["payment"].get("payment_intent")
        role = STRIPE if intent is not None else PAST_STRIPE
        amount_minor = payment["amount_paid"]
        of.settle(amount_minor, intent or shares.PAST_STRIPE)
        at_unix = payment["status_transitions"]["paid_at"]
        money = (of_currency(role, payment["currency"]), amount_minor)
        self._settle(of, amount_minor, payment["id"], "payment", at_unix, [money])

    def _pay_unrecorded(self, invoice: JsonObject) -> None:
        """Book what was paid past Stripe without an InvoicePayment of its own."""
        recorded_minor = sum(
            each["amount_paid"]
            for each in self._store.where("invoice_payment", "invoice", invoice["id"])
            if each["status"] == "paid"
        )
        amount_minor = invoice["amount_paid"] + invoice["amount_overpaid"] - recorded_minor
        of = self._invoices[invoice["id"]]
        of.settle(amount_minor, shares.PAST_STRIPE)
        money = (of_currency(PAST_STRIPE, invoice["currency"]), amount_minor)
        at_unix = invoice["status_transitions"]["paid_at"]
        self._settle(of, amount_minor, invoice["id"], "payment", at_unix, [money])

    def _write_off(self, invoice: JsonObject) -> None:
        at_unix = invoice["status_transitions"]["marked_uncollectible_at"]
        given_up_minor = self._invoices[invoice["id"]].give_up()
        lines = [(BAD_DEBT, given_up_minor), (of_customer(invoice["customer"]), -given_up_minor)]
        self._book(at_unix, invoice["id"], "write_off", invoice["currency"], lines)

    def _void(self, invoice: JsonObject) -> None:
        of = self._invoices[invoice["id"]]
        rest = of.void()
        at_unix = invoice["status_transitions"]["voided_at"]
        self._settle(of, sum(rest), invoice["id"], "void", at_unix, _taken(of, rest))

    def _credit_note(self, note: JsonObject) -> None:
        """Book what is not paid back through Stripe; the refund books the rest, when it moves."""
        of = self._invoices[note["invoice"]]
        parts = credited(note, self._store.lines[note["id"]], of)
        early = divided(note["pre_payment_amount"], parts)
        of.credit(parts, early)
        late = _less(parts, early)
        for each in note["refunds"]:
            if each["refund"] is not None:
                share = divided(each["amount_refunded"], late)
                late, parts = _less(late, share), _less(parts, share)
                self._named[each["refund"]] = of, share
                self._give_back(of, self._store.get("refund", each["refund"]), sum(share))
        lines, at_unix = _taken(of, parts), note["effective_at"] or note["created"]
        self._settle(of, sum(parts), note["id"], "credit_note", at_unix, lines)
        given_minor = note["out_of_band_amount"] or 0
        given = (of_currency(PAST_STRIPE, note["currency"]), -given_minor)
        self._settle(of, -given_minor, note["id"], "credit_note", at_unix, [given])

    def _void_note(self, note: JsonObject) -> None:
        of = self._invoices[note["invoice"]]
        parts = credited(note, self._store.lines[note["id"]], of)
        of.credit(parts, parts, -1)
        lines = _taken(of, parts, -1)
        self._settle(of, -note["total"], note["id"], "void_note", note["voided_at"], lines)

    def _change_credit(self, change: JsonObject) -> None:
        amount_minor, at_unix = change["amount"], change["created"]
        if change["invoice"] in self._invoices:
            of = self._invoices[change["invoice"]]
            lines = [(CREDIT, amount_minor)]
            if amount_minor > 0:
                of.settle(amount_minor, shares.BY_CREDIT)
            self._settle(of, amount_minor, change["id"], "credit", at_unix, lines)
            return
        lines = [(CREDIT, amount_minor), (GIVEN_BY_HAND, -amount_minor)]
        self._book(at_unix, change["id"], "credit", change["currency"], lines)

    def _carry_debt(self, of: Sold) -> None:
        """Leave what was owed from before where it is until it is paid: it is no part of a sale.

        Stripe adds it to what is due on the next invoice; payments settle the invoice first.
        """
        carried_minor = unpaid_debt(self._account, of.invoice)
        given_up = of.invoice["status"] == "uncollectible"
        owed = BAD_DEBT if given_up else of_customer(of.invoice["customer"])
        lines = [(CREDIT, carried_minor), (owed, -carried_minor)]
        at_unix = of.invoice["status_transitions"]["finalized_at"]
        self._book(at_unix, of.invoice["id"], "debt", of.invoice["currency"], lines)

    def _settle(
        self,
        of: Sold,
        amount_minor: int,
        told_by: str,
        what: str,
        at_unix: int,
        against: Iterable[Line],
    ) -> None:
        """Take an amount off what is owed of an invoice; what was given up and comes is a gain."""
        given_up_minor = of.relieve(amount_minor)
        owed_minor = amount_minor - given_up_minor
        owed = of_customer(of.invoice["customer"])
        lines = [*against, (owed, -owed_minor), (BAD_DEBT, -given_up_minor)]
        self._book(at_unix, told_by, what, of.invoice["currency"], lines)

    # -- Stripe's balance -------------------------------------------------------------------

    def _foresee_movement(self, moved: JsonObject) -> None:
        if moved["type"] in _OF_CHARGES:
            self._at(moved["created"], "payment", self._sell, moved)
        elif moved["type"] in _OF_REFUNDS:
            self._at(moved["created"], "refund", self._refund, moved)
        else:
            self._at(moved["created"], "balance", self._move, moved)
        if moved["type"] in _OF_CHARGES | _OF_REFUNDS:
            self._at(moved["created"], "balance", self._convert, moved)
        self._at(moved["created"], "balance", self._pay_fee, moved)

    def _sell(self, moved: JsonObject) -> None:
        """Book a sale without an invoice, or that its payment failed late.

        With an invoice its InvoicePayment tells, unless Stripe left that paid when it failed.
        """
        charge = self._store.get("charge", moved["source"])
        if moved["amount"] < 0:
            for payment in payments_gone_back(self._store, charge):
                self._go_back(payment, moved)
        if self._is_sale(charge):
            amount_minor = self._origin_minor(moved)
            money = (of_currency(STRIPE, charge["currency"]), amount_minor)
            lines = [money, (SALES, -amount_minor)]
            self._book(moved["created"], charge["id"], "sale", charge["currency"], lines)

    def _is_sale(self, charge: JsonObject) -> bool:
        """Tell whether a charge pays no invoice; what came twice is one for the exceptions list."""
        intent = charge["payment_intent"]
        return not self._store.where("invoice_payment", "payment.payment_intent", intent)

    def _go_back(self, payment: JsonObject, moved: JsonObject) -> None:
        """Let the customer owe again what a payment had brought, even of what was given up."""
        of, amount_minor = self._invoices[payment["invoice"]], payment["amount_paid"]
        of.reopen(payment["payment"]["payment_intent"])
        money = (of_currency(STRIPE, payment["currency"]), -amount_minor)
        self._settle(of, -amount_minor, payment["id"], "failure", moved["created"], [money])

    def _refund(self, moved: JsonObject) -> None:
        refund = self._store.get("refund", moved["source"])
        paid = (of_currency(STRIPE, refund["currency"]), -refund["amount"])
        sign = -1 if moved["type"] == "refund_failure" else 1
        lines = [(account, sign * minor) for account, minor in [*self._taken_back(refund), paid]]
        if sign < 0:
            self._come_back(refund)
        self._book(moved["created"], refund["id"], "refund", refund["currency"], lines)

    def _taken_back(self, refund: JsonObject) -> Sequence[Line]:
        """Return the lines that a refund takes back: of its credit note, else its shares."""
        if refund["id"] in self._named:
            return _taken(*self._named[refund["id"]])
        if taken := self._taken[refund["id"]]:
            return [line for of, _, parts in taken for line in _taken(of, parts)]
        return [(SALES, refund["amount"])]

    def _divide(self, refund: JsonObject) -> None:
        """Divide a refund over what it takes back, pro rata: that is settled when it is made."""
        if refund["id"] in self._named:
            return
        shares_of = self._paid_by(refund["payment_intent"])
        left = [_less(share, paid.refunded) for _, paid, share in shares_of]
        for other in self._never_paid(refund):
            if sum(map(sum, left)) < refund["amount"]:
                self._come_back(other)
                left = [_less(share, paid.refunded) for _, paid, share in shares_of]
        pairs = zip(left, shares_of, strict=True)
        weights = [kept(each, share) for each, (*_, share) in pairs]
        parts = iter(divided(refund["amount"], [minor for each in weights for minor in each]))
        self._taken[refund["id"]] = [
            (of, paid, [next(parts) for _ in share]) for of, paid, share in shares_of
        ]
        for _, paid, part in self._taken[refund["id"]]:
            paid.refunded = _less(paid.refunded, [-minor for minor in part])

    def _never_paid(self, refund: JsonObject) -> Sequence[JsonObject]:
        """Return earlier refunds that failed, nobody knows when, before they moved any money."""
        same = self._store.where("refund", "payment_intent", refund["payment_intent"])
        return [
            each
            for each in sorted(same, key=lambda each: (each["created"], each["id"]))
            if each["status"] in {"failed", "canceled"}
            and each["balance_transaction"] is None
            and self._taken.get(each["id"])
        ]

    def _come_back(self, refund: JsonObject) -> None:
        """Let a refund that failed give back what it had taken."""
        if refund["id"] in self._named:
            of, share = self._named[refund["id"]]
            of.credit([-minor for minor in share], [0 for _ in share])
            self._give_back(of, refund, -sum(share))
        for _, paid, part in self._taken.pop(refund["id"], ()):
            paid.refunded = _less(paid.refunded, part)

    def _give_back(self, of: Sold, refund: JsonObject, amount_minor: int) -> None:
        """Let a payment have given back what a credit note says of its refund."""
        for paid, _ in of.shares(refund["payment_intent"]):
            paid.given_minor += amount_minor

    def _paid_by(self, intent: str) -> Sequence[tuple[Sold, Paid, Parts]]:
        """Return what a payment paid of each invoice's items, if nothing were refunded."""
        found = sorted(
            (self._invoices[each] for each in dict.fromkeys(self._of_intent.get(intent, ()))),
            key=lambda of: (of.invoice["created"], of.invoice["id"]),
        )
        return [(of, paid, share) for of in found for paid, share in of.shares(intent)]

    def _convert(self, moved: JsonObject) -> None:
        """Let what came in one currency be Stripe's balance in another."""
        currency, amount_minor = self._origin(moved)["currency"], self._origin_minor(moved)
        if currency == moved["currency"]:
            return
        for each, minor in ((currency, -amount_minor), (moved["currency"], moved["amount"])):
            lines = [(of_currency(STRIPE, each), minor), (EXCHANGE, -minor)]
            self._book(moved["created"], moved["id"], "conversion", each, lines)

    def _pay_fee(self, moved: JsonObject) -> None:
        if moved["reporting_category"] in _DISPUTED:
            account = DISPUTE_FEES
        else:
            account = PAYOUT_FEES if moved["type"].startswith("payout") else FEES
        lines = [(account, moved["fee"]), (of_currency(STRIPE, moved["currency"]), -moved["fee"])]
        self._book(moved["created"], moved["id"], "fee", moved["currency"], lines)

    def _move(self, moved: JsonObject) -> None:
        currency, amount_minor = moved["currency"], moved["amount"]
        if moved["reporting_category"] in _DISPUTED:
            against = DISPUTES
        elif moved["type"] == "adjustment" and (moved["source"] or "").startswith("du_"):
            against = DISPUTE_FEES
        elif moved["type"].startswith(("payout", "topup")):
            against = of_currency(BANK, currency)
        elif moved["reporting_category"] == "risk_reserved_funds":
            against = HELD_BACK
        else:
            # What is given back or reversed belongs where the thing itself was.
            kind = moved["type"].removesuffix("_refund").removesuffix("_reversal")
            against = f"{OTHER}:{kind.replace('_', '-').capitalize()}"
        lines = [(of_currency(STRIPE, currency), amount_minor), (against, -amount_minor)]
        self._book(moved["created"], moved["id"], moved["type"], currency, lines)

    def _origin(self, moved: JsonObject) -> JsonObject:
        kind = "refund" if moved["type"] in _OF_REFUNDS else "charge"
        return self._store.get(kind, moved["source"])

    def _origin_minor(self, moved: JsonObject) -> int:
        """Return what came in (negative: went out) in the currency of the charge or refund."""
        origin = self._origin(moved)
        minor = origin["amount_captured" if origin["object"] == "charge" else "amount"]
        # In the currency of the balance a very small amount may be nothing, so its sign tells less.
        return -int(minor) if moved["type"] in _GOING_OUT else int(minor)

    def _book(
        self, at_unix: int, told_by: str, what: str, currency: str, lines: Iterable[Line]
    ) -> None:
        self.book.add(self._day(at_unix), told_by, what, currency, lines)

    def _day(self, at_unix: int) -> date:
        return datetime.fromtimestamp(at_unix, UTC).astimezone(self._chart.zone).date()


def _taken(of: Sold, parts: Sequence[int], sign: int = 1) -> list[Line]:
    return [(account, sign * minor) for account, minor in zip(of.accounts, parts, strict=True)]


def _less(one: Sequence[int], other: Sequence[int]) -> Parts:
    return [first - second for first, second in zip(one, other, strict=True)]


def unpaid_debt(account: StripeAccount, invoice: JsonObject) -> int:
    """Return what of an invoice's open amount the customer owed from before."""
    added_minor = -sum(
        each["amount"]
        for each in account.store.where("customer_balance_transaction", "invoice", invoice["id"])
        if each["type"] == "applied_to_invoice" and each["amount"] < 0
    )
    return int(min(added_minor, _open_minor(account.store, invoice)))


def _open_minor(store: ObjectStore, invoice: JsonObject) -> int:
    """Return what is not paid of an invoice, though Stripe may still call it so."""
    if invoice["status"] not in {"open", "paid", "uncollectible"}:
        return 0
    gone_back_minor = sum(
        payment["amount_paid"]
        for each in store.where("invoice_payment", "invoice", invoice["id"])
        for charge in store.where("charge", "payment_intent", each["payment"].get("payment_intent"))
        for payment in payments_gone_back(store, charge)
        if payment["id"] == each["id"] and payment["status"] == "paid"
    )
    return int(invoice["amount_remaining"] + gone_back_minor)


def payments_gone_back(store: ObjectStore, charge: JsonObject) -> Sequence[JsonObject]:
    """Return what a charge that failed late had paid, as far as Stripe still shows it."""
    if charge["failure_balance_transaction"] is None:
        return []
    intent = charge["payment_intent"]
    payments = store.where("invoice_payment", "payment.payment_intent", intent)
    return [each for each in payments if each["status_transitions"]["paid_at"] is not None]


def open_amounts(account: StripeAccount) -> Mapping[tuple[str, str], int]:
    """Return what Stripe says that each customer owes of sales, by customer and currency."""
    totals: defaultdict[tuple[str, str], int] = defaultdict(int)
    with account.lock:
        for invoice in account.store.all("invoice"):
            if invoice["status"] in {"open", "paid"}:
                owed_minor = _open_minor(account.store, invoice) - unpaid_debt(account, invoice)
                totals[invoice["customer"], invoice["currency"]] += owed_minor
    return totals


def credit_of_customers(account: StripeAccount) -> Mapping[str, int]:
    """Return what Stripe says that customers have in their favour, by currency; debit positive."""
    totals: defaultdict[str, int] = defaultdict(int)
    with account.lock:
        for change in account.store.all("customer_balance_transaction"):
            totals[change["currency"]] += change["amount"]
        for invoice in account.store.all("invoice"):
            totals[invoice["currency"]] += unpaid_debt(account, invoice)
    return totals
