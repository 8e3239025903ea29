"""Goal: requests carry what they must, and every failure means one thing to us and tells no secret.

Method: the real Stripe library over a scripted wire.
"""

import pytest
import stripe

from tests.unit.stripe.fake_http import API_KEY, FakeHttp, Response, api, connection_error, error
from tieout.domain.errors import (
    ConfigurationFault,
    Refused,
    Throttled,
    TieoutError,
    TransientFault,
    Unavailable,
)
from tieout.domain.reasons import Reason
from tieout.domain.retry_after import RETRY_AFTER_SECONDS_MAX
from tieout.stripe.api import (
    API_VERSION,
    ATTEMPTS_MAX,
    StripeApi,
    fault_of,
    path_of,
)
from tieout.stripe.reader import connect


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stripe.HTTPClient, "INITIAL_DELAY", 0)


def failure(answer: object) -> tuple[TieoutError, FakeHttp]:
    http = FakeHttp(thing=answer)
    with pytest.raises(TieoutError) as raised:
        api(http).get("/v1/thing", {})
    return raised.value, http


def test_a_request_carries_version_key_and_account() -> None:
    http = FakeHttp(thing={"id": "x"})

    api(http).get("/v1/thing", {}, account="acct_1")

    (request,) = http.requests
    assert request.method == "get"
    assert request.headers["Stripe-Version"] == API_VERSION == "2026-10-28.endive"
    assert request.headers["Authorization"] == f"Bearer {API_KEY}"
    assert request.headers["Stripe-Account"] == "acct_1"


def test_the_pinned_version_is_that_of_the_library_whose_types_we_check_against() -> None:
    assert stripe.api_version == API_VERSION


def test_no_account_no_header() -> None:
    http = FakeHttp(thing={"id": "x"})

    api(http).get("/v1/thing", {})

    assert "Stripe-Account" not in http.requests[0].headers


def test_parameters_are_written_as_stripe_wants_them() -> None:
    http = FakeHttp(thing={"id": "x"})

    api(http).get("/v1/thing", {"expand": ("a", "b"), "created": {"gte": 1}, "limit": 100})

    assert http.requests[0].query == {
        "expand[0]": "a",
        "expand[1]": "b",
        "created[gte]": "1",
        "limit": "100",
    }


def test_an_id_from_outside_stays_one_part_of_the_path() -> None:
    assert (
        path_of("invoices", "in_1/../../v1/x?y#z") == "/v1/invoices/in_1%2F..%2F..%2Fv1%2Fx%3Fy%23z"
    )


def test_telemetry_is_off_and_no_identity_is_sent() -> None:
    http = FakeHttp(thing={"id": "x"})

    api(http).get("/v1/thing", {})

    assert stripe.enable_telemetry is False
    assert "telemetry_id" not in http.requests[0].headers["X-Stripe-Client-User-Agent"]


def test_the_key_is_asked_for_at_each_request_so_that_a_rolled_one_works_at_once() -> None:
    keys = iter(["rk_test_old", "rk_test_new\n"])
    http = FakeHttp(thing={"id": "x"})
    rolled = StripeApi(http, lambda: next(keys), "https://stripe.test")

    rolled.get("/v1/thing", {})
    rolled.get("/v1/thing", {})

    sent = [request.headers["Authorization"] for request in http.requests]
    assert sent == ["Bearer rk_test_old", "Bearer rk_test_new"]


def test_a_further_account_is_asked_with_its_own_key_and_a_connected_one_by_name() -> None:
    http = FakeHttp(thing={"id": "x"})
    own = {"acct_2": "rk_test_other"}
    several = StripeApi(http, lambda: "rk_test_main", "https://stripe.test", key_of=own.get)

    for account in (None, "acct_2", "acct_connected"):
        several.get("/v1/thing", {}, account)

    sent = [
        (request.headers["Authorization"], request.headers.get("Stripe-Account"))
        for request in http.requests
    ]
    assert sent == [
        ("Bearer rk_test_main", None),
        ("Bearer rk_test_other", None),
        ("Bearer rk_test_main", "acct_connected"),
    ]


class OperatorsKey:
    """The secret's key: what was written, and what is remembered of it until a refresh."""

    def __init__(self, remembered: str, written: str) -> None:
        self.remembered, self.written = remembered, written
        self.refreshes = 0

    def read(self) -> str:
        return self.remembered

    def refresh(self) -> None:
        self.refreshes += 1
        self.remembered = self.written


REFUSED = error(401, message="Invalid API Key provided")


@pytest.mark.parametrize("refused", ["rk_test_old", "rk test old"])
def test_a_key_that_was_corrected_is_tried_at_once(refused: str) -> None:
    key = OperatorsKey(refused, "rk_test_new")
    http = FakeHttp(
        thing=lambda asked: (
            Response({"id": "x"})
            if asked.headers["Authorization"] == "Bearer rk_test_new"
            else REFUSED
        )
    )

    assert StripeApi(http, key.read, "https://stripe.test", key.refresh).get("/v1/thing", {})
    assert key.refreshes == 1


@pytest.mark.parametrize("written", ["rk_test_old", "rk_test_wrong_too"])
def test_a_refused_key_is_looked_up_once_and_no_more(written: str) -> None:
    key = OperatorsKey("rk_test_old", written)
    http = FakeHttp(thing=REFUSED)

    with pytest.raises(ConfigurationFault) as fault:
        StripeApi(http, key.read, "https://stripe.test", key.refresh).get("/v1/thing", {})

    assert fault.value.reason is Reason.STRIPE_KEY
    assert key.refreshes == 1
    assert len(http.requests) == len({"rk_test_old", written})


def test_what_may_pass_with_the_same_key_does_not_look_it_up_again() -> None:
    key = OperatorsKey("rk_test_old", "rk_test_new")

    with pytest.raises(Throttled):
        StripeApi(
            FakeHttp(thing=error(429, message="slow")),
            key.read,
            "https://stripe.test",
            key.refresh,
        ).get("/v1/thing", {})

    assert key.refreshes == 0


@pytest.mark.parametrize("key", ["", "  ", "rk_live_é", "rk live", "rk_live_\x00"])
def test_an_unusable_key_is_not_sent_anywhere(key: str) -> None:
    http = FakeHttp(thing={"id": "x"})

    with pytest.raises(ConfigurationFault) as fault:
        api(http, key).get("/v1/thing", {})

    assert fault.value.reason is Reason.STRIPE_KEY
    assert http.requests == []


def test_reads_count_what_left_including_the_librarys_retries() -> None:
    http = FakeHttp()
    http.answer("thing", error(500), error(503), {"id": "x"})
    counted = api(http)

    counted.get("/v1/thing", {})

    assert counted.reads == 3 == ATTEMPTS_MAX


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (error(429, code="rate_limit", message="slow"), Throttled),
        (error(429, code="lock_timeout", message="locked"), Throttled),
        (error(500, type="api_error", message="oops"), Unavailable),
        (error(409, type="idempotency_error", message="busy"), Unavailable),
        (Response(b"<html>502</html>", 502), Unavailable),
        (Response(b"<html>ok?</html>", 200), Unavailable),
        (Response(b"\xff", 200), Unavailable),
        (Response([], 200), Unavailable),
        (Response({"error": "odd"}, 400), Unavailable),
        (connection_error("down"), Unavailable),
    ],
)
def test_what_may_pass_is_transient(answer: object, kind: type[TieoutError]) -> None:
    fault, _ = failure(answer)

    assert type(fault) is kind


def test_a_rate_limit_says_how_long_to_wait_if_stripe_did() -> None:
    fault, http = failure(error(429, message="slow", headers={"Retry-After": "7"}))

    assert isinstance(fault, Throttled)
    assert fault.retry_after_seconds == 7
    assert len(http.requests) == 1


@pytest.mark.parametrize("asked", [str(RETRY_AFTER_SECONDS_MAX + 1), "9" * 5_000])
def test_nobody_waits_for_hours_because_a_header_says_so(asked: str) -> None:
    """The queue would hide the message for twelve, and with it all of the customer's."""
    fault, _ = failure(error(429, message="slow", headers={"Retry-After": asked}))

    assert isinstance(fault, Throttled)
    assert fault.retry_after_seconds == RETRY_AFTER_SECONDS_MAX


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (error(404, code="resource_missing", message="No such x"), Reason.OBJECT_MISSING_IN_STRIPE),
        (error(400, code="resource_missing", message="No such x"), Reason.OBJECT_MISSING_IN_STRIPE),
        (error(404, message="Unrecognized URL"), Reason.OBJECT_MISSING_IN_STRIPE),
        (error(400, code="parameter_unknown", message="what?"), Reason.UNREADABLE_OBJECT),
    ],
)
def test_what_will_not_pass_is_refused(answer: object, reason: Reason) -> None:
    fault, _ = failure(answer)

    assert isinstance(fault, Refused)
    assert fault.reason is reason


def test_a_wrong_key_is_a_configuration_fault() -> None:
    fault, http = failure(error(401, message=f"Invalid API Key provided: {API_KEY}"))

    assert isinstance(fault, ConfigurationFault)
    assert fault.reason is Reason.STRIPE_KEY
    assert len(http.requests) == 1


@pytest.mark.parametrize("status", [401, 403])
def test_a_missing_permission_is_named(status: int) -> None:
    message = (
        f"The provided key '{API_KEY}' does not have the required permissions for this endpoint. "
        "Having the 'rak_invoice_read' permission would allow this request to continue."
    )

    fault, _ = failure(error(status, message=message))

    assert isinstance(fault, ConfigurationFault)
    assert fault.reason is Reason.STRIPE_PERMISSION
    assert fault.text.startswith("the Stripe key lacks rak_invoice_read; GET /v1/thing failed")


def test_a_missing_permission_without_a_name_is_still_one() -> None:
    fault, _ = failure(error(403, message="No access to account 'acct_1'"))

    assert isinstance(fault, ConfigurationFault)
    assert fault.reason is Reason.STRIPE_PERMISSION


@pytest.mark.parametrize(
    "answer",
    [
        error(401, message=f"Invalid API Key provided: {API_KEY}"),
        error(403, message=f"The provided key {API_KEY} lacks 'rak_event_read'"),
        error(404, message="No such customer: 'ada@example.com'"),
        error(500, message=f"{API_KEY}"),
        connection_error(f"Invalid header value 'Bearer {API_KEY}'"),
    ],
)
def test_no_failure_repeats_the_librarys_text(answer: object) -> None:
    fault, _ = failure(answer)

    assert API_KEY not in str(fault)
    assert "ada@example.com" not in str(fault)
    assert fault.__cause__ is None
    assert fault.__suppress_context__


def test_the_evidence_has_what_stripes_support_asks_for() -> None:
    fault, _ = failure(error(404, code="resource_missing", message="No such x"))

    assert str(fault) == (
        "GET /v1/thing failed: "
        "InvalidRequestError, status 404, code resource_missing, request req_1"
    )


def every_library_error() -> list[type[stripe.StripeError]]:
    found: list[type[stripe.StripeError]] = []
    waiting = [stripe.StripeError]
    while waiting:
        found.append(waiting.pop())
        waiting.extend(found[-1].__subclasses__())
    return found


@pytest.mark.parametrize("kind", every_library_error(), ids=lambda kind: str(kind.__name__))
def test_every_error_of_the_library_means_something_that_the_port_promises(
    kind: type[stripe.StripeError],
) -> None:
    raised = kind.__new__(kind)
    stripe.StripeError.__init__(raised, "text", http_status=418)

    assert isinstance(fault_of(raised, "/v1/x"), TransientFault | ConfigurationFault | Refused)


def test_a_connected_reader_has_read_nothing_yet() -> None:
    connected = connect("rk_test_x", "https://stripe.test/", timeout_seconds=10, livemode=False)

    assert connected.reads == 0


def test_nobody_listening_is_unavailable() -> None:
    connected = connect(lambda: API_KEY, "http://127.0.0.1:9", timeout_seconds=1, livemode=False)

    with pytest.raises(Unavailable) as fault:
        connected.open_invoices(0, None)

    assert str(fault.value) == "GET /v1/invoices failed: APIConnectionError"
    assert connected.reads == 3
