"""Goal: of an invoice that the product itself booked, each id that anybody may have tells all.

Method: the real functions on a virtual day: a customer is billed, pays, and gets some of it back.
Then each id of it, of Stripe, of Intacct and of our own, is traced over the tables they left.
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise
from typing import Any

import pytest

from tests.planted import EMAIL, shown
from tests.sandbox.stripe import InvoiceSpec, LineSpec
from tests.simulation.faults import Faults
from tests.simulation.functions import Container, simulated_time
from tests.simulation.world import Plan, World
from tests.year.business import HOUR_SECONDS
from tieout.cli.trace_page import page
from tieout.domain.postings import State
from tieout.services.evidence_pack import pack
from tieout.services.trace import Story, What, trace
from tieout.services.trace_keys import Sources
from tieout.store.trail_reader import DynamoTrail


class Shop(World):
    """A customer that pays and gets some of it back, and is billed again, as somebody else is."""

    def __post_init__(self) -> None:
        self.customer, self.others = "", list[str]()

    def happen(self) -> None:
        with simulated_time(self.outside):
            self.begin()
            self.customer = self.business.sign_up()
            self.account.update_customer(self.customer, email=EMAIL)
            self.account.pay_invoice(self._bill(self.customer))
            self._book()
            self.account.refund(self.the("charge"), 1_000)
            self._book()
            for customer in (self.customer, self.business.sign_up()):
                self.others.append(self._bill(customer))
            self._book()
            self.calm(2)

    def _bill(self, customer: str) -> str:
        line = LineSpec("Service", amount_minor=9_900, metadata={"revenue_category": "services"})
        return self.business.finalise(InvoiceSpec(customer, (line,), currency="usd"))

    def _book(self) -> None:
        self._tell()
        self._bring_everything()
        self._settle()
        self.time.advance(HOUR_SECONDS)

    @property
    def sources(self) -> Sources:
        own, tables = Container(self.cloud), self.tables
        trail: Any = DynamoTrail(tables, "trail")  # type: ignore[arg-type]  # as boto3's client
        return Sources(trail, own.postings, own.inbox, lambda: own.stripe, own.policies.current())

    def the(self, kind: str) -> str:
        """Return the id of the one object of a kind in Stripe, but for the others' invoices."""
        (found,) = (
            each["id"] for each in self.account.store.all(kind) if each["id"] not in self.others
        )
        return str(found)


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    made = Shop(Plan(7, 0, Faults()))
    made.happen()
    with simulated_time(made.outside):
        yield made


def ids(shop: Shop) -> dict[str, str]:
    """Return every kind of id that leads to the paid and refunded invoice, by what it is."""
    at = shop.sources
    invoice, refund = shop.the("invoice"), shop.the("refund")
    posted = {key: each for key, each in _postings(at, invoice, refund).items() if each.record_no}
    entry = next(each for each in at.trail.of_id(f"invoice/{invoice}"))
    charge = shop.account.retrieve("charge", shop.the("charge"))
    (own,) = (each for each in posted.values() if each.document_type == "ArInvoice")
    (receipt,) = (each for each in posted.values() if each.document_type == "ArPayment")
    return {
        "invoice": invoice,
        "payment": receipt.key.removeprefix("receipt/"),
        "payment intent": charge["payment_intent"],
        "charge": charge["id"],
        "refund": refund,
        "balance transaction of the charge": charge["balance_transaction"],
        "balance transaction of the refund": shop.account.retrieve("refund", refund)[
            "balance_transaction"
        ],
        "customer": shop.customer,
        "event": entry.events[0].id,
        "number of the invoice": own.number,
        "number of the payment": receipt.number,
        "control id": own.control_id,
        "message": str(entry.posting["message_id"]),
        "key": own.key,
        "place": f"{entry.account}/{entry.seq}",
        "record number": str(own.record_no),
    }


def _postings(at: Sources, *asked: str) -> dict[str, Any]:
    return {
        key: each
        for one in asked
        for story in trace(at, one)
        for key, each in story.postings.items()
    }


KINDS = [
    *("invoice", "payment", "payment intent", "charge", "refund", "customer", "event", "key"),
    *("balance transaction of the charge", "balance transaction of the refund", "place"),
    *("number of the invoice", "number of the payment", "control id", "message", "record number"),
]


@pytest.mark.parametrize("kind", KINDS)
def test_each_id_tells_the_whole_story(shop: Shop, kind: str) -> None:
    stories = trace(shop.sources, ids(shop)[kind])
    invoice = f"invoice/{shop.the('invoice')}"
    (story,) = (each for each in stories if invoice in each.postings)
    assert [breach for each in stories for breach in each.breaches] == []
    booked = {key.partition("/")[0]: each for key, each in story.postings.items()}
    wanted = {"invoice", "receipt"} if kind == "message" else {"invoice", "receipt", "refund"}
    assert wanted <= booked.keys()
    for name in wanted:
        assert booked[name].state is State.POSTED
        assert booked[name].record_no
        assert_told(story, booked[name].key)


def assert_told(story: Story, key: str) -> None:
    """Event, reading, sending and answer are there, in this order, with what names them."""
    timeline = list(story.timeline())
    first: dict[str, int] = {}
    for place, moment in enumerate(timeline):
        if moment.what is What.WRITTEN and moment.entry and moment.entry.key == key:
            first.setdefault(str(moment.entry.posting["state"]), place)
    sending, posted = timeline[first["sending"]].entry, timeline[first["posted"]].entry
    assert sending
    assert posted
    assert sending.posting["message_id"]
    assert sending.posting["policy_version"]
    received = {
        moment.event.event.hint.event_id: (place, moment.event.raw_sha256)
        for place, moment in enumerate(timeline)
        if moment.what is What.RECEIVED and moment.event
    }
    read = next(
        place
        for place, moment in enumerate(timeline)
        if moment.what is What.READ
        and moment.entry
        and moment.entry.snapshot_digest == sending.snapshot_digest
    )
    assert sending.events
    for each in sending.events:
        place, sha256 = received[each.id]
        assert sha256 == each.sha256
        assert place < read < first["sending"] < first["posted"]
    evidence = story.evidence[posted.account, posted.seq]
    assert "<status>success</status>" in evidence.content["reply_xml"]
    assert str(posted.posting["record_no"]) in evidence.content["reply_xml"]


def test_a_record_number_of_a_customer_and_a_payment_leads_to_both(shop: Shop) -> None:
    """Intacct counts the records of each type by themselves, so some number has two of them."""
    stories = [each for number in range(1, 5) if len(each := trace(shop.sources, str(number))) > 1]
    assert stories


def test_what_others_were_billed_is_no_part_of_it(shop: Shop) -> None:
    (story,) = trace(shop.sources, shop.the("invoice"))
    invoices = [key for key in story.keys if key.startswith("invoice/")]
    assert invoices == [f"invoice/{shop.the('invoice')}"]
    (other,) = trace(shop.sources, shop.others[0])
    assert other.postings[f"invoice/{shop.others[0]}"].state is State.POSTED


def test_a_pack_is_checked_with_nothing_of_ours(shop: Shop) -> None:
    at = shop.sources
    stories = trace(at, shop.the("invoice"))
    assert at.policy
    zone = at.policy.zone

    def tell(judged: Sequence[Story], files: Collection[str]) -> str:
        return page(judged, zone, "tieout-dev", files)

    content, judged = pack(at.trail, stories, tell, with_personal_data=False)
    assert judged == stories
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    texts = sorted(name for name in files if name.startswith("entries/"))
    assert len(texts) > len(stories[0].entries)
    for this, following in pairwise(texts):
        sha256 = hashlib.sha256(files[this]).hexdigest()
        assert json.loads(files[following])["previous"] == sha256
    last = hashlib.sha256(files[texts[-1]]).hexdigest()
    assert last.encode() in files["anchors.csv"]
    # The e-mail address is in what Stripe delivered, and in nothing of this invoice.
    assert [name for name in files if shown(files[name].decode(errors="replace"))] == []
    whole, _ = pack(at.trail, stories, tell, with_personal_data=True)
    assert len(whole) > len(content)


def test_a_posting_that_was_changed_is_marked(shop: Shop) -> None:
    key = f"invoice/{shop.the('invoice')}"
    item = shop.cloud.postings.items[key]
    shop.cloud.postings.items[key] = {**item, "record_no": {"S": "666"}}
    try:
        (story,) = trace(shop.sources, key)
        assert [each.text for each in story.breaches] == [
            "the posting was changed behind the trail: record_no"
        ]
    finally:
        shop.cloud.postings.items[key] = item
