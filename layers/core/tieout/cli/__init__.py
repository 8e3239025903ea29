"""The operator's command: `tieout`.

`commands` names them all; the module of one adds it with `register`. What they share is in
`console` (arguments and output) and `places` (tables, queues and who is asking).
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence

from tieout.cli.commands import add_commands
from tieout.cli.console import FAILED, POLICY_HAS_ERRORS, say
from tieout.domain.errors import PolicyErrors

EPILOG = """examples:
  tieout events                                        what to subscribe to in Stripe
  tieout policy check policy.yaml --stack tieout-dev   every error at once; all it names is there
  tieout policy diff 1a2b3c4d5e6f policy.yaml --since 2026-07-01 --stack tieout-dev
                                                       the money that another policy would move
  tieout policy publish policy.yaml --stack tieout-dev
  tieout policy undo --stack tieout-dev                back to the version before it
  tieout policy show --stack tieout-dev                the policy in force
  tieout policy versions --stack tieout-dev            all that were published, undone ones too
  tieout plan in_123 --stack tieout-prod               what would be posted, line by line
  tieout plan --since 2026-10-01 --out october.plan --stack tieout-prod
                                                       a range: totals, documents and their cost
  tieout apply october.plan --stack tieout-prod        post exactly that, refuse what has changed
  tieout backfill --from 2026-01-01 --stack tieout-prod
                                                       estimate a range, ask, have it booked
  tieout parked --stack tieout-prod                    what a person must look at, and the way out
  tieout not-booked --stack tieout-prod                what the books lack, with totals
  tieout redrive --stack tieout-prod                   after the fix: try the failed messages again
  tieout retry invoice/in_1 --stack tieout-prod        try this one again; always safe
  tieout tie-out --stack tieout-prod                   Stripe's balance beside the books
  tieout report --out october.html --from 2026-10-01 --to 2026-10-31 --stack tieout-prod
                                                       the tie-out of some days, as a page
  tieout close-check 2026-10 --stack tieout-prod       can the month be closed; what is in the way
  tieout close invoice/in_1 --note "..." --record-no 4711 --stack tieout-prod
                                                       a person solved it in Intacct
  tieout reopen invoice/in_1 --stack tieout-prod       undo a close
  tieout show invoice/in_1 --stack tieout-prod         everything that is known of it
  tieout trace in_123 --stack tieout-prod              the whole story of any id
  tieout verify --stack tieout-prod                    has anybody touched postings or their trail
  tieout replay --from 2026-10-01 --stack tieout-prod  is it posted as Stripe says now
  tieout erase cus_123 --stack tieout-prod             forget a customer that asks for it

`tieout COMMAND --help` says more, `--json` prints for programs.
exit codes: 0 done, 1 the answer is no (the policy has errors, some of a plan has changed, the
month cannot be closed, a tie-out is not explained, something is not as it was written or not
posted as Stripe says, a question was not answered with yes),
2 it could not be done (one line says why).
AWS region and credentials come from the environment, as for the AWS CLI."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    typed = sys.argv[1:] if arguments is None else arguments
    options = _parser(typed).parse_args(typed)
    run: Callable[[argparse.Namespace], int] = options.run
    if "AWS_REGION" in os.environ:
        # The AWS CLI knows AWS_REGION, boto3 only AWS_DEFAULT_REGION.
        os.environ.setdefault("AWS_DEFAULT_REGION", os.environ["AWS_REGION"])
    try:
        return run(options)
    except PolicyErrors as errors:
        say({"errors": list(errors.errors)} if options.json else str(errors), sys.stderr)
        return POLICY_HAS_ERRORS
    except Exception as error:
        # Not before: what needs no AWS is not kept waiting for its library.
        from tieout.cli.faults import sentence  # noqa: PLC0415

        text = sentence(error)
        if text is None:
            raise
        say({"error": text} if options.json else f"tieout: {text}", sys.stderr)
        return FAILED


def _parser(typed: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tieout",
        description="Operate Tieout: set Stripe up, publish the policy, solve what is parked.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_commands(parser, typed)
    return parser
