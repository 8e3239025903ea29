"""What a business does on Stripe, with chance deciding the details.

Every action looks for what it could be done to, and does nothing where there is nothing: so any
sequence of actions is a history that Stripe allows. The same actions make the small histories of
the property tests and the year.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol, TypeVar

from tests.sandbox.stripe import (
    ChargeSpec,
    CreditLineSpec,
    CreditNoteSpec,
    InvoiceSpec,
    LineSpec,
    ShippingSpec,
    SteppedClock,
    StripeAccount,
    StripeError,
)
from tests.sandbox.stripe.json_types import JsonObject

_T = TypeVar("_T")
HOUR_SECONDS = 3_600
DAY_SECONDS = 86_400


class Chance(Protocol):
    """Decides."""

    def below(self, limit: int) -> int:
        """Return a number from 0 up to, not including, the limit."""
        ...


@dataclass(frozen=True)
class Catalog:
    """What the company sells, as Stripe ids.

    Attributes:
        product, annual: Stripe's products: a seat for a month, and for a year.
        seats, years: price of each by currency.
        taxes: tax rates: none, exclusive, inclusive.
    """

    product: str
    annual: str
    seats: Mapping[str, str]
    years: Mapping[str, str]
    taxes: Sequence[tuple[str, ...]]
    coupon: str
    inclusive: str


def set_up(account: StripeAccount, currencies: Sequence[str]) -> Catalog:
    """Create what the company sells."""
    product = account.create_product("Seat")["id"]
    annual = account.create_product("Seat for a year")["id"]
    seats = {
        each: account.create_price(product, 2_500, currency=each, interval="month")["id"]
        for each in currencies
    }
    years = {
        each: account.create_price(annual, 25_000, currency=each, interval="year")["id"]
        for each in currencies
    }
    exclusive = account.create_tax_rate("Sales tax", "8.875", country="US")["id"]
    inclusive = account.create_tax_rate("VAT", "19", inclusive=True, country="DE")["id"]
    coupon = account.create_coupon("Launch", percent_off="15")["id"]
    return Catalog(
        product, annual, seats, years, ((), (exclusive,), (inclusive,)), coupon, inclusive
    )


class Business:
    """One company's doings.

    Attributes:
        ACTIONS: everything that it can do: what it is called, and the method.
    """

    ACTIONS: ClassVar[Mapping[str, str]] = {
        "sign up": "sign_up",
        "bill": "bill",
        "bill nothing or less": "bill_oddly",
        "bill a year": "bill_year",
        "change a year": "change_year",
        "cancel a year": "cancel_year",
        "pay": "pay",
        "pay in part": "pay_in_part",
        "pay together": "pay_together",
        "pay past Stripe": "pay_past_stripe",
        "be declined": "be_declined",
        "start a debit": "start_debit",
        "start a debit without an invoice": "start_sale",
        "finish a debit": "finish_debit",
        "reject a debit": "reject_debit",
        "fail a debit late": "fail_debit_late",
        "overpay": "overpay",
        "void": "void",
        "give up": "give_up",
        "credit": "credit",
        "void a credit note": "void_credit_note",
        "refund": "refund",
        "refund slowly": "refund_slowly",
        "complete a refund": "complete_refund",
        "fail a refund": "fail_refund",
        "sell": "sell",
        "reserve": "reserve",
        "capture": "capture",
        "dispute": "dispute",
        "withdraw": "withdraw",
        "reinstate": "reinstate",
        "close a dispute": "close_dispute",
        "pay out": "pay_out",
        "pay out at once": "pay_out_at_once",
        "cancel a payout": "cancel_payout",
        "fail a payout": "fail_payout",
        "top up": "top_up",
        "reverse a top-up": "reverse_top_up",
        "bill by Stripe": "stripe_bills",
        "transfer": "transfer",
        "earn an application fee": "earn_application_fee",
        "change a credit balance": "change_credit_balance",
        "rename": "rename",
    }

    def __init__(
        self,
        account: StripeAccount,
        catalog: Catalog,
        chance: Chance,
        currencies: Sequence[str],
    ) -> None:
        self.account, self.catalog = account, catalog
        self._chance, self._currencies = chance, currencies

    def act(self, name: str) -> None:
        """Do something, unless Stripe refuses it."""
        try:
            getattr(self, self.ACTIONS[name])()
        except StripeError:
            return

    # -- customers and invoices -------------------------------------------------------------

    def sign_up(self) -> str:
        """Win a customer."""
        number = self._chance.below(1_000_000)
        customer = self.account.create_customer(f"Customer {number}", metadata=self._region())
        return str(customer["id"])

    def rename(self) -> None:
        """Change a customer's name."""
        if customer := self._any("customer"):
            self.account.update_customer(customer["id"], name=f"Renamed {self._chance.below(99)}")

    def bill(self) -> str:
        """Finalise an invoice with lines of every kind."""
        customer = self._any("customer") or {"id": self.sign_up()}
        currency = customer.get("currency") or self._one(self._currencies)
        lines = [self._seats(currency), *(self._extra() for _ in range(self._chance.below(3)))]
        more = self._chance.below(8)
        return self.finalise(
            InvoiceSpec(
                customer["id"],
                tuple(lines),
                currency=currency,
                tax_rates=self._one(self.catalog.taxes),
                coupons=(self.catalog.coupon,) if more == 1 else (),
                shipping=ShippingSpec(990) if more == 2 else None,
                days_until_due=30 if self._chance.below(3) == 0 else None,
            )
        )

    def bill_oddly(self) -> None:
        """Finalise an invoice over nothing, next to nothing, or less."""
        customer = self._any("customer") or {"id": self.sign_up()}
        currency = customer.get("currency") or self._one(self._currencies)
        amount_minor = self._one((0, 20, -1_500))
        line = LineSpec(
            "Adjustment",
            amount_minor=amount_minor,
            metadata={"revenue_category": "services"},
            proration=amount_minor < 0,
        )
        self.finalise(InvoiceSpec(customer["id"], (line,), currency=currency))

    def bill_year(self) -> None:
        """Finalise an invoice over a year in advance."""
        customer = self._any("customer") or {"id": self.sign_up()}
        currency = customer.get("currency") or self._one(self._currencies)
        line = self.year(currency, 1 + self._chance.below(3))
        taxes = self._one(self.catalog.taxes)
        self.finalise(InvoiceSpec(customer["id"], (line,), currency=currency, tax_rates=taxes))

    def change_year(self) -> None:
        """Credit what is left of a year and bill another one, larger or smaller."""
        if line := self._year_sold():
            more = self.year(line["currency"], 1 + self._chance.below(3))
            self._bill_again(line, (self.unused(line), more))

    def cancel_year(self) -> None:
        """Credit what is left of a year: the customer has it in credit."""
        if line := self._year_sold():
            self._bill_again(line, (self.unused(line),))

    def year(self, currency: str, quantity: int) -> LineSpec:
        """Return a line over a year from now."""
        now = self.account.clock.now()
        period = (now, now + 365 * DAY_SECONDS)
        return LineSpec("A year", self.catalog.years[currency], quantity, period=period)

    def unused(self, line: JsonObject) -> LineSpec:
        """Return the credit for what is left of a line's period."""
        now, period = self.account.clock.now(), line["period"]
        left = (period["end"] - now) / (period["end"] - period["start"])
        return LineSpec(
            "Unused time",
            amount_minor=-int(line["amount"] * left),
            period=(now, period["end"]),
            proration=True,
            credited_invoice=line["invoice"],
            credited_lines=(line["id"],),
            metadata={"revenue_category": "annual"},
        )

    def _year_sold(self) -> JsonObject | None:
        invoice = self._any("invoice", lambda each: each["status"] in {"open", "paid"})
        lines = self.account.store.lines[invoice["id"]] if invoice else []
        now = self.account.clock.now()
        of_year = [
            each
            for each in lines
            if each["amount"] > 0
            and each["period"]["end"] > now + DAY_SECONDS
            and each["pricing"]["price_details"]["product"] == self.catalog.annual
        ]
        return self._one(of_year) if of_year else None

    def _bill_again(self, line: JsonObject, lines: tuple[LineSpec, ...]) -> None:
        customer = self.account.store.get("invoice", line["invoice"])["customer"]
        self.finalise(InvoiceSpec(customer, lines, currency=line["currency"]))

    def finalise(self, spec: InvoiceSpec) -> str:
        """Create and finalise an invoice; return its id."""
        invoice = self.account.create_invoice(spec)
        self.account.finalize_invoice(invoice["id"])
        return str(invoice["id"])

    def void(self) -> None:
        """Void an invoice, unless it took something off older debt: nobody knows what then is."""
        if invoice := self._any(
            "invoice",
            lambda each: (
                each["status"] in {"open", "uncollectible"}
                and each["amount_remaining"] >= self._older_debt(each)
            ),
        ):
            self.account.void_invoice(invoice["id"])

    def give_up(self) -> None:
        """Mark an invoice as uncollectible."""
        if invoice := self._any("invoice", self._may_be_given_up):
            self.give_up_on(invoice["id"])

    def _may_be_given_up(self, invoice: JsonObject) -> bool:
        """Return whether an invoice is open, and no debit of it can come and be forgotten.

        Were it open again without a trace of why, it would stay written off in the books; the
        tie-out finds that difference, and a person must judge it.
        """
        payments = self.account.store.where("invoice_payment", "invoice", invoice["id"])
        intents = [each["payment"].get("payment_intent") for each in payments]
        charges = [
            charge
            for each in intents
            for charge in self.account.store.where("charge", "payment_intent", each)
        ]
        is_kept = self.account.options.late_failure_keeps_payment
        under_way = any(each["status"] == "pending" for each in charges)
        return invoice["status"] == "open" and (is_kept or not under_way)

    def give_up_on(self, invoice_id: str) -> None:
        """Mark this invoice as uncollectible, unless it was before.

        It may be open again when its payment failed late; Stripe then forgets when it was given up
        the first time, and the second time is one for the exceptions list.
        """
        moments = self.account.store.get("invoice", invoice_id)["status_transitions"]
        if moments["marked_uncollectible_at"] is None:
            self.account.mark_uncollectible(invoice_id)

    # -- payments ---------------------------------------------------------------------------

    def pay(self) -> None:
        """Pay an invoice, whatever remains of it."""
        if invoice := self._payable():
            self.account.pay_invoice(invoice["id"])

    def pay_in_part(self) -> None:
        """Pay a part of an invoice."""
        invoice = self._payable()
        if invoice and invoice["amount_remaining"] > 1:
            part = 1 + self._chance.below(invoice["amount_remaining"] - 1)
            self.account.pay_invoice(invoice["id"], part)

    def pay_together(self) -> None:
        """Pay two invoices of one customer by one payment."""
        first = self._open()
        if first is None:
            return
        same = [
            each["id"]
            for each in self.account.store.where("invoice", "customer", first["customer"])
            if each["status"] == "open" and each["currency"] == first["currency"]
        ]
        self.account.pay_invoices_together(dict.fromkeys(same[:2]))

    def pay_past_stripe(self) -> None:
        """Pay an invoice outside Stripe, with or without a payment record."""
        if invoice := self._payable():
            self.account.pay_out_of_band(invoice["id"], recorded=self._chance.below(2) == 0)

    def overpay(self) -> None:
        """Pay more than remains."""
        if invoice := self._open():
            self.account.pay_invoice(invoice["id"], invoice["amount_remaining"] + 777)

    def be_declined(self) -> None:
        """Try to pay."""
        if invoice := self._open():
            self.account.fail_payment(invoice["id"])

    def start_debit(self) -> None:
        """Begin to collect an invoice from a bank account, which takes days."""
        if invoice := self._open():
            self.account.start_payment(invoice["id"])

    def start_sale(self) -> None:
        """Begin a sale without an invoice in the same way."""
        spec = ChargeSpec(7_000, self._one(self._currencies), payment_method="us_bank_account")
        self.account.start_charge(spec)

    def finish_debit(self) -> None:
        """Let the money of a debit arrive, unless its invoice was settled otherwise meanwhile.

        Stripe would take it all the same; that is one for the exceptions list.
        """
        if charge := self._any("charge", self._is_awaited):
            self.account.finish_charge(charge["id"])

    def _is_awaited(self, charge: JsonObject) -> bool:
        intent = charge["payment_intent"]
        payments = self.account.store.where("invoice_payment", "payment.payment_intent", intent)
        return charge["status"] == "pending" and all(each["status"] == "open" for each in payments)

    def reject_debit(self) -> None:
        """Let a debit fail before it brought anything."""
        if charge := self._any("charge", lambda each: each["status"] == "pending"):
            self.account.reject_charge(charge["id"])

    def fail_debit_late(self) -> None:
        """Let the customer's bank take back what a debit had brought."""
        debit = self._any(
            "charge",
            lambda each: (
                each["status"] == "succeeded"
                and each["payment_method_details"]["type"] == "us_bank_account"
                and not each["disputed"]
                and not any(self._given_back(each))
            ),
        )
        if debit is not None:
            self.account.fail_charge_late(debit["id"])

    # -- money back -------------------------------------------------------------------------

    def credit(self) -> None:
        """Credit a part of a line of an invoice: what is owed first, then one way or another."""
        credited = {"open", "paid", "uncollectible"}
        invoice = self._any(
            "invoice", lambda each: each["status"] in credited and each["total"] > 0
        )
        if invoice is None:
            return
        line = self._credited_line(invoice)
        if line is None:
            return
        total_minor = self._note_total(line, invoice)
        if min(total_minor, invoice["amount_remaining"]) > self._own_remaining(invoice):
            return
        late_minor = max(0, total_minor - invoice["amount_remaining"])
        way = self._one(("refund", "earlier refund", "credit", "out of band"))
        self.account.create_credit_note(
            CreditNoteSpec(
                invoice["id"],
                (line,),
                refund_minor=late_minor if way == "refund" else 0,
                refunds=self._refunded(invoice, late_minor) if way == "earlier refund" else (),
                credit_minor=late_minor if way == "credit" else 0,
                out_of_band_minor=late_minor if way == "out of band" else 0,
            )
        )

    def _credited_line(self, invoice: JsonObject) -> CreditLineSpec | None:
        """Return what is credited: (a part of) a line, or something that was on none of them."""
        if self._chance.below(5) == 4:
            return CreditLineSpec(None, 1 + self._chance.below(invoice["total"]), "Goodwill")
        lines = [each for each in self.account.store.lines[invoice["id"]] if each["amount"] > 0]
        if not lines:
            return None
        line = self._one(lines)
        left = line["amount"] - self._credited_of(line)
        if left <= 0:
            return None
        amount_minor = left if self._chance.below(2) else 1 + self._chance.below(left)
        return CreditLineSpec(line["id"], amount_minor)

    def _own_remaining(self, invoice: JsonObject) -> int:
        """Return what remains of an invoice, without the older debt that Stripe asks for with it.

        A note that takes debt off, too, is one for the exceptions list.
        """
        return int(max(0, invoice["amount_remaining"] - self._older_debt(invoice)))

    def _older_debt(self, invoice: JsonObject) -> int:
        changes = self.account.store.where("customer_balance_transaction", "invoice", invoice["id"])
        return -sum(
            int(each["amount"])
            for each in changes
            if each["type"] == "applied_to_invoice" and each["amount"] < 0
        )

    def _refunded(self, invoice: JsonObject, amount_minor: int) -> tuple[str, ...]:
        """Refund what a credit note is going to name; nothing where Stripe might refuse that."""
        if invoice["pre_payment_credit_notes_amount"] + invoice["post_payment_credit_notes_amount"]:
            return ()
        for payment in self.account.store.where("invoice_payment", "invoice", invoice["id"]):
            intent = payment["payment"].get("payment_intent")
            for charge in self.account.store.where("charge", "payment_intent", intent):
                is_whole = charge["status"] == "succeeded" and not charge["amount_refunded"]
                if is_whole and 0 < amount_minor <= charge["amount_captured"]:
                    return (self.account.refund(charge["id"], amount_minor)["id"],)
        return ()

    def void_credit_note(self) -> None:
        """Void a credit note, where Stripe still lets us."""
        if note := self._any("credit_note", lambda each: each["status"] == "issued"):
            self.account.void_credit_note(note["id"])

    def refund(self) -> None:
        """Refund a charge, all that is left or a part."""
        if charge := self._refundable():
            left = charge["amount_captured"] - charge["amount_refunded"]
            part = None if self._chance.below(2) else 1 + self._chance.below(left)
            self.account.refund(charge["id"], part)

    def refund_slowly(self) -> None:
        """Begin a refund that Stripe cannot pay yet."""
        if charge := self._refundable():
            reason = self._one(("insufficient_funds", "processing"))
            self.account.refund(charge["id"], pending_reason=reason)

    def complete_refund(self) -> None:
        """Let a pending refund succeed."""
        if refund := self._any("refund", lambda each: each["status"] == "pending"):
            self.account.complete_refund(refund["id"])

    def fail_refund(self) -> None:
        """Let a refund fail."""
        states = {"pending", "succeeded"}
        if refund := self._any("refund", lambda each: each["status"] in states):
            self.account.fail_refund(refund["id"])

    # -- sales, disputes, the balance ---------------------------------------------------------

    def sell(self) -> None:
        """Charge without an invoice."""
        customer = self._any("customer")
        self.account.charge(
            ChargeSpec(
                1_000 + self._chance.below(9_000),
                self._one(self._currencies),
                customer["id"] if customer and self._chance.below(2) else None,
                metadata=self._region(),
            )
        )

    def reserve(self) -> None:
        """Authorise a charge without taking the money."""
        self.account.charge(ChargeSpec(5_000, self._one(self._currencies), capture=False))

    def capture(self) -> None:
        """Take what was reserved, or a part of it."""
        if charge := self._any("charge", lambda each: not each["captured"] and each["paid"]):
            self.account.capture_charge(charge["id"], self._one((None, 3_210)))

    def dispute(self) -> None:
        """Have a charge disputed, or asked about."""
        if charge := self._any("charge", lambda each: each["captured"] and not each["disputed"]):
            self.account.create_dispute(charge["id"], inquiry=self._chance.below(4) == 0)

    def withdraw(self) -> None:
        """Have the money of a dispute withdrawn."""
        asked = {"needs_response", "under_review"}
        if dispute := self._any("dispute", lambda each: each["status"] in asked):
            self.account.withdraw_dispute_funds(dispute["id"])

    def reinstate(self) -> None:
        """Have the money of a dispute given back."""
        if dispute := self._any("dispute", lambda each: len(each["balance_transactions"]) == 1):
            self.account.reinstate_dispute_funds(dispute["id"])

    def close_dispute(self) -> None:
        """Win a dispute whose money came back, lose every other."""
        if dispute := self._any("dispute", lambda each: each["status"] not in {"won", "lost"}):
            won = len(dispute["balance_transactions"]) == 2
            self.account.close_dispute(dispute["id"], won=won)

    def pay_out(self) -> None:
        """Pay out what is available of a currency, or have what is lacking debited."""
        balance = self.account.balance()["available"]
        if balance:
            payout = self.account.create_payout(currency=self._one(balance)["currency"])
            if self._chance.below(4):
                self.account.pay_payout(payout["id"])

    def pay_out_at_once(self) -> None:
        """Pay out a part of what is available of a currency instantly, which costs a fee."""
        available = [each for each in self.account.balance()["available"] if each["amount"] > 0]
        if available:
            entry = self._one(available)
            amount_minor = 1 + self._chance.below(entry["amount"])
            currency = entry["currency"]
            self.account.create_payout(currency=currency, amount_minor=amount_minor, instant=True)

    def cancel_payout(self) -> None:
        """Take a payout back before the bank has it."""
        if payout := self._any("payout", lambda each: each["status"] == "pending"):
            self.account.cancel_payout(payout["id"])

    def fail_payout(self) -> None:
        """Have a payout sent back, early or late."""
        states = {"in_transit", "paid"}
        if payout := self._any("payout", lambda each: each["status"] in states):
            self.account.fail_payout(payout["id"])

    def top_up(self) -> None:
        """Put money into Stripe's balance."""
        topup = self.account.create_topup(100_000)
        self.account.succeed_topup(topup["id"])

    def reverse_top_up(self) -> None:
        """Have a top-up taken back by the bank."""
        if topup := self._any("topup", lambda each: each["status"] == "succeeded"):
            self.account.reverse_topup(topup["id"])

    def stripe_bills(self) -> None:
        """Let Stripe bill us, or tax its bill."""
        kind = self._one(("stripe_fee", "tax_fee"))
        self.account.adjust_balance(
            -1 - self._chance.below(900), kind=kind, reporting_category="fee"
        )

    def transfer(self) -> None:
        """Send money to a connected account, sometimes to take a part back."""
        transfer = self.account.create_transfer("acct_1Seller", 1_000 + self._chance.below(900))
        if self._chance.below(3) == 0:
            self.account.reverse_transfer(transfer["id"], 500)

    def earn_application_fee(self) -> None:
        """Earn a fee on a connected account's charge, sometimes to give a part back."""
        fee = self.account.earn_application_fee("acct_1Seller", "ch_1Sellers", 250)
        if self._chance.below(3) == 0:
            self.account.refund_application_fee(fee["id"], 50)

    def change_credit_balance(self) -> None:
        """Give a customer credit by hand, or take it."""
        if customer := self._any("customer"):
            amount_minor = self._one((-2_000, -150, 300))
            currency = customer["currency"] or self._one(self._currencies)
            self.account.adjust_customer_balance(customer["id"], amount_minor, currency=currency)

    # -- choosing ---------------------------------------------------------------------------

    def _one(self, of: Sequence[_T]) -> _T:
        return of[self._chance.below(len(of))]

    def _region(self) -> Mapping[str, str]:
        """Return the metadata that say to which entity something belongs."""
        return self._one(({}, {"region": "emea"}, {"region": "apac"}))

    def _any(
        self, kind: str, like: Callable[[JsonObject], bool] = lambda _: True
    ) -> JsonObject | None:
        """Return one of the newest objects that are as wanted."""
        newest = self.account.store.newest(kind, 40)
        found = [each for each in newest if not each.get("deleted") and like(each)]
        return self._one(found) if found else None

    def _open(self) -> JsonObject | None:
        return self._any("invoice", lambda each: each["status"] == "open")

    def _payable(self) -> JsonObject | None:
        return self._any("invoice", lambda each: each["status"] in {"open", "uncollectible"})

    def _refundable(self) -> JsonObject | None:
        """Return a charge with something left of it that is not in the customer's favour already.

        Stripe would refund what a credit note gave back, what was paid too much and stands on the
        credit balance, or what the customer owed from before, all the same; that is one for the
        exceptions list.
        """
        return self._any(
            "charge",
            lambda each: (
                each["captured"]
                and each["status"] == "succeeded"
                and each["amount_refunded"] < each["amount_captured"]
                and not any(self._given_back(each))
                and all(of["starting_balance"] <= 0 for of in self._invoices_of(each))
            ),
        )

    def _given_back(self, charge: JsonObject) -> Sequence[int]:
        return [
            invoice["post_payment_credit_notes_amount"] + invoice["amount_overpaid"]
            for invoice in self._invoices_of(charge)
        ]

    def _invoices_of(self, charge: JsonObject) -> Sequence[JsonObject]:
        store, intent = self.account.store, charge["payment_intent"]
        payments = store.where("invoice_payment", "payment.payment_intent", intent)
        return [store.get("invoice", each["invoice"]) for each in payments]

    def _seats(self, currency: str) -> LineSpec:
        quantity = 1 + self._chance.below(9)
        return LineSpec(f"{quantity} seats", self.catalog.seats[currency], quantity)

    def _extra(self) -> LineSpec:
        """Return a service, or a credit for unused time."""
        if self._chance.below(4) == 0:
            return LineSpec(
                "Unused time",
                amount_minor=-1 - self._chance.below(2_400),
                proration=True,
                metadata={"revenue_category": "subscriptions"},
            )
        return LineSpec(
            "Service",
            amount_minor=100 + self._chance.below(9_999),
            metadata={"revenue_category": self._one(("services", "usage"))},
        )

    def _credited_of(self, line: JsonObject) -> int:
        return sum(
            each["amount"]
            for note in self.account.store.where("credit_note", "invoice", line["invoice"])
            if note["status"] == "issued"
            for each in self.account.store.lines[note["id"]]
            if each["invoice_line_item"] == line["id"]
        )

    def _note_total(self, line: CreditLineSpec, invoice: JsonObject) -> int:
        """Return what crediting a line gives back, as Stripe would preview it."""
        preview = self.account.credit_line(line, invoice)
        exclusive = sum(
            each["amount"] for each in preview["taxes"] if each["tax_behavior"] == "exclusive"
        )
        return int(preview["amount"] - preview["discount_amount"] + exclusive)


def pass_time(account: StripeAccount, seconds: int) -> None:
    """Let time pass for everybody."""
    assert isinstance(account.clock, SteppedClock)
    account.clock.advance(seconds)
