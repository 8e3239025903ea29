# ruff: noqa: ANN401 - overrides are whatever the field takes
"""Builders of snapshots and policies: valid by default, so a test states only what it is about.

All amounts are minor units; all times are unix seconds counted from `NOON`, a Monday in an open
period.
"""

import dataclasses
from datetime import date
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from tieout.domain.documents import CashAccount, Dimensions, Document
from tieout.domain.expressions import compile_expression
from tieout.domain.movement_policy import Category, MovementRules, PayoutAccounts
from tieout.domain.plans import Finding, Plan
from tieout.domain.policy import (
    CustomerRules,
    DimensionRules,
    Periods,
    Policy,
    RevenueCategory,
    RevenueRules,
    TaxAccounts,
)
from tieout.domain.policy_rules import Area, Fixed, Lookup, Rule, Setting
from tieout.domain.receivable_policy import CustomerCreditRules
from tieout.domain.sale_policy import SALE_MODES, SaleMode, SaleRules
from tieout.domain.subjects import Subject, SubjectKind
from tieout.planning.plan import plan
from tieout.planning.snapshots import (
    ActivitySnapshot,
    Address,
    BalanceTransaction,
    ChargeSnapshot,
    CreditNote,
    CreditNoteLine,
    CreditNoteSnapshot,
    CustomerBalanceTransaction,
    CustomerSnapshot,
    DisputeSnapshot,
    InvoiceLine,
    InvoicePayment,
    InvoiceSnapshot,
    Origin,
    OtherSnapshot,
    PayoutSnapshot,
    RefundFacts,
    RefundSnapshot,
    Snapshot,
    TaxAmount,
    TopupSnapshot,
)

Doc = TypeVar("Doc", bound=Document)

# 2026-11-02 12:00:00 UTC
NOON = 1_793_620_800
NOON_DAY = date(2026, 11, 2)
DAY_SECONDS = 86_400


def a_policy(**changes: Any) -> Policy:
    policy = Policy(
        version="policy-1",
        label="test",
        zone=ZoneInfo("UTC"),
        base_currency="usd",
        journal="GJ",
        payment_method="Credit Card",
        clearing={
            "usd": CashAccount("1200"),
            "eur": CashAccount("1210", "STRIPE-EUR"),
            "jpy": CashAccount("1220", "STRIPE-JPY"),
            "bhd": CashAccount("1230", "STRIPE-BHD"),
        },
        out_of_band={"usd": CashAccount("1010", "BANK-OTHER")},
        revenue=RevenueRules(
            categories={
                "subscriptions": RevenueCategory("subscriptions", "4000"),
                "services": RevenueCategory("services", "4010", Dimensions(department="SERVICES")),
                "usage": RevenueCategory("usage", "4020"),
            },
            metadata_key="revenue_category",
            by_price={"price_setup": "services"},
            by_product={"prod_usage": "usage"},
            default="subscriptions",
        ),
        tax=TaxAccounts(by_tax_rate={"txr_vat": "2210"}, default="2200"),
        shipping_account="4030",
        discount_account=None,
        customers=CustomerRules(
            prefix="",
            metadata_key="intacct_customer_id",
            name_fallback="stripe_id",
            amend_adopted=False,
            term=None,
            countries={},
            overrides={},
        ),
        dimensions=DimensionRules(
            defaults=Dimensions(location="100"),
            metadata_keys={"department": "department", "class": "class", "GLDIMREGION": "region"},
        ),
        periods=Periods(closed_through=None, when_closed="park"),
        zero_invoices="skip",
        invoice_number="number",
        due_days=0,
        customer_credit=CustomerCreditRules("2400", granted_default="6900"),
        bad_debt_account="6800",
    )
    return dataclasses.replace(policy, **changes)


def a_customer(**changes: Any) -> CustomerSnapshot:
    customer = CustomerSnapshot(
        id="cus_1",
        name="Ada Lovelace Ltd",
        email="billing@example.com",
        phone="+1 555 0100",
        address=Address("1 Engine Row", "", "London", "", "N1 9GU", "GB"),
    )
    return dataclasses.replace(customer, **changes)


def a_line(amount_minor: int = 10_000, **changes: Any) -> InvoiceLine:
    line = InvoiceLine(id="il_1", amount_minor=amount_minor, description="Pro plan")
    return dataclasses.replace(line, **changes)


def a_tax(amount_minor: int, *, inclusive: bool = False, rate: str | None = "txr_vat") -> TaxAmount:
    return TaxAmount(amount_minor, inclusive, rate)


def an_invoice(**changes: Any) -> InvoiceSnapshot:
    """An open invoice over one line; the total follows the lines unless it is given."""
    invoice = InvoiceSnapshot(
        id="in_1",
        number="ACME-0001",
        status="open",
        currency="usd",
        customer=a_customer(),
        created_unix=NOON,
        effective_at_unix=NOON,
        finalized_at_unix=NOON,
        due_date_unix=None,
        paid_at_unix=None,
        voided_at_unix=None,
        lines=(a_line(),),
        total_minor=0,
        amount_paid_minor=0,
        amount_remaining_minor=0,
    )
    invoice = dataclasses.replace(invoice, **changes)
    if "total_minor" not in changes:
        invoice = dataclasses.replace(invoice, total_minor=total_of(invoice))
    paid_minor = sum(each.amount_paid_minor for each in invoice.payments if each.status == "paid")
    if "amount_paid_minor" not in changes:
        invoice = dataclasses.replace(invoice, amount_paid_minor=paid_minor)
    if "amount_remaining_minor" not in changes:
        rest = max(invoice.total_minor - invoice.amount_paid_minor, 0)
        invoice = dataclasses.replace(invoice, amount_remaining_minor=rest)
    return invoice


def a_paid_invoice(**changes: Any) -> InvoiceSnapshot:
    """An invoice that one payment settled in full."""
    invoice = an_invoice(**{"status": "paid", "paid_at_unix": NOON + DAY_SECONDS, **changes})
    if "payments" in changes:
        return invoice
    payment = a_payment(invoice.total_minor, invoice=invoice.id, currency=invoice.currency)
    return dataclasses.replace(
        invoice,
        payments=(payment,),
        amount_paid_minor=invoice.total_minor,
        amount_remaining_minor=0,
    )


def total_of(invoice: InvoiceSnapshot) -> int:
    """What Stripe would make of lines, exclusive tax and shipping (whose tax is exclusive)."""
    lines = sum(line.amount_minor - line.discount_minor for line in invoice.lines)
    tax = sum(tax.amount_minor for tax in invoice.taxes if not tax.inclusive)
    return lines + tax + (invoice.shipping.amount_minor if invoice.shipping else 0)


def a_payment(amount_minor: int = 10_000, **changes: Any) -> InvoicePayment:
    payment = InvoicePayment(
        id="inpay_1",
        invoice="in_1",
        amount_paid_minor=amount_minor,
        currency="usd",
        status="paid",
        paid_at_unix=NOON + DAY_SECONDS,
        payment_intent="pi_1",
    )
    return dataclasses.replace(payment, **changes)


def a_refund(amount_minor: int = 10_000, **changes: Any) -> RefundFacts:
    refund = RefundFacts(
        id="re_1",
        amount_minor=amount_minor,
        currency="usd",
        status="succeeded",
        created_unix=NOON + 2 * DAY_SECONDS,
        moved_at_unix=NOON + 2 * DAY_SECONDS,
        returned_at_unix=None,
        charge="ch_1",
        payment_intent="pi_1",
    )
    return dataclasses.replace(refund, **changes)


def a_refund_of(
    refund: RefundFacts, *invoices: InvoiceSnapshot, siblings: tuple[RefundFacts, ...] | None = None
) -> RefundSnapshot:
    """A refund with its siblings (itself alone by default) and the invoices its charge paid."""
    return RefundSnapshot(refund, (refund,) if siblings is None else siblings, invoices)


def a_credit_note(amount_minor: int = 4_000, **changes: Any) -> CreditNote:
    """A credit note over a part of line il_1, issued before payment unless it says otherwise."""
    note = CreditNote(
        id="cn_1",
        number="ACME-0001-CN-01",
        invoice="in_1",
        status="issued",
        currency="usd",
        created_unix=NOON + 3 * DAY_SECONDS,
        effective_at_unix=NOON + 3 * DAY_SECONDS,
        voided_at_unix=None,
        total_minor=amount_minor,
        pre_payment_minor=amount_minor,
        lines=(CreditNoteLine("cnli_1", amount_minor, "Pro plan", invoice_line="il_1"),),
    )
    return dataclasses.replace(note, **changes)


def a_post_payment_note(amount_minor: int = 4_000, **changes: Any) -> CreditNote:
    """A credit note whose whole amount went to the credit balance unless it says otherwise."""
    given = {"refunds", "out_of_band_minor", "balance_credit_minor"} & changes.keys()
    parts = {"pre_payment_minor": 0, **({} if given else {"balance_credit_minor": amount_minor})}
    return a_credit_note(amount_minor, **{**parts, **changes})


def a_credit_note_of(invoice: InvoiceSnapshot, note_id: str = "cn_1") -> CreditNoteSnapshot:
    """One of the invoice's credit notes."""
    note = next(each for each in invoice.credit_notes if each.id == note_id)
    return CreditNoteSnapshot(note, invoice)


def a_balance_change(amount_minor: int, **changes: Any) -> CustomerBalanceTransaction:
    """A change of the credit balance; negative is in the customer's favour."""
    change = CustomerBalanceTransaction("cbtxn_1", "adjustment", amount_minor, "usd", NOON)
    return dataclasses.replace(change, **changes)


def a_charge(**changes: Any) -> ChargeSnapshot:
    charge = ChargeSnapshot("ch_1", 10_000, "usd", "succeeded", NOON, captured=True)
    return dataclasses.replace(charge, **changes)


def a_sale(amount_minor: int = 10_000, **changes: Any) -> ChargeSnapshot:
    """A charge that moved the balance and pays no invoice."""
    sale = a_charge(
        amount_minor=amount_minor,
        payment_intent="pi_1",
        movement=a_movement(amount_minor),
        moved_at_unix=NOON,
        description="Ticket",
    )
    return dataclasses.replace(sale, **changes)


def a_refund_of_sale(
    refund: RefundFacts, sale: ChargeSnapshot, *siblings: RefundFacts
) -> RefundSnapshot:
    return RefundSnapshot(refund, (refund, *siblings), (), sale)


def selling(mode: SaleMode, **changes: Any) -> Policy:
    """The factories' policy, with a mode for sales without an invoice."""
    reason = "donations are booked by hand" if mode == "ignore" else ""
    rules = SaleRules(mode, "services", "WALK-IN", reason)
    return a_policy(**{"sales": rules, **changes})


def budgeted(mode: SaleMode, above_budget: SaleMode, **changes: Any) -> Policy:
    """The same, with another mode for a month that has reached its budget of ten transactions."""
    policy = selling(mode, **{"transactions_per_month": 10, **changes})
    assert policy.sales is not None
    return dataclasses.replace(
        policy, sales=dataclasses.replace(policy.sales, above_budget=above_budget)
    )


def sold_as_ruled(mode: SaleMode, until: date | None = None, **changes: Any) -> Policy:
    """The same, with a rule that asks the charge's metadata for the mode first."""
    modes: dict[str, str] = {each: each for each in SALE_MODES}
    settings: dict[str, Setting] = {
        "mode": Lookup(compile_expression("metadata.sold_as"), modes, None),
        "ignore_reason": Fixed("the shop books them"),
    }
    rule = Rule("sold-as", Area.SALE, until=until, settings=settings)
    return selling(mode, **{"rules": {Area.SALE: (rule,)}, **changes})


def moving(**changes: Any) -> Policy:
    """The factories' policy, with an account for everything that moves the balance."""
    rules = MovementRules(
        accounts={category: f"62{number:02}" for number, category in enumerate(Category)},
        payouts={"usd": PayoutAccounts("1000"), "eur": PayoutAccounts("1001", "1006")},
        fx_account="7100",
    )
    return a_policy(movements=dataclasses.replace(rules, **changes))


def account_of(category: Category) -> str:
    """The account that `moving` gives a category."""
    return moving().movements.accounts[category]


def an_other(**changes: Any) -> OtherSnapshot:
    other = OtherSnapshot("po_1", "payout", "paid", 10_000, "usd")
    return dataclasses.replace(other, **changes)


def a_movement(
    amount_minor: int = 10_000, fee_minor: int = 0, **changes: Any
) -> BalanceTransaction:
    """A movement of the balance, of a charge unless a type is given."""
    type_ = changes.get("type", "charge")
    movement = BalanceTransaction(
        id="txn_1",
        type=type_,
        reporting_category=changes.get("reporting_category", type_),
        amount_minor=amount_minor,
        fee_minor=fee_minor,
        currency="usd",
        created_unix=NOON,
    )
    return dataclasses.replace(movement, **changes)


def an_origin(amount_minor: int = 10_000, **changes: Any) -> Origin:
    """What is behind a movement, a charge unless another kind is given."""
    origin = Origin("charge", "ch_1", amount_minor, "usd", payment_intent="pi_1")
    return dataclasses.replace(origin, **changes)


def a_day(*movements: BalanceTransaction, **changes: Any) -> ActivitySnapshot:
    return dataclasses.replace(ActivitySnapshot(NOON_DAY, movements), **changes)


def a_dispute(*movements: BalanceTransaction, **changes: Any) -> DisputeSnapshot:
    dispute = DisputeSnapshot(
        "du_1", "needs_response", 10_000, "usd", NOON, movements, charge="ch_1"
    )
    return dataclasses.replace(dispute, **changes)


def a_payout(*movements: BalanceTransaction, **changes: Any) -> PayoutSnapshot:
    payout = PayoutSnapshot(
        id="po_1",
        status="paid",
        amount_minor=10_000,
        currency="usd",
        created_unix=NOON,
        arrival_unix=NOON + 2 * DAY_SECONDS - DAY_SECONDS // 2,
        automatic=True,
        method="standard",
        movements=movements,
    )
    return dataclasses.replace(payout, **changes)


def a_topup(*movements: BalanceTransaction, **changes: Any) -> TopupSnapshot:
    topup = TopupSnapshot("tu_1", "succeeded", 10_000, "usd", NOON, movements)
    return dataclasses.replace(topup, **changes)


def planned(snapshot: Snapshot, policy: Policy | None = None) -> Plan:
    """The plan of a snapshot for its own subject, under `a_policy()` unless another is given."""
    match snapshot:
        case CustomerSnapshot():
            subject = Subject(SubjectKind.CUSTOMER, snapshot.id)
        case InvoiceSnapshot():
            subject = Subject(SubjectKind.INVOICE, snapshot.id)
        case CreditNoteSnapshot():
            subject = Subject(SubjectKind.CREDIT_NOTE, snapshot.note.id)
        case RefundSnapshot():
            subject = Subject(SubjectKind.REFUND, snapshot.refund.id)
        case ChargeSnapshot():
            subject = Subject(SubjectKind.CHARGE, snapshot.id)
        case OtherSnapshot() | PayoutSnapshot():
            subject = Subject(SubjectKind.PAYOUT, snapshot.id)
        case DisputeSnapshot():
            subject = Subject(SubjectKind.DISPUTE, snapshot.id)
        case TopupSnapshot():
            subject = Subject(SubjectKind.TOPUP, snapshot.id)
        case ActivitySnapshot():
            subject = Subject(SubjectKind.ACTIVITY, snapshot.day.isoformat())
    return plan(subject, snapshot, policy or a_policy())


def keys_of(made: Plan) -> list[str]:
    """The keys of the planned documents, in order."""
    return [document.key for document in made.documents]


def the(made: Plan, key: str, kind: type[Doc]) -> Doc:
    """The planned document with this key, which must be of this kind."""
    document = next(each for each in made.documents if each.key == key)
    assert isinstance(document, kind)
    return document


def the_finding(made: Plan, key: str) -> Finding:
    """The finding with this key."""
    return next(each for each in made.findings if each.key == key)
