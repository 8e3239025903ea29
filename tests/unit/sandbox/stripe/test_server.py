"""The double as a server: faults on demand, the control surface, the stand-alone process.

Method: real loopback sockets on free ports; Stripe's client library judges the faults; the
stand-alone process is started with its module name and ended again.
"""

import http.client
import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import stripe

from tests.sandbox.stripe import (
    FULL_KEY,
    ApiFault,
    FaultKind,
    StripeAccount,
    StripeServer,
    WebhookSender,
    http_transport,
)
from tests.sandbox.stripe.json_types import JsonObject

ROOT = Path(__file__).parents[4]


@pytest.fixture
def server() -> Iterator[StripeServer]:
    account = StripeAccount()
    account.create_customer("Acme")
    with StripeServer(account, sender=WebhookSender(account, http_transport)) as running:
        yield running


def client_of(server: StripeServer, retries: int = 0) -> stripe.StripeClient:
    return stripe.StripeClient(
        FULL_KEY, base_addresses={"api": server.url}, max_network_retries=retries
    )


def call(
    url: str, method: str, path: str, given: JsonObject | None = None
) -> tuple[int, JsonObject]:
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=30)
    try:
        connection.request(method, path, json.dumps(given) if given is not None else None)
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def test_rate_limits_carry_their_reason(server: StripeServer) -> None:
    server.faults.add(ApiFault(FaultKind.RATE_LIMIT, reason="global-rate"))
    with pytest.raises(stripe.RateLimitError) as caught:
        client_of(server).v1.customers.list()
    assert caught.value.headers is not None
    assert caught.value.headers["Stripe-Rate-Limited-Reason"] == "global-rate"
    assert len(client_of(server).v1.customers.list().data) == 1


def test_a_lock_timeout_is_a_429_without_a_reason(server: StripeServer) -> None:
    server.faults.add(ApiFault(FaultKind.LOCK_TIMEOUT))
    with pytest.raises(stripe.RateLimitError) as caught:
        client_of(server).v1.customers.list()
    assert caught.value.json_body is not None
    assert "lock_timeout" in str(caught.value.json_body)
    assert caught.value.headers is not None
    assert "Stripe-Rate-Limited-Reason" not in caught.value.headers


def test_faults_hit_as_often_and_where_they_were_told(server: StripeServer) -> None:
    client = client_of(server)
    server.faults.add(ApiFault(FaultKind.SERVER_ERROR, times=2, path_prefix="/v1/customers"))
    client.v1.balance.retrieve()
    for _ in range(2):
        with pytest.raises(stripe.APIError):
            client.v1.customers.list()
    client.v1.customers.list()
    assert server.api.stats.by_status == {200: 2, 500: 2}


def test_a_cut_connection_is_survived_by_a_retry(server: StripeServer) -> None:
    server.faults.add(ApiFault(FaultKind.CUT_CONNECTION))
    with pytest.raises(stripe.APIConnectionError):
        client_of(server).v1.customers.list()
    server.faults.add(ApiFault(FaultKind.CUT_CONNECTION))
    assert len(client_of(server, retries=1).v1.customers.list().data) == 1


def test_latency_delays_the_answer(server: StripeServer) -> None:
    server.faults.add(ApiFault(FaultKind.LATENCY, latency_seconds=0.2))
    started = time.monotonic()
    client_of(server).v1.customers.list()
    assert time.monotonic() - started >= 0.2


def test_forgotten_faults_do_not_happen(server: StripeServer) -> None:
    server.faults.add(ApiFault(FaultKind.SERVER_ERROR))
    assert call(server.url, "POST", "/_double/faults", {}) == (200, {})
    assert len(client_of(server).v1.customers.list().data) == 1


def test_a_keep_alive_connection_answers_without_nagles_delay(server: StripeServer) -> None:
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=30)
    headers = {"Authorization": f"Bearer {FULL_KEY}"}
    taken_seconds = []
    for _ in range(40):
        started = time.monotonic()
        connection.request("GET", "/v1/customers", headers=headers)
        response = connection.getresponse()
        response.read()
        taken_seconds.append(time.monotonic() - started)
        assert response.headers["Request-Id"].startswith("req_")
    connection.close()
    # A delayed acknowledgement takes 40 ms, and after the first few answers none is without one.
    assert min(taken_seconds[20:]) < 0.03


def test_a_client_that_closes_its_connections_is_answered_too(server: StripeServer) -> None:
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=30)
    headers = {"Authorization": f"Bearer {FULL_KEY}", "Connection": "close"}
    connection.request("GET", "/v1/customers", headers=headers)
    assert connection.getresponse().status == 200
    connection.close()


def test_another_process_can_play_the_business(server: StripeServer) -> None:
    def act(name: str, /, **given: object) -> JsonObject:
        status, body = call(server.url, "POST", f"/_double/actions/{name}", dict(given))
        assert status == 200, body
        return body

    customer = act("create_customer", name="Bolt", metadata={"department": "20"})["id"]
    draft = act(
        "create_invoice",
        customer=customer,
        lines=[{"description": "Work", "amount_minor": 1_500}],
        shipping={"amount_minor": 500},
    )
    invoice = act("finalize_invoice", invoice_id=draft["id"])
    assert act("pay_invoice", invoice_id=invoice["id"])["amount_paid"] == 2_000
    act("charge", amount_minor=1_000)
    act(
        "create_credit_note",
        invoice=invoice["id"],
        lines=[{"invoice_line": invoice["lines"]["data"][0]["id"], "amount_minor": 100}],
        refund_minor=100,
    )
    assert call(server.url, "GET", "/_double/balance")[1]["before_fees"] == {"usd": 2_900}
    assert call(server.url, "GET", "/_double/facts")[1]["open_receivables"] == {}
    stats = call(server.url, "GET", "/_double/stats")[1]
    assert stats["objects"]["charge"] == 2
    assert stats["reads"]["total"] == 0


def test_wrong_requests_to_the_control_surface_are_told_so(server: StripeServer) -> None:
    for method, path, given in (
        ("POST", "/_double/faults", {"kind": "meteor"}),
        ("POST", "/_double/actions/create_customer", {"nmae": "Acme"}),
        ("POST", "/_double/actions/void_invoice", {"invoice_id": "in_gone"}),
        ("POST", "/_double/actions/show", {}),
        ("GET", "/_double/nothing", None),
    ):
        status, body = call(server.url, method, path, given)
        assert status in {400, 404}, path
        assert body["error"]["message"]


def test_webhooks_arrive_over_http(server: StripeServer) -> None:
    received: list[tuple[str, bytes]] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.append((self.headers["Stripe-Signature"], body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with HTTPServer(("127.0.0.1", 0), Receiver) as receiver:
        thread = threading.Thread(target=receiver.serve_forever, args=(0.01,))
        thread.start()
        url = f"http://127.0.0.1:{receiver.server_address[1]}/hook"
        endpoint = call(server.url, "POST", "/_double/endpoints", {"url": url})[1]
        call(server.url, "POST", "/_double/actions/create_product", {"name": "One"})
        attempts = call(server.url, "POST", "/_double/deliver", {})[1]["attempts"]
        receiver.shutdown()
        thread.join()
    assert [each["status"] for each in attempts] == [204]
    [(header, body)] = received
    assert stripe.WebhookSignature.verify_header(
        body.decode(), header, endpoint["secret"], tolerance=None
    )


def test_it_runs_alone_and_prints_what_a_client_needs() -> None:
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "tests.sandbox.stripe",
            "--port",
            "0",
            "--webhook-url",
            "http://127.0.0.1:1/hook",
        ],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(5)]
        url, key = lines[0].split()[3].rstrip(","), lines[1].split()[-1]
        assert re.fullmatch(r"Signing secret: whsec_\w+\n", lines[3])
        client = stripe.StripeClient(key, base_addresses={"api": url}, max_network_retries=0)
        assert client.v1.customers.list().data == []
    finally:
        process.terminate()
        process.wait(timeout=60)
        if process.stdout is not None:
            process.stdout.close()
    assert process.returncode == 0
