"""Other ways to bring the same documents into Intacct: one call for each.

What they are given for free: the documents are planned already, nobody reads Stripe, and nothing is
written down. So none of them could tell, after a crash, what it has sent.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, Protocol
from unittest.mock import patch

import xmltodict
from sageintacctsdk import SageIntacctSDK
from sageintacctsdk.apis import api_base
from sageintacctsdk.apis.api_base import ApiBase

from tests.sandbox import intacct_credentials
from tieout.domain.documents import ArInvoice, ArPayment, Customer, Document, JournalEntry
from tieout.intacct.client import IntacctLedger
from tieout.intacct.document_xml import CompanyCurrencies, document_function
from tieout.intacct.transport import Transport
from tieout.services.ports import Accepted, Submission

TIMEOUT_SECONDS = 60
_OBJECTS: Mapping[type[Document], tuple[str, str]] = {
    Customer: ("customers", "CUSTOMER"),
    ArInvoice: ("ar_invoices", "ARINVOICE"),
    ArPayment: ("ar_payments", "ARPYMT"),
    JournalEntry: ("journal_entries", "GLBATCH"),
}


class OneCallClient(Protocol):
    """Writes a document at a time."""

    def post(self, submission: Submission) -> str:
        """Write the document and return its RECORDNO."""
        ...


class EncoderLoop:
    """A plain loop over Tieout's own encoder, in a session that is kept."""

    def __init__(self, ledger: IntacctLedger) -> None:
        self._ledger = ledger

    def post(self, submission: Submission) -> str:
        """Write the document and return its RECORDNO."""
        outcome = self._ledger.submit([submission])[submission.control_id]
        assert isinstance(outcome, Accepted), outcome
        return outcome.record_no


class SdkLoop:
    """`sageintacctsdk` as its README uses it: connect once, then `post` for each document."""

    def __init__(self) -> None:
        self._connection = connection()

    def post(self, submission: Submission) -> str:
        """Write the document and return its RECORDNO."""
        return sdk_post(self._connection, submission)


class SdkProgram:
    """`sageintacctsdk` as the program uses it for which it was made.

    It connects for each export and reads back what it wrote. Source: github.com/fylein/
    fyle-intacct-api, apps/sage_intacct/tasks.py, `create_bill`.
    """

    def post(self, submission: Submission) -> str:
        """Write the document and return its RECORDNO."""
        connected = connection()
        record_no = sdk_post(connected, submission)
        found = _api(connected, submission).get("RECORDNO", record_no, ["RECORDNO"])
        assert record_no in str(found), found
        return record_no


def connection() -> SageIntacctSDK:
    """Sign in to the sample company with the library."""
    return SageIntacctSDK(**intacct_credentials.of_sample_company())


def sdk_post(connected: SageIntacctSDK, submission: Submission) -> str:
    """Write a document with the library, which wants it as nested dictionaries."""
    document = submission.document
    _, object_name = _OBJECTS[type(document)]
    content = xmltodict.parse(document_function(submission, CompanyCurrencies("usd")).xml)
    ((verb, data),) = [each for each in content["function"].items() if not each[0].startswith("@")]
    result = _api(connected, submission).post(data[object_name] if verb == "create" else data)
    return str(result.get("key") or result["data"][object_name.lower()]["RECORDNO"])


def _api(connected: SageIntacctSDK, submission: Submission) -> ApiBase:
    attribute, _ = _OBJECTS[type(submission.document)]
    api: ApiBase = getattr(connected, attribute)
    return api


@contextmanager
def sdk_over(transport: Transport) -> Iterator[None]:
    """Let the library's requests take another way than the network."""

    def post(url: str, *, headers: Mapping[str, str], data: bytes) -> Any:  # noqa: ANN401
        assert headers
        reply = transport.post(url, data, TIMEOUT_SECONDS)
        return SimpleNamespace(status_code=reply.status, text=reply.body.decode())

    with patch.object(api_base, "requests", SimpleNamespace(post=post)):
        yield


def in_order(documents: Sequence[Document]) -> Sequence[Document]:
    """Return the documents of a customer so that none comes before what it refers to."""
    order = list(_OBJECTS)
    return sorted(documents, key=lambda each: order.index(type(each)))
