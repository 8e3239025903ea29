"""Goal: whatever a business does on Stripe, in whatever order, the books show it to the last unit.

Method: hypothesis makes up small histories of everything that can happen; webhooks come twice, in
any order or never; each history goes through the whole product in one process and is judged by the
oracle, which knows Stripe's side alone. A history that fails is shrunk to a short one. `HISTORIES`
in the environment asks for that many, of which no two runs make the same.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.oracle.history import payments_gone_back
from tests.oracle.verdict import differences, judge
from tests.sandbox.stripe import SteppedClock, StripeAccount
from tests.year.business import DAY_SECONDS, HOUR_SECONDS, Business, pass_time, set_up
from tests.year.company import CURRENCIES, Decision, chart, new_account, new_books, policy
from tests.year.product import Product, Weather
from tieout.domain.keys import owed_again_key

ASKED = os.environ.get("HISTORIES")
STEPS_MAX = 16
WEATHER = Weather(lost=0.1, repeated=0.2, disorder=30)
ACTIONS = tuple(sorted(Business.ACTIONS))
MODES = ("daily_summary", "other_receipt", "invoice")


@dataclass(frozen=True)
class Step:
    """Something that happens.

    Attributes:
        chance: what decides its details, number by number.
        hours: how long it takes until the next step.
        seen: whether the product works through its queue in the meantime.
    """

    action: str
    chance: tuple[int, ...]
    hours: int
    seen: bool


class Given:
    """Chance that was decided before; what was not is 0."""

    def __init__(self) -> None:
        self.numbers: list[int] = []

    def below(self, limit: int) -> int:
        return self.numbers.pop(0) % limit if self.numbers else 0


def steps_of(actions: Sequence[str]) -> st.SearchStrategy[Step]:
    numbers = st.lists(st.integers(0, 9_999), max_size=8).map(tuple)
    return st.builds(Step, st.sampled_from(actions), numbers, st.integers(0, 30), st.booleans())


def voided(*, seen: bool) -> Sequence[Step]:
    """A credit note is voided, which leaves no trace in its invoice's amounts, and that is paid."""
    steps = (("credit", (0, 0, 0, 0, 499)), ("void a credit note", ()), ("pay", ()))
    return [Step(action, chance, 1, seen) for action, chance in steps]


def play(
    history: Sequence[Step], seed: int, decision: Decision, *, reopens: bool, keeps: bool
) -> tuple[Business, Product]:
    """Let it all happen after two customers were billed, and the product book it."""
    clock, chance = SteppedClock(), Given()
    account = new_account(clock, "small history", reopens=reopens, keeps=keeps)
    catalog, books = set_up(account, CURRENCIES), new_books(clock)
    business = Business(account, catalog, chance, CURRENCIES)
    product = Product(account, books, policy(catalog, decision), weather=WEATHER, seed=seed)
    product.poll()
    for number in range(2):
        chance.numbers = [number, seed, number, seed]
        business.sign_up()
        business.bill()
    for step in history:
        chance.numbers = list(step.chance)
        business.act(step.action)
        pass_time(account, step.hours * HOUR_SECONDS + 1)
        if step.seen:
            product.deliver()
            product.settle()
    product.deliver()
    product.settle()
    pass_time(account, 3 * DAY_SECONDS)
    product.poll()
    product.settle()
    return business, product


def owed_again(account: StripeAccount) -> set[str]:
    """Return the keys of what Stripe goes on calling paid though its money went back."""
    return {
        owed_again_key(payment["invoice"], payment["id"])
        for charge in account.store.all("charge")
        for payment in payments_gone_back(account.store, charge)
        if payment["status"] == "paid"
    }


@settings(
    max_examples=int(ASKED or 200),
    derandomize=ASKED is None,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    history=st.lists(steps_of(ACTIONS), min_size=1, max_size=STEPS_MAX),
    seed=st.integers(0, 99),
    sales=st.sampled_from(MODES),
    reopens=st.booleans(),
    keeps=st.booleans(),
)
@example(history=voided(seen=True), seed=0, sales=MODES[0], reopens=False, keeps=True)
@example(history=voided(seen=False), seed=0, sales=MODES[0], reopens=False, keeps=True)
def test_the_books_of_a_small_history_tie_out(
    history: Sequence[Step], seed: int, sales: str, *, reopens: bool, keeps: bool
) -> None:
    decision = Decision(sales=sales)
    business, product = play(history, seed, decision, reopens=reopens, keeps=keeps)

    for_a_person = owed_again(product.account)
    parked = {each.key: each.reason_text for each in product.parked}
    assert not [f"{key}: {text}" for key, text in parked.items() if key not in for_a_person]
    assert for_a_person <= parked.keys()
    assert for_a_person or not product.dead
    checks = judge(product.account, product.company, chart(business.catalog))
    assert not [str(each) for each in differences(checks)]
