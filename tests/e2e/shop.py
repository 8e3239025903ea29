"""A small business on the running product. Each test serves customers of its own, so that no test
depends on another."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.e2e.books import Books
from tests.oracle.chart import Chart
from tests.sandbox import intacct_credentials
from tests.sandbox.aws import EventSource
from tests.sandbox.intacct import sample
from tests.sandbox.policy import Additions, chart_of, mended_policy
from tests.sandbox.product import Running
from tests.sandbox.scenario import Catalog, Month
from tests.sandbox.stripe.delivery import Attempt
from tests.sandbox.stripe.events import WebhookEndpoint
from tests.sandbox.stripe.options import FULL_KEY
from tests.sandbox.stripe.resources import SCOPES
from tests.sandbox.stripe.specs import InvoiceSpec, LineSpec
from tests.sandbox.tie_out import Check, tie_out
from tieout.store.policies import POLICY_AGE_SECONDS_MAX

PAUSE_SECONDS = 20
# May read everything but charges and refunds.
RESTRICTED_KEY = "rk_test_tieoutDoubleNoCharges"
MISSING_SCOPE = SCOPES["refund"]
# A revenue category whose account the policy names and Intacct does not have.
DONATIONS, UNKNOWN_ACCOUNT = "donations", "4999"


@dataclass(frozen=True)
class Invoice:
    """A finalised invoice: Stripe's id of it and the number that it has in the books."""

    id: str
    number: str


@dataclass
class Shop:
    """The business, its books, and the two ends of the wire.

    Attributes:
        old_endpoint: a second webhook endpoint, of a version from before basil; asleep.
        additions: what the published policy has besides the sample company's own.
    """

    running: Running
    catalog: Catalog
    old_endpoint: WebhookEndpoint
    additions: Additions = field(default_factory=Additions)

    @property
    def books(self) -> Books:
        """What Intacct has booked."""
        return Books(self.running.gateway)

    @property
    def chart(self) -> Chart:
        """Where the company books what, under the policy of now."""
        return chart_of(self.catalog, self.additions)

    def tie_out(self) -> list[Check]:
        """Let the day end and be booked, then compare the two ledgers."""
        self.running.book_days()
        return tie_out(self.running.account, self.running.company, self.chart)

    @property
    def event_source(self) -> EventSource:
        """What brings messages to the processor."""
        return EventSource(self.running.stack)

    def customer(self, name: str = "Customer Ltd", **more: Any) -> str:  # noqa: ANN401
        """Let a customer sign up; return its id, which is its number in Intacct too."""
        email = f"{name.split(maxsplit=1)[0].lower()}@customers.example"
        return str(self.running.account.create_customer(name, email=email, **more)["id"])

    def invoice(
        self,
        customer: str,
        amount_minor: int = 10_000,
        category: str = "subscriptions",
        **more: Any,  # noqa: ANN401 - further fields of the spec
    ) -> Invoice:
        """Finalise an invoice over one line."""
        line = LineSpec(
            description="Service",
            amount_minor=amount_minor,
            metadata={"revenue_category": category},
        )
        return self.invoice_of(customer, line, **more)

    def invoice_of(self, customer: str, *lines: LineSpec, **more: Any) -> Invoice:  # noqa: ANN401
        """Finalise an invoice over these lines."""
        self.pass_time()
        account = self.running.account
        draft = account.create_invoice(InvoiceSpec(customer, lines, **more))
        finalised = account.finalize_invoice(draft["id"])
        return Invoice(finalised["id"], finalised["number"])

    def pay(self, invoice: Invoice, amount_minor: int | None = None) -> str:
        """Pay what remains of an invoice, or a part, by card; return the charge."""
        self.pass_time()
        account = self.running.account
        payment = account.pay_invoice(invoice.id, amount_minor)
        intent = account.retrieve("payment_intent", payment["payment"]["payment_intent"])
        return str(intent["latest_charge"])

    def pass_time(self) -> None:
        """Let a minute go by."""
        self.running.clock.advance(PAUSE_SECONDS)

    def meter(self) -> Mapping[str, int]:
        """Return Intacct's meter: `paid_transactions`, `records_written`, `lookups` and more."""
        totals = self.running.gateway.counters.as_dict()
        return {name: value for name, value in totals.items() if isinstance(value, int)}

    def add_to_policy(self, more: Additions) -> None:
        """Publish the policy with these additions and wait until it is in force everywhere."""
        had = self.additions
        self.additions = Additions(
            categories={**had.categories, **more.categories},
            products={**had.products, **more.products},
            clearing={**had.clearing, **more.clearing},
        )
        # One of its accounts is not in Intacct, on purpose.
        self.running.publish_policy(mended_policy(self.catalog, self.additions), "--unchecked")
        time.sleep(POLICY_AGE_SECONDS_MAX + 1)

    def parked(self) -> Mapping[str, Mapping[str, Any]]:
        """Return what `tieout parked` lists, by key."""
        listed = self._tieout("parked")
        return {each["key"]: each for each in listed}

    def redrive(self) -> int:
        """Run `tieout redrive`, wait until all is worked on, and return how many were moved."""
        moved = int(self._tieout("redrive")["moved"])
        self.running.settle()
        return moved

    def dead_letters(self) -> int:
        """Count the dead-letter queue."""
        return self.running.stack.dead_letter_queue().total

    def _tieout(self, command: str) -> Any:  # noqa: ANN401 - JSON
        done = self.running.tieout(command, "--json", "--stack", self.running.stack.name)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def fill_secrets(self, *, api_key: str = FULL_KEY) -> None:
        """Fill both secrets: signing secrets that are good, this key, Intacct's password of now."""
        endpoints = (self.running.endpoint, self.old_endpoint)
        now_unix = self.running.clock.now()
        user = self.running.company.users[sample.USER_ID]
        self.running.stack.put_secrets(
            stripe={
                "api_key": api_key,
                "signing_secrets": [
                    secret for each in endpoints for secret in each.active_secrets(now_unix)
                ],
            },
            intacct={**intacct_credentials.of_sample_company(), "user_password": user.password},
        )

    @contextmanager
    def unseen(self) -> Iterator[None]:
        """Remove the webhook endpoint for a while: what happens meanwhile is told to nobody."""
        endpoints = self.running.account.endpoints
        removed = endpoints.pop(self.running.endpoint.id)
        try:
            yield
        finally:
            endpoints[removed.id] = removed

    def assert_booked_once(self, invoice: Invoice, receipts: int = 1) -> None:
        """Assert that the books have the invoice once, with Stripe's total and what was paid."""
        facts = self.running.account.retrieve("invoice", invoice.id)
        (booked,) = self.books.invoices(invoice.number)
        assert int(booked.total.scaleb(2)) == facts["total"]
        assert int(booked.due.scaleb(2)) == facts["amount_remaining"]
        assert len(self.books.receipts(invoice.number)) == receipts


def not_accepted(attempts: Sequence[Attempt]) -> set[str]:
    """Return the events that no attempt brought; a busy machine may let one go unanswered."""
    accepted = {each.event_id for each in attempts if each.accepted}
    return {each.event_id for each in attempts} - accepted


@dataclass(frozen=True)
class PlayedMonth:
    """The month of the scenario, booked.

    Attributes:
        month: as it was played.
        cost: what Intacct's meter moved on by while it was booked.
    """

    month: Month
    cost: Mapping[str, int]
