"""Goal: in all that the end-to-end tests did, nothing secret was logged and nothing was sent that
the real gateway would refuse for its shape.

Method: run last; what the functions logged and what the Intacct double received is gone through.
"""

import re

import pytest

from tests.e2e.shop import Shop
from tests.sandbox.intacct import sample
from tests.sandbox.tie_out import BOOKED_BY_THE_DAY
from tests.support import intacct_schema

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
        named[f"signing secret of {endpoint.id}"] = endpoint.secrets[0].value
    sessions = {found for each in gateway.requests for found in SESSION_ID.findall(each.reply)}
    for number, session_id in enumerate(sorted(sessions)):
        named[f"session id {number}"] = session_id.decode()
    for customer in running.account.store.all("customer"):
        if customer["email"]:
            named[f"e-mail address of {customer['id']}"] = customer["email"]
    return named


@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_function_logs_a_secret(shop: Shop, function: str) -> None:
    shop.running.stack.invoke("poller", {})  # so that each of them has been at work
    lines = shop.running.stack.log_lines(function)
    assert any(f'"service": "{function}"' in line for line in lines)
    log, secrets = "\n".join(lines), secrets_of(shop)
    assert len(secrets) > 10
    assert any(name.startswith("session id") for name in secrets)
    assert [name for name, value in secrets.items() if value in log] == []


def test_what_the_emulator_saw_of_the_functions_holds_no_secret_either(shop: Shop) -> None:
    log = shop.running.aws.log_path.read_text(encoding="utf-8", errors="replace")
    assert "Tieout/dev" in log
    assert [name for name, value in secrets_of(shop).items() if value in log] == []


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
