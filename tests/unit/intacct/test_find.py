"""Goal: a look-up answers only what was really seen; anything else is no answer.

Method: the ledger over a scripted gateway; what rows mean is tried in `test_lookups.py`.
"""

from collections.abc import Sequence

import pytest

from tests.support.intacct_documents import (
    ADJUSTMENT_KEY,
    CUSTOMER_ID,
    INVOICE_KEY,
    invoice,
    journal_entry,
    reversal,
    submission,
)
from tests.support.intacct_gateway import (
    ScriptedTransport,
    control_ids,
    errors,
    failure,
    ledger_on,
    look_up_answer,
    operation,
    response,
    success,
)
from tieout.domain.errors import (
    ConfigurationFault,
    OutcomeUnknown,
    Throttled,
    TransientFault,
    Unavailable,
)
from tieout.domain.reasons import Reason
from tieout.intacct.transport import HttpReply
from tieout.services.ports import (
    Found,
)

NUMBERS = {INVOICE_KEY: "9", ADJUSTMENT_KEY: "8"}
SCHEMA_REFUSED = response(status="failure", errors=errors(("XL03000003", "Error 504")))

INVOICE_ROW = {
    "RECORDNO": "9",
    "RECORDID": "INV-0042",
    "CUSTOMERID": CUSTOMER_ID,
    "DOCNUMBER": "in_1",
    "TRX_TOTALENTERED": "120.00",
}


def test_a_document_is_found_by_one_read() -> None:
    transport = ScriptedTransport([look_up_answer(INVOICE_ROW)])
    ledger = ledger_on(transport)
    assert ledger.find(submission(invoice())) == Found("9", matches=True)
    assert ledger.statistics.look_ups == 1
    assert ledger.statistics.functions == 0
    assert b"<uniqueid>false</uniqueid>" in transport.requests[-1]


def test_a_journal_entry_is_found_by_two() -> None:
    lines: Sequence[dict[str, str]] = [
        {"BATCHNO": "50", "ACCOUNTNO": "4000", "TRX_AMOUNT": "50.00", "TR_TYPE": "1"},
        {"BATCHNO": "50", "ACCOUNTNO": "1200", "TRX_AMOUNT": "50.00", "TR_TYPE": "-1"},
    ]
    batch = look_up_answer({"RECORDNO": "50", "STATE": "Posted"}, tag="GLBATCH")
    transport = ScriptedTransport([batch, look_up_answer(*lines, tag="GLENTRY")])
    found = ledger_on(transport).find(submission(journal_entry()))
    assert found == Found("50", matches=True)


def test_nothing_found_costs_one_read_even_for_a_journal_entry() -> None:
    transport = ScriptedTransport([look_up_answer()])
    assert ledger_on(transport).find(submission(journal_entry())) is None


def looked_up(answer: object) -> Found | None:
    return ledger_on(ScriptedTransport([answer])).find(  # type: ignore[list-item]
        submission(reversal(), NUMBERS)
    )


@pytest.mark.parametrize("number", ["DL03000005", "BL03002028"])
def test_no_such_record_is_nothing_found(number: str) -> None:
    def answer(request: bytes) -> bytes:
        return operation([failure(control_ids(request)[0], errors((number, "none")))])

    assert looked_up(answer) is None


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (OutcomeUnknown("cut"), Unavailable),
        (Unavailable("refused"), Unavailable),
        (HttpReply(502, {}, b"<html>"), Unavailable),
        (HttpReply(429, {}, b""), Throttled),
        (operation([success("another")]), Unavailable),
        (SCHEMA_REFUSED, Unavailable),
        (
            lambda request: operation(
                [failure(control_ids(request)[0], errors(("XL03000006", "cannot be queried")))]
            ),
            Unavailable,
        ),
    ],
)
def test_a_look_up_without_an_answer_is_not_an_answer(
    answer: object, kind: type[TransientFault]
) -> None:
    with pytest.raises(kind):
        looked_up(answer)


def test_a_look_up_that_is_not_permitted_is_a_fault() -> None:
    def answer(request: bytes) -> bytes:
        said = errors(("PL04000005", "no permission for API operation READ_BY_QUERY"))
        return operation([failure(control_ids(request)[0], said)])

    with pytest.raises(ConfigurationFault) as fault:
        looked_up(answer)
    assert fault.value.reason is Reason.PERMISSION_MISSING


def test_a_look_up_that_refers_to_an_unposted_document_waits() -> None:
    with pytest.raises(Unavailable, match="no RECORDNO"):
        ledger_on(ScriptedTransport()).find(submission(reversal()))
