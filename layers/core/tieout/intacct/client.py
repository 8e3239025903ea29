"""The Intacct ledger: documents out in few requests, an outcome for each of them back."""

import dataclasses
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain

from tieout.domain.causes import Exchange
from tieout.domain.documents import (
    CreditApplication,
    InvoiceReversal,
    JournalEntry,
    PaymentReversal,
)
from tieout.domain.errors import ConfigurationFault, Refused, Throttled, TransientFault, Unavailable
from tieout.domain.reasons import Reason
from tieout.intacct import gateway as answers
from tieout.intacct.closed_books import closed_books_function, closed_through
from tieout.intacct.document_xml import CompanyCurrencies, document_function
from tieout.intacct.error_table import (
    Doubt,
    Fault,
    Level,
    Meaning,
    Refusal,
    Repeat,
    Throttle,
    Untouched,
    classify,
    number_of,
    text_of,
)
from tieout.intacct.gateway import Answer, Gateway, Statistics
from tieout.intacct.lookups import (
    Query,
    Row,
    judge,
    judge_record,
    lines_query,
    query_for,
    query_function,
    record_query,
)
from tieout.intacct.queries import PAGE_ROWS, Selection, selection_function
from tieout.intacct.request_xml import Function, session_request
from tieout.intacct.response_xml import (
    SUCCESS,
    AuthenticationFailure,
    ControlFailure,
    ErrorEntry,
    FunctionResult,
    Results,
)
from tieout.intacct.session import SessionKeeper
from tieout.services.ports import (
    Accepted,
    AlreadyThere,
    Found,
    IntacctCredentials,
    NamedRecord,
    NotAccepted,
    NotExecuted,
    Outcome,
    Session,
    Submission,
    Unsure,
)

# The limit of a synchronous request is not documented; asynchronous ones may have 500,000
# characters. Source: intacct-xml-api dossier section 1.4.
REQUEST_BYTES_MAX = 400_000
# Reads that mean "no such record". Source: intacct-xml-api dossier sections 2.2 and 5.
_NOTHING_FOUND = frozenset({"DL03000005", "BL03002028"})

# An answer to a request whose session was good.
_Heard = Results | ControlFailure | answers.NotSent | answers.Throttled | answers.NoAnswer


@dataclass(frozen=True, slots=True)
class _Sending:
    """A submission with its encoded function."""

    submission: Submission
    function: Function


class ReadRefused(Unavailable):
    """Intacct answered a read, and did not do it."""


class IntacctLedger:
    """The `Ledger` port over Intacct's XML gateway."""

    def __init__(
        self,
        gateway: Gateway,
        sessions: SessionKeeper,
        credentials: Callable[[], IntacctCredentials],
        base_currency: Callable[[], str],
        functions_per_request_max: int,
    ) -> None:
        assert functions_per_request_max >= 1
        self._gateway = gateway
        self._sessions = sessions
        self._credentials = credentials
        self._base_currency = base_currency
        self._functions_per_request_max = functions_per_request_max

    @property
    def statistics(self) -> Statistics:
        """What was asked of Intacct so far."""
        return self._gateway.statistics

    def submit(self, submissions: Sequence[Submission]) -> Mapping[str, Outcome]:
        """Send the submissions, many in one request, and return an outcome for each control id.

        A fault that hits a later request is told as the outcome of what was not sent: raising it
        would hide what the earlier requests have booked.

        Raises:
            ConfigurationFault: sign-in, sender or permission; nothing was executed.
            TransientFault: no session could be had (`LeaseHeld`: another worker is signing in);
                nothing was executed.
        """
        assert len({each.control_id for each in submissions}) == len(submissions)
        outcomes: dict[str, Outcome] = {}
        groups = deque(self._groups(list(self._encoded(submissions, outcomes))))
        answered = False
        while groups:
            group = groups.popleft()
            try:
                answer = self._exchange([each.function for each in group], unique_id=True)
            except (ConfigurationFault, TransientFault) as fault:
                if not answered:
                    raise
                waiting = [*group, *chain.from_iterable(groups)]
                return outcomes | _all_of(waiting, NotExecuted(str(fault)))
            if _is_refused_for_one_of(group, answer):
                middle = len(group) // 2
                groups.extendleft([group[middle:], group[:middle]])
                continue
            outcomes |= _with_exchanges(group, answer)
            answered = True
        return outcomes

    def find(self, submission: Submission) -> Found | None:
        """Look a document up by its natural key; costs a read, two for a journal entry.

        Raises:
            TransientFault: no answer. ConfigurationFault: as for `submit`.
        """
        try:
            rows = self._read(query_for(submission))
        except Refused as refusal:
            raise Unavailable(refusal.text) from refusal
        if isinstance(submission.document, JournalEntry) and rows:
            return judge(submission, rows, self._read(lines_query(rows)))
        return judge(submission, rows)

    def check(self, named: NamedRecord) -> Found | None:
        """Compare a record with what it should be; costs a read.

        Raises:
            TransientFault: no answer. ConfigurationFault: as for `submit`.
        """
        return judge_record(named, self._read(record_query(named)))

    def lets_us_in(self) -> bool:
        """Return whether there is a session, or could be one; signs in if there is none.

        Raises:
            TransientFault: nobody answered, so nobody knows.
        """
        try:
            self._sessions.session()
        except ConfigurationFault:
            return False
        return True

    def rows(self, selection: Selection) -> Iterator[Row]:
        """Yield the records that a selection names, page by page; each page costs a read.

        Raises:
            TransientFault: no answer. ConfigurationFault: as for `submit`.
        """
        offset = 0
        while True:
            page = self._ask(selection_function(selection, offset))
            yield from page
            if len(page) < PAGE_ROWS or selection.sums:
                return
            offset += len(page)

    def closed_through(self) -> date | None:
        """Return through which day the books of the session's entity are closed; costs a read.

        None if they are not, and if Intacct will not tell or not in a way that we understand.

        Raises:
            TransientFault: no answer. ConfigurationFault: sign-in.
        """
        try:
            return closed_through(self._ask(closed_books_function()))
        except ReadRefused:
            return None
        except ConfigurationFault as fault:
            if fault.reason is Reason.PERMISSION_MISSING:
                return None
            raise

    # --- Writing ------------------------------------------------------------------------------

    def _encoded(
        self, submissions: Sequence[Submission], outcomes: dict[str, Outcome]
    ) -> Iterator[_Sending]:
        """Yield what can be encoded; what cannot gets its outcome and harms no other document."""
        currencies = CompanyCurrencies(self._base_currency().lower())
        for submission in submissions:
            try:
                yield _Sending(submission, document_function(submission, currencies))
            except Refused as refusal:
                outcomes[submission.control_id] = NotAccepted(refusal.reason, refusal.text)

    def _groups(self, sendings: Sequence[_Sending]) -> Iterator[Sequence[_Sending]]:
        """Divide what is to be sent into requests, bounded in functions and in bytes."""
        group: list[_Sending] = []
        size = 0
        for sending in sendings:
            size += len(sending.function.xml)
            full = len(group) == self._functions_per_request_max or size > REQUEST_BYTES_MAX
            if group and full:
                yield group
                group, size = [], len(sending.function.xml)
            group.append(sending)
        if group:
            yield group

    # --- Reading ------------------------------------------------------------------------------

    def _read(self, query: Query) -> Sequence[Row]:
        return self._ask(query_function(query))

    def _ask(self, function: Function) -> Sequence[Row]:
        answer = self._exchange([function], unique_id=False)
        match answer:
            case Results():
                return _rows(answer.by_control_id.get(function.control_id))
            case answers.Throttled():
                raise Throttled(answer.text, answer.retry_after_seconds)
            case answers.NotSent() | answers.NoAnswer():
                raise Unavailable(answer.text)
            case ControlFailure():
                raise ReadRefused(text_of(answer.errors))

    # --- Both ---------------------------------------------------------------------------------

    def _exchange(self, functions: Sequence[Function], *, unique_id: bool) -> _Heard:
        """Send one request in the shared session; if refused, once more with what is new by then.

        Nothing of a request that was refused as a whole has been executed, so sending it again is
        safe. Source: intacct-xml-api dossier section 3.1.
        """
        session = self._sessions.session()
        credentials = self._credentials()
        answer = self._call(session, credentials, functions, unique_id=unique_id)
        fault = _fault(answer)
        if fault is not None:
            another = self._another_session(session, credentials, answer)
            if another is not None:
                session, credentials = another, self._credentials()
                answer = self._call(session, credentials, functions, unique_id=unique_id)
                fault = _fault(answer)
        if fault is not None:
            self._sessions.refuse(fault, credentials)
            raise fault
        assert not isinstance(answer, AuthenticationFailure), "that is always a fault"
        if not isinstance(answer, answers.NotSent | answers.Throttled):
            if unique_id:
                self.statistics.functions += len(functions)
            else:
                self.statistics.look_ups += len(functions)
        if isinstance(answer, Results):
            self._sessions.note_expiry(session, answer.session_expires_at_unix)
        return answer

    def _another_session(
        self, refused: Session, credentials: IntacctCredentials, answer: Answer
    ) -> Session | None:
        """Return a session in which the refused request may pass, None if nothing has changed."""
        if _may_be_the_session(answer):
            return self._sessions.replacement(refused)
        # The sender's password goes with each request. With it the company may have been changed,
        # and then the session must be another one, too.
        return self._sessions.session() if self._sessions.is_corrected(credentials) else None

    def _call(
        self,
        session: Session,
        credentials: IntacctCredentials,
        functions: Sequence[Function],
        *,
        unique_id: bool,
    ) -> Answer:
        request = session_request(credentials, session.session_id, functions, unique_id=unique_id)
        hide = (credentials.sender_password, credentials.user_password, session.session_id)
        documents = len(functions) if unique_id else 0
        return self._gateway.call(session.endpoint, request, hide, documents)


def _fault(answer: Answer) -> ConfigurationFault | None:
    """Return the fault of the deployment that the answer speaks of, if it does."""
    match answer:
        case AuthenticationFailure():
            meaning = classify(Level.AUTHENTICATION, answer.errors)
        case ControlFailure():
            meaning = classify(Level.CONTROL, answer.errors)
        case _:
            return None
    if isinstance(meaning, Fault):
        return ConfigurationFault(meaning.reason, text_of(answer.errors))
    if isinstance(answer, AuthenticationFailure):
        return ConfigurationFault(Reason.INTACCT_SIGN_IN, text_of(answer.errors))
    return None


def _may_be_the_session(answer: Answer) -> bool:
    """Whether a new session could help: the error of an expired one is not documented."""
    if isinstance(answer, AuthenticationFailure):
        return True
    fault = _fault(answer)
    return fault is not None and fault.reason is Reason.INTACCT_SIGN_IN


def _rows(result: FunctionResult | None) -> Sequence[Row]:
    """Return the rows of a read.

    Raises:
        ConfigurationFault: the user may not read that.
        Unavailable: any other failure; the outcome in question stays unknown.
    """
    if result is None:
        raise Unavailable("the reply has no result for the look-up")
    if result.status == SUCCESS:
        return result.rows
    if any(each.number in _NOTHING_FOUND for each in result.errors):
        return ()
    meaning = classify(Level.RESULT, result.errors, result.status)
    if meaning == Refusal(Reason.PERMISSION_MISSING):
        raise ConfigurationFault(Reason.PERMISSION_MISSING, text_of(result.errors))
    raise ReadRefused(f"look-up: {text_of(result.errors)}")


def _is_refused_for_one_of(group: Sequence[_Sending], answer: _Heard) -> bool:
    """Whether the request was refused as a whole for what only some of it can be guilty of.

    One document that violates the schema refuses all of its request, and executes none. Sending
    halves finds it in few requests; the control ids stay, so nothing can be booked twice.

    Source: intacct-xml-api dossier section 2.4.
    """
    if len(group) == 1 or not isinstance(answer, ControlFailure):
        return False
    return isinstance(classify(Level.CONTROL, answer.errors), Refusal | Repeat)


def _with_exchanges(group: Sequence[_Sending], answer: _Heard) -> dict[str, Outcome]:
    """Return what became of each document, of those that were looked at with what was said."""
    outcomes = _outcomes(group, answer)
    results = answer.by_control_id if isinstance(answer, Results) else {}
    for each in group:
        control_id = each.submission.control_id
        if isinstance(outcomes[control_id], NotExecuted):
            continue
        result = results.get(control_id)
        reply_xml = "" if result is None else result.xml()
        exchange = Exchange(each.function.xml.decode(), reply_xml)
        outcomes[control_id] = dataclasses.replace(outcomes[control_id], exchange=exchange)
    return outcomes


def _outcomes(group: Sequence[_Sending], answer: _Heard) -> dict[str, Outcome]:
    """Return what the answer to one request says about each of its documents."""
    match answer:
        case Results():
            return {each.submission.control_id: _outcome(each.submission, answer) for each in group}
        case answers.NotSent():
            return _all_of(group, NotExecuted(answer.text))
        case answers.Throttled():
            return _all_of(group, NotExecuted(answer.text, answer.retry_after_seconds))
        case answers.NoAnswer():
            return _all_of(group, Unsure(answer.text))
        case ControlFailure():
            meaning = classify(Level.CONTROL, answer.errors)
            return {
                each.submission.control_id: _outcome_of(each.submission, meaning, answer.errors)
                for each in group
            }


def _all_of(group: Sequence[_Sending], outcome: Outcome) -> dict[str, Outcome]:
    return {each.submission.control_id: outcome for each in group}


def _outcome(submission: Submission, results: Results) -> Outcome:
    result = results.by_control_id.get(submission.control_id)
    if result is None:
        return Unsure("the reply has no result for this document")
    if result.status != SUCCESS:
        meaning = classify(Level.RESULT, result.errors, result.status)
        return _outcome_of(submission, meaning, result.errors)
    record_no = result.record_no or _record_no_known_before(submission)
    if record_no is None:
        return AlreadyThere(by_control_id=True, text="booked, but the reply has no RECORDNO")
    return Accepted(record_no)


def _record_no_known_before(submission: Submission) -> str | None:
    """Return the record that an amendment, reversal or application changes."""
    match submission.document:
        case InvoiceReversal(invoice_key=key) | CreditApplication(adjustment_key=key):
            return submission.record_numbers.get(key)
        case PaymentReversal(receipt_key=key):
            return submission.record_numbers.get(key)
        case _:
            return submission.record_no


def _outcome_of(submission: Submission, meaning: Meaning, errors: Sequence[ErrorEntry]) -> Outcome:
    text = text_of(errors)
    match meaning:
        case Refusal(reason):
            return NotAccepted(reason, text, number_of(errors))
        case Repeat(by_control_id=False) if submission.amend:
            # The record is there, of course; what is taken is a value that the amendment needs.
            return NotAccepted(Reason.NUMBER_TAKEN, text, number_of(errors))
        case Repeat(by_control_id):
            return AlreadyThere(by_control_id, text)
        case Untouched() | Throttle():
            return NotExecuted(text)
        case Doubt():
            return Unsure(text)
        case Fault(reason):
            return NotAccepted(reason, text, number_of(errors))
