# ruff: noqa: INP001 - Lambda imports this file as the module `app`, not as part of a package
"""Poller: find what Stripe has and the books have not and queue it; tie out, anchor the trail."""

import dataclasses
import logging
from collections.abc import Mapping
from typing import Any

from tieout import bootstrap
from tieout.domain.errors import ConfigurationFault
from tieout.observability import InvocationContext
from tieout.services import metric_names

poller = bootstrap.poller()
logger = logging.getLogger("tieout.poller")


def lambda_handler(event: Mapping[str, Any], context: InvocationContext) -> Mapping[str, Any]:  # noqa: ARG001 - the schedule says nothing but "now"
    """Make one run, tie yesterday out and anchor it if it is time to; return what came of all."""
    polling = poller()
    with polling.telemetry.invocation(context):
        try:
            report = dataclasses.asdict(polling.poller.run())
        except ConfigurationFault as fault:
            polling.telemetry.count(metric_names.CONFIGURATION_FAULT)
            logger.error("cannot poll", extra={"reason": fault.reason, "cause": fault.text})  # noqa: TRY400 - the fault's own text says it all
            raise
        logger.info("polled", extra=report)
        tied_out = polling.daily_tie_out.run()
        if tied_out is not None:
            report["tie_out"] = dataclasses.asdict(tied_out)
            logger.info("tied out", extra=report["tie_out"])
        report["anchors"] = [dataclasses.asdict(each) for each in polling.daily_anchors.run()]
    return report
