"""The read API answers Stripe's own client library as Stripe does.

Method: the unmodified ``stripe.StripeClient`` against the double on a loopback socket; what the
library cannot send (unknown versions, no key) goes through :class:`StripeApi` directly.
"""

import base64
import json
from collections.abc import Iterator

import pytest
import stripe

from tests.sandbox.stripe import (
    FULL_KEY,
    PINNED_VERSION,
    PRE_BASIL_VERSION,
    AccountOptions,
    ApiKey,
    ChargeSpec,
    CreditLineSpec,
    CreditNoteSpec,
    InvoiceSpec,
    LineSpec,
    SteppedClock,
    StripeAccount,
    StripeServer,
)
from tests.sandbox.stripe.api import StripeApi
from tests.sandbox.stripe.json_types import JsonObject
from tests.sandbox.stripe.paging import PAGING_PARAMS
from tests.sandbox.stripe.resources import RESOURCES, Resource
from tests.unit.sandbox.stripe.business import busy_account, invoice_of

RESTRICTED = ApiKey("rk_test_restricted1234", frozenset({"rak_invoice_read"}))


def client_of(server: StripeServer, key: str = FULL_KEY) -> stripe.StripeClient:
    return stripe.StripeClient(key, base_addresses={"api": server.url}, max_network_retries=0)


@pytest.fixture(scope="module")
def server() -> Iterator[StripeServer]:
    with StripeServer(busy_account()) as running:
        yield running


@pytest.fixture(scope="module")
def client(server: StripeServer) -> stripe.StripeClient:
    return client_of(server)


def get(account: StripeAccount, path: str, **headers: str) -> tuple[int, JsonObject]:
    """Ask the API without a socket; the full key unless ``authorization`` is given."""
    sent = {"authorization": f"Bearer {FULL_KEY}", **headers}
    response = StripeApi(account).handle(
        "GET", path, {name.replace("_", "-"): value for name, value in sent.items()}
    )
    return response.status, json.loads(response.body)


def test_every_listed_resource_is_walked_completely(
    server: StripeServer, client: stripe.StripeClient
) -> None:
    for resource in RESOURCES:
        if not resource.listed:
            continue
        service = getattr(client.v1, resource.path)
        walked = [each.id for each in service.list({"limit": 2}).auto_paging_iter()]
        known = [each["id"] for each in server.account.store.all(resource.kind)]
        assert walked == known[::-1], resource.path
        assert service.retrieve(known[0]).id == known[0]


def test_going_backwards_is_chronological(
    server: StripeServer, client: stripe.StripeClient
) -> None:
    ids = [record.id for record in server.account.event_log]
    newer = client.v1.events.list({"ending_before": ids[4], "limit": 3})
    assert [each.id for each in newer.auto_paging_iter()] == ids[5:]


def test_pages_say_whether_there_is_more(server: StripeServer, client: stripe.StripeClient) -> None:
    known = len(server.account.store.all("charge"))
    charges = client.v1.charges.list({"limit": known})
    assert (len(charges.data), charges.has_more) == (known, False)
    assert len(client.v1.invoices.list().data) == 10
    assert client.v1.invoices.list().has_more is True


def test_lines_beyond_the_tenth_are_on_their_own_pages() -> None:
    account = StripeAccount()
    customer = account.create_customer("Acme")["id"]
    invoice = account.create_invoice(
        InvoiceSpec(customer, tuple(LineSpec(f"Line {n}", amount_minor=n) for n in range(25)))
    )["id"]
    with StripeServer(account) as server:
        client = client_of(server)
        shown = client.v1.invoices.retrieve(invoice)
        assert (len(shown.lines.data), shown.lines.has_more) == (10, True)
        assert [each.amount for each in shown.lines.auto_paging_iter()] == list(range(25))
        lines = client.v1.invoices.line_items.list(invoice, {"limit": 100})
        assert [each.amount for each in lines.data] == list(range(25))


LIST_PARAMS = {
    "application_fee": stripe.params.ApplicationFeeListParams,
    "balance_transaction": stripe.params.BalanceTransactionListParams,
    "charge": stripe.params.ChargeListParams,
    "coupon": stripe.params.CouponListParams,
    "credit_note": stripe.params.CreditNoteListParams,
    "customer": stripe.params.CustomerListParams,
    "dispute": stripe.params.DisputeListParams,
    "invoice": stripe.params.InvoiceListParams,
    "invoice_payment": stripe.params.InvoicePaymentListParams,
    "payment_intent": stripe.params.PaymentIntentListParams,
    "payout": stripe.params.PayoutListParams,
    "price": stripe.params.PriceListParams,
    "product": stripe.params.ProductListParams,
    "refund": stripe.params.RefundListParams,
    "tax_rate": stripe.params.TaxRateListParams,
    "topup": stripe.params.TopupListParams,
    "transfer": stripe.params.TransferListParams,
}


@pytest.mark.parametrize(
    "resource", [each for each in RESOURCES if each.listed], ids=lambda each: each.kind
)
def test_exactly_the_parameters_of_the_library_are_taken(resource: Resource) -> None:
    typed = LIST_PARAMS[resource.kind].__annotations__.keys()
    options = stripe.RequestOptions.__annotations__.keys()
    assert resource.filters.keys() | PAGING_PARAMS == typed - options


def test_filters_select_what_they_say() -> None:
    clock = SteppedClock(1_800_000_000)
    account = StripeAccount(clock=clock)
    acme, bolt = (account.create_customer(name)["id"] for name in ("Acme", "Bolt"))
    early = invoice_of(account, acme, 1_000)["id"]
    clock.advance(1_000)
    late = invoice_of(account, bolt, 2_000)["id"]
    payment = account.pay_invoice(late)
    account.pay_out_of_band(early)
    charge = account.store.all("charge")[0]["id"]
    other = account.charge(ChargeSpec(500))["id"]
    refund = account.refund(charge, 100)["id"]
    account.refund(other, 50)

    def ids(path: str) -> list[str]:
        status, body = get(account, path)
        assert status == 200, body
        return [each["id"] for each in body["data"]]

    assert ids("/v1/invoices?created[gte]=1800000001") == [late]
    assert ids("/v1/invoices?created[lt]=1800001000&created[gt]=1799999999") == [early]
    assert ids("/v1/invoices?created=1800000000") == [early]
    assert ids(f"/v1/invoices?customer={bolt}&status=paid") == [late]
    assert ids("/v1/invoices?status=open") == []
    intent = payment["payment"]["payment_intent"]
    assert ids(
        f"/v1/invoice_payments?payment[type]=payment_intent&payment[payment_intent]={intent}"
    ) == [payment["id"]]
    assert len(ids("/v1/invoice_payments?payment[type]=payment_record")) == 1
    assert ids(f"/v1/invoice_payments?invoice={late}&status=paid") == [payment["id"]]
    assert ids(f"/v1/refunds?charge={charge}") == [refund]
    assert ids(f"/v1/refunds?payment_intent={intent}") == [refund]
    assert ids(f"/v1/charges?payment_intent={intent}") == [charge]
    sources = {charge, other}
    transactions = [
        each for each in account.store.all("balance_transaction") if each["source"] in sources
    ]
    assert ids("/v1/balance_transactions?type=charge") == [
        each["id"] for each in reversed(transactions)
    ]
    assert ids(f"/v1/balance_transactions?source={charge}") == [transactions[0]["id"]]
    assert ids("/v1/balance_transactions?currency=eur") == []
    assert ids("/v1/invoices?subscription=sub_1") == []
    subscribed = account.create_invoice(
        InvoiceSpec(acme, (LineSpec(amount_minor=100),), subscription="sub_1")
    )["id"]
    assert ids("/v1/invoices?subscription=sub_1") == [subscribed]
    product = account.create_product("Seat")["id"]
    account.create_price(product, 100)
    monthly = account.create_price(product, 100, interval="month")["id"]
    assert ids("/v1/prices?recurring[interval]=month") == [monthly]
    assert ids(f"/v1/customers?email=nobody&created[gte]={clock.now()}") == []


def test_a_payouts_transactions_are_readable_once_reconciled() -> None:
    clock = SteppedClock()
    account = StripeAccount(clock=clock)
    account.charge(ChargeSpec(10_000))
    clock.advance(3 * 86_400)
    account.charge(ChargeSpec(5_000))
    payout = account.create_payout()
    manual = account.adjust_balance(300, kind="topup", reporting_category="topup")
    small = account.create_payout(amount_minor=manual["amount"])
    path = "/v1/balance_transactions?payout="
    assert get(account, path + payout["id"])[1]["data"] == []
    account.reconcile_payout(payout["id"])
    data = get(account, path + payout["id"])[1]["data"]
    assert [each["type"] for each in data] == ["payout", "charge"]
    assert sum(each["net"] for each in data if each["type"] != "payout") == payout["amount"]
    assert get(account, path + small["id"])[0] == 400


def test_expansion_replaces_ids_and_adds_includable_fields(
    server: StripeServer, client: stripe.StripeClient
) -> None:
    paid = next(
        each for each in server.account.store.all("invoice_payment") if each["status"] == "paid"
    )
    plain = client.v1.invoices.retrieve(paid["invoice"])
    assert "payments" not in plain
    assert isinstance(plain.customer, str)
    expanded = client.v1.invoices.retrieve(
        paid["invoice"],
        {"expand": ["customer", "payments.data.payment.payment_intent", "amount_paid_off_stripe"]},
    )
    assert isinstance(expanded.customer, stripe.Customer)
    assert expanded.payments is not None
    intents = [each.payment.payment_intent for each in expanded.payments.data]
    assert all(isinstance(each, stripe.PaymentIntent) for each in intents)
    assert expanded.amount_paid_off_stripe == 0
    listed = client.v1.charges.list({"expand": ["data.balance_transaction.source"]})
    transaction = next(each.balance_transaction for each in listed if each.balance_transaction)
    assert isinstance(transaction, stripe.BalanceTransaction)
    assert isinstance(transaction.source, stripe.Charge)


def test_money_from_outside_shows_when_asked_for() -> None:
    account = StripeAccount()
    customer = account.create_customer("Acme")["id"]
    for recorded in (True, False):
        invoice = invoice_of(account, customer, 1_000)["id"]
        account.pay_out_of_band(invoice, recorded=recorded)
        _, body = get(
            account, f"/v1/invoices/{invoice}?expand[]=amount_paid_off_stripe&expand[]=payments"
        )
        assert body["amount_paid_off_stripe"] == 1_000
        types = [
            each["payment"]["type"] for each in body["payments"]["data"] if each["status"] == "paid"
        ]
        assert types == (["payment_record"] if recorded else [])


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/v1/invoices?expand[]=customer", "You may want to try expanding 'data.customer'"),
        ("/v1/invoices?expand[]=data", "cannot be expanded (data)"),
        ("/v1/invoices?expand[]=data.charge", "cannot be expanded (charge)"),
        ("/v1/invoices?expand[]=data.total", "cannot be expanded (total)"),
        ("/v1/invoices?expand[]=data.payments.data.payment.charge", "more than 4 levels"),
        ("/v1/invoices?expand=data.customer", "Invalid array"),
        ("/v1/invoices?colour=blue", "unknown parameter: colour"),
        ("/v1/invoices?created[after]=1", "unknown parameter: created[after]"),
        ("/v1/invoices?limit=0", "between 1 and 100"),
        ("/v1/invoices?limit=101", "between 1 and 100"),
        ("/v1/invoices?limit=ten", "Invalid integer: ten"),
        ("/v1/invoices?status=unpaid", "Invalid status"),
        ("/v1/invoices?starting_after=in_gone", "No such invoice: 'in_gone'"),
        ("/v1/invoices?starting_after=a&ending_before=b", "Please pass in only one"),
        ("/v1/invoice_payments?payment[type]=charge", "Invalid payment[type]"),
        ("/v1/tax_rates?active=yes", "Invalid boolean"),
        ("/v1/balance?limit=3", "unknown parameter: limit"),
        ("/v1/events?type=a&types[]=b", "not both"),
        ("/v1/events?" + "&".join(f"types[]=t{n}" for n in range(21)), "at most 20"),
    ],
)
def test_what_stripe_refuses_is_refused(server: StripeServer, path: str, message: str) -> None:
    status, body = get(server.account, path)
    assert status == 400
    assert body["error"]["type"] == "invalid_request_error"
    assert message in body["error"]["message"]


def test_what_does_not_exist_is_a_404(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.invoices.retrieve("in_gone")
    assert caught.value.http_status == 404
    assert caught.value.code == "resource_missing"
    assert caught.value.param == "id"
    assert caught.value.request_id is not None
    with pytest.raises(stripe.InvalidRequestError, match="Unrecognized request URL"):
        client.v1.subscriptions.list()


def test_a_deleted_customer_is_a_stub_and_not_listed() -> None:
    account = StripeAccount()
    customer = account.create_customer("Acme")["id"]
    account.delete_customer(customer)
    assert get(account, f"/v1/customers/{customer}") == (
        200,
        {"id": customer, "object": "customer", "deleted": True},
    )
    assert get(account, "/v1/customers")[1]["data"] == []


def test_keys_are_checked_and_never_echoed() -> None:
    account = StripeAccount(AccountOptions(api_keys=(ApiKey(FULL_KEY), RESTRICTED)))
    assert get(account, "/v1/balance", authorization="")[0] == 401
    status, body = get(account, "/v1/balance", authorization="Bearer sk_test_wrong_key_value")
    assert status == 401
    assert "sk_test_wrong_key_value" not in body["error"]["message"]
    basic = base64.b64encode(f"{FULL_KEY}:".encode()).decode()
    assert get(account, "/v1/balance", authorization=f"Basic {basic}")[0] == 200
    assert get(account, "/v1/balance", authorization="Basic !")[0] == 401


def test_a_restricted_key_is_told_which_permission_it_lacks() -> None:
    account = StripeAccount(AccountOptions(api_keys=(RESTRICTED,)))
    customer = account.create_customer("Acme")["id"]
    invoice = invoice_of(account, customer, 1_000)["id"]
    with StripeServer(account) as server:
        client = client_of(server, RESTRICTED.value)
        assert client.v1.invoices.retrieve(invoice).total == 1_000
        with pytest.raises(stripe.PermissionError, match="Having the 'rak_customer_read'"):
            client.v1.customers.list()
        with pytest.raises(stripe.PermissionError, match="rak_customer_read"):
            client.v1.invoices.retrieve(invoice, {"expand": ["customer"]})
        with pytest.raises(stripe.PermissionError, match="rak_event_read"):
            client.v1.events.list()


def test_only_the_pinned_version_is_spoken() -> None:
    account = StripeAccount()
    assert get(account, "/v1/balance", stripe_version=PINNED_VERSION)[0] == 200
    assert get(account, "/v1/balance")[0] == 200
    assert get(account, "/v1/balance", stripe_version=PRE_BASIL_VERSION)[0] == 400
    old = StripeAccount(AccountOptions(default_api_version=PRE_BASIL_VERSION))
    assert get(old, "/v1/balance")[0] == 400


def test_nothing_can_be_written_over_the_api(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError, match=r"Unrecognized request URL \(POST"):
        client.v1.customers.create({"name": "Acme"})


def test_credit_note_lines_and_balance_moves_have_their_lists() -> None:
    account = StripeAccount()
    customer = account.create_customer("Acme")["id"]
    invoice = invoice_of(account, customer, 1_000)
    account.pay_invoice(invoice["id"])
    note = account.create_credit_note(
        CreditNoteSpec(
            invoice["id"],
            (CreditLineSpec(invoice["lines"]["data"][0]["id"], 250),),
            credit_minor=250,
        )
    )["id"]
    with StripeServer(account) as server:
        client = client_of(server)
        assert [each.amount for each in client.v1.credit_notes.line_items.list(note)] == [250]
        moves = client.v1.customers.balance_transactions.list(customer)
        assert [(each.amount, each.type) for each in moves] == [(-250, "credit_note")]


def test_reads_are_counted_by_route_and_status() -> None:
    account = StripeAccount()
    customer = account.create_customer("Acme")["id"]
    api = StripeApi(account)
    headers = {"authorization": f"Bearer {FULL_KEY}"}
    for path in ("/v1/customers", f"/v1/customers/{customer}", "/v1/customers/cus_gone", "/v2/x"):
        api.handle("GET", path, headers)
    assert api.stats.as_json() == {
        "total": 4,
        "by_route": {"GET /v1/customers": 1, "GET /v1/customers/{id}": 2},
        "by_status": {"200": 2, "404": 2},
    }
