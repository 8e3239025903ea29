"""Goal: docs/permissions.md tells the operator's permissions as they are, no more and no less.

Method: each command runs on moto, unknown keys included, and what it asks of AWS is compared with
its row on that page.
"""

import json
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import cast

import pytest
from botocore.client import BaseClient

from tests.factories import NOON, a_paid_invoice
from tests.fakes.books import FakeBooks
from tests.fakes.ledger import FakeLedger
from tests.fakes.master_data import FakeMasterData
from tests.fakes.stripe import FakeStripe
from tests.support.aws import Aws
from tests.support.doors import ROOT
from tieout import cli
from tieout.domain.causes import Cause
from tieout.domain.policy_file import parse_policy
from tieout.domain.policy_names import names_in
from tieout.domain.postings import Posting, State
from tieout.domain.subjects import Subject, SubjectKind
from tieout.domain.tie_outs import TieOut
from tieout.services.ports import EventHint, MasterRecord, Sessions, StoredEvent
from tieout.store.clock import SystemClock
from tieout.store.inbox import DynamoInbox
from tieout.store.policies import DynamoPolicies
from tieout.store.tie_outs import DynamoTieOuts

POLICY = str(ROOT / "docs" / "policy.example.yaml")
# Who is asking may be asked by anybody.
FREE = {"sts:GetCallerIdentity"}
VERSION = f"p:{parse_policy(Path(POLICY).read_text(encoding='utf-8')).version}"
PLAN = ["plan", "--since", "2026-11-02", "--until", "2026-11-02"]
SCENARIOS = {
    "plan": (["plan", "in_1"], PLAN),
    "backfill": (
        ["backfill", "--from", "2026-11-02", "--until", "2026-11-02", "--yes"],
        ["backfill", "--from", "2026-11-02", "--until", "2026-11-02", "--status"],
    ),
    "close-check": (["close-check", "2026-10"],),
    "tie-out": (["tie-out", "2026-11-02"], ["tie-out", "2026-11-02", "--now"]),
    "report": (["report", "--csv", "november.csv"],),
    "apply": (["apply", "november.plan"],),
    "parked": (["parked"],),
    "not-booked": (["not-booked"],),
    "show": (["show", "invoice/in_1"], ["show", "none"]),
    "close": (["close", "invoice/in_1", "--note", "x"], ["close", "none", "--note", "x"]),
    "reopen": (["reopen", "invoice/in_2"], ["reopen", "none"]),
    "retry": (["retry", "invoice/in_1"], ["retry", "--all-parked"]),
    "trace": (["trace", "invoice/in_1", "--pack", "in_1.zip"], ["trace", "txn_none"]),
    "verify": (["verify"],),
    "replay": (["replay", *PLAN[1:]],),
    "erase": (["erase", "cus_1", "--yes"],),
    "policy check --stack": (["policy", "check", POLICY],),
    "policy publish": (["policy", "publish", POLICY],),
    "policy diff": (["policy", "diff", VERSION, POLICY, *PLAN[1:]],),
    "policy show": (["policy", "show"], ["policy", "show", "--version", VERSION[2:]]),
    "policy versions": (["policy", "versions"],),
    "policy undo": (["policy", "undo"],),
}


INTACCT = dict.fromkeys(
    ("sender_id", "sender_password", "company_id", "user_id", "user_password"), "x"
)


def secret(account: Aws, **content: object) -> str:
    name = f"secret-{len(content)}"
    return account.secrets.create_secret(Name=name, SecretString=json.dumps(content))["ARN"]


class Company(FakeLedger):
    """A ledger beside which stands all that the policy names."""

    def books(self, base_currency: Callable[[], str]) -> FakeBooks:
        assert base_currency() == "usd"
        return FakeBooks(self)

    def master_data(self) -> FakeMasterData:
        text = Path(POLICY).read_text(encoding="utf-8")
        master = FakeMasterData()
        for named in names_in(text, parse_policy(text)):
            master.add(named.kind, MasterRecord(named.identifier))
        return master


def without_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Stripe and Intacct be in memory, and ask AWS for all that the real ones need of it."""

    def stripe(api_key: Callable[[], str], *_: object, **__: object) -> FakeStripe:
        assert api_key()
        stripe = FakeStripe()
        subject = Subject(SubjectKind.INVOICE, "in_9")
        stripe.snapshots[subject] = a_paid_invoice(id="in_9")
        stripe.created[subject] = NOON
        return stripe

    def intacct(
        credentials: Callable[[], object],
        _url: str,
        _seconds: int,
        sessions: Callable[[str | None], Sessions],
        *_: object,
        **__: object,
    ) -> Company:
        assert credentials()
        sessions(None).lease(NOON, 60)
        assert sessions(None).current() is None
        return Company()

    monkeypatch.setattr("tieout.stripe.reader.connect", stripe)
    monkeypatch.setattr("tieout.intacct.connect.connect_entities", intacct)


def rows() -> dict[str, set[str]]:
    """Return the permissions of each command that the page's table names."""
    text = (ROOT / "docs" / "permissions.md").read_text(encoding="utf-8")
    table = re.search(r"\| command \| permissions \|\n\|---\|---\|\n((?:\|.*\n)+)", text)
    assert table is not None
    found: dict[str, set[str]] = {}
    for row in table[1].splitlines():
        _, commands, permissions, _ = row.split("|")
        for command in re.findall(r"`([^`]+)`", commands):
            found[command] = set(re.findall(r"`(\w+:\w+)`", permissions))
    return found


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Collect what is asked of AWS from now on."""
    operations: set[str] = set()
    call = vars(BaseClient)["_make_api_call"]

    def recording(client: BaseClient, operation: str, parameters: dict[str, object]) -> object:
        # A transaction needs the permissions of what is in it.
        parts = [f"{name}Item" for each in listed(parameters) for name in each]
        service = client.meta.service_model.service_name
        operations.update(f"{service}:{name}" for name in parts or [operation])
        return call(client, operation, parameters)

    def listed(parameters: dict[str, object]) -> list[dict[str, object]]:
        return cast("list[dict[str, object]]", parameters.get("TransactItems", []))

    monkeypatch.setattr(BaseClient, "_make_api_call", recording)
    return operations


def test_every_command_that_asks_aws_has_a_row() -> None:
    assert rows().keys() == SCENARIOS.keys() | {"redrive", "--stack"}


@pytest.mark.parametrize("command", SCENARIOS)
def test_a_command_needs_what_its_row_says(
    account: Aws,
    with_stack: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    asked: set[str],
    command: str,
) -> None:
    without_network(monkeypatch)
    table, queue, state = account.postings_table(), account.queue(), account.state_table()
    trail = account.trail_table()
    for key, in_state in (("invoice/in_1", State.PARKED), ("invoice/in_2", State.CLOSED)):
        subject = Subject(SubjectKind.INVOICE, key.removeprefix("invoice/"))
        posting = Posting(key, subject, in_state, version=1, reason_text="it may name somebody")
        account.postings(table, trail).put(posting, Cause(customer="cus_1"))
    inbox = account.inbox_table()
    hint = EventHint("evt_1", "invoice.paid", subject, "cus_1", 0, livemode=False)
    received = StoredEvent(hint, 0, "webhook", b'{"customer": "cus_1"}')
    DynamoInbox(account.dynamodb, inbox, 90, SystemClock()).store(received)
    policies = DynamoPolicies(account.dynamodb, state, parse_policy, SystemClock())
    text = Path(POLICY).read_text(encoding="utf-8")
    for version in (text, text.replace("4000", "4711")):
        policies.publish(version, parse_policy(version).version, 0)
    tied_out = TieOut("", "usd", "2026-11-02", 0, 0, 0, "1205", 0)
    DynamoTieOuts(account.dynamodb, state).save(date(2026, 11, 2), [tied_out])
    with_stack(
        PostingsTableName=table,
        TrailTableName=trail,
        InboxTableName=inbox,
        EventQueueUrl=queue,
        StateTableName=state,
        StripeSecretArn=secret(account, api_key="rk_test_1", signing_secrets=["whsec_1"]),
        IntacctSecretArn=secret(account, **INTACCT),
        KeyArn="arn:aws:kms:us-east-1:123456789012:key/1",
    )
    monkeypatch.chdir(tmp_path)
    assert cli.main([*PLAN, "--out", "november.plan", "--stack", "tieout-dev"]) == 0
    asked.clear()
    for arguments in SCENARIOS[command]:
        assert cli.main([*arguments, "--stack", "tieout-dev"]) == _code(arguments)
    assert asked - FREE == rows()[command]


def _code(arguments: list[str]) -> int:
    if {"none", "txn_none"} & {*arguments}:
        return 2
    # Nothing was ever compared with Stripe here, nor booked.
    return 1 if arguments[0] in {"close-check", "replay"} else 0
