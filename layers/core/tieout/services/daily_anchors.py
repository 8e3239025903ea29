"""Daily anchors: where each chain of the audit trail ended once a day was over.

An anchor is kept beside the chain, and told in the log, which who can write to the table cannot
change. It runs with the poller and never in its way: whatever it meets is counted and told, and the
next run tries again.
"""

import dataclasses
import logging
from collections.abc import Sequence
from datetime import timedelta

from tieout.domain.dates import accounting_date
from tieout.domain.errors import ConfigurationFault, TransientFault
from tieout.domain.trail import Anchor
from tieout.services import metric_names
from tieout.services.ports import Clock, Metrics, PolicySource
from tieout.services.trail_ports import Anchors

logger = logging.getLogger(__name__)


class DailyAnchors:
    """The use case that the poller's function runs after its passes."""

    def __init__(
        self, anchors: Anchors, policies: PolicySource, clock: Clock, metrics: Metrics
    ) -> None:
        self._anchors = anchors
        self._policies = policies
        self._clock = clock
        self._metrics = metrics

    def run(self) -> Sequence[Anchor]:
        """Anchor yesterday wherever that was not done yet, and return what was kept."""
        kept: list[Anchor] = []
        try:
            now_unix = self._clock.now_unix()
            zone = self._policies.current().zone
            day = (accounting_date(now_unix, zone) - timedelta(days=1)).isoformat()
            for account in self._anchors.accounts():
                if self._anchors.anchor_of(account, day) is not None:
                    continue
                head = self._anchors.head(account)
                anchor = Anchor(account, day, head.seq, head.hash, now_unix)
                # Told first: an anchor that is only in the log is as good as one in both.
                logger.info("audit trail anchored", extra={"anchor": dataclasses.asdict(anchor)})
                if self._anchors.keep(anchor):
                    kept.append(anchor)
        except TransientFault as fault:
            logger.warning("cannot anchor the audit trail now", extra={"cause": str(fault)})
        except ConfigurationFault as fault:
            self._metrics.count(metric_names.CONFIGURATION_FAULT)
            told = {"reason": fault.reason, "cause": fault.text}
            logger.error("cannot anchor the audit trail", extra=told)  # noqa: TRY400 - the fault's own text says it all
        return kept
