"""Goal: an accountant sees in a diff what a change of ours does to the books.

Method: each `cases/*.json` holds Stripe objects and a sentence about them; they are decoded and
planned under docs/policy.example.yaml (with the case's own changes to it, in a month that has
reached its budget where the case says so), and the plan is compared with the text beside it.
`UPDATE_GOLDEN=1` writes the texts anew; read the diff before you keep it.
"""

import copy
import json
import os
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.factories import planned
from tests.golden.planning.render import render
from tieout.domain.policy import Policy
from tieout.domain.policy_file import parse_policy
from tieout.planning.snapshots import (
    ActivitySnapshot,
    BalanceTransaction,
    CreditNote,
    CreditNoteSnapshot,
    RefundSnapshot,
    Snapshot,
)
from tieout.stripe import decode

HERE = Path(__file__).parent
CASES = sorted((HERE / "cases").glob("*.json"))
EXAMPLE_POLICY = HERE.parents[2] / "docs" / "policy.example.yaml"


def snapshot_of(case: Mapping[str, Any]) -> Snapshot:
    raw = case["stripe"]
    match case["subject"]:
        case "customer":
            changes = [
                decode.balance_change(each) for each in raw.get("credit_balance_changes", ())
            ]
            return decode.customer(raw, changes or None)
        case "invoice":
            return decode.invoice(raw)
        case "charge":
            payments = [decode.invoice_payment(each) for each in raw.get("invoice_payments", ())]
            return decode.charge(raw, payments)
        case "credit_note":
            return CreditNoteSnapshot(
                notes_of(raw)[0], decode.invoice(raw["invoice"], credit_notes=notes_of(raw))
            )
        case "refund":
            return RefundSnapshot(
                refund=decode.refund(raw["refund"]),
                siblings=tuple(decode.refund(each) for each in raw["refunds_of_charge"]),
                invoices=tuple(
                    decode.invoice(each, credit_notes=notes_of(raw)) for each in raw["invoices"]
                ),
                sale=decode.charge(raw["charge"]) if "charge" in raw else None,
            )
        case "dispute" | "payout" | "topup" | "activity" as kind:
            movements = tuple(decode.movement(each) for each in raw["movements"])
            return of_the_balance(kind, raw, movements)
        case kind:
            return decode.other(raw, str(kind))


def of_the_balance(
    kind: str, raw: Mapping[str, Any], movements: tuple[BalanceTransaction, ...]
) -> Snapshot:
    match kind:
        case "dispute":
            return decode.dispute(raw["dispute"], movements)
        case "payout":
            return decode.payout(raw["payout"], movements, raw["content"])
        case "topup":
            return decode.topup(raw["topup"], movements)
    return ActivitySnapshot(date.fromisoformat(raw["day"]), movements)


def notes_of(raw: Mapping[str, Any]) -> list[CreditNote]:
    return [decode.credit_note(each) for each in raw.get("credit_notes", ())]


def with_invoices(snapshot: Snapshot) -> Sequence[Snapshot]:
    """The snapshot after those that it brings along and that have plans of their own."""
    if isinstance(snapshot, CreditNoteSnapshot):
        return (snapshot.invoice, snapshot)
    if not isinstance(snapshot, RefundSnapshot):
        return (snapshot,)
    sale = () if snapshot.sale is None else (snapshot.sale,)
    return (*snapshot.invoices, *sale, snapshot)


def policy_of(case: Mapping[str, Any]) -> Policy:
    content = yaml.safe_load(EXAMPLE_POLICY.read_text(encoding="utf-8"))
    policy = parse_policy(yaml.safe_dump(changed(content, case.get("policy", {}))))
    return policy.in_month(case.get("budget_reached", ""))


def changed(content: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The content with the changes laid over it; null takes a setting away."""
    result = copy.deepcopy(dict(content))
    for key, value in changes.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict):
            result[key] = changed(result.get(key, {}), value)
        else:
            result[key] = value
    return result


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_the_plan_of_a_case_is_what_it_was(path: Path) -> None:
    case = json.loads(path.read_text(encoding="utf-8"))
    policy = policy_of(case)
    plans = "\n".join(render(planned(each, policy)) for each in with_invoices(snapshot_of(case)))
    text = f"{case['about']}\n\n{plans}"
    golden = path.with_suffix(".txt")
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(text, encoding="utf-8")
    assert golden.read_text(encoding="utf-8") == text


def test_every_text_belongs_to_a_case() -> None:
    assert CASES
    assert {path.stem for path in (HERE / "cases").glob("*.txt")} == {path.stem for path in CASES}
