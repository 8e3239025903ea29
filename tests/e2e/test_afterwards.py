"""Goal: in all that the end-to-end tests did, nothing secret was logged and nothing was sent that
the real gateway would refuse for its shape.

Method: run last; what the functions logged and what the Intacct double received is gone through.
"""

import re
import time

import pytest

from tests import planted
from tests.e2e.granted import Grant, granted, used
from tests.e2e.shop import Shop
from tests.e2e.test_poller import HALF_AN_HOUR_SECONDS, poll
from tests.sandbox.intacct import sample
from tests.sandbox.tie_out import BOOKED_BY_THE_DAY
from tests.support import intacct_schema
from tieout.store.items import CLOSED_BOOKS_ID, session_id

pytestmark = [pytest.mark.emulator, pytest.mark.usefixtures("played")]

FUNCTIONS = ("webhook", "processor", "poller")
SESSION_ID = re.compile(rb"<sessionid>([^<]+)</sessionid>")


def secrets_of(shop: Shop) -> dict[str, str]:
    """Return everything that no log may hold, with what it is."""
    running, gateway = shop.running, shop.running.gateway
    named = {
        "sender password": sample.SENDER_PASSWORD,
        "first user password": sample.USER_PASSWORD,
        "user password": running.company.users[sample.USER_ID].password,
    }
    for key in running.account.options.api_keys:
        named[f"API key {key.value[:7]}..."] = key.value
    for endpoint in running.account.endpoints.values():
        for number, secret in enumerate(endpoint.secrets):
            named[f"signing secret {number} of {endpoint.id}"] = secret.value
    sessions = {found for each in gateway.requests for found in SESSION_ID.findall(each.reply)}
    for number, session in enumerate(sorted(sessions)):
        named[f"session id {number}"] = session.decode()
    for customer in running.account.store.all("customer"):
        if customer["email"]:
            named[f"e-mail address of {customer['id']}"] = customer["email"]
    return named


# Granted, and not called in an embedded AWS, each for its reason.
NOT_CALLED_HERE = {
    "logs:": "here the emulator itself writes what a function prints",
    "through the key": "tables, queues and secrets are not encrypted here",
    "by Lambda": "the emulator's own mapping looks into the queue",
    "when the queue fails": "shown on moto in tests/unit/functions/test_webhook.py",
}


def why_not_called(grant: Grant) -> str | None:
    """Return why nobody could have made use of a grant; None where there is no such reason."""
    if grant.action.startswith("logs:"):
        return "logs:"
    if grant.statement == "UseKeyThroughServices":
        return "through the key"
    if grant.action == "sqs:GetQueueAttributes" and grant.statement == "WorkTheQueue":
        return "by Lambda"
    if (grant.role, grant.action) == ("WebhookRole", "dynamodb:DeleteItem"):
        return "when the queue fails"
    return None


@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_function_logs_a_secret(shop: Shop, function: str) -> None:
    shop.running.stack.invoke("poller", {})  # so that each of them has been at work
    lines = shop.running.stack.log_lines(function)
    # A line or a metric: where all goes well the processor has nothing to say.
    assert any(re.search(rf'"service": ?"{function}"', line) for line in lines)
    assert [kind for line in lines for kind in planted.shown(line)] == []
    log, secrets = "\n".join(lines), secrets_of(shop)
    assert len(secrets) > 10
    assert any(name.startswith("session id") for name in secrets)
    assert [name for name, value in secrets.items() if value in log] == []


def test_what_the_emulator_saw_of_the_functions_holds_no_secret_either(shop: Shop) -> None:
    log = shop.running.aws.log_path.read_text(encoding="utf-8", errors="replace")
    assert "Tieout/dev" in log
    assert [name for name, value in secrets_of(shop).items() if value in log] == []


@pytest.fixture(scope="module")
def occasions(shop: Shop) -> None:
    """Let happen what a grant is for and a month may pass without: once more, or for once."""
    running, stack = shop.running, shop.running.stack
    running.settle()
    running.clock.set(max(running.clock.now(), int(time.time()) - HALF_AN_HOUR_SECONDS))
    with shop.unseen():
        shop.invoice(shop.customer("Unseen Ltd"))
    # The poller has to sign in, and leaves the session to a processor that has none.
    state = {"TableName": stack.outputs["StateTableName"]}
    stack.client("dynamodb").delete_item(**state, Key={"id": {"S": CLOSED_BOOKS_ID}})
    stack.client("dynamodb").update_item(
        **state,
        Key={"id": {"S": session_id(None)}},
        UpdateExpression="SET expires_at_unix = :long_ago",
        ExpressionAttributeValues={":long_ago": {"N": "0"}},
    )
    for function in ("poller", "processor"):
        stack.restart(function)
    poll(shop)
    running.settle()
    # Nobody can book it, so it is put off.
    stack.queue_subject("customer/cus_nobody", group="cus_nobody", trigger="afterwards")
    running.settle()


@pytest.mark.usefixtures("occasions")
def test_each_function_may_do_all_that_it_did(shop: Shop) -> None:
    decisions = shop.running.aws.decisions()
    calls = {True: set[object](), False: set[object]()}
    for each in decisions:
        calls[each.is_allowed].add((each.role, each.action, each.resource))
    assert len(calls[True]) > 20
    assert calls[False] - calls[True] == set()


@pytest.mark.usefixtures("occasions")
def test_each_function_did_all_that_it_may(shop: Shop) -> None:
    stack = shop.running.stack
    decisions = shop.running.aws.decisions()
    called = {used(each, stack) for each in decisions if each.is_allowed}
    reasons = {grant: why_not_called(grant) for grant in granted() - called}
    assert sorted(grant for grant, reason in reasons.items() if reason is None) == []
    # No reason outlives what it excuses.
    assert set(reasons.values()) == set(NOT_CALLED_HERE)
    assert [grant for grant in called if why_not_called(grant)] == []


def test_the_month_s_transactions_are_counted(shop: Shop) -> None:
    counted = sum(
        int(item["transactions"]["N"])
        for item in shop.running.stack.items("State")
        if item["id"]["S"].startswith("transactions#")
    )
    billed = shop.meter()
    # Reads of tie-outs are not counted; nobody knows what a function that was ended had counted.
    assert billed["records_written"] * 9 // 10 <= counted <= billed["paid_transactions"]


def test_every_request_is_valid_by_intacct_s_own_schema(shop: Shop) -> None:
    requests = shop.running.gateway.requests
    assert len({name for each in requests for name in each.functions}) >= 6
    for request in requests:
        intacct_schema.check(request.body)
    if not intacct_schema.SCHEMA.exists():
        pytest.skip(f"NOT VALIDATED: the Intacct schema is not at {intacct_schema.SCHEMA}")


def test_the_books_tie_out_at_the_end_of_it_all(shop: Shop) -> None:
    # The day of now is not over: its fees are still to come.
    checks = [check for check in shop.tie_out() if check.group not in BOOKED_BY_THE_DAY]
    assert len(checks) > 10
    assert [check for check in checks if not check.agrees] == []
