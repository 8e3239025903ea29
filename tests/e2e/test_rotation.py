"""Goal: every secret can be changed while events flow, in the order that the documentation gives,
and nothing is lost, redriven or deployed.

Method: Stripe's signing secret is rolled, its API key and Intacct's password are replaced, with
sales before, in between and after; the functions keep running and remember the old ones.
"""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from tests.e2e.shop import Invoice, Shop, not_accepted
from tests.e2e.test_intacct_locked import change_password
from tests.sandbox.stripe.delivery import Attempt
from tests.sandbox.stripe.options import FULL_KEY, ApiKey

pytestmark = pytest.mark.emulator

# The old signing secret still signs so long; and nobody may sell in a time that has not come yet.
KEPT_SECONDS = 200
NEW_KEY = "rk_test_tieoutDoubleRolledKey"


@dataclass
class Rotated:
    """What was sold meanwhile.

    Attributes:
        invoices: paid, by what had just been done.
        attempts: to deliver their events.
        dead_letters: how many more there were in the end.
        deployed: when the stack was changed last, before and after.
    """

    invoices: dict[str, Invoice] = field(default_factory=dict)
    attempts: list[Attempt] = field(default_factory=list)
    dead_letters: int = 0
    deployed: tuple[object, object] = (None, None)


@pytest.fixture(scope="module")
def rotated(shop: Shop) -> Iterator[Rotated]:
    found = Rotated()
    before, deployed = shop.dead_letters(), deployed_at(shop)
    sell(shop, found, "nothing")
    rotate_signing_secret(shop, found)
    rotate_keys(shop, found)
    found.dead_letters = shop.dead_letters() - before
    found.deployed = (deployed, deployed_at(shop))
    yield found
    # The other tests know the key that was there first.
    use_keys(shop, ApiKey(FULL_KEY))
    shop.fill_secrets()


def rotate_signing_secret(shop: Shop, found: Rotated) -> None:
    shop.running.account.roll_secret(shop.running.endpoint.id, keep_old_seconds=KEPT_SECONDS)
    sell(shop, found, "signing secret rolled, both sign")
    shop.fill_secrets()
    sell(shop, found, "both signing secrets filled in")
    shop.running.clock.advance(KEPT_SECONDS)
    # By then no webhook runs any more that remembers the secret of before.
    shop.running.stack.restart("webhook")
    sell(shop, found, "old signing secret gone at Stripe")
    shop.fill_secrets()
    sell(shop, found, "old signing secret gone here")


def rotate_keys(shop: Shop, found: Rotated) -> None:
    with shop.event_source.paused():
        sell(shop, found, "events wait, then both passwords change")
        use_keys(shop, ApiKey(NEW_KEY))
        change_password(shop)
        shop.fill_secrets(api_key=NEW_KEY)
    shop.running.settle()
    sell(shop, found, "new key and password")


def use_keys(shop: Shop, key: ApiKey) -> None:
    """Let Stripe know this key and the restricted one, and not the one of before."""
    account = shop.running.account
    with account.lock:
        others = account.options.api_keys[1:]
        account.options = dataclasses.replace(account.options, api_keys=(key, *others))


def sell(shop: Shop, found: Rotated, after: str) -> None:
    """Sell something, be paid, and have Stripe tell of it."""
    invoice = shop.invoice(shop.customer(f"Keys {len(found.invoices)} Ltd"))
    shop.pay(invoice)
    found.invoices[after] = invoice
    found.attempts += shop.running.deliver()


def deployed_at(shop: Shop) -> object:
    stack = shop.running.stack
    (described,) = stack.client("cloudformation").describe_stacks(StackName=stack.name)["Stacks"]
    return described.get("LastUpdatedTime", described["CreationTime"])


def test_no_event_is_refused_and_each_is_accepted(rotated: Rotated) -> None:
    assert len(rotated.attempts) > 3 * len(rotated.invoices)
    assert {each.status for each in rotated.attempts} <= {200, None}
    assert not not_accepted(rotated.attempts)


def test_everything_is_booked_once(shop: Shop, rotated: Rotated) -> None:
    assert len(rotated.invoices) == 7
    for invoice in rotated.invoices.values():
        shop.assert_booked_once(invoice)


def test_nothing_is_set_aside_or_deployed(rotated: Rotated) -> None:
    assert rotated.dead_letters == 0
    before, after = rotated.deployed
    assert before == after
