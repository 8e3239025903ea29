"""Goal: on the deployed product a replay proves what is booked, lists what Stripe says otherwise
since with the entry that corrects it, and posts nothing.

Method: an invoice is paid and booked; somebody then edits what its line is in Stripe.
"""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.e2e.shop import Invoice, Shop

pytestmark = pytest.mark.emulator


def replayed(shop: Shop, invoice: Invoice) -> tuple[int, dict[str, Any], Any]:
    """Return the exit code, what is listed by key, and the totals, of the day of an invoice."""
    created = shop.running.account.retrieve("invoice", invoice.id)["created"]
    day = datetime.fromtimestamp(created, UTC).date().isoformat()
    at = ["--stack", shop.running.stack.name]
    done = shop.running.tieout("replay", "--from", day, "--to", day, "--json", *at)
    assert done.returncode in {0, 1}, done.stderr
    *listed, totals = map(json.loads, done.stdout.splitlines())
    return done.returncode, {each["key"]: each for each in listed}, totals


def test_what_is_booked_is_proved_and_what_stripe_says_otherwise_is_listed(shop: Shop) -> None:
    invoice = shop.invoice(shop.customer("Proof Ltd"))
    shop.pay(invoice)
    shop.running.settle()
    key, before, meter = f"invoice/{invoice.id}", shop.books.everything(), shop.meter()

    _, listed, totals = replayed(shop, invoice)
    assert key not in listed
    assert totals["by_outcome"]["same"] >= 3

    (line,) = shop.running.account.store.lines[invoice.id]
    metadata = line["metadata"]
    line["metadata"] = {"revenue_category": "usage"}
    try:
        code, listed, totals = replayed(shop, invoice)
    finally:
        line["metadata"] = metadata
    assert (code, totals["agrees"], listed[key]["outcome"]) == (1, False, "differs")
    (correction,) = listed[key]["corrections"]
    assert (correction["kind"], correction["amount_minor"]) == ("journal", 10_000)
    assert len(correction["lines"]) == 2
    assert (shop.books.everything(), shop.meter()) == (before, meter)
