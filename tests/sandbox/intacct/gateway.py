"""The gateway: bytes in, HTTP answer out.

Source: dossier 2.4 for the four levels at which a request can fail, 9 for the order of checks.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from lxml import etree

from tests.sandbox.intacct import http_reply
from tests.sandbox.intacct.authentication import Authenticator
from tests.sandbox.intacct.books.company import IntacctCompany
from tests.sandbox.intacct.control_ids import ControlIds
from tests.sandbox.intacct.counters import Counters
from tests.sandbox.intacct.errors import (
    SCHEMA_ERROR,
    AuthenticationFailedError,
    ControlFailedError,
    ErrorEntry,
)
from tests.sandbox.intacct.executor import Executor, Operation
from tests.sandbox.intacct.faults import Fault, FaultKind, FaultScript
from tests.sandbox.intacct.http_reply import HttpReply
from tests.sandbox.intacct.sessions import Sessions
from tests.sandbox.intacct.wire.envelope import (
    Control,
    Envelope,
    Login,
    function_names,
    parse_document,
    read_control,
    read_envelope,
)
from tests.sandbox.intacct.wire.replies import AuthenticationBlock, ReplyWriter

ENDPOINT_PATH = "/ia/xml/xmlgw.phtml"
_TRANSIENT_ENTRY = ErrorEntry(
    "BL01001973",
    "Currently, we can't create the transaction",
    correction="Check the transaction for errors or inconsistencies, then try again.",
)


@dataclass(frozen=True)
class LoggedRequest:
    """A request as it came, with the answer; bodies hold passwords, so they are not printed."""

    body: bytes = field(repr=False)
    functions: tuple[str, ...]
    status: int
    reply: bytes = field(repr=False)
    fault: FaultKind | None = None


@dataclass(frozen=True)
class _Incoming:
    """A request that is at least XML, with what is to happen to it."""

    root: etree._Element
    control: Control
    endpoint: str
    size: int
    fault: Fault | None

    def checked_control_ids(self) -> list[str]:
        """List the distinct control ids that are being executed while the request runs."""
        if not self.control.unique_id:
            return []
        functions = self.root.iterfind("operation/content/function")
        return sorted({found for each in functions if (found := each.get("controlid"))})


class Gateway:
    """One company behind one endpoint; safe to use from several threads."""

    def __init__(
        self, company: IntacctCompany, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.company = company
        self.faults = FaultScript()
        self.counters = Counters()
        self.requests: list[LoggedRequest] = []
        self.lock = threading.RLock()
        self.sessions = Sessions(company.clock, company.profile.session_timeout_seconds)
        self._sleep = sleep
        self._control_ids = ControlIds(company.clock, company.switches)
        self._authenticator = Authenticator(company, self.sessions)
        self._executor = Executor(company, self._authenticator, self._control_ids, self.counters)
        self._active = 0

    def handle(self, body: bytes, host: str, *, scheme: str = "http") -> HttpReply:
        """Answer one request; getAPISession returns an endpoint on the host the client used."""
        try:
            root = parse_document(body)
        except ControlFailedError as error:
            writer = self._writer(Control(unique_id=False))
            reply = HttpReply(error.http_status, writer.control_failure(error.entries))
            return self._logged(body, (), reply, None)
        names = function_names(root)
        with self.lock:
            fault = self.faults.take(names, body)
        endpoint = f"{scheme}://{host}{ENDPOINT_PATH}"
        incoming = _Incoming(root, read_control(root), endpoint, len(body), fault)
        return self._logged(body, names, self._answer(incoming), fault)

    def _answer(self, incoming: _Incoming) -> HttpReply:
        writer = self._writer(incoming.control)
        if incoming.fault is not None:
            instead = http_reply.answer_instead(incoming.fault.kind, writer)
            if instead is not None:
                return instead
        control_ids = incoming.checked_control_ids()
        with self.lock:
            limit = self.company.switches.concurrent_requests_max
            if limit is not None and self._active >= limit:
                return http_reply.rate_limited(writer)
            self._active += 1
            busy = self._control_ids.begin(control_ids)
        try:
            return self._execute(incoming, busy, writer)
        finally:
            with self.lock:
                self._active -= 1
                self._control_ids.end(control_ids)

    def _execute(self, incoming: _Incoming, busy: frozenset[str], writer: ReplyWriter) -> HttpReply:
        fault = incoming.fault
        if fault is not None and fault.kind is FaultKind.LATE_COMMIT:
            self._sleep(fault.seconds)
        with self.lock:
            try:
                envelope = self._checked_envelope(incoming)
                body = self._operate(envelope, incoming, busy, writer)
                reply = HttpReply(200, body)
            except ControlFailedError as error:
                failure = writer.control_failure(error.entries, short=error.short)
                reply = HttpReply(error.http_status, failure)
        if fault is None:
            return reply
        if fault.kind is FaultKind.LATE_ANSWER:
            self._sleep(fault.seconds)
        return http_reply.spoil(fault.kind, reply)

    def _checked_envelope(self, incoming: _Incoming) -> Envelope:
        switches = self.company.switches
        if switches.request_bytes_max is not None and incoming.size > switches.request_bytes_max:
            raise ControlFailedError(ErrorEntry(SCHEMA_ERROR, "The request is too large"))
        envelope = read_envelope(incoming.root)
        limit = switches.functions_per_request_max
        if limit is not None and len(envelope.functions) > limit:
            raise ControlFailedError(
                ErrorEntry(SCHEMA_ERROR, f"The request has more than {limit} functions")
            )
        return envelope

    def _operate(
        self,
        envelope: Envelope,
        incoming: _Incoming,
        busy: frozenset[str],
        writer: ReplyWriter,
    ) -> bytes:
        fault = incoming.fault
        if fault is not None and fault.kind is FaultKind.SESSION_EXPIRED:
            self.sessions.end_all()
        company_id = self.company.profile.company_id
        try:
            self._authenticator.check_sender(envelope.control)
            signed_in = self._authenticator.sign_in(envelope.control, envelope.authentication)
        except AuthenticationFailedError as error:
            login = envelope.authentication
            user_id = login.user_id if isinstance(login, Login) else ""
            block = AuthenticationBlock("failure", user_id, company_id)
            return writer.authentication_failure(block, error.entries)
        operation = Operation(
            envelope,
            signed_in,
            incoming.endpoint,
            busy,
            self._injected(fault),
            spared=fault.spared if fault else 0,
        )
        results = self._executor.run(operation)
        return writer.results(signed_in.block(company_id), results)

    def _injected(self, fault: Fault | None) -> ErrorEntry | None:
        if fault is None:
            return None
        if fault.kind is FaultKind.TRANSIENT_REFUSAL:
            return _TRANSIENT_ENTRY
        if fault.kind is FaultKind.CONCURRENT_REQUEST:
            return self._control_ids.in_progress_error("of another request")
        return None

    def _writer(self, control: Control) -> ReplyWriter:
        return ReplyWriter(control, f"double~{len(self.requests) + 1}")

    def _logged(
        self, body: bytes, names: tuple[str, ...], reply: HttpReply, fault: Fault | None
    ) -> HttpReply:
        kind = fault.kind if fault else None
        with self.lock:
            self.counters.requests += 1
            self.requests.append(LoggedRequest(body, names, reply.status, reply.body, kind))
        return reply
