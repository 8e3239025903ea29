"""Goal: when Intacct lets nobody in, there is one clear alarm and no storm of requests, and nothing
is lost: as soon as a person has mended it, everything that waited is booked.

Method: Intacct's administrator changes the password, withdraws the sender's authorisation, or takes
a permission away. What waits in the queue is handed to the deployed processor by the test, so that
it need not wait out its pauses; several times, since a storm only shows when all of it comes again.
Then somebody mends it, and nothing is deployed, restarted or redriven.
"""

import dataclasses
import json
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.e2e.shop import Invoice, Shop
from tests.sandbox.intacct import sample

pytestmark = pytest.mark.emulator

NEW_PASSWORD = "changed-by-the-administrator"
DELIVERIES = 3


@dataclass(frozen=True)
class Lock:
    """A way to be locked out.

    Attributes:
        close: what the administrator does. mend: what a person does about it.
        said: what the log must say.
        stops_everything: or only what needs the permission.
        requests_max: how many requests may be spent on it, whatever waits and comes again.
    """

    close: Callable[[Shop], None]
    mend: Callable[[Shop], None]
    said: str
    stops_everything: bool
    requests_max: int


def change_password(shop: Shop) -> None:
    with shop.running.gateway.lock:
        users = shop.running.company.users
        user = dataclasses.replace(users[sample.USER_ID], password=NEW_PASSWORD)
        users.put(sample.USER_ID, user)
        shop.running.company.log.commit()
        shop.running.gateway.sessions.end_all()


def authorize(shop: Shop, *, authorized: bool) -> None:
    with shop.running.gateway.lock:
        senders = shop.running.company.senders
        sender = dataclasses.replace(senders[sample.SENDER_ID], authorized=authorized)
        senders.put(sample.SENDER_ID, sender)
        shop.running.company.log.commit()


def reauthorize(shop: Shop) -> None:
    """Authorise the sender in Intacct, which our secret cannot tell, and be some minutes later."""
    authorize(shop, authorized=True)
    stack = shop.running.stack
    stack.client("dynamodb").update_item(
        TableName=stack.outputs["StateTableName"],
        Key={"id": {"S": "session"}},
        UpdateExpression="REMOVE held_until_unix",
    )


def deny(shop: Shop, *objects: str) -> None:
    """Take the permission on these objects away from the user, and on no others."""
    with shop.running.gateway.lock:
        users = shop.running.company.users
        user = dataclasses.replace(users[sample.USER_ID], denied_objects=frozenset(objects))
        users.put(sample.USER_ID, user)
        shop.running.company.log.commit()


LOCKS = {
    "wrong password": Lock(
        change_password,
        Shop.fill_secrets,
        "Sign-in information is incorrect",
        stops_everything=True,
        requests_max=2,
    ),
    "unauthorised sender": Lock(
        lambda shop: authorize(shop, authorized=False),
        reauthorize,
        "not authorized",
        stops_everything=True,
        requests_max=2,
    ),
    "missing permission": Lock(
        lambda shop: deny(shop, "ARINVOICE"),
        deny,
        "permission",
        stops_everything=False,
        requests_max=3 * DELIVERIES,
    ),
}


@dataclass(frozen=True)
class LockedOut:
    """What was sold while nobody was let in.

    Attributes:
        webhooks: how many events were delivered, and how many of them were accepted.
        messages: how many messages the queue held before and after the processor tried.
        waiting: the bodies of those that it held after.
        requests: the functions of each request that reached Intacct.
        log: what the processor logged.
    """

    lock: Lock
    invoices: tuple[Invoice, ...]
    webhooks: tuple[int, int]
    messages: tuple[int, int]
    waiting: tuple[str, ...]
    requests: tuple[tuple[str, ...], ...]
    log: tuple[str, ...]


@pytest.fixture(scope="module", params=LOCKS)
def locked_out(shop: Shop, request: pytest.FixtureRequest) -> LockedOut:
    lock: Lock = LOCKS[request.param]
    running, stack = shop.running, shop.running.stack
    customers = [shop.customer(f"Patient {number} Ltd") for number in range(3)]
    running.settle()
    with shop.event_source.paused():
        lock.close(shop)
        invoices = tuple(shop.invoice(customer) for customer in customers)
        for invoice in invoices:
            shop.pay(invoice)
        attempts = running.deliver()
        waiting = stack.event_queue().total
        logged, asked = len(stack.log_lines("processor")), len(running.gateway.requests)

        for _ in range(DELIVERIES):
            given_back = shop.event_source.work()
            shop.event_source.call_back(given_back)

        found = LockedOut(
            lock,
            invoices,
            (len(attempts), sum(attempt.accepted for attempt in attempts)),
            (waiting, stack.event_queue().total),
            tuple(message.body for message in given_back),
            tuple(each.functions for each in running.gateway.requests[asked:]),
            tuple(stack.log_lines("processor")[logged:]),
        )
        assert [shop.books.invoices(each.number) for each in invoices] == [[]] * len(invoices)
        lock.mend(shop)
    running.settle()
    return found


def test_the_door_stays_open(locked_out: LockedOut) -> None:
    delivered, accepted = locked_out.webhooks
    assert delivered == accepted > 0


def test_there_is_no_storm_of_requests(locked_out: LockedOut) -> None:
    before, _ = locked_out.messages
    assert before * DELIVERIES > locked_out.lock.requests_max
    assert len(locked_out.requests) <= locked_out.lock.requests_max
    sign_ins = sum("getAPISession" in functions for functions in locked_out.requests)
    assert sign_ins <= 1


def test_an_alarm_rings_and_the_log_says_why(locked_out: LockedOut) -> None:
    told = [json.loads(line) for line in locked_out.log if line.startswith("{")]
    assert sum(line.get("SessionFailed", [0])[0] for line in told) >= 1
    reasons = {line["reason"] for line in told if "reason" in line}
    assert any(locked_out.lock.said in reason for reason in reasons), reasons


def test_the_queue_keeps_everything(shop: Shop, locked_out: LockedOut) -> None:
    before, after = locked_out.messages
    assert after == before or not locked_out.lock.stops_everything
    waiting = {json.loads(body)["subject"] for body in locked_out.waiting}
    assert {f"invoice/{each.id}" for each in locked_out.invoices} <= waiting
    assert shop.dead_letters() == 0


def test_all_of_it_is_booked_in_the_end(shop: Shop, locked_out: LockedOut) -> None:
    for invoice in locked_out.invoices:
        shop.assert_booked_once(invoice)
