"""Causes: what led to a change of a posting, besides what the posting says of it itself."""

import dataclasses
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SourceEvent:
    """An event that asked for a subject to be brought up to date.

    Attributes:
        sha256: of the body exactly as Stripe signed it; empty for an event that the poller found.
    """

    id: str
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Exchange:
    """What was said to Intacct about one document, and what it answered.

    Both hold personal data and neither holds a secret: it is the document's own function, without
    the session that it travelled in.

    Attributes:
        request_xml: the `function` element as it was sent.
        reply_xml: its `result`; empty if there was no answer, or one to the request as a whole.
    """

    request_xml: str
    reply_xml: str = ""


@dataclass(frozen=True, slots=True)
class Cause:
    """What led to a change of a posting.

    Attributes:
        events: that asked for it; a message of the poller or of a person names none.
        customer: Stripe's id of whose document it is, so that it can be found when that customer
            asks to be forgotten; empty if nobody's.
        snapshot_digest: of what Stripe said; empty if Stripe was not read.
        exchange: with Intacct, where that is what changed the posting.
    """

    events: tuple[SourceEvent, ...] = ()
    customer: str = ""
    snapshot_digest: str = ""
    exchange: Exchange | None = None

    def after(self, exchange: Exchange | None) -> "Cause":
        """Return the cause of what was written down after an exchange with Intacct."""
        return dataclasses.replace(self, exchange=exchange)


NO_CAUSE = Cause()
