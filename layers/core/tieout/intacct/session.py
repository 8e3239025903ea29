"""The API session: shared by all workers, renewed by one of them, never fought over.

A session costs a sign-in, and signing in again and again with a wrong password locks the user out.
So sessions are kept in a store, one worker at a time may renew, and a sign-in that was refused puts
signing in on hold for everybody, until some minutes are over or the secret has been corrected.
"""

import hashlib
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from tieout.domain.errors import (
    ConfigurationFault,
    Throttled,
    TransientFault,
    Unavailable,
)
from tieout.domain.reasons import Reason
from tieout.intacct import gateway as answers
from tieout.intacct.error_table import Fault, Level, Untouched, classify, text_of
from tieout.intacct.gateway import Gateway
from tieout.intacct.request_xml import SIGN_IN_CONTROL_ID, sign_in_request
from tieout.intacct.response_xml import (
    SUCCESS,
    AuthenticationFailure,
    ControlFailure,
    Results,
)
from tieout.services.ports import Clock, Hold, IntacctCredentials, Session, Sessions

# Source: intacct-xml-api dossier section 3: refresh when less than five minutes are left.
REFRESH_BEFORE_EXPIRY_SECONDS = 300
# Where the reply does not say when the session ends.
ASSUMED_LIFETIME_SECONDS = 900
# Each call moves the end of a session on; writing that down for less than this is not worth it.
EXPIRY_STEP_SECONDS = 600
# How long nobody tries to sign in with the same credentials after Intacct refused: long enough not
# to lock the user out, short enough to notice what was mended in Intacct itself.
HOLD_SECONDS = 300

INTACCT_DOMAIN = "intacct.com"
_LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
_URL = re.compile(r"https?://(?:[A-Za-z0-9.-]+|\[::1\])(?::\d{1,5})?/[\w./~%?=&-]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class SignIn:
    """How and where to sign in.

    Attributes:
        credentials: asked for each request; may remember them for a while.
        endpoint_url: the configured gateway; sessions then have an endpoint of their own.
        lease_seconds: longer than a sign-in and its one repetition can take.
        refresh: makes `credentials` look again whether they were changed.
    """

    gateway: Gateway
    credentials: Callable[[], IntacctCredentials]
    endpoint_url: str
    lease_seconds: int
    refresh: Callable[[], None] = lambda: None


class SessionKeeper:
    """Hands out the session to use now."""

    def __init__(self, sign_in: SignIn, sessions: Sessions, clock: Clock) -> None:
        self._sign_in = sign_in
        self._sessions = sessions
        self._clock = clock
        self._known: Session | None = None
        self._saved_expiry_unix = 0

    def session(self) -> Session:
        """Return a session that is good for a while, signing in if there is none.

        Raises:
            ConfigurationFault: signing in was refused, now or, with the same credentials, less than
                `HOLD_SECONDS` ago.
            LeaseHeld: another worker is signing in.
            TransientFault: the gateway did not answer the sign-in.
        """
        self._raise_if_held()
        if self._known is not None and self._is_usable(self._known):
            return self._known
        stored = self._sessions.current()
        if stored is not None and self._is_usable(stored):
            return self._keep(stored)
        return self._renew(refused=None)

    def replacement(self, refused: Session) -> Session:
        """Return another session than the one that Intacct just refused.

        Raises:
            ConfigurationFault, LeaseHeld, TransientFault: as for `session`.
        """
        self._known = None
        self._raise_if_held()
        stored = self._sessions.current()
        if stored is not None and self._is_usable(stored) and _differ(stored, refused):
            return self._keep(stored)
        return self._renew(refused)

    def note_expiry(self, session: Session, expires_at_unix: int | None) -> None:
        """Take over the end of the session that a reply stated; store it if it moved by much."""
        if expires_at_unix is None:
            return
        self._known = replace(session, expires_at_unix=expires_at_unix)
        if expires_at_unix - self._saved_expiry_unix <= EXPIRY_STEP_SECONDS:
            return
        # The documents are booked by now: that the store is busy, or closed to us, must not look
        # like a failure to book them.
        with suppress(TransientFault, ConfigurationFault):
            token = self._sessions.lease(self._clock.now_unix(), self._sign_in.lease_seconds)
            stored = self._sessions.current()
            self._sessions.save(_newer(self._known, stored), token)
            self._saved_expiry_unix = expires_at_unix

    def refuse(self, fault: ConfigurationFault, credentials: IntacctCredentials) -> None:
        """Put signing in with these credentials on hold for everybody."""
        self._known = None
        with suppress(TransientFault):
            token = self._sessions.lease(self._clock.now_unix(), self._sign_in.lease_seconds)
            self._hold(fault, credentials, token)

    def is_corrected(self, refused: IntacctCredentials) -> bool:
        """Whether the secret, read anew, holds others than the credentials just refused."""
        # The refusal is what counts: that the secret cannot be read now must not hide it.
        with suppress(TransientFault, ConfigurationFault):
            return self._newest_version() != refused.version
        return False

    def _newest_version(self) -> str:
        self._sign_in.refresh()
        return self._sign_in.credentials().version

    def _raise_if_held(self) -> None:
        held = self._sessions.held(self._clock.now_unix())
        if held is not None and held.credentials_version == self._newest_version():
            raise ConfigurationFault(held.reason, held.text)

    def _is_usable(self, session: Session) -> bool:
        """Whether the session lasts, and is of the gateway and company configured now."""
        left_seconds = session.expires_at_unix - self._clock.now_unix()
        return (
            left_seconds >= REFRESH_BEFORE_EXPIRY_SECONDS
            and is_trusted(session.endpoint, self._sign_in.endpoint_url)
            and session.signed_in_as == fingerprint(self._sign_in.credentials())
        )

    def _keep(self, session: Session) -> Session:
        self._known, self._saved_expiry_unix = session, session.expires_at_unix
        return session

    def _renew(self, refused: Session | None) -> Session:
        """Sign in under the lease, unless someone did so while we waited for it."""
        credentials = self._sign_in.credentials()
        token = self._sessions.lease(self._clock.now_unix(), self._sign_in.lease_seconds)
        stored = self._sessions.current()
        if stored is not None and self._is_usable(stored) and _differ(stored, refused):
            self._sessions.save(stored, token)
            return self._keep(stored)
        try:
            session = self._signed_in(credentials, token)
        except TransientFault:
            # Saving what is stored anyway gives the lease back.
            if stored is not None:
                self._sessions.save(stored, token)
            raise
        self._sessions.save(session, token)
        return self._keep(session)

    def _signed_in(
        self, credentials: IntacctCredentials, token: int, *, is_second: bool = False
    ) -> Session:
        """Sign in; if that is refused, once more with a secret that was corrected, else hold."""
        try:
            return self._new_session(credentials)
        except ConfigurationFault as fault:
            if not is_second and self.is_corrected(credentials):
                return self._signed_in(self._sign_in.credentials(), token, is_second=True)
            self._hold(fault, credentials, token)
            raise

    def _hold(self, fault: ConfigurationFault, refused: IntacctCredentials, token: int) -> None:
        # A worker that outlived its lease has nothing to say; its own caller still hears the fault.
        with suppress(TransientFault):
            until_unix = self._clock.now_unix() + HOLD_SECONDS
            self._sessions.hold(Hold(until_unix, fault.reason, fault.text, refused.version), token)

    def _new_session(self, credentials: IntacctCredentials) -> Session:
        """Ask for a session. A sign-in writes nothing, so an unknown outcome does no harm."""
        answer = self._sign_in.gateway.call(
            self._sign_in.endpoint_url,
            sign_in_request(credentials),
            hide=(credentials.sender_password, credentials.user_password),
        )
        if not isinstance(answer, answers.NotSent | answers.Throttled):
            self._sign_in.gateway.statistics.sign_ins += 1
        match answer:
            case Results():
                return self._session_from(answer, credentials)
            case ControlFailure():
                meaning = classify(Level.CONTROL, answer.errors)
                if isinstance(meaning, Untouched):
                    raise Unavailable(f"sign-in: {text_of(answer.errors)}")
                reason = meaning.reason if isinstance(meaning, Fault) else Reason.INTACCT_SIGN_IN
                raise ConfigurationFault(reason, text_of(answer.errors))
            case AuthenticationFailure():
                meaning = classify(Level.AUTHENTICATION, answer.errors)
                reason = meaning.reason if isinstance(meaning, Fault) else Reason.INTACCT_SIGN_IN
                raise ConfigurationFault(reason, text_of(answer.errors))
            case answers.Throttled():
                raise Throttled(f"sign-in: {answer.text}", answer.retry_after_seconds)
            case answers.NotSent() | answers.NoAnswer():
                raise Unavailable(f"sign-in: {answer.text}")

    def _session_from(self, results: Results, credentials: IntacctCredentials) -> Session:
        result = results.by_control_id.get(SIGN_IN_CONTROL_ID)
        if result is None:
            raise Unavailable("sign-in: the reply has no result for it")
        if result.status != SUCCESS:
            raise ConfigurationFault(Reason.INTACCT_SIGN_IN, text_of(result.errors))
        row = result.rows[0] if result.rows else {}
        session_id, endpoint = row.get("SESSIONID", ""), row.get("ENDPOINT", "")
        if not session_id:
            raise Unavailable("sign-in: the reply has no session id")
        if not is_trusted(endpoint, self._sign_in.endpoint_url):
            text = "sign-in: the endpoint in the reply is not Intacct's"
            raise ConfigurationFault(Reason.INTACCT_SIGN_IN, text)
        entity = row.get("LOCATIONID", "")
        if credentials.entity_id and entity not in {"", credentials.entity_id}:
            text = f"signed in to entity {entity!r} instead of {credentials.entity_id!r}"
            raise ConfigurationFault(Reason.INTACCT_SIGN_IN, text)
        assumed_unix = self._clock.now_unix() + ASSUMED_LIFETIME_SECONDS
        return Session(
            session_id,
            endpoint,
            results.session_expires_at_unix or assumed_unix,
            signed_in_as=fingerprint(credentials),
        )


def fingerprint(credentials: IntacctCredentials) -> str:
    """Return what tells whose session it is, without saying so in clear; no password is in it."""
    whose = (credentials.company_id, credentials.user_id, credentials.entity_id or "")
    return hashlib.sha256("\n".join(whose).encode()).hexdigest()[:16]


def _differ(one: Session, other: Session | None) -> bool:
    return other is None or one.session_id != other.session_id


def _newer(known: Session, stored: Session | None) -> Session:
    """Return what to store: another worker may have signed in, or heard a later end."""
    if stored is None:
        return known
    if _differ(known, stored) or stored.expires_at_unix >= known.expires_at_unix:
        return stored
    return known


def is_trusted(endpoint: str, configured_url: str) -> bool:
    """Whether requests, which carry the sender's password, may go to `endpoint`.

    It must be on the configured host, or in Intacct's own domain if the configured one is; and
    encrypted, unless the configured one is plain HTTP on this very machine.

    Source: intacct-xml-api dossier sections 1.1 and 8.1.
    """
    if not _URL.fullmatch(endpoint):
        return False
    here, there = urlsplit(configured_url), urlsplit(endpoint)
    own_host, host = here.hostname or "", there.hostname or ""
    if there.scheme != "https":
        local = own_host in _LOOPBACK_HOSTS and host in _LOOPBACK_HOSTS
        if not (local and here.scheme == "http"):
            return False
    return host == own_host or (_in_intacct_domain(host) and _in_intacct_domain(own_host))


def _in_intacct_domain(host: str) -> bool:
    return host == INTACCT_DOMAIN or host.endswith(f".{INTACCT_DOMAIN}")
