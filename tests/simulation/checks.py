"""The judges: they know Stripe's history, Intacct's ledger and the tables, and not our planning.

Safety is looked at after every delivery, as far as that is cheap: nothing is booked twice, every
journal balances, every event that we acknowledged has left a trace. When it is calm everything must
be there: nothing on its way, what is parked parked for a reason that holds, and the books as the
oracle has them.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeVar

from tests.oracle.book import major
from tests.oracle.history import payments_gone_back
from tests.oracle.verdict import Check, differences, judge
from tests.sandbox.intacct.books.tables import Table
from tests.simulation.expressions import Item, plain
from tests.simulation.faults import OVERTAKING
from tests.simulation.people import Sums, stripe_id_of, told_of
from tests.simulation.world import World
from tests.year.company import WALK_IN, chart
from tieout.domain.effects import RECEIVABLE
from tieout.domain.keys import customer_key, owed_again_key
from tieout.domain.postings import Worklist
from tieout.domain.reasons import Reason
from tieout.services.verify import Verifier
from tieout.store import items
from tieout.store.postings import DynamoPostings
from tieout.store.trail_reader import DynamoTrail

_CONTROL_ID = re.compile(r"tieout:(?P<key>.+):r\d+:[0-9a-f]{16}")
# What none of our storms is a reason for.
_NEVER_TRUE = frozenset(
    {
        Reason.UNEXPECTED_ERROR,
        Reason.SCHEMA_REFUSED,
        Reason.UNKNOWN_ACCOUNT,
        Reason.UNKNOWN_CUSTOMER,
        Reason.UNKNOWN_DIMENSION,
        Reason.DIMENSION_REQUIRED,
        Reason.UNREADABLE_OBJECT,
    }
)
_AFTER_PEOPLE = frozenset(
    {Reason.RECORDED_BUT_NOT_FOUND, Reason.NUMBER_TAKEN, Reason.INTACCT_REFUSED}
)
# What stands in a document's way when people took away or changed what it hangs on.
_FOR_PEOPLE = _AFTER_PEOPLE | {
    Reason.OVER_APPLICATION,
    Reason.WAITS_FOR_PARKED,
}
_Record = TypeVar("_Record")
_WAITS_FOR = re.compile(r"waits for (\S+), which")
_REVERSALS = frozenset({"InvoiceReversal", "PaymentReversal"})
_IN_FLIGHT = frozenset({"planned", "sending", "unknown"})


class Wrong(AssertionError):
    """The promise is broken."""


def verifier(world: World) -> Verifier:
    """Return what compares a world's audit trail with its postings, once the weather is calm."""
    assert world.luck.is_off
    tables: Any = world.tables
    return Verifier(DynamoTrail(tables, "trail"), DynamoPostings(tables, "postings"))


class JudgedWorld(World):
    """A world in which everything is looked at."""

    def __post_init__(self) -> None:
        self._booked: Counter[str] = Counter()
        # What a worker could not read when others had its messages, and may have done them.
        self._asked_for_by_nobody: set[str] = set()
        # Found inside of the product, whose own handling of errors must not hide it.
        self._found: list[str] = []
        self._identities: Counter[str] = Counter()
        self._seen = {"entries": 0, "documents": 0, "payments": 0}
        self._traced = 0
        self._stored: list[str] = []
        table = self.cloud.postings
        put = table.put

        def watched(key: Any, item: Item | None) -> None:  # noqa: ANN401 - as the table has it
            self._watch_posting(table.items.get(key), item)
            put(key, item)

        table.put = watched  # type: ignore[method-assign]
        store = self.cloud.inbox.put

        def stored(key: str, item: Item | None) -> None:
            self._stored.append(key)
            store(key, item)

        self.cloud.inbox.put = stored  # type: ignore[method-assign]
        self._watch_queue()
        memory = self.cloud.intacct._control_ids
        record = memory.record

        def noted(caller: object, control_id: str) -> None:
            self._note_booked(control_id)
            record(caller, control_id)  # type: ignore[arg-type]

        memory.record = noted  # type: ignore[method-assign]

    def _watch_queue(self) -> None:
        """Note what is deleted by the same hands that have put it off."""
        queue, put_off = self.cloud.queue, set[str]()
        change, delete = queue.change_message_visibility, queue.delete_message_batch

        def changed(**request: Any) -> Mapping[str, Any]:  # noqa: ANN401 - as boto3 has it
            put_off.add(request["ReceiptHandle"])
            return change(**request)

        def deleted(**request: Any) -> Mapping[str, Any]:  # noqa: ANN401 - as boto3 has it
            handles = {each["ReceiptHandle"] for each in request["Entries"]}
            self._found += [f"put off and deleted: {each}" for each in handles & put_off]
            return delete(**request)

        queue.change_message_visibility = changed  # type: ignore[method-assign]
        queue.delete_message_batch = deleted  # type: ignore[method-assign]

    # -- safety -----------------------------------------------------------------------------

    def after_delivery(self) -> None:
        """Look at what is new in the ledger, and at what was acknowledged."""
        found = [*self._found, *self.outside.traffic.clashes]
        if found:
            raise Wrong(found[0])
        for identity in self._new_in_ledger():
            self._identities[identity] += 1
            if self._identities[identity] > 1:
                raise Wrong(f"booked twice: {identity}")
        self._look_for_traces()

    def _note_booked(self, control_id: str) -> None:
        """Count what Intacct executed; a customer may be overwritten with the same any time."""
        ours = _CONTROL_ID.fullmatch(control_id)
        if ours is None or ours["key"].startswith("customer/"):
            return
        self._booked[ours["key"]] += 1
        if self._booked[ours["key"]] > 1 and not self._was_taken_away(ours["key"]):
            self._found.append(f"executed twice: {control_id}")

    def _was_taken_away(self, key: str) -> bool:
        """Whether people took away what was booked under a key; a sale's is not its charge's."""
        names = {stripe_id_of(key), _text(self.cloud.postings.items[key], "number")} - {""}
        return any(map(self.people.took_away, names))

    def _watch_posting(self, before: Item | None, after: Item | None) -> None:
        """No write replaces what its worker has not seen; nothing is parked for no reason."""
        assert after is not None, "a posting is never deleted"
        replaced = plain(before["version"]) if before else 0
        if plain(after["version"]) != replaced + 1:
            self._found.append(f"a stale write got through: {_told(after)}")
        reason = after.get("reason", {}).get("S")
        if reason in _NEVER_TRUE or (reason in _AFTER_PEOPLE and not self.people.have_acted):
            self._found.append(f"parked for no reason: {_told(after)}")
        at_work = self.outside.running
        if at_work is not None and at_work.is_overtaken and reason == Reason.NOT_READ:
            self._asked_for_by_nobody.add(after["key"]["S"])
        else:
            self._asked_for_by_nobody.discard(after["key"]["S"])

    def _new_in_ledger(self) -> Iterator[str]:
        """Yield what identifies each new record, by what people see of it."""
        company = self.company
        for entry in self._new("entries", company.entries):
            if sum((line.base_amount for line in entry.lines), Decimal(0)):
                raise Wrong(f"journal entry {entry.record_no} does not balance")
            if entry.module == "2.GL" and not self.people.undone(entry):
                yield told_of(entry)
        for document in self._new("documents", company.documents):
            if not self.people.undone(document):
                yield f"{document.kind} {document.number}"
        for payment in self._new("payments", company.payments):
            if not self.people.undone(payment) and payment.kind == "payment":
                yield f"payment {payment.reference}"

    def _new(self, name: str, table: Table[int, _Record]) -> Iterator[_Record]:
        after = self._seen[name]
        for key in reversed(table.keys()):
            if key <= after:
                break
            self._seen[name] = max(self._seen[name], key)
            yield table[key]

    def _look_for_traces(self) -> None:
        """An event that we answered 2xx for is stored; what is stored was queued."""
        for event_id in self.acknowledged[self._traced :]:
            if items.event_id_key(event_id) not in self.cloud.inbox.items:
                raise Wrong(f"acknowledged and forgotten: {event_id}")
            if event_id not in self.cloud.queue.accepted:
                raise Wrong(f"acknowledged and never queued: {event_id}")
        self._traced = len(self.acknowledged)
        for key in self._stored:
            event_id = key.removeprefix(items.event_id_key(""))
            if event_id != key and event_id not in self.cloud.queue.accepted:
                raise Wrong(f"stored and never queued: {event_id}")
        self._stored.clear()

    # -- liveness ---------------------------------------------------------------------------

    def judge(self) -> None:
        """Everything is posted, or parked for a reason that holds; the books are right."""
        self.after_delivery()
        wrong = [
            *self._parked(), *self._unfinished(), *self._different(), *self._misnamed(),
            *self._untold(),
        ]  # fmt: skip
        if wrong:
            raise Wrong("\n".join(wrong[:12]))

    def _unfinished(self) -> Iterator[str]:
        # What calls a person keeps its messages; they say the same over and over.
        calls_a_person = self._for_a_person() or self.people.have_acted
        dead = () if calls_a_person else self.cloud.queue.dead
        for message in (*self.cloud.queue.waiting, *dead):
            yield f"never done: {message.body}"
        for posting in self.cloud.postings.items.values():
            if posting["state"]["S"] in _IN_FLIGHT:
                yield f"in flight: {_told(posting)}"

    def _parked(self) -> Iterator[str]:
        for_a_person = self._for_a_person()
        for posting in self.cloud.postings.items.values():
            is_listed = posting.get(items.WORKLIST, {}).get("S") == Worklist.ATTENTION
            key = posting["key"]["S"]
            is_true = key in self._asked_for_by_nobody or (
                _text(posting, "reason") in _FOR_PEOPLE and self._is_for_people(posting)
            )
            if is_listed and key not in for_a_person and not is_true:
                yield f"parked: {_told(posting)}"

    def _is_for_people(self, posting: Item) -> bool:
        """Whether what people did in Intacct stands in a document's way.

        That is so if they laid hands on what was booked for its own Stripe object or for the
        invoice that it belongs to, or if it says that it waits for such a document.
        """
        key = posting["key"]["S"]
        family = {stripe_id_of(key), stripe_id_of(posting["subject"]["S"])}
        notes = [
            self.account.store.get("credit_note", each) for each in family if each[:3] == "cn_"
        ]
        family |= {note["invoice"] for note in notes}
        if any(self.people.touched(each) for each in family):
            return True
        waits_for = _WAITS_FOR.search(_text(posting, "reason_text"))
        other = self.cloud.postings.items.get(waits_for[1]) if waits_for else None
        return other is not None and self._is_for_people(other)

    def _for_a_person(self) -> frozenset[str]:
        """Return the keys of what Stripe goes on calling paid though its money went back."""
        return frozenset(
            owed_again_key(payment["invoice"], payment["id"])
            for charge in self.account.store.all("charge")
            for payment in payments_gone_back(self.account.store, charge)
            if payment["status"] == "paid"
        )

    def _different(self) -> Sequence[str]:
        """Return what differs by anything else than what people did, were it by nothing."""
        checks = judge(self.account, self.company, chart(self.catalog))
        if not self.people.have_acted:
            return [str(each) for each in differences(checks)]
        explained = self._explained()
        return [str(each) for each in checks if not _is_explained(each, explained)]

    def _explained(self) -> Sums:
        """Return what people did to the accounts, less what is parked for it and was not booked."""
        postings = self.cloud.postings.items
        reversed_by_us = {
            int(postings[_taken_back(key)]["record_no"]["S"])
            for key, posting in postings.items()
            if _text(posting, "document_type") in _REVERSALS and posting["state"]["S"] == "posted"
        }
        sums = self.people.explained(frozenset(reversed_by_us))
        for key, posting in postings.items():
            is_listed = posting.get(items.WORKLIST, {}).get("S") == Worklist.ATTENTION
            if is_listed and not self._booked[key] and self._is_for_people(posting):
                for place, amount in self._claimed(posting).items():
                    sums[place] -= amount
        return sums

    def _claimed(self, posting: Item) -> Sums:
        """Return what a posting says that its document would do to the accounts."""
        sums: Sums = defaultdict(Decimal)
        key, currency = posting["key"]["S"], _text(posting, "currency")
        origin = self.cloud.postings.items.get(_taken_back(key))
        if origin is not None:
            for at, amount in self._claimed(origin).items():
                sums[at] = -amount
            return sums
        for line in (_text(posting, "planned_effects") or _text(posting, "effects")).splitlines():
            amount_minor, _, place = line.partition(" ")
            account, customer = place.partition(" ")[0], ""
            if place == RECEIVABLE:
                account, customer = "1100", self._customer_of(posting)
            elif account == "bank":
                account = self.company.banks[place.split(" ")[1]].account_no
            sums[account, currency, customer] += major(int(amount_minor), currency)
        return sums

    def _customer_of(self, posting: Item) -> str:
        kind, _, stripe_id = posting["subject"]["S"].partition("/")
        found = self.account.store.get(kind, stripe_id)
        if kind == "credit_note":
            found = self.account.store.get("invoice", found["invoice"])
        return found["customer"] or WALK_IN

    def _untold(self) -> Iterator[str]:
        """Yield where the audit trail does not tell what became of a posting."""
        for breach in verifier(self).verify():
            yield f"trail: {breach.tampering} {breach.key}: {breach.text}"

    def _misnamed(self) -> Iterator[str]:
        """Yield the customers that have another name in Stripe than in Intacct.

        One whose creation got no answer, and was there when it was looked up, counts as somebody
        else's and keeps its name. And nothing shows which of two changes Intacct executed last.
        """
        if any(self.luck.struck[each] for each in OVERTAKING):
            return
        for customer in self.account.store.all("customer"):
            there = self.company.customers.get(customer["id"])
            posting = self.cloud.postings.items.get(customer_key(customer["id"]), {})
            if there is None or posting.get("adopted") == {"BOOL": True}:
                continue
            if there.fields["NAME"] != customer["name"]:
                yield f"{customer['id']} is {there.fields['NAME']}, not {customer['name']}"


def _is_explained(check: Check, explained: Sums) -> bool:
    """Whether what people did, and what that led to, is all that differs."""
    numbers = re.search(r"\(([\d, ]+)\)$", check.subject)
    accounts = set(numbers[1].split(", ")) if numbers else set()
    debtor = check.subject.removeprefix("owed by ")
    due = sum(
        (
            amount
            for (account, currency, customer), amount in explained.items()
            if currency == check.currency
            and (account in accounts or (account == "1100" and customer == debtor))
        ),
        Decimal(0),
    )
    return check.found - check.wanted == due


def _taken_back(key: str) -> str:
    """Return the key of what a reversal takes back; that of nothing if it is none."""
    found = re.fullmatch(r"(invoice/\w+)/void|(receipt/\w+)/returned", key)
    return (found[1] or found[2]) if found else ""


def _text(posting: Item, name: str) -> str:
    return str(posting.get(name, {}).get("S", ""))


def _told(posting: Mapping[str, Any]) -> str:
    names = ("key", "state", "reason", "reason_text")
    return " ".join(posting[each]["S"] for each in names if each in posting)
