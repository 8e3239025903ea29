"""Goal: a customer that asks for it is forgotten, whatever was kept, and the trail stays whole.

Method: a real processor books for two customers; then one of them is erased, also interrupted.
"""

import dataclasses
from datetime import date

import pytest

from tests.factories import a_customer, a_paid_invoice, a_payment
from tests.fakes import FakeInbox
from tests.fakes.tie_outs import FakeTieOuts
from tests.unit.services.world import World, of
from tieout.domain.causes import Cause as Led
from tieout.domain.causes import Exchange
from tieout.domain.errors import Unavailable
from tieout.domain.postings import ERASED, Posting, State, closed
from tieout.domain.subjects import SubjectKind
from tieout.domain.tie_outs import Cause, OpenItem, Residue, TieOut
from tieout.domain.trail import MAIN, Action, text_of
from tieout.services import erase
from tieout.services.erase import Erased, Eraser, Found
from tieout.services.operate import CannotBeDone, Signature
from tieout.services.ports import EventHint, StoredEvent
from tieout.services.verify import Verifier

ANN = Signature("ann", 1_795_165_200)


class Shop(World):
    """Two customers, an invoice each, and what Stripe delivered of them."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.inbox, self.tie_outs = FakeInbox(), FakeTieOuts()
        submit = self.ledger.submit

        def submit_and_tell(submissions: object) -> object:
            told = Exchange("<function>Jane Doe</function>", "<result>Jane Doe</result>")
            outcomes = submit(submissions)  # type: ignore[arg-type]
            return {key: dataclasses.replace(each, exchange=told) for key, each in outcomes.items()}

        self.ledger.submit = submit_and_tell  # type: ignore[method-assign, assignment]
        for number in ("1", "2"):
            customer = a_customer(id=f"cus_{number}", name="Jane Doe")
            subject = of(SubjectKind.INVOICE, f"in_{number}")
            payment = a_payment(
                id=f"inpay_{number}", invoice=subject.id, payment_intent=f"pi_{number}"
            )
            invoice = a_paid_invoice(id=subject.id, number=f"ACME-{number}", customer=customer)
            self.stripe.snapshots[subject] = dataclasses.replace(invoice, payments=(payment,))
            self.bring_up_to_date(subject)
            self.received(f"evt_{number}", f'{{"customer": "cus_{number}"}}')
        self.received("evt_3", '{"customer": {"id": "cus_1"}}')

    def received(self, event_id: str, body: str) -> None:
        subject = of(SubjectKind.CUSTOMER, "cus_1")
        hint = EventHint(event_id, "customer.updated", subject, "cus_1", 0, livemode=False)
        self.inbox.store(StoredEvent(hint, 0, "webhook", body.encode()))

    def eraser(self) -> Eraser:
        trail = self.postings.trail
        return Eraser(trail, trail, self.postings, self.inbox, self.tie_outs)

    def whole(self) -> bool:
        return list(Verifier(self.postings.trail, self.postings).verify()) == []


@pytest.fixture
def shop() -> Shop:
    return Shop()


def kept_texts(shop: Shop) -> set[str]:
    evidence = shop.postings.trail.kept.values()
    return {text for each in evidence for text in each.content.values()}


def test_of_one_customer_all_is_forgotten_and_of_the_other_nothing(shop: Shop) -> None:
    trail = shop.postings.trail
    before = len(trail.chains[MAIN])
    of_the_other = [each for each in trail.entries(MAIN) if each.customer == "cus_2"]
    done = shop.eraser().erase("cus_1", ANN)
    assert (done.events, done.texts) == (2, 0)
    assert done.evidence >= 3, "customer, invoice and receipt were sent"
    entries = list(trail.entries(MAIN))
    assert [each.action for each in entries[before:]] == [Action.ERASED]
    assert (entries[-1].key, entries[-1].worker) == ("customer/cus_1", "ann")
    assert len(entries[-1].erased) == done.evidence
    for each in entries[:before]:
        evidence = trail.kept.get((MAIN, each.seq))
        if evidence is not None:
            assert bool(evidence.erased_by) is (each.customer == "cus_1"), each.key
    assert [trail.kept[MAIN, each.seq] for each in of_the_other if each.evidence_digest]
    bodies = {name: event.raw is None for name, event in shop.inbox.events.items()}
    assert bodies == {"evt_1": True, "evt_2": False, "evt_3": True}
    assert shop.whole()


def test_nothing_of_the_name_is_left(shop: Shop) -> None:
    shop.eraser().erase("cus_1", ANN)
    shop.eraser().erase("cus_2", ANN)
    assert not [text for text in kept_texts(shop) if "Jane" in text]
    assert not [each for each in shop.postings.trail.entries(MAIN) if "Jane" in text_of(each)]
    assert not [each for each in shop.postings.by_key.values() if "Jane" in f"{each}"]
    assert shop.whole()


def test_what_a_person_wrote_is_forgotten_with_the_rest(shop: Shop) -> None:
    parked = dataclasses.replace(
        shop.postings.by_key["invoice/in_1"], state=State.REJECTED, record_no=None
    )
    parked = dataclasses.replace(parked, version=parked.version + 1)
    shop.postings.put(parked)
    shop.postings.put(closed(parked, 0, "ann", "Jane Doe paid in cash"))
    assert shop.eraser().erase("cus_1", ANN).texts == 1
    posting = shop.postings.by_key["invoice/in_1"]
    assert (posting.reason_text, posting.decision) == (ERASED, ERASED)
    assert (posting.state, posting.trigger) == (State.CLOSED, "ann")
    assert "Jane" not in f"{[each for each in kept_texts(shop) if 'paid' in each]}"
    assert shop.whole()


def test_what_tie_outs_quote_of_it_is_forgotten(shop: Shop) -> None:
    """Each day's tie-out quotes what is wrong, and is kept for as long as the books are."""
    said = "closed: Jane Doe paid in cash"
    residues = [
        Residue(f"receipt/inpay_{number}", Cause.DRIFT, 100, "2026-11-19", said)
        for number in ("1", "2")
    ]
    items = [OpenItem(f"in_{number}", "usd", 0, 100, said) for number in ("1", "2")]
    first, last = date(2026, 11, 19), date(2026, 11, 21)
    made = TieOut("", "usd", "2026-11-20", 0, 0, 0, "1205", 0, tuple(residues), tuple(items))
    untouched = dataclasses.replace(made, residues=(residues[1],), open_items=(items[1],))
    shop.tie_outs.by_day = {first: [made, untouched], last: [untouched]}
    assert shop.eraser().erase("cus_1", ANN).tie_outs == 1
    (now, same), (other,) = shop.tie_outs.by_day[first], shop.tie_outs.by_day[last]
    assert same == other == untouched
    assert [each.text for each in now.residues] == [ERASED, said]
    assert [each.text for each in now.open_items] == [ERASED, said]
    assert [each.amount_minor for each in now.residues] == [100, 100]
    assert shop.eraser().erase("cus_1", ANN).tie_outs == 0


def test_a_dispute_names_the_customer_and_only_its_charge(shop: Shop) -> None:
    subject = of(SubjectKind.CHARGE, "ch_1")
    sale = Posting("sale/pi_1", subject, State.NOT_BOOKED, version=1)
    shop.postings.put(sale, Led((), "cus_1", "5d"))
    evidence = '"evidence": {"customer_name": "Jane Doe"}'
    shop.received("evt_8", f'{{"charge": "ch_1", {evidence}}}')
    shop.received("evt_9", f'{{"payment_intent": "pi_1", {evidence}}}')
    shop.received("evt_10", f'{{"charge": "ch_11", {evidence}}}')
    shop.eraser().erase("cus_1", ANN)
    kept = {name for name, event in shop.inbox.events.items() if event.raw is not None}
    assert kept == {"evt_2", "evt_10"}


def test_a_customer_whose_number_in_intacct_is_that_id_is_another_one(shop: Shop) -> None:
    subject = of(SubjectKind.CUSTOMER, "cus_3")
    other = Posting(subject.key, subject, State.SENDING, version=1, number="cus_1")
    shop.postings.put(other, Led((), "cus_3", "5d", Exchange("<function>John</function>")))
    shop.eraser().erase("cus_1", ANN)
    assert "<function>John</function>" in kept_texts(shop)


def test_what_was_written_before_it_was_known_whose_it_is_is_forgotten(shop: Shop) -> None:
    subject = of(SubjectKind.INVOICE, "in_1")
    unread = Posting("unread/invoice/in_1", subject, State.PARKED, 1, reason_text="Jane Doe?")
    shop.postings.put(unread)
    assert shop.eraser().erase("cus_1", ANN).texts == 1
    assert "Jane Doe?" not in kept_texts(shop)
    assert shop.postings.by_key[unread.key].reason_text == ERASED
    assert shop.whole()


def test_what_is_written_in_place_of_an_erased_text_is_a_breach(shop: Shop) -> None:
    key = "invoice/in_1"
    noted = dataclasses.replace(shop.postings.by_key[key], decision="Jane Doe")
    shop.postings.put(dataclasses.replace(noted, version=noted.version + 1))
    shop.eraser().erase("cus_1", ANN)
    assert shop.whole()
    erased = shop.postings.by_key[key]
    shop.postings.by_key[key] = dataclasses.replace(erased, decision="it was posted as called for")
    assert not shop.whole()


def test_evidence_of_a_text_that_came_meanwhile_is_left_until_the_next_run(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    find, found = Eraser.find, list[Found]()

    def overtaken(eraser: Eraser, customer: str) -> Found:
        if found:
            now = shop.postings.by_key["invoice/in_1"]
            told = dataclasses.replace(now, version=now.version + 1, reason_text="Jane Doe")
            shop.postings.put(told)
        found.append(find(eraser, customer))
        return found[-1]

    monkeypatch.setattr(Eraser, "find", overtaken)
    with pytest.raises(CannotBeDone, match="changed meanwhile: run it again"):
        shop.eraser().erase("cus_1", ANN)
    assert shop.whole()
    monkeypatch.undo()
    assert shop.eraser().erase("cus_1", ANN).texts == 1
    assert shop.whole()


def test_erasing_again_forgets_what_came_since(shop: Shop) -> None:
    shop.eraser().erase("cus_1", ANN)
    assert shop.eraser().erase("cus_1", ANN) == Erased(0, 0, 0, 0)
    shop.received("evt_4", '{"customer": "cus_1"}')
    assert shop.eraser().erase("cus_1", ANN) == Erased(0, 0, 1, 0)
    assert shop.whole()


def test_a_customer_that_nobody_knows_is_nothing(shop: Shop) -> None:
    before = len(shop.postings.trail.chains[MAIN])
    assert shop.eraser().erase("cus_9", ANN) == Erased(0, 0, 0, 0)
    assert len(shop.postings.trail.chains[MAIN]) == before


def test_interrupted_anywhere_it_is_done_by_the_next_run_and_never_a_breach(shop: Shop) -> None:
    trail = shop.postings.trail
    erase_evidence, left = trail.erase, 1

    def dies(entry: object, erased_by: int) -> None:
        nonlocal left
        if not left:
            raise Unavailable("the network is gone")
        left -= 1
        erase_evidence(entry, erased_by)  # type: ignore[arg-type]

    trail.erase = dies  # type: ignore[method-assign]
    with pytest.raises(Unavailable):
        shop.eraser().erase("cus_1", ANN)
    assert shop.whole()
    del trail.erase
    assert shop.eraser().erase("cus_1", ANN).evidence >= 2
    assert shop.whole()
    assert not shop.eraser().find("cus_1").evidence


def test_much_evidence_takes_several_entries(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erase, "DIGESTS_MAX", 2)
    done = shop.eraser().erase("cus_1", ANN)
    told = [each for each in shop.postings.trail.entries(MAIN) if each.action is Action.ERASED]
    assert [len(each.erased) for each in told[:-1]] == [2] * (len(told) - 1)
    assert sum(len(each.erased) for each in told) == done.evidence > 2
    assert shop.whole()


def test_what_is_being_sent_is_left_alone(shop: Shop) -> None:
    sending = dataclasses.replace(
        shop.postings.by_key["invoice/in_1"],
        state=State.SENDING,
        decision="Jane Doe",
        lease_expires_at_unix=ANN.now_unix + 60,
    )
    shop.postings.put(dataclasses.replace(sending, version=sending.version + 1))
    entries = len(shop.postings.trail.chains[MAIN])
    with pytest.raises(CannotBeDone, match="try again in 60 seconds"):
        shop.eraser().erase("cus_1", ANN)
    assert len(shop.postings.trail.chains[MAIN]) == entries
