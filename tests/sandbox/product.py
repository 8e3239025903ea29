"""The whole product on one machine: the real stack on an embedded AWS between two doubles.

    StripeAccount --signed HTTP--> webhook --queue--> processor --XML--> IntacctCompany
          ^------------- reads ------------ processor, poller

The functions find the doubles by the template's parameters, as they would find a sandbox of
Stripe's or Intacct's; nothing in them knows.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from types import TracebackType

from tests.sandbox import intacct_credentials
from tests.sandbox.aws import EmbeddedAws, Stack
from tests.sandbox.aws.emulator import ACCESS_KEY_ID, REGION, ROOT, SECRET_ACCESS_KEY
from tests.sandbox.chart import COMPANY_ZONE, open_accounts
from tests.sandbox.intacct.books.company import IntacctCompany, Scope
from tests.sandbox.intacct.books.customers import create_customer
from tests.sandbox.intacct.gateway import Gateway
from tests.sandbox.intacct.sample import sample_company
from tests.sandbox.intacct.server import IntacctServer
from tests.sandbox.scenario import KNOWN_CUSTOMER, beginning
from tests.sandbox.stripe.account import StripeAccount
from tests.sandbox.stripe.clock import SteppedClock
from tests.sandbox.stripe.delivery import Attempt, DeliveryFaults, WebhookSender
from tests.sandbox.stripe.events import WebhookEndpoint
from tests.sandbox.stripe.options import AccountOptions
from tests.sandbox.stripe.server import StripeServer
from tests.sandbox.stripe.transport import http_transport
from tests.sandbox.trade import DAY_SECONDS
from tieout.domain.events import SUBSCRIPTIONS

DIRECTORY = ROOT / ".sandbox" / "aws"
IDLE_TIMEOUT_SECONDS = 300
# The least that the template allows, so that nobody waits long for what is parked to be set aside.
# It is no setting for real books: an outage of an hour would set everything aside.
RECEIVES_BEFORE_DEAD_LETTER = "10"

# Everything a real network does to webhooks, but never the same twice in two runs with one seed.
WEATHER = DeliveryFaults(
    seed=7,
    duplicate_rate=0.2,
    twin_rate=0.1,
    delay_rate=0.3,
    max_delay_seconds=7_200,
    shuffled=True,
)


def quiet(_: str) -> None:
    """Report progress to nobody."""


@dataclass(frozen=True)
class Running:
    """What runs, for tests and the story to act on.

    Attributes:
        stack: the deployed stack. account: Stripe. company: Intacct's books. gateway: its door.
        stripe_url, intacct_url: where the doubles let themselves be looked into, at `/_double/`.
    """

    stack: Stack
    aws: EmbeddedAws
    account: StripeAccount
    clock: SteppedClock
    endpoint: WebhookEndpoint
    sender: WebhookSender
    company: IntacctCompany
    gateway: Gateway
    stripe_url: str
    intacct_url: str

    @property
    def access(self) -> Mapping[str, str]:
        """Variables with which AWS clients reach the embedded AWS."""
        return {
            "AWS_ENDPOINT_URL": self.aws.endpoint_url,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
            "AWS_DEFAULT_REGION": REGION,
        }

    def deliver(self) -> list[Attempt]:
        """Send every webhook that waits, in whatever order the weather makes."""
        return self.sender.deliver_all()

    def settle(self) -> None:
        """Deliver, then wait until the queue is empty; what cannot be booked is then set aside.

        Raises:
            TimeoutError: something is still queued after two minutes.
        """
        self.deliver()
        self.stack.wait_until_idle(IDLE_TIMEOUT_SECONDS)

    def book_days(self) -> int:
        """Queue each day on which Stripe's balance moved, and wait; return how many there were.

        The poller queues a day some hours after its end. The story is told at once, so most of
        its days had ended before there was a poller. What happens afterwards is on another day.
        The day of now is not over, and left out.
        """
        today = datetime.now(COMPANY_ZONE).date()
        if _day_of(self.clock.now()) < today:
            self.clock.advance(DAY_SECONDS)
        with self.account.lock:
            moved = self.account.store.all("balance_transaction")
            days = {_day_of(each["created"]) for each in moved}
        ended = sorted(each for each in days if each < today)
        for day in ended:
            subject = f"activity/{day.isoformat()}"
            self.stack.queue_subject(subject, group=subject, trigger="story")
        self.settle()
        return len(ended)

    def tieout(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the `tieout` command as an operator would, against this stack."""
        return subprocess.run(
            [str(Path(sys.executable).with_name("tieout")), *arguments],
            env={**os.environ, **self.access},
            capture_output=True,
            text=True,
            check=False,
        )

    def publish_policy(self, text: str, *flags: str) -> None:
        """Publish a policy with the operator's command.

        Raises:
            RuntimeError: the command refused it; the text is what it printed.
        """
        path = self.aws.log_path.with_name("policy.yaml")
        path.write_text(text, encoding="utf-8")
        done = self.tieout("policy", "publish", str(path), "--stack", self.stack.name, *flags)
        if done.returncode != 0:
            raise RuntimeError(done.stdout + done.stderr)


def _day_of(at_unix: int) -> date:
    return datetime.fromtimestamp(at_unix, COMPANY_ZONE).date()


def keep_known_customer(company: IntacctCompany) -> None:
    """Let the company have a customer from before it had Tieout."""
    names = {"NAME": "Harbor and Sons (since 1998)", "DISPLAYCONTACT.PRINTAS": "Harbor and Sons"}
    create_customer(company, Scope(), KNOWN_CUSTOMER, names)
    company.log.commit()


class Product:
    """Starts everything, as a context manager that gives the `Running` product.

    Args:
        weather: what happens to webhooks on their way.
        say: told what is being done, for people who wait.
        directory: where builds and logs go; two products at once need two.
        options: of the Stripe account; its first API key is the one that Tieout is given.
    """

    def __init__(
        self,
        weather: DeliveryFaults = WEATHER,
        say: Callable[[str], None] = quiet,
        directory: Path = DIRECTORY,
        options: AccountOptions | None = None,
    ) -> None:
        self._weather = weather
        self._say = say
        self._directory = directory
        self._options = options
        self._exits = ExitStack()

    def __enter__(self) -> Running:
        with self._exits:
            running = self._start()
            self._exits = self._exits.pop_all()
        return running

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._exits.close()

    def _start(self) -> Running:
        clock = SteppedClock(beginning(int(time.time())))
        account = StripeAccount(self._options, clock)
        company = sample_company()
        keep_known_customer(company)
        open_accounts(company)
        gateway = Gateway(company)
        sender = WebhookSender(
            account, http_transport, self._weather, signing_clock=lambda: int(time.time())
        )
        stripe = self._exits.enter_context(StripeServer(account, sender=sender))
        intacct = self._exits.enter_context(IntacctServer(gateway))
        self._say(f"Stripe double at {stripe.url}, Intacct double at {intacct.url}")
        aws = self._exits.enter_context(EmbeddedAws(self._directory))
        self._say(f"Embedded AWS at {aws.endpoint_url}, evaluating IAM; log: {aws.log_path}")
        self._say("sam build ...")
        aws.build()
        self._say("sam deploy ...")
        stack = aws.deploy(
            parameters={
                "StripeApiBase": stripe.url,
                "IntacctEndpointUrl": intacct.url,
                "ReceivesBeforeDeadLetter": RECEIVES_BEFORE_DEAD_LETTER,
            }
        )
        endpoint = account.register_endpoint(
            stack.webhook_url, enabled_events=tuple(sorted(SUBSCRIPTIONS))
        )
        stack.put_secrets(
            stripe={
                "api_key": account.options.api_keys[0].value,
                "signing_secrets": [endpoint.secrets[0].value],
            },
            intacct=intacct_credentials.of_sample_company(),
        )
        self._say(f"Stack {stack.name} is up; Stripe delivers to {stack.webhook_url}")
        return Running(
            stack,
            aws,
            account,
            clock,
            endpoint,
            sender,
            company,
            gateway,
            stripe.url,
            intacct.base_url,
        )
