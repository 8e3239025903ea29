"""Executing the functions of one operation, singly or as a transaction.

Source: dossier 2.5 (transaction), section 4 (uniqueid), 2.3 (failure payloads), section 6 (cost).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from lxml import etree

from tests.sandbox.intacct import errors
from tests.sandbox.intacct.authentication import Authenticator, SignedIn
from tests.sandbox.intacct.books.company import IntacctCompany
from tests.sandbox.intacct.control_ids import Caller, ControlIds
from tests.sandbox.intacct.counters import Counters
from tests.sandbox.intacct.errors import (
    ControlFailedError,
    ErrorEntry,
    FunctionFailedError,
)
from tests.sandbox.intacct.functions.base import Context, FunctionSpec
from tests.sandbox.intacct.functions.generic import object_names
from tests.sandbox.intacct.functions.registry import FUNCTIONS
from tests.sandbox.intacct.objects.cursors import Cursors
from tests.sandbox.intacct.wire.elements import Fields
from tests.sandbox.intacct.wire.envelope import Envelope, FunctionCall
from tests.sandbox.intacct.wire.replies import (
    DataPayload,
    FunctionResult,
    ObjectsPayload,
    Payload,
    with_errors,
)

SESSION_FUNCTION = "getAPISession"
_EMPTY_OBJECTS = ObjectsPayload("", ())


@dataclass(frozen=True)
class Operation:
    """One authenticated operation with what disturbs it.

    ``busy`` are control ids that another request is executing right now; ``injected`` is an error
    that every function gets instead of being run, but for the first ``spared``.
    """

    envelope: Envelope
    signed_in: SignedIn
    endpoint: str
    busy: frozenset[str] = frozenset()
    injected: ErrorEntry | None = None
    spared: int = 0

    @property
    def caller(self) -> Caller:
        """Who sends the control ids."""
        return Caller(self.envelope.control.sender_id, self.signed_in.entity_id)


class Executor:
    """Runs functions on the company and keeps count."""

    def __init__(
        self,
        company: IntacctCompany,
        authenticator: Authenticator,
        control_ids: ControlIds,
        counters: Counters,
    ) -> None:
        self._company = company
        self._authenticator = authenticator
        self._control_ids = control_ids
        self._counters = counters
        self._cursors = Cursors()

    def run(self, operation: Operation) -> list[FunctionResult]:
        """Run the operation.

        Raises:
            ControlFailedError: a replay, while the switch reports it at control level.
        """
        self._check_replays_at_control_level(operation)
        if operation.envelope.transaction:
            results = self._run_transaction(operation)
        else:
            results = [self._run_alone(operation, call) for call in operation.envelope.functions]
        self._company.log.commit()
        return results

    def _run_alone(self, operation: Operation, call: FunctionCall) -> FunctionResult:
        result = self._run(operation, call, frozenset())
        if result.status == "success":
            self._committed(operation, [result])
        return result

    def _run_transaction(self, operation: Operation) -> list[FunctionResult]:
        mark = self._company.log.mark()
        done: list[FunctionResult] = []
        for call in operation.envelope.functions:
            earlier = frozenset(result.control_id for result in done)
            result = self._run(operation, call, earlier)
            done.append(result)
            if result.status != "success":
                self._company.log.rollback(mark)
                return self._rolled_back(operation.envelope.functions, done)
        self._committed(operation, done)
        return done

    def _rolled_back(
        self, calls: Sequence[FunctionCall], done: Sequence[FunctionResult]
    ) -> list[FunctionResult]:
        """Shape the results of a rolled-back operation; the last one done is the culprit."""
        marker = ErrorEntry(
            errors.ROLLED_BACK, "The entire transaction in this operation has been rolled back."
        )
        culprit = done[-1]
        if self._company.switches.abort_shape == "all_aborted":
            culprit = with_errors(replace(culprit, status="aborted"), marker)
        aborted = [
            FunctionResult(call.name, call.control_id, "aborted", errors=(marker,))
            for call in calls
        ]
        position = len(done) - 1
        return [*aborted[:position], culprit, *aborted[position + 1 :]]

    def _run(
        self, operation: Operation, call: FunctionCall, earlier: frozenset[str]
    ) -> FunctionResult:
        self._counters.add_function(call.name)
        try:
            self._check_control_id(operation, call, earlier)
            with self._company.unit_of_work():
                payload = self._payload(operation, call)
        except FunctionFailedError as error:
            self._counters.failed_functions += 1
            generic = call.name in {"create", "update"}
            failed = FunctionResult(
                call.name, call.control_id, "failure", errors=tuple(error.entries)
            )
            return replace(failed, payload=_EMPTY_OBJECTS) if generic else failed
        return FunctionResult(call.name, call.control_id, "success", payload)

    def _payload(self, operation: Operation, call: FunctionCall) -> Payload:
        spared = operation.envelope.functions[: operation.spared]
        if operation.injected is not None and call not in spared:
            raise FunctionFailedError(operation.injected)
        if call.name == SESSION_FUNCTION:
            return self._session(operation, call)
        spec = FUNCTIONS[call.name]
        fields = Fields(call.element)
        self._check_permission(operation, spec, fields)
        context = Context(self._company, operation.signed_in.scope, self._cursors)
        return spec.handler(context, fields)

    def _session(self, operation: Operation, call: FunctionCall) -> Payload:
        if len(operation.envelope.functions) > 1:
            raise errors.refuse(
                "Get API Session Failed", "getAPISession must be the only function of its request"
            )
        location = call.element.find("locationid")
        location_id = None if location is None else (location.text or "").strip()
        session = self._authenticator.open_session(operation.signed_in, location_id)
        self._counters.sessions_started += 1
        data = etree.Element("data")
        api = etree.SubElement(data, "api")
        etree.SubElement(api, "sessionid").text = session.session_id
        etree.SubElement(api, "endpoint").text = operation.endpoint
        etree.SubElement(api, "locationid").text = session.entity_id or None
        return DataPayload(data)

    def _check_permission(self, operation: Operation, spec: FunctionSpec, fields: Fields) -> None:
        names = [spec.object_name] if spec.object_name else object_names(fields)
        for name in names:
            if name in operation.signed_in.user.denied_objects:
                raise errors.no_permission(spec.operation, name)

    def _check_control_id(
        self, operation: Operation, call: FunctionCall, earlier: frozenset[str]
    ) -> None:
        if not self._is_checked(operation, call):
            return
        if call.control_id in operation.busy and self._company.switches.in_progress_refused:
            raise FunctionFailedError(self._control_ids.in_progress_error(call.control_id))
        twice = (
            call.control_id in earlier and self._company.switches.replay_within_request == "refuse"
        )
        if twice or self._control_ids.is_recorded(operation.caller, call.control_id):
            self._counters.replays += 1
            raise FunctionFailedError(self._control_ids.replay_error(call.control_id))

    def _check_replays_at_control_level(self, operation: Operation) -> None:
        if self._company.switches.replay_level != "control":
            return
        for call in operation.envelope.functions:
            if self._is_checked(operation, call) and self._control_ids.is_recorded(
                operation.caller, call.control_id
            ):
                self._counters.replays += 1
                raise ControlFailedError(self._control_ids.replay_error(call.control_id))

    def _is_checked(self, operation: Operation, call: FunctionCall) -> bool:
        """Tell whether uniqueid applies; for reads that is a switch (section 4)."""
        if not operation.envelope.control.unique_id:
            return False
        spec = FUNCTIONS.get(call.name)
        writes = spec is not None and spec.cost == "write"
        return writes or self._company.switches.remember_reads

    def _committed(self, operation: Operation, results: Sequence[FunctionResult]) -> None:
        calls = {call.control_id: call for call in operation.envelope.functions}
        for result in results:
            spec = FUNCTIONS.get(result.function)
            if spec is not None and spec.cost == "write":
                rows = result.payload.rows if isinstance(result.payload, ObjectsPayload) else [1]
                self._counters.add_written(len(rows))
            elif spec is not None:
                self._counters.add_lookup()
            if self._is_checked(operation, calls[result.control_id]):
                self._control_ids.record(operation.caller, result.control_id)
