"""Goal: one sign-in serves everybody, is renewed once, and never becomes a storm.

Method: a session keeper over a store in memory, a clock moved by hand and a scripted gateway.
"""

import dataclasses

import pytest

from tests.fakes import FakeClock
from tests.support.intacct_gateway import (
    CREDENTIALS,
    ENDPOINT,
    EXPIRES_AT_UNIX,
    NOW_UNIX,
    SESSION_ENDPOINT,
    USER_PASSWORD,
    CountedSessions,
    OperatorsSecret,
    ScriptedTransport,
    errors,
    failure,
    operation,
    response,
    signed_in,
    success,
)
from tieout.domain.errors import (
    ConfigurationFault,
    LeaseHeld,
    OutcomeUnknown,
    Throttled,
    TransientFault,
    Unavailable,
)
from tieout.domain.reasons import Reason
from tieout.intacct.gateway import Gateway
from tieout.intacct.session import (
    ASSUMED_LIFETIME_SECONDS,
    EXPIRY_STEP_SECONDS,
    HOLD_SECONDS,
    REFRESH_BEFORE_EXPIRY_SECONDS,
    SessionKeeper,
    SignIn,
    fingerprint,
    is_trusted,
)
from tieout.intacct.transport import HttpReply
from tieout.services.ports import IntacctCredentials, Session

OURS = fingerprint(CREDENTIALS)
STORED = Session("stored", SESSION_ENDPOINT, NOW_UNIX + 3_600, OURS)
WRONG_PASSWORD = operation(
    status="failure", errors=errors(("XL03000006", "Sign-in information is incorrect")), expires=""
)


class World:
    """A keeper and everything around it."""

    def __init__(
        self,
        stored: Session | None = None,
        *sign_ins: bytes | HttpReply | Exception,
        credentials: IntacctCredentials = CREDENTIALS,
        endpoint: str = ENDPOINT,
    ) -> None:
        self.clock = FakeClock(NOW_UNIX)
        self.sessions = CountedSessions(stored)
        self.transport = ScriptedTransport(sign_ins=list(sign_ins))
        self.gateway = Gateway(self.transport, timeout_seconds=30)
        self.secret = OperatorsSecret(credentials)
        self.endpoint = endpoint
        self.keeper = self.another_keeper()

    def another_keeper(self, secret: OperatorsSecret | None = None) -> SessionKeeper:
        secret = secret or self.secret
        sign_in = SignIn(
            self.gateway, secret.read, self.endpoint, lease_seconds=45, refresh=secret.refresh
        )
        return SessionKeeper(sign_in, self.sessions, self.clock)

    @property
    def sign_ins(self) -> int:
        return len(self.transport.requests)


def test_without_a_session_one_is_made_and_stored() -> None:
    world = World(None)
    session = world.keeper.session()
    assert session == world.sessions.session
    assert (session.endpoint, session.expires_at_unix) == (SESSION_ENDPOINT, EXPIRES_AT_UNIX)
    assert world.transport.endpoints == [ENDPOINT]
    assert world.gateway.statistics.sign_ins == 1


def test_a_stored_session_spares_the_sign_in() -> None:
    world = World(STORED)
    assert world.keeper.session() == STORED
    assert world.sign_ins == 0


def test_the_session_is_renewed_before_it_ends() -> None:
    world = World(STORED)
    world.clock.unix = STORED.expires_at_unix - REFRESH_BEFORE_EXPIRY_SECONDS
    assert world.keeper.session() == STORED
    world.clock.unix += 1
    assert world.keeper.session() != STORED
    assert world.sign_ins == 1


def test_a_session_of_another_gateway_is_not_used() -> None:
    elsewhere = dataclasses.replace(STORED, endpoint="https://sandbox.example/ia/xml/xmlgw.phtml")
    world = World(elsewhere)
    assert world.keeper.session() != elsewhere


def test_while_another_worker_signs_in_nobody_else_does() -> None:
    world = World(None)
    world.sessions.lease(NOW_UNIX, 60)
    with pytest.raises(LeaseHeld):
        world.keeper.session()
    assert world.sign_ins == 0


def test_a_session_that_was_stored_while_we_took_the_lease_is_used() -> None:
    world = World(None)
    lease = world.sessions.lease

    def lease_after_another_finished(now_unix: int, lease_seconds: int) -> int:
        world.sessions.session = STORED
        return lease(now_unix, lease_seconds)

    world.sessions.lease = lease_after_another_finished  # type: ignore[method-assign]
    assert world.keeper.session() == STORED
    assert world.sign_ins == 0
    assert not world.sessions.is_leased, "it was given back"


def test_a_refused_session_is_replaced_once_for_all_workers() -> None:
    world = World(STORED)
    one, two = world.keeper, world.another_keeper()
    refused = one.session()
    assert two.session() == refused
    fresh = one.replacement(refused)
    assert fresh != refused
    assert two.replacement(refused) == fresh
    assert world.sign_ins == 1


REFUSALS: dict[str, tuple[bytes | HttpReply, Reason]] = {
    "wrong password": (WRONG_PASSWORD, Reason.INTACCT_SIGN_IN),
    "wrong password, newer form": (
        HttpReply(
            401, {}, response(status="failure", errors=errors(("XMLGW_JPP0002", "incorrect")))
        ),
        Reason.INTACCT_SIGN_IN,
    ),
    "wrong company": (
        HttpReply(
            400, {}, response(status="failure", errors=errors(("invalidRequest", "Invalid")))
        ),
        Reason.INTACCT_SIGN_IN,
    ),
    "wrong sender": (
        response(status="failure", errors=errors(("XL03000006", "incorrect partner id"))),
        Reason.INTACCT_SENDER,
    ),
    "sender not authorised": (
        operation(
            status="failure", errors=errors(("XL03000006", "Invalid Web Services Authorization"))
        ),
        Reason.INTACCT_SENDER,
    ),
    "no session": (
        operation([failure("sign-in", errors(("Get API Session Failed", "No")))]),
        Reason.INTACCT_SIGN_IN,
    ),
    "unknown control error": (
        response(status="failure", errors=errors(("ZZ1", "?"))),
        Reason.INTACCT_SIGN_IN,
    ),
    "endpoint outside Intacct": (
        signed_in(endpoint="https://intacct.com.evil.example/ia/xml/xmlgw.phtml"),
        Reason.INTACCT_SIGN_IN,
    ),
}


@pytest.mark.parametrize(("answer", "reason"), REFUSALS.values(), ids=REFUSALS)
def test_a_refused_sign_in_is_a_fault_and_puts_signing_in_on_hold(
    answer: bytes | HttpReply, reason: Reason
) -> None:
    world = World(None, answer)
    with pytest.raises(ConfigurationFault) as fault:
        world.keeper.session()
    assert fault.value.reason is reason
    for keeper in (world.keeper, world.another_keeper()):
        with pytest.raises(ConfigurationFault) as held:
            keeper.session()
        assert (held.value.reason, held.value.text) == (reason, fault.value.text)
    assert world.sign_ins == 1
    assert world.sessions.session is None


def test_when_the_hold_is_over_what_was_mended_in_intacct_works() -> None:
    world = World(None, WRONG_PASSWORD)
    with pytest.raises(ConfigurationFault):
        world.keeper.session()
    world.clock.unix += HOLD_SECONDS
    assert world.keeper.session() == world.sessions.session
    assert world.sessions.held(world.clock.now_unix()) is None


CORRECTED = dataclasses.replace(CREDENTIALS, user_password="corrected", version="2")


def test_a_secret_that_was_corrected_ends_the_hold_at_once_for_every_worker() -> None:
    world = World(None, WRONG_PASSWORD)
    other = world.another_keeper(OperatorsSecret())
    with pytest.raises(ConfigurationFault):
        world.keeper.session()
    with pytest.raises(ConfigurationFault):
        other.session()
    world.secret.written = CORRECTED
    assert world.keeper.session() == world.sessions.session
    assert b"corrected" in world.transport.requests[-1]
    assert other.session() == world.sessions.session
    assert world.sign_ins == 2


def test_a_refused_sign_in_is_repeated_at_once_if_the_secret_was_corrected_since() -> None:
    world = World(None, WRONG_PASSWORD)
    world.secret.written = CORRECTED
    assert world.keeper.session() == world.sessions.session
    assert world.sign_ins == 2
    assert world.sessions.held(NOW_UNIX) is None
    assert not world.sessions.is_leased


def test_a_correction_that_is_wrong_too_is_not_tried_again() -> None:
    world = World(None, WRONG_PASSWORD, WRONG_PASSWORD)
    world.secret.written = CORRECTED
    for _ in range(3):
        with pytest.raises(ConfigurationFault):
            world.keeper.session()
    assert world.sign_ins == 2
    held = world.sessions.held(NOW_UNIX)
    assert held is not None
    assert held.credentials_version == CORRECTED.version


def test_a_worker_that_remembers_older_credentials_does_not_try_them() -> None:
    world = World(None, WRONG_PASSWORD)
    stale = OperatorsSecret()
    stale.written = world.secret.written = CORRECTED
    world.secret.refresh()
    with pytest.raises(ConfigurationFault):
        world.keeper.session()
    with pytest.raises(ConfigurationFault):
        world.another_keeper(stale).session()
    assert world.sign_ins == 1


def test_while_signing_in_is_on_hold_each_request_looks_the_secret_up_once() -> None:
    world = World(None, WRONG_PASSWORD)
    with pytest.raises(ConfigurationFault):
        world.keeper.session()
    before = world.secret.refreshes
    with pytest.raises(ConfigurationFault):
        world.keeper.session()
    assert world.secret.refreshes == before + 1


def test_while_all_is_well_the_secret_is_never_looked_up_anew() -> None:
    world = World(STORED)
    world.keeper.replacement(world.keeper.session())
    world.keeper.session()
    assert world.secret.refreshes == 0


@pytest.mark.parametrize(
    "fault", [Unavailable("down"), ConfigurationFault(Reason.SECRET_INVALID, "half written")]
)
def test_a_secret_that_cannot_be_looked_up_does_not_hide_the_refusal(fault: Exception) -> None:
    world = World(None, WRONG_PASSWORD)
    world.secret.fault = fault
    with pytest.raises(ConfigurationFault) as refused:
        world.keeper.session()
    assert refused.value.reason is Reason.INTACCT_SIGN_IN
    assert world.sessions.held(NOW_UNIX) is not None


def test_a_hold_counts_even_for_workers_with_a_good_session() -> None:
    world = World(STORED)
    assert world.keeper.session() == STORED
    fault = ConfigurationFault(Reason.INTACCT_SENDER, "no")
    world.another_keeper().refuse(fault, CREDENTIALS)
    with pytest.raises(ConfigurationFault):
        world.keeper.session()


NO_ANSWERS: dict[str, tuple[bytes | HttpReply | Exception, type[TransientFault]]] = {
    "never sent": (Unavailable("refused"), Unavailable),
    "no answer": (OutcomeUnknown("cut"), Unavailable),
    "bad gateway": (HttpReply(502, {}, b"<html>"), Unavailable),
    "throttled": (HttpReply(429, {"retry-after": "9"}, b""), Throttled),
    "concurrent": (
        response(status="failure", errors=errors(("?", "concurrent request in process"))),
        Unavailable,
    ),
    "no result": (operation([success("other")]), Unavailable),
    "no session id": (signed_in(""), Unavailable),
}


@pytest.mark.parametrize(("answer", "kind"), NO_ANSWERS.values(), ids=NO_ANSWERS)
def test_a_sign_in_without_an_answer_is_tried_again_later(
    answer: bytes | HttpReply | Exception, kind: type[TransientFault]
) -> None:
    expired = dataclasses.replace(STORED, expires_at_unix=NOW_UNIX)
    world = World(expired, answer)
    with pytest.raises(kind):
        world.keeper.session()
    assert world.sessions.held(NOW_UNIX) is None
    assert world.keeper.session() == world.sessions.session, "the lease was given back"
    assert world.sign_ins == 2


def test_the_very_first_sign_in_without_an_answer_keeps_its_lease() -> None:
    """With nothing stored there is nothing to give the lease back with; it runs out."""
    world = World(None, Unavailable("refused"))
    with pytest.raises(Unavailable):
        world.keeper.session()
    with pytest.raises(LeaseHeld):
        world.keeper.session()
    world.clock.unix += 46
    assert world.keeper.session() == world.sessions.session


def test_a_throttled_sign_in_says_for_how_long() -> None:
    world = World(STORED, HttpReply(429, {"retry-after": "9"}, b""))
    with pytest.raises(Throttled) as throttled:
        world.keeper.replacement(STORED)
    assert throttled.value.retry_after_seconds == 9


def test_a_worker_that_outlived_its_lease_cannot_store_its_session() -> None:
    world = World(None)
    answer = signed_in("late")

    def slow(_: bytes) -> bytes:
        world.clock.unix += 100
        world.sessions.save(STORED, world.sessions.lease(world.clock.now_unix(), 60))
        return answer

    world.transport.sign_ins = [slow]
    with pytest.raises(LeaseHeld):
        world.keeper.session()
    assert world.sessions.session == STORED


def test_where_the_reply_does_not_say_when_the_session_ends_little_is_assumed() -> None:
    world = World(None, signed_in(expires=""))
    assert world.keeper.session().expires_at_unix == NOW_UNIX + ASSUMED_LIFETIME_SECONDS


@pytest.mark.parametrize("changed", ["company_id", "user_id", "entity_id"])
def test_a_session_of_another_company_user_or_entity_is_not_used(changed: str) -> None:
    moved = dataclasses.replace(CREDENTIALS, **{changed: "moved"})
    world = World(STORED, signed_in(location="moved"), credentials=moved)
    assert world.keeper.session().session_id != STORED.session_id
    assert world.sign_ins == 1


def test_a_new_password_does_not_end_the_session() -> None:
    rotated = dataclasses.replace(CREDENTIALS, user_password="rotated")
    assert World(STORED, credentials=rotated).keeper.session() == STORED


def test_an_entity_other_than_the_one_asked_for_is_refused() -> None:
    entity = dataclasses.replace(CREDENTIALS, entity_id="200")
    with pytest.raises(ConfigurationFault, match="instead of '200'"):
        World(None, signed_in(location="100"), credentials=entity).keeper.session()
    assert World(None, signed_in(location="200"), credentials=entity).keeper.session()


def test_the_end_of_the_session_moves_with_each_call_and_is_stored_sparingly() -> None:
    world = World(STORED)
    session = world.keeper.session()
    near, far = (STORED.expires_at_unix + EXPIRY_STEP_SECONDS + extra for extra in (0, 1))
    world.keeper.note_expiry(session, near)
    assert world.sessions.session == STORED
    world.clock.unix = STORED.expires_at_unix
    assert world.keeper.session().expires_at_unix == near, "this worker knows better"
    world.keeper.note_expiry(session, far)
    assert world.sessions.session == dataclasses.replace(STORED, expires_at_unix=far)
    assert world.sessions.saves == 1
    assert world.sign_ins == 0


def test_a_reply_without_an_end_moves_nothing() -> None:
    world = World(STORED)
    world.keeper.note_expiry(world.keeper.session(), None)
    assert world.sessions.saves == 0


def test_a_later_end_never_replaces_a_newer_session() -> None:
    world = World(STORED)
    session = world.keeper.session()
    newer = Session("newer", SESSION_ENDPOINT, NOW_UNIX + 7_200, OURS)
    world.sessions.session = newer
    world.keeper.note_expiry(session, NOW_UNIX + 9_000)
    assert world.sessions.session == newer
    assert not world.sessions.is_leased


def test_a_busy_store_does_not_spoil_what_was_booked() -> None:
    world = World(STORED)
    session = world.keeper.session()
    world.sessions.lease(NOW_UNIX, 60)
    world.keeper.note_expiry(session, NOW_UNIX + 9_000)
    world.keeper.refuse(ConfigurationFault(Reason.INTACCT_SIGN_IN, "no"), CREDENTIALS)
    assert world.sessions.held(NOW_UNIX) is None


def test_faults_do_not_repeat_a_password_that_intacct_echoes() -> None:
    echo = operation(
        status="failure", errors=errors(("XL03000006", f"Password {USER_PASSWORD} is wrong"))
    )
    with pytest.raises(ConfigurationFault) as fault:
        World(None, echo).keeper.session()
    assert USER_PASSWORD not in fault.value.text


API = "https://api.intacct.com/ia/xml/xmlgw.phtml"
LOCAL = "http://127.0.0.1:8080/ia/xml/xmlgw.phtml"


@pytest.mark.parametrize(
    ("endpoint", "configured", "trusted"),
    [
        (API, API, True),
        ("https://www-p03.intacct.com/ia/xml/xmlgw.phtml", API, True),
        ("https://INTACCT.com/x", API, True),
        ("https://api.intacct.com:443/x", API, True),
        ("http://api.intacct.com/x", API, False),
        ("https://evilintacct.com/x", API, False),
        ("https://intacct.com.evil.example/x", API, False),
        ("https://evil.example/intacct.com/", API, False),
        ("https://api.intacct.com@evil.example/", API, False),
        ("https://evil.example\\@api.intacct.com/", API, False),
        ("https://evil.example#.intacct.com/", API, False),
        ("https://api.intacct.com.", API, False),
        ("https://api.intacct.com/x\n", API, False),
        ("//api.intacct.com/x", API, False),
        ("", API, False),
        (LOCAL, LOCAL, True),
        ("http://127.0.0.1:9/x", LOCAL, True),
        ("http://[::1]:9/x", "http://[::1]:8080/x", True),
        ("http://10.0.0.1/x", "http://10.0.0.1/x", False),
        ("http://evil.example/x", LOCAL, False),
        (API, LOCAL, False),
        ("http://127.0.0.1/x", "https://127.0.0.1/x", False),
        ("https://proxy.example/x", "https://proxy.example/y", True),
        ("https://other.example/x", "https://proxy.example/y", False),
        (API, "https://proxy.example/y", False),
    ],
)
def test_passwords_go_to_intacct_and_nowhere_else(
    endpoint: str, configured: str, trusted: bool
) -> None:
    assert is_trusted(endpoint, configured) is trusted
