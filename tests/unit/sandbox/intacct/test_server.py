"""Goal: over HTTP the double behaves as in process, and its control surface works.

Method: real requests on a loopback port; faults that cut the connection really cut it; several
clients at once leave balanced books.
"""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from lxml import etree

from tests.sandbox.intacct import (
    USER_ID,
    Fault,
    FaultKind,
    Gateway,
    IntacctServer,
    reports,
    sample_company,
)
from tests.unit.sandbox.intacct.support import LOGIN, customer, invoice, line, request

REPOSITORY = Path(__file__).resolve().parents[4]


@pytest.fixture
def server() -> Iterator[IntacctServer]:
    with IntacctServer(Gateway(sample_company())) as server:
        yield server


def post(url: str, body: bytes) -> bytes:
    message = urllib.request.Request(url, body, {"Content-Type": "application/xml"})
    with urllib.request.urlopen(message, timeout=60) as answer:
        content: bytes = answer.read()
        return content


def get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=60) as answer:
        content: bytes = answer.read()
        return content


def lever(server: IntacctServer, name: str, payload: dict[str, Any]) -> Any:  # noqa: ANN401
    return json.loads(post(f"{server.control_url}{name}", json.dumps(payload).encode()))


def test_a_client_signs_in_and_posts_at_the_endpoint_it_was_given(server: IntacctServer) -> None:
    url = server.url.replace("127.0.0.1", "localhost")
    root = etree.fromstring(post(url, request("<getAPISession/>")))
    endpoint = root.findtext("operation/result/data/api/endpoint") or ""
    assert endpoint == url
    session = root.findtext("operation/result/data/api/sessionid")
    authentication = f"<sessionid>{session}</sessionid>"
    body = request(customer("C1"), invoice("A"), authentication=authentication)
    answer = etree.fromstring(post(endpoint, body))
    assert [each.text for each in answer.iterfind("operation/result/status")] == [
        "success",
        "success",
    ]


def test_answers_are_sent_in_one_piece_without_delay(server: IntacctServer) -> None:
    parts = urlsplit(server.url)
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=60)
    body = request("<read><object>GLACCOUNT</object><keys>1</keys></read>")
    for _ in range(20):
        connection.request("POST", parts.path, body)
        answer = connection.getresponse()
        assert answer.status == 200
        assert len(answer.read()) == int(answer.headers["Content-Length"])
    connection.close()
    assert server.gateway.counters.requests == 20


@pytest.mark.parametrize(
    ("kind", "committed"), [(FaultKind.CUT_BEFORE, False), (FaultKind.CUT_AFTER_COMMIT, True)]
)
def test_a_cut_connection_is_really_cut(
    server: IntacctServer, kind: FaultKind, committed: bool
) -> None:
    server.gateway.faults.push(Fault(kind))
    with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
        post(server.url, request(customer("C1")))
    assert ("C1" in server.gateway.company.customers) is committed
    post(server.url, request(customer("C2", name="B")))
    assert "C2" in server.gateway.company.customers


def test_statuses_and_pages_travel(server: IntacctServer) -> None:
    server.gateway.faults.push(Fault(FaultKind.CDN_TIMEOUT_AFTER_COMMIT))
    with pytest.raises(urllib.error.HTTPError) as caught:
        post(server.url, request(customer("C1")))
    with caught.value as answer:
        assert answer.code == 524
        assert answer.headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("path", ["/ia/xml/xmlgw.phtml", "/"])
def test_get_is_blocked(server: IntacctServer, path: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        get(f"{server.base_url}{path}")
    with caught.value as answer:
        assert answer.code == 405


def test_clients_side_by_side_leave_balanced_books(server: IntacctServer) -> None:
    post(server.url, request(customer("C1")))
    bodies = [request(invoice(f"I{number}", line("1.01"))) for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda body: post(server.url, body), bodies))
    company = server.gateway.company
    assert str(reports.account_balance(company, "1100")) == "40.40"
    assert str(reports.account_balance(company, "4000")) == "-40.40"
    assert server.gateway.counters.paid_transactions == 41


def test_reports_are_served_as_text_and_json(server: IntacctServer) -> None:
    post(server.url, request(customer("C1"), invoice("A", created="2026-01-05", due="2026-01-20")))
    root = server.control_url
    assert b"Accounts receivable" in get(f"{root}reports/trial-balance")
    rows = json.loads(get(f"{root}reports/trial-balance?format=json"))
    assert {row["account_no"]: row["debit"] for row in rows} == {"1100": "100.00", "4000": "0.00"}
    aging = json.loads(get(f"{root}reports/ar-aging?format=json&as_of=2026-02-01"))
    assert aging["customers"][0]["buckets"] == ["0.00", "100.00", "0.00", "0.00", "0.00"]
    assert aging["items"][0]["number"] == "A"
    assert b"over 90" in get(f"{root}reports/ar-aging")
    assert b"Invoice A" in get(f"{root}reports/ledger?account=1100")
    assert json.loads(get(f"{root}reports/ledger?account=1100&as_of=2025-12-31&format=json")) == []
    stats = json.loads(get(f"{root}stats?format=json"))
    assert (stats["requests"], stats["paid_transactions"]) == (1, 2)
    assert b"paid_transactions    2" in get(f"{root}stats")


def test_levers_change_the_company(server: IntacctServer) -> None:
    company = server.gateway.company
    assert lever(server, "periods", {"month": "2026-11", "state": "closed"}) == {
        "closed": ["2026-11"]
    }
    assert lever(server, "periods", {"month": "2026-11", "state": "open"}) == {"closed": []}
    lever(server, "accounts", {"account_no": "4055", "title": "New", "requires": ["class_"]})
    assert company.account("4055").title == "New"
    lever(server, "password", {"user_id": USER_ID, "password": "changed"})
    refused = etree.fromstring(post(server.url, request(customer("C1"))))
    assert refused.findtext("operation/authentication/status") == "failure"
    login = LOGIN.replace("user-secret", "changed")
    lever(server, "permissions", {"user_id": USER_ID, "denied_objects": ["customer"]})
    denied = etree.fromstring(post(server.url, request(customer("C1"), authentication=login)))
    assert denied.findtext(".//errorno") == "PL04000005"
    assert lever(server, "sessions", {}) == {"ended": 0}
    faults = {"faults": [{"kind": "rate_limited", "times": 3, "function": "create_invoice"}]}
    assert lever(server, "faults", faults)["pending"][0]["times"] == 3
    assert lever(server, "faults", {"clear": True}) == {"pending": []}


@pytest.mark.parametrize(
    ("name", "payload"),
    [
        ("periods", {"month": "2026-13", "state": "closed"}),
        ("periods", {"month": "2026-11", "state": "ajar"}),
        ("accounts", {"account_no": "1"}),
        ("password", {"user_id": "nobody", "password": "x"}),
        ("faults", {"faults": [{"kind": "earthquake"}]}),
        ("faults", {"faults": [{"kind": "rate_limited", "colour": "red"}]}),
    ],
)
def test_bad_levers_are_refused(server: IntacctServer, name: str, payload: dict[str, Any]) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        lever(server, name, payload)
    with caught.value as answer:
        assert answer.code == 400


def test_unknown_paths_are_not_found(server: IntacctServer) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        get(f"{server.control_url}nothing")
    with caught.value as answer:
        assert answer.code == 404


def test_the_control_surface_is_refused_off_loopback() -> None:
    with IntacctServer(Gateway(sample_company()), host="0.0.0.0") as server:  # noqa: S104
        url = f"http://127.0.0.1:{server.port}/_double/stats"
        with pytest.raises(urllib.error.HTTPError) as caught:
            get(url)
        with caught.value as answer:
            assert answer.code == 403
        gateway_url = url.replace("/_double/stats", "/ia/xml/xmlgw.phtml")
        assert b"success" in post(gateway_url, request("<getAPISession/>"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_runs_alone_and_stops_cleanly(number: signal.Signals) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.sandbox.intacct", "--port", "0"],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    try:
        assert process.stdout is not None
        banner = ""
        while "Ctrl-C stops" not in banner:
            text = process.stdout.readline()
            assert text, banner
            banner += text
        assert "4000  Subscription revenue" in banner
        found = re.search(r"endpoint\s+(\S+)", banner)
        assert found is not None
        assert b"<sessionid>" in post(found.group(1), request("<getAPISession/>"))
    finally:
        process.send_signal(number)
        rest, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert rest.strip() == "stopped"


def run_alone(port: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.sandbox.intacct", "--port", port],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_port_that_is_taken_or_none_is_said_in_one_line(server: IntacctServer) -> None:
    taken = str(server.port)
    for port, why in ((taken, "Address already in use"), ("99999", "a port is 0 to 65535")):
        done = run_alone(port)
        assert done.returncode == 2
        assert done.stderr == f"cannot listen on 127.0.0.1:{port}: {why}\n"
