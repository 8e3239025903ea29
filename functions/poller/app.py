# ruff: noqa: INP001 - Lambda imports this file as the module `app`, not as part of a package
"""Poller: find what Stripe has and the books have not and queue it; anchor the trail, tie out."""

import dataclasses
import logging
import time
from collections.abc import Mapping
from typing import Any

from tieout import bootstrap
from tieout.domain.errors import ConfigurationFault
from tieout.observability import InvocationContext
from tieout.services import metric_names

poller = bootstrap.poller()
logger = logging.getLogger("tieout.poller")


def lambda_handler(event: Mapping[str, Any], context: InvocationContext) -> Mapping[str, Any]:  # noqa: ARG001 - the schedule says nothing but "now"
    """Make one run, anchor yesterday and tie it out if it is time to; return what came of all."""
    polling = poller()
    with polling.telemetry.invocation(context):
        ends_at_unix = int(time.time()) + context.get_remaining_time_in_millis() // 1000
        polling.governor.wait_until(ends_at_unix - polling.intacct_seconds)
        try:
            report = dataclasses.asdict(polling.poller.run())
        except ConfigurationFault as fault:
            polling.telemetry.count(metric_names.CONFIGURATION_FAULT)
            logger.error("cannot poll", extra={"reason": fault.reason, "cause": fault.text})  # noqa: TRY400 - the fault's own text says it all
            raise
        logger.info("polled", extra=report)
        # The tie-out asks Intacct, which may take what is left of the time.
        report["anchors"] = [dataclasses.asdict(each) for each in polling.daily_anchors.run()]
        tied_out = polling.daily_tie_out.run()
        if tied_out is not None:
            report["tie_out"] = dataclasses.asdict(tied_out)
            logger.info("tied out", extra=report["tie_out"])
    return report
