"""Puts the parts of the Intacct client together."""

import dataclasses
from collections.abc import Callable

from tieout.intacct.client import IntacctLedger
from tieout.intacct.entities import EntitiesLedger
from tieout.intacct.gateway import Gateway
from tieout.intacct.session import SessionKeeper, SignIn
from tieout.intacct.transport import RequestsTransport
from tieout.services.governor import WAIT_SECONDS_MAX, Governor
from tieout.services.ports import Clock, IntacctCredentials, Sessions

FUNCTIONS_PER_REQUEST_MAX = 50
# A sign-in that was refused is repeated once if the secret was corrected.
SIGN_INS_MAX = 2
# On top of the time-outs: what signing in takes besides waiting for the gateway.
LEASE_MARGIN_SECONDS = 15 + SIGN_INS_MAX * WAIT_SECONDS_MAX


def connect(  # noqa: PLR0913 - everything that the client touches is named here
    credentials: Callable[[], IntacctCredentials],
    endpoint_url: str,
    timeout_seconds: int,
    sessions: Sessions,
    clock: Clock,
    base_currency: Callable[[], str] | str,
    functions_per_request_max: int = FUNCTIONS_PER_REQUEST_MAX,
    *,
    refresh: Callable[[], None] = lambda: None,
    governor: Governor | None = None,
) -> IntacctLedger:
    """Return the ledger of one Intacct company; nothing is sent before its first use.

    Args:
        credentials: asked for each request, so that a rotated secret is used without a restart.
        endpoint_url: the gateway to sign in at.
        timeout_seconds: for one exchange with the gateway.
        sessions: where the session is shared.
        clock: to tell whether a session still lasts.
        base_currency: of the company; a function when it comes with a policy that is loaded, and
            may change, while we run. Asked once for each `submit`.
        functions_per_request_max: documents in one request.
        refresh: called when Intacct refused the credentials, so that they are looked up anew.
        governor: permits each request; None permits all.

    Source: intacct-xml-api dossier section 1.4 for the number of functions (advice: under 100).
    """
    gateway = Gateway(RequestsTransport(), timeout_seconds, governor)
    lease_seconds = SIGN_INS_MAX * timeout_seconds + LEASE_MARGIN_SECONDS
    sign_in = SignIn(gateway, credentials, endpoint_url, lease_seconds, refresh)
    return IntacctLedger(
        gateway,
        SessionKeeper(sign_in, sessions, clock),
        credentials,
        base_currency if callable(base_currency) else (lambda: base_currency),
        functions_per_request_max,
    )


def connect_entities(  # noqa: PLR0913 - as above
    credentials: Callable[[], IntacctCredentials],
    endpoint_url: str,
    timeout_seconds: int,
    sessions_of: Callable[[str | None], Sessions],
    clock: Clock,
    base_currency_of: Callable[[str | None], str],
    *,
    refresh: Callable[[], None] = lambda: None,
    governor: Governor | None = None,
) -> EntitiesLedger:
    """Return the ledger of a company with all its entities; nothing is sent before its first use.

    Args:
        credentials: of the user, who may enter every entity that documents name.
        endpoint_url: the gateway to sign in at.
        timeout_seconds: for one exchange with the gateway.
        sessions_of: where the session of an entity is shared.
        clock: to tell whether a session still lasts.
        base_currency_of: of an entity; None is the company.
        refresh: called when Intacct refused the credentials, so that they are looked up anew.
        governor: permits each request, to whichever entity; None permits all.
    """

    def ledger_of(entity: str | None) -> IntacctLedger:
        def own() -> IntacctCredentials:
            known = credentials()
            return known if entity is None else dataclasses.replace(known, entity_id=entity)

        return connect(
            own,
            endpoint_url,
            timeout_seconds,
            sessions_of(entity),
            clock,
            lambda: base_currency_of(entity),
            refresh=refresh,
            governor=governor,
        )

    return EntitiesLedger(ledger_of)
