"""Goal: what the deployed product wrote of its own work is whole, says who asked for it, and shows
who touched it; a customer that asks for it is forgotten.

Method: an invoice is paid; the operator's commands look at the trail of it; a posting is then
changed in its table as somebody with too many rights would.
"""

import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.shop import Invoice, Shop
from tieout.domain.trail import MAIN
from tieout.store.trail_reader import DynamoTrail

pytestmark = pytest.mark.emulator


def run(shop: Shop, *arguments: str) -> tuple[int, Any]:
    done = shop.running.tieout(*arguments, "--json", "--stack", shop.running.stack.name)
    return done.returncode, json.loads(done.stdout)


def table(shop: Shop, output: str) -> str:
    return shop.running.stack.outputs[output]


def test_the_trail_of_a_paid_invoice(shop: Shop, tmp_path: Path) -> None:
    customer = shop.customer("Jane Doe")
    invoice = shop.invoice(customer)
    shop.pay(invoice)
    shop.running.deliver()
    shop.running.settle()

    dynamodb = shop.running.aws.client("dynamodb")
    trail = DynamoTrail(dynamodb, table(shop, "TrailTableName"))
    entries = trail.of_id(f"invoice/{invoice.id}")
    assert [each.posting["state"] for each in entries][:2] == ["sending", "posted"]
    posted = entries[1]
    assert (posted.customer, posted.posting["number"]) == (customer, invoice.number)
    assert posted.worker, "the stream of the processor's log"
    assert all(each.sha256 for each in posted.events if each.id in str(posted.posting["trigger"]))
    evidence = trail.evidence(MAIN, [posted.seq])[posted.seq]
    assert "<create_invoice>" in evidence.content["request_xml"]
    assert "<status>success</status>" in evidence.content["reply_xml"]
    assert "password" not in f"{evidence.content}"
    assert "sessionid" not in f"{evidence.content}"
    assert trail.of_id(str(posted.posting["record_no"]))

    assert_traced(shop, invoice, tmp_path)

    code, told = run(shop, "verify")
    assert (code, told["breaches"]) == (0, [])
    assert told["chains"][0]["entries"] >= len(entries)

    code, told = run(shop, "erase", customer, "--yes")
    assert code == 0
    assert told["evidence"] >= 3
    assert told["events"] >= 1
    assert trail.evidence(MAIN, [posted.seq])[posted.seq].erased_by
    assert run(shop, "verify")[0] == 0


def assert_traced(shop: Shop, invoice: Invoice, directory: Path) -> None:
    """Ids of Stripe's, of Intacct's and of our own tell one story, and it can be packed."""
    code, told = run(shop, "trace", invoice.number)
    assert (code, told["is_as_written"]) == (0, True)
    (story,) = told["stories"]
    booked = {each["key"].partition("/")[0]: each for each in story["postings"]}
    assert {booked[kind]["state"] for kind in ("invoice", "receipt")} == {"posted"}
    happened = [each["what"] for each in story["timeline"]]
    assert happened[0] == "happened"
    assert {"received", "read", "written"} <= set(happened)

    invoiced = booked["invoice"]
    movement = shop.running.account.retrieve("charge", story_charge(booked))["balance_transaction"]
    for each in (invoice.id, invoiced["control_id"], invoiced["message_id"], movement):
        code, told = run(shop, "trace", each)
        assert code == 0
        (found,) = told["stories"]
        assert invoiced["key"] in [posting["key"] for posting in found["postings"]]

    file = directory / "invoice.zip"
    code, told = run(shop, "trace", invoice.id, "--pack", str(file))
    assert (code, told["sha256"]) == (0, hashlib.sha256(file.read_bytes()).hexdigest())
    with zipfile.ZipFile(file) as archive:
        for line in archive.read("entries.csv").decode().splitlines()[1:]:
            name, *_, stored, _previous, _evidence = line.split(",")
            assert hashlib.sha256(archive.read(name)).hexdigest() == stored
    nobodys = shop.running.tieout("trace", "in_nobodys", "--stack", shop.running.stack.name)
    assert (nobodys.returncode, "nothing is known of" in nobodys.stderr) == (2, True)


def story_charge(booked: dict[str, Any]) -> str:
    """Return the charge that paid the invoice: it has left its own record beside the receipt."""
    return str(booked["sale"]["subject"]).removeprefix("charge/")


def test_a_posting_that_was_changed_in_its_table_is_found(shop: Shop) -> None:
    customer = shop.customer("Touched Ltd")
    shop.running.deliver()
    shop.running.settle()
    key = {"key": {"S": f"customer/{customer}"}}
    dynamodb = shop.running.aws.client("dynamodb")
    postings = table(shop, "PostingsTableName")
    before = dynamodb.get_item(TableName=postings, Key=key)["Item"]
    try:
        dynamodb.put_item(TableName=postings, Item={**before, "number": {"S": "somebody"}})
        code, told = run(shop, "verify")
        assert code == 1
        assert [(each["key"], each["tampering"]) for each in told["breaches"]] == [
            (f"customer/{customer}", "changed")
        ]
    finally:
        dynamodb.put_item(TableName=postings, Item=before)
    assert run(shop, "verify")[0] == 0
