"""A strict double of the Sage Intacct XML gateway with real books behind it.

``sample_company()`` makes a company, ``Gateway`` answers requests for it in process, and
``IntacctServer`` puts the gateway on a loopback port. ``python -m tests.sandbox.intacct`` runs it
alone. Every behaviour cites the reference dossier; what the dossier does not know is a field of
``Switches``.
"""

from tests.sandbox.intacct.books.company import IntacctCompany, Profile
from tests.sandbox.intacct.faults import Fault, FaultKind
from tests.sandbox.intacct.gateway import Gateway, LoggedRequest
from tests.sandbox.intacct.http_reply import HttpReply
from tests.sandbox.intacct.sample import (
    COMPANY_ID,
    SENDER_ID,
    SENDER_PASSWORD,
    USER_ID,
    USER_PASSWORD,
    add_account,
    sample_company,
)
from tests.sandbox.intacct.server import IntacctServer
from tests.sandbox.intacct.switches import Switches

__all__ = [
    "COMPANY_ID",
    "SENDER_ID",
    "SENDER_PASSWORD",
    "USER_ID",
    "USER_PASSWORD",
    "Fault",
    "FaultKind",
    "Gateway",
    "HttpReply",
    "IntacctCompany",
    "IntacctServer",
    "LoggedRequest",
    "Profile",
    "Switches",
    "add_account",
    "sample_company",
]
