"""Goal: what `tieout plan` promises on the deployed product is what is booked, by `apply` or by
events, and never by both.

Method: invoices whose webhooks are held back; the operator's commands against the stack.
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.shop import Invoice, Shop

pytestmark = pytest.mark.emulator


def tieout(shop: Shop, *arguments: str, code: int = 0) -> Any:  # noqa: ANN401 - JSON
    done = shop.running.tieout(*arguments, "--json", "--stack", shop.running.stack.name)
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout)


def changes(shop: Shop, invoice: Invoice) -> dict[str, str]:
    """Return what would become of the documents of an invoice, by key."""
    (told,) = tieout(shop, "plan", invoice.id)
    return {each["key"]: each["change"] for each in told["items"]}


def day_of(shop: Shop, invoice: Invoice) -> str:
    created = shop.running.account.retrieve("invoice", invoice.id)["created"]
    return datetime.fromtimestamp(created, UTC).date().isoformat()


def test_what_is_new_is_posted_when_its_events_have_come(shop: Shop) -> None:
    customer = shop.customer("Foresight Ltd")
    invoice = shop.invoice(customer)
    key, before = f"invoice/{invoice.id}", shop.books.everything()
    assert changes(shop, invoice)[key] == "new"
    assert shop.books.everything() == before
    shop.running.settle()
    assert set(changes(shop, invoice).values()) == {"posted"}


def test_what_is_approved_is_posted_and_events_post_it_no_second_time(
    shop: Shop, tmp_path: Path
) -> None:
    shop.running.settle()
    approved, changed = (shop.invoice(shop.customer(name)) for name in ("Patience", "Haste"))
    plan = str(tmp_path / "today.plan")
    day = day_of(shop, approved)
    told = tieout(shop, "plan", "--since", day, "--until", day, "--out", plan)
    assert told["transactions"] >= 4
    shop.pay(changed)

    done = tieout(shop, "apply", plan, code=1)
    assert {each["subject"] for each in done["left"]} == {f"invoice/{changed.id}"}
    (booked,) = shop.books.invoices(approved.number)
    assert shop.books.invoices(changed.number) == []

    shop.running.settle()
    assert [each.record_no for each in shop.books.invoices(approved.number)] == [booked.record_no]
    assert len(shop.books.invoices(changed.number)) == 1


def test_an_edited_plan_posts_nothing(shop: Shop, tmp_path: Path) -> None:
    shop.running.settle()
    invoice = shop.invoice(shop.customer("Honesty Ltd"))
    plan, day = tmp_path / "today.plan", day_of(shop, invoice)
    tieout(shop, "plan", "--since", day, "--until", day, "--out", str(plan))
    plan.write_text(plan.read_text().replace(invoice.id, f"{invoice.id}x"))
    before = shop.books.everything()
    done = shop.running.tieout("apply", str(plan), "--stack", shop.running.stack.name)
    assert done.returncode == 2
    assert "its seal does not fit. Nothing is posted" in done.stderr
    assert shop.books.everything() == before
