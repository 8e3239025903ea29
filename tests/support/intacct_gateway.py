"""What surrounds the Intacct client in tests: a clock, a session store, a scripted gateway."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from lxml import etree

from tests.fakes import FakeClock, FakeSessions
from tests.support import intacct_schema
from tieout.intacct.client import IntacctLedger
from tieout.intacct.gateway import Gateway
from tieout.intacct.session import SessionKeeper, SignIn
from tieout.intacct.transport import HttpReply, Transport
from tieout.services.ports import IntacctCredentials, Session

ENDPOINT = "https://api.intacct.com/ia/xml/xmlgw.phtml"
SESSION_ENDPOINT = "https://www-p03.intacct.com/ia/xml/xmlgw.phtml"
NOW_UNIX = 1_795_140_000  # 2026-11-20 02:00 UTC
EXPIRES = "2026-11-20T04:00:00+00:00"
EXPIRES_AT_UNIX = NOW_UNIX + 7_200
SESSION_ID = "planted-session-id"
SENDER_PASSWORD = "planted-sender-password"
USER_PASSWORD = "planted-user-password"
CREDENTIALS = IntacctCredentials("sender", SENDER_PASSWORD, "company", "user", USER_PASSWORD)


class CountedSessions(FakeSessions):
    """The fake session store, counting what it stores."""

    def __init__(self, session: Session | None = None) -> None:
        super().__init__(session)
        self.saves = 0

    @property
    def is_leased(self) -> bool:
        return self._leased_until_unix > 0

    def save(self, session: Session, token: int) -> None:
        super().save(session, token)
        self.saves += 1


class OperatorsSecret:
    """The Intacct secret: what an operator wrote, remembered until a refresh.

    Attributes:
        refreshes: how often it was looked up anew.
        fault: what looking it up meets.
    """

    def __init__(self, credentials: IntacctCredentials = CREDENTIALS) -> None:
        self.written = self._remembered = credentials
        self.refreshes = 0
        self.fault: Exception | None = None

    def read(self) -> IntacctCredentials:
        return self._remembered

    def refresh(self) -> None:
        self.refreshes += 1
        if self.fault is not None:
            raise self.fault
        self._remembered = self.written


Answer = bytes | HttpReply | Exception | Callable[[bytes], bytes | HttpReply]


@dataclass
class ScriptedTransport:
    """Answers each request with the next of its script, and keeps and validates the requests.

    Sign-ins are answered on their own, with a new session each, unless `sign_ins` scripts them.
    """

    script: list[Answer] = field(default_factory=list)
    sign_ins: list[Answer] = field(default_factory=list)
    requests: list[bytes] = field(default_factory=list)
    endpoints: list[str] = field(default_factory=list)
    sessions_made: int = 0

    def post(self, endpoint: str, body: bytes, timeout_seconds: int) -> HttpReply:
        assert timeout_seconds > 0
        intacct_schema.check(body)
        self.requests.append(body)
        self.endpoints.append(endpoint)
        if b"<getAPISession" in body:
            if not self.sign_ins:
                self.sessions_made += 1
                return HttpReply(200, {}, signed_in(f"{SESSION_ID}-{self.sessions_made}"))
            answer = self.sign_ins.pop(0)
        else:
            answer = self.script.pop(0)
        if callable(answer) and not isinstance(answer, Exception):
            answer = answer(body)
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, HttpReply) else HttpReply(200, {}, answer)

    @property
    def writes(self) -> list[list[str]]:
        """The control ids of each request that was no sign-in."""
        return [control_ids(body) for body in self.requests if b"<getAPISession" not in body]


def ledger_on(
    transport: Transport,
    sessions: FakeSessions | None = None,
    *,
    clock: FakeClock | None = None,
    secret: OperatorsSecret | None = None,
    endpoint: str = ENDPOINT,
    base_currency: str = "usd",
    functions_per_request_max: int = 50,
) -> IntacctLedger:
    gateway = Gateway(transport, timeout_seconds=30)
    secret = secret or OperatorsSecret()
    keeper = SessionKeeper(
        SignIn(gateway, secret.read, endpoint, lease_seconds=45, refresh=secret.refresh),
        sessions or FakeSessions(),
        clock or FakeClock(NOW_UNIX),
    )
    return IntacctLedger(
        gateway, keeper, secret.read, lambda: base_currency, functions_per_request_max
    )


def control_ids(request: bytes) -> list[str]:
    root = etree.fromstring(request)
    return [each.get("controlid", "") for each in root.iterfind("operation/content/function")]


def response(operation: str = "", *, status: str = "success", errors: str = "") -> bytes:
    control = (
        f"<control><status>{status}</status><senderid>sender</senderid><controlid>c</controlid>"
        "<uniqueid>true</uniqueid><dtdversion>3.0</dtdversion></control>"
    )
    return f'<?xml version="1.0"?><response>{control}{operation}{errors}</response>'.encode()


def operation(
    results: Iterable[str] = (),
    *,
    status: str = "success",
    errors: str = "",
    expires: str = EXPIRES,
) -> bytes:
    times = f"<sessiontimeout>{expires}</sessiontimeout>" if expires else ""
    authentication = (
        f"<authentication><status>{status}</status><userid>user</userid>"
        f"<companyid>company</companyid><locationid/>{times}</authentication>"
    )
    return response(f"<operation>{authentication}{errors}{''.join(results)}</operation>")


def success(control_id: str, payload: str = "<key>77</key>", function: str = "create") -> str:
    return (
        f"<result><status>success</status><function>{function}</function>"
        f"<controlid>{control_id}</controlid>{payload}</result>"
    )


def failure(control_id: str, errors: str, status: str = "failure") -> str:
    return (
        f"<result><status>{status}</status><function>create</function>"
        f"<controlid>{control_id}</controlid>{errors}</result>"
    )


def errors(*entries: tuple[str, str]) -> str:
    """Return an `errormessage` with (errorno, description2) entries."""
    return (
        "<errormessage>"
        + "".join(
            f"<error><errorno>{number}</errorno><description/><description2>{text}"
            " [Support ID: abc%7E1]</description2><correction/></error>"
            for number, text in entries
        )
        + "</errormessage>"
    )


def rows(*records: Mapping[str, str], tag: str = "ARINVOICE") -> str:
    listed = "".join(
        f"<{tag}>{''.join(f'<{name}>{value}</{name}>' for name, value in record.items())}</{tag}>"
        for record in records
    )
    return (
        f'<data listtype="{tag}" totalcount="{len(records)}" offset="0" count="{len(records)}"'
        f' numremaining="0">{listed}</data>'
    )


def all_accepted(request: bytes) -> bytes:
    """Answer every function of the request with a key of its own."""
    return operation(
        success(each, f"<key>{number}</key>")
        for number, each in enumerate(control_ids(request), start=100)
    )


def look_up_answer(*records: Mapping[str, str], tag: str = "ARINVOICE") -> Callable[[bytes], bytes]:
    """Answer a look-up, whatever its control id, with these rows."""
    return lambda request: operation(
        [success(control_ids(request)[0], rows(*records, tag=tag), "query")]
    )


def signed_in(
    session_id: str = SESSION_ID,
    endpoint: str = SESSION_ENDPOINT,
    location: str = "",
    expires: str = EXPIRES,
) -> bytes:
    payload = (
        f"<data><api><sessionid>{session_id}</sessionid><endpoint>{endpoint}</endpoint>"
        f"<locationid>{location}</locationid></api></data>"
    )
    return operation([success("sign-in", payload, "getAPISession")], expires=expires)
