"""Run the double alone: ``python -m tests.sandbox.intacct --port 8443``."""

import argparse
import signal
import ssl
import sys
import threading
from pathlib import Path

from tests.sandbox.intacct import sample
from tests.sandbox.intacct.books.company import IntacctCompany
from tests.sandbox.intacct.gateway import Gateway
from tests.sandbox.intacct.server import IntacctServer


def main() -> int:
    """Serve the sample company until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m tests.sandbox.intacct", description=__doc__)
    parser.add_argument("--port", type=int, default=8443, help="0 takes a free port")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--multi-entity", action="store_true", help="locations become required")
    parser.add_argument("--tls-cert", type=Path, help="certificate chain (PEM): serve https")
    parser.add_argument("--tls-key", type=Path, help="private key (PEM)")
    options = parser.parse_args()
    company = sample.sample_company(multi_entity=options.multi_entity)
    tls = _tls_context(options.tls_cert, options.tls_key)
    try:
        server = IntacctServer(Gateway(company), host=options.host, port=options.port, tls=tls)
    except (OSError, OverflowError) as error:
        # Python calls a number that is no port an overflow; all else the system has words for.
        why = error.strerror if isinstance(error, OSError) else "a port is 0 to 65535"
        sys.stderr.write(f"cannot listen on {options.host}:{options.port}: {why}\n")
        return 2
    stop = threading.Event()
    # Set explicitly: a shell starts background jobs with SIGINT ignored.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with server:
        sys.stdout.write(_banner(company, server))
        sys.stdout.flush()
        stop.wait()
    sys.stdout.write("\nstopped\n")
    return 0


def _tls_context(cert: Path | None, key: Path | None) -> ssl.SSLContext | None:
    if cert is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context


def _banner(company: IntacctCompany, server: IntacctServer) -> str:
    accounts = "\n".join(
        f"  {account.account_no}  {account.title}"
        + "".join(f" (requires {kind.label})" for kind in sorted(account.requires))
        for account in sorted(company.accounts, key=lambda each: each.account_no)
    )
    banks = "\n".join(
        f"  {bank.bank_account_id}  {bank.currency}  GL {bank.account_no}" for bank in company.banks
    )
    members = "\n".join(
        f"  {member.kind.label}  {member.member_id}  {member.name}" for member in company.members
    )
    return f"""Sage Intacct gateway double (dtdversion 3.0)

endpoint          {server.url}
sender id         {sample.SENDER_ID}
sender password   {sample.SENDER_PASSWORD}
company id        {sample.COMPANY_ID}
user id           {sample.USER_ID}
user password     {sample.USER_PASSWORD}

chart of accounts ({company.profile.base_currency})
{accounts}

bank accounts
{banks}

dimensions
{members}

reports (loopback only)
  {server.control_url}reports/trial-balance
  {server.control_url}reports/ar-aging
  {server.control_url}reports/ledger?account=1100
  {server.control_url}stats

Ctrl-C stops.
"""


if __name__ == "__main__":
    sys.exit(main())
