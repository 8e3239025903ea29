"""Run the double alone: ``python -m tests.sandbox.stripe --port 8420``."""

import argparse
import signal
import threading

from tests.sandbox.stripe.account import StripeAccount
from tests.sandbox.stripe.clock import SystemClock
from tests.sandbox.stripe.delivery import WebhookSender
from tests.sandbox.stripe.json_types import PINNED_VERSION
from tests.sandbox.stripe.server import StripeServer
from tests.sandbox.stripe.transport import http_transport


def main() -> None:
    """Serve an empty account until interrupted; print what a client needs to know.

    Webhooks go out, and are tried again, within a second of being due.
    """
    parser = argparse.ArgumentParser(prog="tests.sandbox.stripe", description=__doc__)
    parser.add_argument("--port", type=int, default=8420)
    parser.add_argument("--webhook-url", help="register this URL for all events")
    parser.add_argument("--api-version", default=PINNED_VERSION, help="of the webhook endpoint")
    options = parser.parse_args()
    account = StripeAccount(clock=SystemClock())
    sender = WebhookSender(account, http_transport)
    with StripeServer(account, options.port, sender=sender) as server:
        print(f"Stripe double at {server.url}, API {PINNED_VERSION}")  # noqa: T201
        print(f"API key:        {account.options.api_keys[0].value}")  # noqa: T201
        if options.webhook_url is not None:
            endpoint = account.register_endpoint(
                options.webhook_url, api_version=options.api_version
            )
            print(f"Webhook:        {endpoint.url} ({endpoint.api_version})")  # noqa: T201
            print(f"Signing secret: {endpoint.secrets[-1].value}", flush=True)  # noqa: T201
        print(f"Control:        {server.url}/_double/stats", flush=True)  # noqa: T201
        stopped = threading.Event()
        signal.signal(signal.SIGINT, lambda *_: stopped.set())
        signal.signal(signal.SIGTERM, lambda *_: stopped.set())
        while not stopped.wait(timeout=1):
            sender.deliver_due(account.clock.now())


if __name__ == "__main__":
    main()
