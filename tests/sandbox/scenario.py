"""A month in a small business: what `make run` plays and the end-to-end tests check.

The company sells subscriptions, services and usage in dollars and euros. Every chapter is a
function on the Stripe account; what its events must become in Intacct is not said here, but
derived by `tests.sandbox.tie_out` from Stripe's own figures.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.sandbox.chart import COMPANY_ZONE
from tests.sandbox.stripe.account import StripeAccount
from tests.sandbox.stripe.specs import LineSpec, ShippingSpec
from tests.sandbox.trade import DAY_SECONDS, PAUSE_SECONDS, Trade

# A customer that the company kept in Intacct before it had Tieout.
KNOWN_CUSTOMER = "C-100"
# A revenue category that neither of the company's policies names.
UNKNOWN_CATEGORY = "sponsorship"
# The story begins so long before the end of a month, and goes on so long after it at most.
BEFORE_MONTH_END_SECONDS = 3 * DAY_SECONDS
_AFTER_MONTH_END = timedelta(days=13)


def beginning(now_unix: int) -> int:
    """Return when the story must begin to have the end of a month in it and be over by now."""
    day = datetime.fromtimestamp(now_unix, COMPANY_ZONE) - _AFTER_MONTH_END
    return _month_start(day) - BEFORE_MONTH_END_SECONDS


def _month_start(day: datetime) -> int:
    return int(datetime(day.year, day.month, 1, tzinfo=COMPANY_ZONE).timestamp())


@dataclass(frozen=True)
class Catalog:
    """What the company sells, as Stripe ids.

    Attributes:
        unmapped: a product that the first policy forgets.
    """

    seat: str
    services: str
    usage: str
    unmapped: str
    seat_price: str
    sales_tax: str
    vat_inclusive: str
    launch_coupon: str


def set_up_catalog(account: StripeAccount) -> Catalog:
    """Create products, a price, tax rates and a coupon."""
    seat = account.create_product("Seat")
    return Catalog(
        seat=seat["id"],
        services=account.create_product("Onboarding")["id"],
        usage=account.create_product("API calls")["id"],
        unmapped=account.create_product("Conference ticket")["id"],
        seat_price=account.create_price(seat["id"], 2500, interval="month")["id"],
        sales_tax=account.create_tax_rate("Sales tax", "8.875", country="US", state="NY")["id"],
        vat_inclusive=account.create_tax_rate("VAT", "19", inclusive=True, country="DE")["id"],
        launch_coupon=account.create_coupon("Launch", percent_off="15")["id"],
    )


class Month(Trade):
    """The chapters, in order; each may use what earlier ones left in `invoices`."""

    def __init__(self, account: StripeAccount, catalog: Catalog) -> None:
        super().__init__(account)
        self.catalog = catalog

    def chapters(self) -> Mapping[str, Callable[[], None]]:
        """Return the chapters that Tieout books to the last cent, by title."""
        return {
            "Five customers sign up, one of them already known to Intacct": self.sign_ups,
            "Acme buys seats and onboarding, with sales tax, and pays by card": self.sale,
            "Bistro buys with inclusive VAT, a coupon and shipping, and pays in two parts": (
                self.discounted_sale
            ),
            "Acme upgrades: a credit for unused time and one payment over two invoices": (
                self.upgrade
            ),
            "Zenith buys twice in euros and pays one of the invoices": self.euros,
            "A sale a minute before midnight at the month's end, when UTC is in the next month": (
                self.last_minute
            ),
            "A trial invoice over nothing": self.trial,
            "Harbor pays by bank transfer, outside Stripe, twice": self.out_of_band,
            "An invoice stays open, another is half paid": self.unpaid,
            "Voids: an unpaid invoice, one after part payment, one in euros": self.voids,
            "Refunds: part, the rest, pending, in euros, and one that fails": (
                self.refunds_of_all_kinds
            ),
            "A product that nobody mapped": self.forgotten_product,
        }

    def sign_ups(self) -> None:
        """Create customers, with a name that needs cleaning, none at all, and an adopted one."""
        new = self.account.create_customer
        address = {
            "line1": "1 Main Street",
            "city": "Albany",
            "state": "NY",
            "postal_code": "12207",
            "country": "US",
        }
        self.customers = {
            "acme": new("Acme Ltd", email="ap@acme.example", address=address)["id"],
            "bistro": new("Bistro\tÜber-Ort 🍕\x07", email="kasse@bistro.example")["id"],
            "zenith": new("Zenith GmbH", metadata={"intacct_department": "SALES"})["id"],
            "nameless": new(None, email="someone@nowhere.example")["id"],
            "harbor": new("Harbor & Sons", metadata={"intacct_customer_id": KNOWN_CUSTOMER})["id"],
        }

    def sale(self) -> None:
        """A paid invoice of two lines with exclusive tax."""
        lines = (
            LineSpec(price=self.catalog.seat_price, quantity=10, description="10 seats"),
            LineSpec(
                description="Onboarding",
                amount_minor=120_000,
                metadata={"revenue_category": "services"},
            ),
        )
        invoice = self.invoice("sale", "acme", lines, tax_rates=(self.catalog.sales_tax,))
        self.charges["sale"] = self.paid(invoice)

    def discounted_sale(self) -> None:
        """Inclusive tax, a coupon and shipping; two payments of which the second is the rest."""
        lines = (
            LineSpec(price=self.catalog.seat_price, quantity=3, description="3 seats"),
            LineSpec(
                description="API calls",
                amount_minor=3_333,
                metadata={"revenue_category": "usage"},
            ),
        )
        invoice = self.invoice(
            "discounted",
            "bistro",
            lines,
            tax_rates=(self.catalog.vat_inclusive,),
            coupons=(self.catalog.launch_coupon,),
            shipping=ShippingSpec(990),
        )
        self.charges["first part"] = self.paid(invoice, 4_000)
        self.charges["second part"] = self.paid(invoice)

    def upgrade(self) -> None:
        """A negative proration line, and one PaymentIntent over two invoices."""
        original = self.account.store.get("invoice", self.invoices["sale"])
        lines = (
            LineSpec(
                description="Unused time on 10 seats",
                amount_minor=-12_500,
                proration=True,
                credited_invoice=original["id"],
                metadata={"revenue_category": "subscriptions"},
            ),
            LineSpec(price=self.catalog.seat_price, quantity=25, description="25 seats"),
        )
        self.invoice("upgrade", "acme", lines)
        extra = LineSpec(
            description="Training", amount_minor=45_050, metadata={"revenue_category": "services"}
        )
        self.invoice("training", "acme", (extra,))
        both = {self.invoices["upgrade"]: None, self.invoices["training"]: None}
        payments = self.account.pay_invoices_together(both)
        self.charges["together"] = self.charge_of(payments[0])

    def euros(self) -> None:
        """Another currency, with its own clearing account; the second invoice has tax inside."""
        usage = LineSpec("Sitzplätze", amount_minor=19_999, metadata={"revenue_category": "usage"})
        training = LineSpec(
            "Schulung", amount_minor=7_501, metadata={"revenue_category": "services"}
        )
        self.charges["euros"] = self.paid(self.invoice("euros", "zenith", (usage,), currency="eur"))
        vat = (self.catalog.vat_inclusive,)
        self.invoice("euros, unpaid", "zenith", (usage, training), currency="eur", tax_rates=vat)

    def last_minute(self) -> None:
        """Finalised and paid on the last day of a month that has already ended in UTC."""
        now = datetime.fromtimestamp(self.clock.now(), COMPANY_ZONE)
        midnight = _month_start(now.replace(day=1) + timedelta(days=32))
        self.clock.set(midnight - PAUSE_SECONDS - 60)
        line = LineSpec(price=self.catalog.seat_price, quantity=5, description="5 seats")
        self.paid(self.invoice("last minute", "acme", (line,)), pause_seconds=30)

    def trial(self) -> None:
        """A $0 invoice finalises and is paid at once; no money moves."""
        line = LineSpec(
            description="Trial", amount_minor=0, metadata={"revenue_category": "subscriptions"}
        )
        self.invoice("trial", "nameless", (line,))

    def out_of_band(self) -> None:
        """Paid outside Stripe: once with a payment record, once only marked as paid."""
        for name, recorded in (("transfer", True), ("cheque", False)):
            line = LineSpec(price=self.catalog.seat_price, quantity=4, description="4 seats")
            invoice = self.invoice(name, "harbor", (line,), days_until_due=30)
            self.account.pay_out_of_band(invoice, recorded=recorded)

    def unpaid(self) -> None:
        """What AR aging must show in the end."""
        line = LineSpec(price=self.catalog.seat_price, quantity=2, description="2 seats")
        self.invoice("open", "nameless", (line,), days_until_due=14)
        half_paid = self.invoice("half paid", "bistro", (line,), days_until_due=14)
        self.paid(half_paid, 1_999)

    def voids(self) -> None:
        """A reversal, a credit memo over the rest, and a reversal in another currency."""
        line = LineSpec(price=self.catalog.seat_price, quantity=6, description="6 seats")
        self.account.void_invoice(self.invoice("void", "harbor", (line,), days_until_due=30))
        taxed = (self.catalog.sales_tax,)
        part = self.invoice("part void", "acme", (line,), days_until_due=30, tax_rates=taxed)
        self.paid(part, 7_000)
        self.pass_time()
        self.account.void_invoice(part)
        self.account.void_invoice(self.invoices["euros, unpaid"])

    def refunds_of_all_kinds(self) -> None:
        """Everything a refund can do, on charges of earlier chapters."""
        refund = self.account.refund
        self.refunds["first of two"] = refund(self.charges["sale"], 10_000)["id"]
        self.pass_time()
        self.refunds["second of two"] = refund(self.charges["sale"])["id"]
        pending = refund(self.charges["first part"], pending_reason="insufficient_funds")
        self.refunds["pending, then succeeded"] = pending["id"]
        self.account.complete_refund(pending["id"])
        self.refunds["over two invoices"] = refund(self.charges["together"], 33_333)["id"]
        self.refunds["in euros"] = refund(self.charges["euros"], 4_999)["id"]
        failing = refund(self.charges["second part"], 1_234)
        self.pass_time()
        self.refunds["failed afterwards"] = failing["id"]
        self.account.fail_refund(failing["id"])

    def forgotten_product(self) -> None:
        """An invoice that cannot be booked until the policy knows its product."""
        price = self.account.create_price(self.catalog.unmapped, 30_000)
        line = LineSpec(price=price["id"], description="Conference ticket")
        self.paid(self.invoice("forgotten", "acme", (line,)))

    def missed_hour(self) -> None:
        """Business that no webhook tells of: a paid invoice, and a refund of an older one."""
        line = LineSpec(price=self.catalog.seat_price, quantity=7, description="7 seats")
        self.paid(self.invoice("missed", "zenith", (line,)))
        self.refunds["missed"] = self.account.refund(self.charges["together"], 5_000)["id"]

    def one_to_solve(self) -> None:
        """An unpaid invoice of a revenue category that the policy does not know."""
        metadata = {"revenue_category": UNKNOWN_CATEGORY}
        line = LineSpec(description="Sponsor of the year", amount_minor=75_000, metadata=metadata)
        self.invoice(UNKNOWN_CATEGORY, "acme", (line,), days_until_due=30)
