"""What the functions need around them to be measured at work: an emulated AWS and the two doubles.

`TIEOUT_EMULATOR_URL` names an emulator that runs already; without it one is started. The functions
find everything through their environment, as in Lambda.
"""

import json
import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.sandbox import intacct_credentials
from tests.sandbox.aws.emulator import Emulator
from tests.sandbox.intacct.gateway import Gateway
from tests.sandbox.intacct.sample import sample_company
from tests.sandbox.intacct.server import IntacctServer
from tests.sandbox.policy import first_policy
from tests.sandbox.scenario import Month, set_up_catalog
from tests.sandbox.stripe.account import StripeAccount
from tests.sandbox.stripe.clock import SteppedClock
from tests.sandbox.stripe.server import StripeServer
from tests.support import aws
from tests.support.doors import WebhookWorld, sample, signed
from tieout.domain.policy_file import parse_policy
from tieout.store.clock import SystemClock
from tieout.store.policies import DynamoPolicies

EMULATOR_URL_VARIABLE = "TIEOUT_EMULATOR_URL"
_DAY_SECONDS = 86_400


@dataclass(frozen=True)
class Surroundings:
    """One AWS account, one Stripe account with a paid invoice, one Intacct company.

    Attributes:
        environments: by function, what it is given.
        invocations: by function, one that makes it do all of its work.
    """

    webhook: WebhookWorld
    environments: Mapping[str, Mapping[str, str]]
    invocations: Mapping[str, Mapping[str, Any]]


@contextmanager
def webhook_world() -> Iterator[tuple[WebhookWorld, Mapping[str, str]]]:
    """Yield the webhook's table, queue and secret, and the environment that leads to them."""
    with _emulator_url() as url, aws.emulator(url) as account:
        world = WebhookWorld.on(account)
        yield world, world.environment(url)


@contextmanager
def surroundings() -> Iterator[Surroundings]:
    """Yield everything that all three functions need."""
    stripe_account = StripeAccount(clock=SteppedClock(int(time.time()) - _DAY_SECONDS))
    catalog = set_up_catalog(stripe_account)
    month = Month(stripe_account, catalog)
    month.sign_ups()
    month.sale()
    with (
        webhook_world() as (world, webhook_environment),
        StripeServer(stripe_account) as stripe,
        IntacctServer(Gateway(sample_company())) as intacct,
    ):
        key = stripe_account.options.api_keys[0].value
        more = _tables_and_secrets(world, key, first_policy(catalog)) | {
            "STRIPE_API_BASE": stripe.url,
            "INTACCT_ENDPOINT_URL": intacct.url,
            "STRIPE_TIMEOUT_SECONDS": "10",
            "INTACCT_TIMEOUT_SECONDS": "60",
            "INTACCT_CONCURRENCY": "2",
            "STRIPE_READS_PER_SECOND": "60",
            "PROCESSOR_CONCURRENCY": "2",
            "POLLER_READ_BUDGET": "50",
            "POLLER_OVERLAP_SECONDS": "3600",
            "POLLER_INVOICE_LOOKBACK_DAYS": "35",
        }
        names = ("webhook", "processor", "poller")
        yield Surroundings(
            world,
            {
                name: {**webhook_environment, **more, "POWERTOOLS_SERVICE_NAME": name}
                for name in names
            },
            {
                "webhook": signed(sample("webhook", "invoice-finalized-endive")),
                "processor": _batch(month.customers["acme"], month.invoices["sale"]),
                "poller": {},
            },
        )


def _tables_and_secrets(world: WebhookWorld, api_key: str, policy: str) -> dict[str, str]:
    account = world.aws
    state_table = account.state_table()
    policies = DynamoPolicies(account.dynamodb, state_table, parse_policy, SystemClock())
    policies.publish(policy, parse_policy(policy).version, int(time.time()))
    secret = json.loads(account.secrets.get_secret_value(SecretId=world.secret_arn)["SecretString"])
    account.secrets.put_secret_value(
        SecretId=world.secret_arn, SecretString=json.dumps(secret | {"api_key": api_key})
    )
    intacct = account.secrets.create_secret(
        Name=state_table.replace("state", "intacct"),
        SecretString=json.dumps(intacct_credentials.of_sample_company()),
    )
    return {
        "POSTINGS_TABLE": account.postings_table(),
        "TRAIL_TABLE": account.trail_table(),
        "STATE_TABLE": state_table,
        "STATE_KEY_ARN": account.key(),
        "INTACCT_SECRET_ARN": intacct["ARN"],
    }


def _batch(customer: str, invoice: str) -> Mapping[str, Any]:
    """Return the sample batch about a customer and an invoice that exist."""
    batch = sample("processor", "batch-of-three")
    subjects = (f"customer/{customer}", f"invoice/{invoice}", f"invoice/{invoice}")
    for record, subject in zip(batch["Records"], subjects, strict=True):
        record["body"] = json.dumps(json.loads(record["body"]) | {"subject": subject})
    return batch


@contextmanager
def _emulator_url() -> Iterator[str]:
    if running := os.environ.get(EMULATOR_URL_VARIABLE):
        yield running
        return
    with tempfile.TemporaryDirectory() as directory, Emulator(Path(directory)) as emulator:
        yield emulator.endpoint_url
