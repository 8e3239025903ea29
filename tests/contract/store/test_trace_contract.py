"""Goal: any id that a person has at hand leads to the whole story, wherever the trail is kept.

Method: one suite over the fakes, DynamoDB in this process (moto) and the embedded AWS: an invoice
that was paid and refunded, and another one of the same customer.
"""

import dataclasses

import pytest

from tests.factories import a_movement, a_policy, an_origin
from tests.fakes import FakeClock, FakeInbox, FakePostings, FakeStripe
from tests.support import traced
from tests.support.aws import Aws
from tests.support.traced import NOON, REFUND, STORY, event, fill
from tieout.domain.postings import State
from tieout.services.operate import CannotBeDone
from tieout.services.ports import StripeReader
from tieout.services.trace import Story, What, trace
from tieout.services.trace_keys import Role, Sources
from tieout.store.inbox import DynamoInbox
from tieout.store.trail_reader import DynamoTrail


def nobody() -> StripeReader:
    raise AssertionError("Stripe is asked only for what no table knows")


@pytest.fixture
def at(aws: Aws | None) -> Sources:
    if aws is None:
        postings, inbox = FakePostings(), FakeInbox()
        fill(postings, inbox)
        return Sources(postings.trail, postings, inbox, nobody, a_policy())
    trail = aws.trail_table()
    stored = aws.postings(trail=trail)
    received = DynamoInbox(aws.dynamodb, aws.inbox_table(), 90, FakeClock())
    fill(stored, received)
    return Sources(DynamoTrail(aws.dynamodb, trail), stored, received, nobody, a_policy())


def the_story(at: Sources, asked: str) -> Story:
    (story,) = trace(at, asked)
    assert story.breaches == []
    return story


@pytest.mark.parametrize(
    ("asked", "role", "key"),
    [
        ("in_1", Role.OBJECT, "invoice/in_1"),
        ("inpay_1", Role.OBJECT, "receipt/inpay_1"),
        ("pi_1", Role.OBJECT, "sale/pi_1"),
        ("ch_1", Role.OBJECT, "sale/pi_1"),
        ("re_1", Role.OBJECT, "refund/re_1"),
        ("invoice/in_1", Role.KEY, "invoice/in_1"),
        ("charge/ch_1", Role.OBJECT, "sale/pi_1"),
        ("NWT-0007", Role.NUMBER, "invoice/in_1"),
        ("1", Role.RECORD_NO, "invoice/in_1"),
        ("3", Role.RECORD_NO, "refund/re_1"),
        ("tieout:refund/re_1:r0:ab", Role.CONTROL_ID, "refund/re_1"),
        ("evt_2", Role.EVENT, "sale/pi_1"),
        ("evt_3", Role.EVENT, "refund/re_1"),
        ("main/8", Role.PLACE, "refund/re_1"),
    ],
)
def test_each_id_of_an_invoice_leads_to_all_of_it(
    at: Sources, asked: str, role: Role, key: str
) -> None:
    story = the_story(at, asked)
    assert sorted(story.keys) == sorted(STORY)
    assert role in story.roles[key]
    assert [each.record_no for each in story.postings.values() if each.record_no] != []
    assert set(story.events) == {"evt_1", "evt_2", "evt_3"}
    assert len(story.entries) == 7


def test_what_an_id_leads_to_comes_before_what_belongs_to_it(at: Sources) -> None:
    assert the_story(at, "re_1").keys == ["refund/re_1", "invoice/in_1", *STORY[1:3]]
    assert the_story(at, "in_1").keys == STORY


def test_a_customer_leads_to_everything_of_it(at: Sources) -> None:
    assert set(the_story(at, "cus_1").keys) == {*STORY, "customer/cus_1", "invoice/in_2"}
    assert the_story(at, "customer/cus_1").keys == ["customer/cus_1"]


def test_a_message_leads_to_what_it_did(at: Sources) -> None:
    assert the_story(at, "m-1").keys == ["customer/cus_1", "invoice/in_1", "receipt/inpay_1"]
    assert the_story(at, "m-4").keys == ["invoice/in_2"]


def test_an_id_that_two_things_share_has_two_stories(at: Sources) -> None:
    customer, receipt = trace(at, "2")
    assert customer.keys == ["customer/cus_1"]
    assert receipt.keys == ["receipt/inpay_1", "invoice/in_1", *STORY[2:]]
    assert set(customer.roles) == {"customer/cus_1", "receipt/inpay_1"}


def test_a_day_leads_to_its_journals(at: Sources) -> None:
    for asked in ("2026-11-20", "activity/2026-11-20", "5", "activity/2026-11-20/usd"):
        assert the_story(at, asked).keys == ["activity/2026-11-20/usd"]


def test_an_event_that_led_to_nothing_new_leads_to_what_it_is_about(at: Sources) -> None:
    inbox = at.events
    assert isinstance(inbox, FakeInbox | DynamoInbox)
    inbox.store(event("evt_9", REFUND))
    story = the_story(at, "evt_9")
    assert sorted(story.keys) == sorted(STORY)
    assert story.roles == {"refund/re_1": {Role.EVENT}}
    assert "evt_9" in story.events

    unseen = dataclasses.replace(REFUND, id="re_9")
    inbox.store(event("evt_10", unseen))
    story = the_story(at, "evt_10")
    assert (story.keys, list(story.events)) == ([], ["evt_10"])


def test_a_movement_of_the_balance_leads_to_what_books_it(at: Sources) -> None:
    stripe = FakeStripe()
    origin = an_origin(id="re_1", kind="refund")
    stripe.moved[None] = [
        a_movement(
            id="txn_1", type="refund", reporting_category="refund", source="re_1", origin=origin,
            created_unix=NOON,
        )
    ]  # fmt: skip
    asking = dataclasses.replace(at, stripe=lambda: stripe)
    story = the_story(asking, "txn_1")
    assert {key for key in story.keys if key in story.roles} == {
        "activity/2026-11-20/usd",
        "refund/re_1",
    }
    assert sorted(story.keys) == sorted([*STORY, "activity/2026-11-20/usd"])
    with pytest.raises(CannotBeDone, match="nothing is known of 'txn_2'"):
        trace(asking, "txn_2")


@pytest.mark.parametrize(
    "asked",
    [
        *("in_9", "IN_1", "main/99", "main/0", "main/\uff11", "", " ", "a/b/c/d", "#", "main#1"),
        *("é\x00", "\udcff"),
    ],
)
def test_what_leads_nowhere_says_so(at: Sources, asked: str) -> None:
    with pytest.raises(CannotBeDone) as refused:
        trace(at, asked)
    assert f"nothing is known of {asked.strip()!r}" in str(refused.value)
    assert "Looked through: the audit trail of main" in str(refused.value)


def test_what_is_too_long_for_an_id_is_not_repeated_whole(at: Sources) -> None:
    with pytest.raises(CannotBeDone, match=r"^nothing is known of 'x{80}…'\.\n"):
        trace(at, "x" * 5_000)


def test_a_posting_is_read_with_the_number_of_its_entry(at: Sources) -> None:
    at.postings.put(traced.posting("dispute/dp_1", traced.DAY))
    stored = at.postings.numbered(["invoice/in_1", "refund/re_1", "dispute/dp_1", "invoice/in_9"])
    numbers = {key: each.seq for key, each in stored.items()}
    assert numbers == {"invoice/in_1": 4, "refund/re_1": 9, "dispute/dp_1": 13}


def test_the_story_is_in_the_order_in_which_it_happened(at: Sources) -> None:
    told = [
        (moment.what, moment.entry.key if moment.entry and moment.what is What.WRITTEN else "")
        for moment in the_story(at, "in_1").timeline()
    ]
    assert told == [
        *[(What.HAPPENED, "")] * 3,
        *[(What.RECEIVED, "")] * 3,
        *[(What.READ, "")] * 2,
        (What.WRITTEN, "invoice/in_1"),
        (What.WRITTEN, "invoice/in_1"),
        (What.WRITTEN, "receipt/inpay_1"),
        (What.WRITTEN, "receipt/inpay_1"),
        (What.WRITTEN, "sale/pi_1"),
        (What.READ, ""),
        (What.WRITTEN, "refund/re_1"),
        (What.WRITTEN, "refund/re_1"),
    ]


def test_another_account_has_ids_of_its_own(at: Sources) -> None:
    elsewhere = dataclasses.replace(traced.INVOICE, id="in_7", account="acct_1")
    posting = traced.posting("invoice/in_7", elsewhere, "ArInvoice", "B-00007", record_no="1")
    at.postings.put(dataclasses.replace(posting, state=State.POSTED))
    for asked in ("in_7", "acct_1/invoice/in_7", "acct_1/1"):
        assert the_story(at, asked).keys == ["invoice/in_7"]
    own, other = trace(at, "1")
    assert (own.keys[0], other.keys[0]) == ("invoice/in_1", "invoice/in_7")
