"""`tieout events`: what to enter on Stripe's webhook page."""

import argparse
import shlex
from typing import Any
from urllib.parse import urlsplit

from tieout.cli.commands import COMMANDS
from tieout.cli.console import DONE, add_command, say
from tieout.domain.events import SUBSCRIPTIONS

_MORE = """examples:
  tieout events                                        one a line, to paste into Workbench
  tieout events --curl https://.../webhooks/stripe     the command that creates the endpoint"""


def register(commands: Any) -> None:  # noqa: ANN401 - argparse keeps the class to itself
    """Add the command."""
    events = add_command(commands, "events", _events, COMMANDS["events"].summary, _MORE)
    events.add_argument(
        "--curl", type=_https_url, metavar="URL", help="print the command that creates the endpoint"
    )


def _https_url(argument: str) -> str:
    parts = urlsplit(argument)
    if parts.scheme != "https" or not parts.netloc:
        raise argparse.ArgumentTypeError(
            f"must be an https URL, not {argument!r}: the stack's output WebhookUrl"
        )
    return argument


def _events(options: argparse.Namespace) -> int:
    types = sorted(SUBSCRIPTIONS)
    if not (options.json or options.curl):
        say("\n".join(types))
        return DONE
    # Importing Stripe's library for its version alone is only worth it here.
    from tieout.stripe.api import API_VERSION  # noqa: PLC0415

    if options.json:
        say({"api_version": API_VERSION, "enabled_events": types})
    else:
        fields = [f"url={options.curl}", f"api_version={API_VERSION}"]
        fields += [f"enabled_events[]={name}" for name in types]
        # The key stays in the operator's shell: a secret on a command line is in its history.
        lines = ['curl https://api.stripe.com/v1/webhook_endpoints -u "$STRIPE_API_KEY:"']
        lines += [f"  -d {shlex.quote(each)}" for each in fields]
        say(" \\\n".join(lines))
    return DONE
