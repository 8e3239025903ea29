"""Keys and shapes of every item in every table; the template declares the same keys and indexes.

    table     key                         item
    inbox     id  event#evt_...           a received event
              id  (Powertools' own)       idempotency record of a delivery
    postings  key invoice/in_..., ...     a posting
    state     id  session                 the Intacct session, its lease and its hold
              id  session#<entity>        that of one entity
              id  cursor#events, ...      how far a poll has come
              id  tieout#2026-11-20       the tie-outs of a day
              id  transactions#2026-11    how many Intacct transactions a month had
              id  policy#<version>        a published policy, kept for ever
              id  pace                    how many requests Intacct gets at once, and who has one
              id  closed-books            through which days Intacct's books are closed
              id  policy                  which of them is current, and what was before

Items are read tolerantly, unknown attributes ignored and missing ones at their default: while a
deployment is under way, newer and older code read each other's.
"""

import dataclasses
import hashlib
import zlib
from datetime import date
from typing import Any

from tieout.domain.keys import invoice_key
from tieout.domain.postings import Posting, State
from tieout.domain.reasons import Reason
from tieout.domain.subjects import parse_subject
from tieout.services.ports import EventHint, StoredEvent
from tieout.services.trail_ports import ReceivedEvent
from tieout.store.attributes import Item, attributes, plains

# --- Tables -----------------------------------------------------------------------------------

ID = "id"
# Time to live: DynamoDB deletes the item some time after this moment (unix seconds).
EXPIRATION = "expiration"

POSTING_KEY = "key"
SUBJECT_INDEX = "subject-index"
SUBJECT = "subject"
WORKLIST_INDEX = "worklist-index"
WORKLIST = "worklist"
UPDATED_AT = "updated_at"
OPEN_INDEX = "open-index"
OPEN = "open"
SOURCE_CREATED = "source_created_unix"
# The value of an attribute that is only there to put its item into a sparse index.
MARK = "yes"

# --- Postings ---------------------------------------------------------------------------------

_INVOICE_PREFIX = invoice_key("")


def posting_item(posting: Posting) -> Item:
    """Return the item of a posting, marked for the sparse indexes that it belongs to."""
    fields = {each.name: getattr(posting, each.name) for each in dataclasses.fields(posting)}
    fields[UPDATED_AT] = fields.pop("updated_at_unix")
    fields[SUBJECT] = str(posting.subject)
    fields[WORKLIST] = posting.worklist
    fields[OPEN] = MARK if posting.is_open_invoice else None
    return attributes(**fields)


def is_listed(item: Item, posting: Posting) -> bool:
    """Return whether an item is marked for the sparse indexes that its posting belongs to.

    Who changes what is on which list has to write the postings anew: they are on the old one.
    """
    wanted = posting_item(posting)
    return all(item.get(name) == wanted.get(name) for name in (WORKLIST, OPEN))


def posting_from(item: Item) -> Posting:
    """Return the posting of an item."""
    values = plains(item)
    values["updated_at_unix"] = values.get(UPDATED_AT, 0)
    values["subject"] = parse_subject(values["subject"])
    values["state"] = State(values["state"])
    values["reason"] = Reason(values["reason"]) if "reason" in values else None
    return Posting(**{name: values[name] for name in _POSTING_FIELDS & values.keys()})


_POSTING_FIELDS = frozenset(each.name for each in dataclasses.fields(Posting))


def invoice_of(key: str) -> str:
    """Return the Stripe id of the invoice that a document key is of."""
    return key.removeprefix(_INVOICE_PREFIX)


# --- Inbox ------------------------------------------------------------------------------------

# DynamoDB takes 400 KB (409,600 bytes) for a whole item, names included; what is not the raw body
# fits into what is left many times over. Source: "Quotas in Amazon DynamoDB", item size.
RAW_BYTES_MAX = 400_000


def event_id_key(event_id: str) -> str:
    """Return the id of an event's item."""
    return f"event#{event_id}"


def event_item(event: StoredEvent, expires_at_unix: int) -> Item:
    """Return the item of an event; the raw body is compressed (zlib)."""
    hint, raw = event.hint, event.raw
    packed = None if raw is None else zlib.compress(raw)
    return attributes(
        id=event_id_key(hint.event_id),
        expiration=expires_at_unix,
        event_id=hint.event_id,
        type=hint.event_type,
        subject=str(hint.subject),
        group=hint.group,
        created=hint.created_unix,
        livemode=hint.livemode,
        api_version=hint.api_version,
        received_at=event.received_at_unix,
        source=event.source,
        raw=None if packed is None or len(packed) > RAW_BYTES_MAX else packed,
        raw_sha256=None if raw is None else hashlib.sha256(raw).hexdigest(),
        raw_size_bytes=None if raw is None else len(raw),
    )


def event_from(item: Item) -> ReceivedEvent:
    """Return the record of an event's item."""
    values = plains(item)
    hint = EventHint(
        event_id=values["event_id"],
        event_type=values["type"],
        subject=parse_subject(values["subject"]),
        group=values["group"],
        created_unix=values["created"],
        livemode=values["livemode"],
        api_version=values.get("api_version"),
    )
    packed: bytes | None = values.get("raw")
    event = StoredEvent(
        hint=hint,
        received_at_unix=values["received_at"],
        source=values["source"],
        raw=None if packed is None else zlib.decompress(packed),
    )
    return ReceivedEvent(event, values.get("raw_sha256"), values.get("raw_size_bytes"))


# --- State ------------------------------------------------------------------------------------

# No item of the state table has an `expiration`: a lease's token must never start again at 1, and
# an old policy is evidence of how documents came to be.

_SESSION_ID = "session"
POLICY_POINTER_ID = "policy"
CLOSED_BOOKS_ID = "closed-books"
PACE_ID = "pace"


def cursor_id(name: str) -> str:
    """Return the id of a cursor's item."""
    return f"cursor#{name}"


def tie_out_id(day: date) -> str:
    """Return the id of the item of a day's tie-outs."""
    return f"tieout#{day.isoformat()}"


def transactions_id(month: str) -> str:
    """Return the id of the item that counts a month's Intacct transactions."""
    return f"transactions#{month}"


def policy_id(version: str) -> str:
    """Return the id of a policy version's item."""
    return f"policy#{version}"


def session_id(entity: str | None) -> str:
    """Return the id of the item of an entity's session; None is the company's top level."""
    return _SESSION_ID if entity is None else f"{_SESSION_ID}#{entity}"


def key_of(identifier: str) -> dict[str, Any]:
    """Return the key of an item of the inbox or state table."""
    return {ID: {"S": identifier}}
